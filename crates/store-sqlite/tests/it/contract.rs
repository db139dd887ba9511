//! The contract that all targets keep.

use kadence_store::{LandingOptions, SqlTarget};
use kadence_store_sqlite::Sqlite;
use kadence_testing::contract::{self, LandedRow, TargetUnderTest};

use crate::support::{File, options};

struct UnderTest(File);

impl TargetUnderTest for UnderTest {
    type Target = SqlTarget<Sqlite>;

    fn target(&mut self) -> Self::Target {
        self.0.target(LandingOptions { lineage: true, ..options() })
    }

    fn rows(&mut self) -> Vec<LandedRow> {
        let connection = self.0.open();
        let Ok(mut statement) = connection.prepare("SELECT _topic, _partition, _offset, id FROM rows") else {
            return Vec::new();
        };
        let row = |row: &rusqlite::Row<'_>| {
            let (topic, partition, offset, id) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(LandedRow { topic, partition, offset, id })
        };
        statement.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
    }
}

#[test]
fn the_contract_of_a_target() {
    contract::target(|| UnderTest(File::new()));
}

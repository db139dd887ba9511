//! The contract that all targets keep.

use std::sync::Arc;

use kadence_store::{LandingOptions, SqlTarget};
use kadence_store_postgres::Postgres;
use kadence_testing::contract::{self, LandedRow, TargetUnderTest};
use kadence_testing::database::Server;
use kadence_testing::line::Line;

use crate::server::shared;

struct UnderTest {
    server: Arc<Server>,
    database: String,
}

impl UnderTest {
    fn target_at(url: &str) -> SqlTarget<Postgres> {
        let options = LandingOptions {
            name: "landing".into(),
            table: "rows".into(),
            lineage: true,
            ..LandingOptions::default()
        };
        SqlTarget::new(Postgres::from_url(url, None).unwrap(), options, "cluster", |_| {}).unwrap()
    }
}

impl TargetUnderTest for UnderTest {
    type Target = SqlTarget<Postgres>;

    fn target(&mut self) -> Self::Target {
        Self::target_at(&self.server.url(&self.database))
    }

    fn target_by_line(&mut self) -> Option<(Self::Target, Line)> {
        let line = Line::start(self.server.port()).unwrap();
        let url = self.server.url_by(line.port(), &self.database);
        Some((Self::target_at(&format!("{url}?sslmode=disable")), line))
    }

    fn rows(&mut self) -> Vec<LandedRow> {
        let asked = |sql| self.server.ask(Some(&self.database), sql);
        if asked("SELECT to_regclass('rows')") == ["NULL"] {
            return Vec::new();
        }
        asked("SELECT _topic, _partition, _offset, id FROM rows")
            .iter()
            .map(|row| LandedRow::read(row))
            .collect()
    }
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn the_contract_of_a_target() {
    let server = shared();
    contract::target(|| UnderTest { database: server.database(), server: Arc::clone(&server) });
}

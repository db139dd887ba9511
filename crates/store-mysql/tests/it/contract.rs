//! The contract that all targets keep.

use std::sync::Arc;

use kadence_store::{LandingOptions, SqlTarget};
use kadence_store_mysql::Mysql;
use kadence_testing::contract::{self, LandedRow, TargetUnderTest};
use kadence_testing::line::Line;

use crate::server::Db;

on_both! {
    the_contract_of_a_target,
}

struct UnderTest(Db);

fn target_at(url: &str) -> SqlTarget<Mysql> {
    let options = LandingOptions {
        name: "landing".into(),
        table: "landed".into(),
        lineage: true,
        ..LandingOptions::default()
    };
    SqlTarget::new(Mysql::from_url(url, None).unwrap(), options, "cluster", |_| {}).unwrap()
}

impl TargetUnderTest for UnderTest {
    type Target = SqlTarget<Mysql>;

    fn target(&mut self) -> Self::Target {
        target_at(&self.0.url())
    }

    fn target_by_line(&mut self) -> Option<(Self::Target, Line)> {
        let line = Line::start(self.0.server.port()).unwrap();
        Some((target_at(&self.0.url_by(&line)), line))
    }

    fn rows(&mut self) -> Vec<LandedRow> {
        let asked = |sql| self.0.server.ask(Some(&self.0.name), sql);
        if asked("SHOW TABLES LIKE 'landed'").is_empty() {
            return Vec::new();
        }
        asked("SELECT _topic, _partition, _offset, id FROM landed")
            .iter()
            .map(|row| LandedRow::read(row))
            .collect()
    }
}

fn the_contract_of_a_target(db: &Db) {
    contract::target(|| UnderTest(Db { server: Arc::clone(&db.server), name: db.server.database() }));
}

//! What can be asked of a database beside landing.

use std::sync::Arc;

use kadence_core::fault::Fault;
use kadence_core::feed::{Mark, Partition};
use kadence_core::phrase;
use kadence_core::target::{Batch, Target};

use super::{Counts, Preview, SqlTarget};
use crate::ddl::table_name;
use crate::ledger::{Landing, Line};
use crate::lineage::{Lineage, PLACE, SEAL};
use crate::session::{Database, DbError, Kind, Session as _};

/// A database that lands records, whichever it is.
pub trait Store: Target {
    /// What it is called in messages, without secrets.
    fn place(&self) -> String;

    /// From now on nothing is made or changed here, not even by connecting; it is not connected yet.
    fn look_only(&mut self);

    /// Connects, if it is not connected.
    fn connect(&mut self) -> Result<(), DbError>;

    /// Partitions are those of this cluster from now on; empty where it has no id.
    fn set_cluster(&mut self, cluster: &str);

    /// Claims are made for the landing that has this group; where it was dropped meanwhile, they fail.
    fn set_group(&mut self, group: &str);

    /// Counts that go on while the target is elsewhere.
    fn counts(&self) -> Arc<Counts>;

    /// The statements that make the ledger's tables.
    fn ledger_definitions(&self) -> [&str; 2];

    /// Whether the ledger's tables are there.
    fn has_ledger(&mut self) -> Result<bool, DbError>;

    /// Makes the ledger's tables where they are missing.
    fn define_ledger(&mut self) -> Result<(), DbError>;

    /// The landing as the ledger has it. The ledger's tables are there.
    fn landing(&mut self) -> Result<Option<Landing>, DbError>;

    /// The landing's lines. The ledger's tables are there.
    fn lines(&mut self) -> Result<Vec<Line>, DbError>;

    /// The names of all landings in this database. The ledger's tables are there.
    fn landings(&mut self) -> Result<Vec<String>, DbError>;

    /// Notes a new landing and where its partitions start. `false` if somebody else noted one meanwhile.
    fn begin(&mut self, landing: &Landing, starts: &[(Partition, i64)]) -> Result<bool, DbError>;

    /// Puts lines under these partitions in the place of all others of the same topics and numbers. Whoever writes
    /// under those is fenced.
    fn set_lines(&mut self, lines: &[(Partition, Option<i64>, Option<Mark>)]) -> Result<(), DbError>;

    /// Forgets the lines of these topics' partitions.
    fn forget_lines(&mut self, partitions: &[(String, i32)]) -> Result<(), DbError>;

    /// Notes what this landing writes where from now on.
    fn note_fingerprint(&mut self, fingerprint: &str) -> Result<(), DbError>;

    /// Notes where this landing started.
    fn note_origin(&mut self, origin: &str) -> Result<(), DbError>;

    /// Forgets the landing. The rows stay.
    fn drop_landing(&mut self) -> Result<(), DbError>;

    /// Whether the table into which records of `topic` go is there and has rows.
    fn has_rows(&mut self, topic: &str) -> Result<bool, DbError>;

    /// Gives where each row of a table came from to `each`, until it wants no more. The table is one into which records
    /// were landed with their lineage.
    fn lineage(&mut self, table: &str, each: &mut dyn FnMut(&Lineage<'_>) -> bool) -> Result<(), DbError>;

    /// The tables that these records would go to, the statements that would make them, and the first rows, as many
    /// as `most`. Nothing is changed, and nothing is to be landed with this target afterwards.
    fn preview(&mut self, batch: &Batch<'_>, most: usize) -> Result<Preview, DbError>;
}

impl<D: Database> Store for SqlTarget<D> {
    fn place(&self) -> String {
        self.database.place()
    }

    fn look_only(&mut self) {
        self.database.look_only();
    }

    fn connect(&mut self) -> Result<(), DbError> {
        super::connected(&mut self.database, &mut self.session).map(drop)
    }

    fn set_cluster(&mut self, cluster: &str) {
        cluster.clone_into(&mut self.ledger.cluster);
    }

    fn set_group(&mut self, group: &str) {
        self.ledger.group = Some(group.to_owned());
    }

    fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    fn ledger_definitions(&self) -> [&str; 2] {
        self.ledger.definitions()
    }

    fn has_ledger(&mut self) -> Result<bool, DbError> {
        self.with_session(|_, session| {
            Ok(session.find("kadence_landings")?.is_some() && session.find("kadence_ledger")?.is_some())
        })
    }

    fn define_ledger(&mut self) -> Result<(), DbError> {
        self.with_ledger(|ledger, session| ledger.define(session))
    }

    fn landing(&mut self) -> Result<Option<Landing>, DbError> {
        self.with_ledger(|ledger, session| ledger.landing(session))
    }

    fn lines(&mut self) -> Result<Vec<Line>, DbError> {
        self.with_ledger(|ledger, session| ledger.lines(session))
    }

    fn landings(&mut self) -> Result<Vec<String>, DbError> {
        self.with_ledger(|ledger, session| ledger.names(session))
    }

    fn begin(&mut self, landing: &Landing, starts: &[(Partition, i64)]) -> Result<bool, DbError> {
        let begun = self.with_ledger(|ledger, session| ledger.begin(session, landing, starts));
        match begun {
            Ok(()) => Ok(true),
            Err(DbError { kind: Kind::Row(_), .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn lineage(&mut self, table: &str, each: &mut dyn FnMut(&Lineage<'_>) -> bool) -> Result<(), DbError> {
        let dialect = self.database.dialect();
        let read = self.with_session(|_, session| {
            let place = || format!("table {table}");
            let Some(found) = session.find(table)? else {
                return Err(Fault::new(place(), "does not exist").help(phrase!["name it with ", @"table"]).into());
            };
            let names = PLACE.into_iter().chain(SEAL);
            let is_there = |name: &&str| found.columns.iter().any(|column| column.name == *name);
            if let Some(missing) = names.clone().find(|name| !is_there(name)) {
                let what = format!("has no column `{missing}`, so nobody can tell where its rows came from");
                let help = phrase!["land sealed records with ", !"land", " ", @"lineage", " into a new table, under another ", @"name"];
                return Err(Fault::new(place(), what).help(help).into());
            }
            let columns: Vec<String> = names.map(|name| dialect.quoted(name)).collect();
            let sql = format!("SELECT {} FROM {}", columns.join(", "), table_name(dialect, table));
            session.each_row(&sql, &mut |row| each(&Lineage::of(row)))
        });
        self.session = None;
        read
    }

    fn set_lines(&mut self, lines: &[(Partition, Option<i64>, Option<Mark>)]) -> Result<(), DbError> {
        self.with_ledger(|ledger, session| ledger.place(session, lines))
    }

    fn forget_lines(&mut self, partitions: &[(String, i32)]) -> Result<(), DbError> {
        self.with_ledger(|ledger, session| ledger.forget(session, partitions))
    }

    fn note_fingerprint(&mut self, fingerprint: &str) -> Result<(), DbError> {
        self.with_ledger(|ledger, session| ledger.note_fingerprint(session, fingerprint))
    }

    fn note_origin(&mut self, origin: &str) -> Result<(), DbError> {
        self.with_ledger(|ledger, session| ledger.note_origin(session, origin))
    }

    fn drop_landing(&mut self) -> Result<(), DbError> {
        self.with_ledger(|ledger, session| ledger.drop_landing(session))
    }

    fn has_rows(&mut self, topic: &str) -> Result<bool, DbError> {
        let table = self.mapper.table_of(topic);
        self.with_session(|database, session| {
            if session.find(&table)?.is_none() {
                return Ok(false);
            }
            let name = table_name(database.dialect(), &table);
            Ok(!session.query(&format!("SELECT 1 FROM {name} LIMIT 1"), &[])?.is_empty())
        })
    }

    fn preview(&mut self, batch: &Batch<'_>, most: usize) -> Result<Preview, DbError> {
        self.previewed(batch, most)
    }
}

//! The ledger's statements, in a database's words.

use crate::ddl::Dialect;

/// What finds a partition's line.
const KEY: [&str; 5] = ["name", "cluster_id", "topic", "topic_id", "partition_id"];
const MARK: [&str; 3] = ["mark_offset", "mark_nanos", "mark_crc"];
/// What a line is read as.
const LINE: &str =
    "cluster_id, topic, topic_id, partition_id, next_offset, epoch, token, mark_offset, mark_nanos, mark_crc";

#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) create_landings: String,
    pub(crate) create_ledger: String,
    pub(super) landing: String,
    pub(super) names: String,
    pub(super) insert_landing: String,
    pub(super) delete_landing: String,
    pub(super) set_fingerprint: String,
    pub(super) set_origin: String,
    pub(super) group_held: String,
    pub(super) insert_line: String,
    pub(super) lines: String,
    pub(super) lines_of_partition: String,
    pub(super) delete_lines: String,
    pub(super) delete_partition: String,
    pub(super) set_mark: String,
    pub(super) raise_epoch: String,
    pub(super) advance: String,
    pub(super) advance_unmarked: String,
    pub(super) advance_first: String,
    pub(super) advance_first_unmarked: String,
}

impl Statements {
    pub(crate) fn new(dialect: &dyn Dialect) -> Self {
        let write = Write { dialect };
        let key = |from: usize| write.conditions(&KEY, from);
        let marks = write.assignments(&MARK, 2);
        let partition = |from| write.conditions(&["name", "topic", "partition_id"], from);
        let now = "updated_at = CURRENT_TIMESTAMP";
        let epoch = |place| write.conditions(&["epoch"], place);
        let next = |place| write.conditions(&["next_offset"], place);
        let first = "next_offset IS NULL";
        let set_next = write.assignments(&["next_offset"], 1);
        let (set_epoch, set_mark) = (write.assignments(&["epoch", "token"], 1), write.assignments(&MARK, 1));
        let lock = dialect.for_update();
        Self {
            create_landings: write.create_landings(),
            create_ledger: write.create_ledger(),
            landing: format!(
                "SELECT form, group_id, origin, fingerprint FROM kadence_landings WHERE {}",
                write.conditions(&["name"], 1)
            ),
            names: "SELECT name FROM kadence_landings ORDER BY name".into(),
            insert_landing: write
                .insert("kadence_landings", &["name", "form", "group_id", "origin", "fingerprint"]),
            delete_landing: format!("DELETE FROM kadence_landings WHERE {}", write.conditions(&["name"], 1)),
            set_fingerprint: write.set_of_landing("fingerprint"),
            set_origin: write.set_of_landing("origin"),
            group_held: format!(
                "SELECT group_id FROM kadence_landings WHERE {}{}",
                write.conditions(&["name"], 1),
                dialect.for_share()
            ),
            insert_line: write
                .insert("kadence_ledger", &[&KEY[..], &["next_offset", "epoch", "token"]].concat()),
            lines: format!(
                "SELECT {LINE} FROM kadence_ledger WHERE {} ORDER BY cluster_id, topic, topic_id, partition_id",
                write.conditions(&["name"], 1)
            ),
            lines_of_partition: format!("SELECT {LINE} FROM kadence_ledger WHERE {}{lock}", partition(1)),
            delete_lines: format!("DELETE FROM kadence_ledger WHERE {}", write.conditions(&["name"], 1)),
            delete_partition: format!("DELETE FROM kadence_ledger WHERE {}", partition(1)),
            set_mark: format!("UPDATE kadence_ledger SET {set_mark} WHERE {}", key(4)),
            raise_epoch: format!(
                "UPDATE kadence_ledger SET {set_epoch}, {now} WHERE {} AND {}",
                key(3),
                epoch(8)
            ),
            advance: format!(
                "UPDATE kadence_ledger SET {set_next}, {marks}, {now} WHERE {} AND {} AND {}",
                key(5),
                epoch(10),
                next(11)
            ),
            advance_unmarked: format!(
                "UPDATE kadence_ledger SET {set_next}, {now} WHERE {} AND {} AND {}",
                key(2),
                epoch(7),
                next(8)
            ),
            advance_first: format!(
                "UPDATE kadence_ledger SET {set_next}, {marks}, {now} WHERE {} AND {} AND {first}",
                key(5),
                epoch(10)
            ),
            advance_first_unmarked: format!(
                "UPDATE kadence_ledger SET {set_next}, {now} WHERE {} AND {} AND {first}",
                key(2),
                epoch(7)
            ),
        }
    }
}

struct Write<'d> {
    dialect: &'d dyn Dialect,
}

impl Write<'_> {
    fn equations(&self, columns: &[&str], from: usize, between: &str) -> String {
        let equation =
            |(place, column): (usize, &&str)| format!("{column} = {}", self.dialect.parameter(from + place));
        let equations: Vec<String> = columns.iter().enumerate().map(equation).collect();
        equations.join(between)
    }

    fn conditions(&self, columns: &[&str], from: usize) -> String {
        self.equations(columns, from, " AND ")
    }

    fn assignments(&self, columns: &[&str], from: usize) -> String {
        self.equations(columns, from, ", ")
    }

    fn insert(&self, table: &str, columns: &[&str]) -> String {
        let parameters: Vec<String> =
            (1..=columns.len()).map(|place| self.dialect.parameter(place)).collect();
        format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), parameters.join(", "))
    }

    fn set_of_landing(&self, column: &str) -> String {
        let (set, name) = (self.assignments(&[column], 1), self.conditions(&["name"], 2));
        format!("UPDATE kadence_landings SET {set} WHERE {name}")
    }

    fn create_landings(&self) -> String {
        let text = |most| self.dialect.ledger_text(most);
        format!(
            "CREATE TABLE kadence_landings (\n  name {} NOT NULL,\n  form BIGINT NOT NULL,\n  group_id {} NOT NULL,\n  \
             origin {} NOT NULL,\n  fingerprint {} NOT NULL,\n  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,\n  \
             PRIMARY KEY (name)\n){}",
            text(200),
            text(255),
            text(100),
            text(4000),
            self.dialect.table_options()
        )
    }

    fn create_ledger(&self) -> String {
        let text = |most| self.dialect.ledger_text(most);
        format!(
            "CREATE TABLE kadence_ledger (\n  name {} NOT NULL,\n  cluster_id {} NOT NULL,\n  topic {} NOT NULL,\n  \
             topic_id {} NOT NULL,\n  partition_id BIGINT NOT NULL,\n  next_offset BIGINT,\n  epoch BIGINT NOT NULL,\n  \
             token {} NOT NULL,\n  mark_offset BIGINT,\n  mark_nanos BIGINT,\n  mark_crc BIGINT,\n  \
             updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,\n  \
             PRIMARY KEY (name, topic, partition_id, cluster_id, topic_id)\n){}",
            text(200),
            text(64),
            text(249),
            text(32),
            text(100),
            self.dialect.table_options()
        )
    }
}

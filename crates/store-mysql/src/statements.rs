//! The statements that change a table's rows.

use kadence_store::{ColumnType, Digits, Table, table_name};

use crate::dialect::{dialect, quoted};
use crate::server::{Kind, Server};
use crate::values::Binding;

/// What changes a table's rows.
#[derive(Debug)]
pub(crate) struct Statements {
    /// The table's version that they are for.
    pub(crate) version: u64,
    pub(crate) server: Server,
    pub(crate) put: Many,
    pub(crate) delete: Many,
    /// How the columns' cells are sent.
    pub(crate) bindings: Vec<Binding>,
}

/// A statement for some rows.
#[derive(Debug)]
pub(crate) struct Many {
    head: String,
    /// The parameters of one row.
    row: String,
    tail: String,
    /// The columns whose cells are its parameters.
    pub(crate) columns: Vec<usize>,
}

impl Many {
    /// The statement for so many rows.
    pub(crate) fn text(&self, rows: usize) -> String {
        let Self { head, row, tail, .. } = self;
        let mut text = String::with_capacity(head.len() + rows * (row.len() + 2) + tail.len());
        text.push_str(head);
        for place in 0..rows {
            text.push_str(if place == 0 { "" } else { ", " });
            text.push_str(row);
        }
        text.push_str(tail);
        text
    }
}

impl Statements {
    pub(crate) fn of(table: &Table, server: Server) -> Self {
        Self {
            version: table.version,
            server,
            put: put(table, server.kind),
            delete: delete(table, server.kind),
            bindings: Binding::of(table),
        }
    }
}

fn named(table: &Table, kind: Kind) -> String {
    table_name(dialect(Some(kind), kind), &table.name)
}

fn put(table: &Table, kind: Kind) -> Many {
    let name = named(table, kind);
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let mut tail = String::new();
    if table.is_keyed() {
        let rest: Vec<String> = table.rest().map(|place| assignment(&columns[place], kind)).collect();
        let nothing = || format!("{key} = {name}.{key}", key = columns[table.key[0]]);
        let set = if rest.is_empty() { nothing() } else { rest.join(", ") };
        let alias = if kind == Kind::MySql { " AS kadence_new" } else { "" };
        tail = format!("{alias} ON DUPLICATE KEY UPDATE {set}");
    }
    Many {
        head: format!("INSERT INTO {name} ({}) VALUES ", columns.join(", ")),
        row: format!("({})", vec!["?"; columns.len()].join(", ")),
        tail,
        columns: (0..columns.len()).collect(),
    }
}

fn assignment(column: &str, kind: Kind) -> String {
    match kind {
        Kind::MySql => format!("{column} = kadence_new.{column}"),
        Kind::MariaDb => format!("{column} = VALUES({column})"),
    }
}

fn delete(table: &Table, kind: Kind) -> Many {
    let name = named(table, kind);
    let key: Vec<String> = table.key.iter().map(|place| quoted(&table.columns[*place].name)).collect();
    let parameters: Vec<String> = table.key.iter().map(|place| parameter(table, *place)).collect();
    // MariaDB runs it once for each row, within one message.
    let (head, row, tail) = match kind {
        Kind::MariaDb => {
            let equal =
                key.iter().zip(&parameters).map(|(column, parameter)| format!("{column} = {parameter}"));
            (format!("DELETE FROM {name} WHERE "), equal.collect::<Vec<_>>().join(" AND "), "")
        }
        Kind::MySql => {
            let row = format!("({})", parameters.join(", "));
            (format!("DELETE FROM {name} WHERE ({}) IN (", key.join(", ")), row, ")")
        }
    };
    Many { head, row, tail: tail.to_owned(), columns: table.key.clone() }
}

/// A parameter that is compared with a column. With a text, decimal numbers would be compared as binary ones.
fn parameter(table: &Table, place: usize) -> String {
    match table.columns[place].column_type {
        ColumnType::Decimal(Some(Digits { precision, scale })) => {
            format!("CAST(? AS DECIMAL({precision},{scale}))")
        }
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use kadence_store::{Column, Mode};

    use super::*;

    fn table(mode: Mode, names: &[&str], key: &[usize]) -> Table {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            column_type: ColumnType::INT,
            declared: "bigint".into(),
            nullable: false,
            has_default: false,
            is_generated: false,
        };
        let columns = names.iter().map(column).collect();
        Table { name: "s.t".into(), columns, key: key.to_vec(), mode, version: 1 }
    }

    #[test]
    fn each_server_has_its_own_words() {
        let keyed = table(Mode::Upsert, &["k", "a`b"], &[0]);
        assert_eq!(
            put(&keyed, Kind::MySql).text(2),
            "INSERT INTO `s`.`t` (`k`, `a``b`) VALUES (?, ?), (?, ?) AS kadence_new \
             ON DUPLICATE KEY UPDATE `a``b` = kadence_new.`a``b`"
        );
        assert_eq!(
            put(&keyed, Kind::MariaDb).text(1),
            "INSERT INTO `s`.`t` (`k`, `a``b`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `a``b` = VALUES(`a``b`)"
        );
        let only_key = table(Mode::Upsert, &["k", "l"], &[0, 1]);
        assert!(
            put(&only_key, Kind::MariaDb).text(1).ends_with(" ON DUPLICATE KEY UPDATE `k` = `s`.`t`.`k`")
        );
        assert_eq!(
            delete(&only_key, Kind::MySql).text(2),
            "DELETE FROM `s`.`t` WHERE (`k`, `l`) IN ((?, ?), (?, ?))"
        );
        assert_eq!(delete(&only_key, Kind::MariaDb).text(1), "DELETE FROM `s`.`t` WHERE `k` = ? AND `l` = ?");
        assert_eq!(
            put(&table(Mode::Insert, &["k"], &[]), Kind::MySql).text(1),
            "INSERT INTO `s`.`t` (`k`) VALUES (?)"
        );
    }
}

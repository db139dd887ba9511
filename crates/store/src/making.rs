//! Tables that are made, and columns that are added, from what a batch has.

use kadence_core::fault::Fault;
use kadence_core::phrase;
use kadence_core::source::iso_time;

use crate::ddl::{Dialect, add_column, create_table};
use crate::infer::Inference;
use crate::mapping::Mapping;
use crate::options::LandingOptions;
use crate::table::{Column, Found};
use crate::types::ColumnType;

/// The most columns that are made of records' fields.
const MOST_COLUMNS: usize = 256;

/// Columns to be made.
pub(crate) struct Plan {
    /// The columns, in their order.
    pub(crate) columns: Vec<Column>,
    /// The places of the key's columns among them.
    key: Vec<usize>,
    /// Names whose values were all null, and which get no column.
    pub(crate) untyped: Vec<String>,
}

/// Which columns are to be made for what was seen, beside those that there are.
pub(crate) fn plan(
    table: &str,
    seen: &Inference,
    found: Option<&Found>,
    options: &LandingOptions,
    dialect: &dyn Dialect,
) -> Result<Plan, Fault> {
    let place = format!("table {table}");
    let key_names: Vec<&str> = options.key.iter().map(|field| Mapping::column_of(field)).collect();
    let there = found.map_or(&[][..], |found| &found.columns);
    let foreign = found.map_or(&[][..], |found| &found.foreign);
    let mut plan = Plan { columns: Vec::new(), key: Vec::new(), untyped: Vec::new() };
    let is_seen = |name: &str| seen.columns().any(|(other, _)| other == name);
    // A type that is stated makes a column of a new table, whatever the first records have.
    let stated = options.types.iter().filter(|(name, _)| found.is_none() && !is_seen(name));
    let stated = stated.map(|(name, declared)| (name.as_str(), Some(declared.column_type)));
    for (name, column_type) in seen.columns().chain(stated) {
        let is_there = |other: &str| dialect.is_same_name(other, name);
        if there.iter().any(|column| is_there(&column.name))
            || foreign.iter().any(|(other, _)| is_there(other))
        {
            continue;
        }
        let declared = options.types.iter().find(|(other, _)| other == name).map(|(_, declared)| declared);
        let is_key = key_names.contains(&name);
        let Some(column_type) = declared.map(|declared| declared.column_type).or(column_type) else {
            plan.untyped.push(name.to_owned());
            continue;
        };
        refuse_times_as_names(&place, name)?;
        check_name(name, &plan.columns, dialect).map_err(|what| {
            Fault::new(place.clone(), what).help(phrase!["give it another one with ", @"select"])
        })?;
        let Some(declared) = dialect.type_of(column_type, is_key) else {
            let what =
                format!("{} has no type that keeps column `{name}` ({column_type}) exactly", dialect.name());
            return Err(Fault::new(place, what).help(phrase!["state another one with ", @"types"]));
        };
        plan.columns.push(Column {
            name: name.to_owned(),
            column_type,
            declared,
            nullable: !is_key,
            has_default: false,
            is_generated: false,
        });
    }
    if plan.columns.len() > MOST_COLUMNS {
        let what = format!(
            "the records have {} fields that would be new columns, and {MOST_COLUMNS} is the most",
            plan.columns.len()
        );
        return Err(Fault::new(place, what).help(phrase![
            "name the columns with ", @"select", ", or land bodies whole with ", @"format", " raw"
        ]));
    }
    for name in key_names {
        match plan.columns.iter().position(|column| column.name == name) {
            Some(at) => plan.key.push(at),
            None if found.is_some() => {}
            None => {
                let what = format!("the records have no field `{name}`, which is to be part of the key");
                return Err(Fault::new(place, what).help(phrase!["see ", @"pk"]));
            }
        }
    }
    Ok(plan)
}

/// A field that is named by a time has another name in each record.
fn refuse_times_as_names(place: &str, name: &str) -> Result<(), Fault> {
    let is_date = || name.len() == "2021-01-01".len() && name.parse::<jiff::civil::Date>().is_ok();
    if iso_time(name).is_none() && !is_date() {
        return Ok(());
    }
    let what =
        format!("the field `{name}` has a time for its name, and would be another column in each record");
    Err(Fault::new(place.to_owned(), what).help(phrase![
        "have the records written with ", @"shape", " object, whose fields have names, or land bodies whole with ",
        @"format", " raw"
    ]))
}

impl Plan {
    /// The statement that makes the table.
    pub(crate) fn create(&self, table: &str, dialect: &dyn Dialect) -> String {
        create_table(dialect, table, &self.columns, &self.key)
    }

    /// The names of the key's columns.
    pub(crate) fn key_names(&self) -> Vec<String> {
        self.key.iter().map(|at| self.columns[*at].name.clone()).collect()
    }

    /// The statements that add the columns.
    pub(crate) fn add(&self, table: &str, dialect: &dyn Dialect) -> Vec<String> {
        self.columns.iter().map(|column| add_column(dialect, table, column)).collect()
    }
}

/// Whether a table's name can be one.
pub(crate) fn check_table_name(table: &str, dialect: &dyn Dialect) -> Result<(), Fault> {
    let fault = |what: String| {
        Err(Fault::new(format!("table {}", table.escape_debug()), what)
            .help(phrase!["choose another one with ", @"table"]))
    };
    let parts: Vec<&str> = table.split('.').collect();
    if parts.len() > 2 {
        return fault("has more than one point in its name, which stands between schema and table".into());
    }
    for part in &parts {
        if part.is_empty() || part.contains('\0') {
            return fault("is no name for a table".into());
        }
        if part.len() > dialect.longest_name() {
            return fault(format!(
                "the name is too long: {} takes {} bytes",
                dialect.name(),
                dialect.longest_name()
            ));
        }
    }
    // Whatever schema stands before it: it may be the ledger's.
    let last = parts.last().copied().unwrap_or_default();
    if ["kadence_ledger", "kadence_landings"].iter().any(|ours| dialect.is_same_name(ours, last)) {
        return fault("is where a ledger is".into());
    }
    Ok(())
}

/// Columns of this integer type, widened as far as the database does it without loss.
pub(crate) fn widened(column_type: ColumnType, dialect: &dyn Dialect) -> Option<ColumnType> {
    let ColumnType::Int { signed, .. } = column_type else { return None };
    let wide = ColumnType::Int { bits: 64, signed };
    (wide != column_type && dialect.widens(column_type, wide)).then_some(wide)
}

/// Whether a name may be that of a column.
fn check_name(name: &str, columns: &[Column], dialect: &dyn Dialect) -> Result<(), String> {
    if name.is_empty() || name.contains('\0') {
        return Err(format!("`{}` is no name for a column", name.escape_debug()));
    }
    if name.len() > dialect.longest_name() {
        let (most, kind) = (dialect.longest_name(), dialect.name());
        return Err(format!("the name `{name}` is too long for a column: {kind} takes {most} bytes"));
    }
    match columns.iter().find(|column| dialect.is_same_name(&column.name, name)) {
        Some(other) if other.name != name => {
            Err(format!("`{}` and `{name}` are one name to {}", other.name, dialect.name()))
        }
        _ => Ok(()),
    }
}

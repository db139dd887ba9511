//! A table, and the rows of the batch that go there.

use std::collections::HashMap;

use kadence_core::data::Value;
use kadence_core::fault::Fault;
use kadence_core::phrase;

use crate::cells::{Draft, Rows};
use crate::convert::{Converter, excerpt};
use crate::ddl::Dialect;
use crate::lineage::SEAL;
use crate::making::widened;
use crate::mapping::Mapping;
use crate::options::LandingOptions;
use crate::table::{Column, Found, Mode, Table};
use crate::types::ColumnType;

/// Why a record does not become a row as things stand.
pub(crate) enum Trouble {
    /// It never will.
    Reject(String),
    /// The table has a column that was not written so far.
    Unwritten,
    /// The table lacks a column.
    Lacking,
    /// This column is to be widened.
    Narrow(usize),
    /// Nothing at all goes into this table.
    Stop(Fault),
}

/// A table that was found, and the rows that go there.
pub(crate) struct Sheet {
    pub(crate) table: Table,
    pub(crate) found: Found,
    pub(crate) rows: Rows,
    /// Units of whole numbers that are times, by column.
    units: Vec<Option<i64>>,
    /// Places of columns that take no null.
    required: Vec<usize>,
    /// Where a name leads.
    places: HashMap<String, usize>,
    /// Names in the order of the row before, with their places: rows are alike, mostly.
    order: Vec<(String, usize)>,
    at: usize,
    /// Whether a seal was met.
    has_met_seal: bool,
}

impl Sheet {
    /// Checks whether rows can be landed in the table that was found.
    pub(crate) fn new(
        name: &str,
        found: Found,
        options: &LandingOptions,
        dialect: &dyn Dialect,
    ) -> Result<Self, Fault> {
        let place = || format!("table {name}");
        if let Some(unfit) = &found.unfit {
            return Err(Fault::new(place(), unfit.clone()));
        }
        let mut sheet = Self {
            table: Table {
                name: name.to_owned(),
                columns: Vec::new(),
                key: Vec::new(),
                mode: options.mode,
                version: 0,
            },
            found,
            rows: Rows::default(),
            units: Vec::new(),
            required: Vec::new(),
            places: HashMap::new(),
            order: Vec::new(),
            at: 0,
            has_met_seal: false,
        };
        for place in 0..sheet.found.columns.len() {
            let column = &sheet.found.columns[place];
            if !column.nullable && !column.has_default && !column.is_generated {
                sheet.write_column(place, options, dialect);
            }
        }
        if options.mode == Mode::Upsert {
            sheet.take_key(options, dialect)?;
        }
        Ok(sheet)
    }

    /// The columns for seals that the table lacks; asked for at the first seal, and none after that.
    pub(crate) fn seal_columns_lacking(&mut self, dialect: &dyn Dialect) -> Vec<String> {
        if std::mem::replace(&mut self.has_met_seal, true) {
            return Vec::new();
        }
        let has =
            |name: &str| self.found.columns.iter().any(|column| dialect.is_same_name(&column.name, name));
        SEAL.into_iter().filter(|name| !has(name)).map(ToOwned::to_owned).collect()
    }

    /// Finds the key's columns, and that the database knows them for one.
    fn take_key(&mut self, options: &LandingOptions, dialect: &dyn Dialect) -> Result<(), Fault> {
        let place = format!("table {}", self.table.name);
        for field in &options.key {
            let name = Mapping::column_of(field);
            let found = self.found.columns.iter();
            let Some(at) = found.clone().position(|column| dialect.is_same_name(&column.name, name)) else {
                let what = format!("has no column `{name}`, which is to be part of the key");
                return Err(Fault::new(place, what));
            };
            if self.found.columns[at].is_generated {
                let what = format!("makes the values of column `{name}`, which is to be part of the key");
                return Err(Fault::new(place, what));
            }
            let at = self.write_column(at, options, dialect);
            self.table.key.push(at);
            if !self.required.contains(&at) {
                self.required.push(at);
            }
        }
        let names: Vec<&str> =
            self.table.key.iter().map(|at| self.table.columns[*at].name.as_str()).collect();
        let is_key = |key: &&Vec<String>| {
            key.len() == names.len() && key.iter().all(|column| names.contains(&column.as_str()))
        };
        if !self.found.keys.iter().any(|key| is_key(&key)) {
            let what = format!("has no primary key or unique index over ({})", names.join(", "));
            return Err(Fault::new(place, what)
                .help(phrase!["make one, or name its key with ", @"pk", ", or use ", @"mode", " insert"]));
        }
        let other = self.found.keys.iter().find(|key| !is_key(key));
        if let Some(other) = other.filter(|_| dialect.upserts_by_any_key()) {
            let what = format!(
                "has another unique index, over ({}): an upsert here would also take the place of a row that has that one in common",
                other.join(", ")
            );
            return Err(Fault::new(place, what).help(phrase!["drop the index, or use ", @"mode", " insert"]));
        }
        Ok(())
    }

    /// Takes a column that was found among those that are written.
    pub(crate) fn write_column(
        &mut self,
        found: usize,
        options: &LandingOptions,
        dialect: &dyn Dialect,
    ) -> usize {
        let column = &self.found.columns[found];
        if let Some(at) = self.table.columns.iter().position(|other| other.name == column.name) {
            return at;
        }
        let at = self.table.columns.len();
        let declared = options.types.iter().find(|(name, _)| dialect.is_same_name(name, &column.name));
        self.units.push(declared.and_then(|(_, declared)| declared.unit));
        if !column.nullable {
            self.required.push(at);
        }
        self.table.columns.push(column.clone());
        self.table.version += 1;
        self.order.clear();
        at
    }

    /// Takes the column of this name among those that are written, if there is one and the value needs it.
    pub(crate) fn write_named(
        &mut self,
        name: &str,
        value: &Value<'_>,
        options: &LandingOptions,
        dialect: &dyn Dialect,
    ) {
        let is_it = |column: &Column| dialect.is_same_name(&column.name, name) && !column.is_generated;
        if *value != Value::Null
            && let Some(found) = self.found.columns.iter().position(is_it)
        {
            self.write_column(found, options, dialect);
        }
    }

    /// Begins a batch.
    pub(crate) fn clear(&mut self) {
        self.rows.clear(self.table.columns.len());
    }

    /// Begins a row: the rows, and what puts values into their columns.
    pub(crate) fn begin(&mut self) -> (Draft<'_>, Fill<'_>) {
        self.at = 0;
        let Self { table, found, rows, units, required, places, order, at, has_met_seal: _ } = self;
        (rows.begin(), Fill { table, found, units, required, places, order, at })
    }
}

/// Puts values into the columns of a row.
pub(crate) struct Fill<'s> {
    table: &'s Table,
    found: &'s Found,
    units: &'s [Option<i64>],
    required: &'s [usize],
    places: &'s mut HashMap<String, usize>,
    order: &'s mut Vec<(String, usize)>,
    at: &'s mut usize,
}

impl Fill<'_> {
    /// Puts a value into the column of this name. `is_bytes` says that a text is bytes, and happens to be UTF-8.
    #[inline]
    pub(crate) fn put(
        &mut self,
        name: &str,
        value: &Value<'_>,
        is_bytes: bool,
        dialect: &dyn Dialect,
        converter: &mut Converter,
        row: &mut Draft<'_>,
    ) -> Result<(), Trouble> {
        let place = match self.order.get(*self.at) {
            Some((other, place)) if other == name => *place,
            _ => match self.look_up(name, value, dialect)? {
                Some(place) => place,
                None => return Ok(()),
            },
        };
        *self.at += 1;
        let column = &self.table.columns[place];
        let put = match (value, column.column_type) {
            (Value::Text(text), wanted @ ColumnType::Bytes(_)) if is_bytes => {
                converter.put(&Value::Bytes(text.as_bytes()), wanted, None, place, row)
            }
            (value, wanted) => converter.put(value, wanted, self.units[place], place, row),
        };
        put.map_err(|misfit| self.misfit(place, &misfit))
    }

    #[cold]
    fn misfit(&self, place: usize, misfit: &crate::convert::Misfit) -> Trouble {
        let column = &self.table.columns[place];
        let is_narrow = matches!(column.column_type, ColumnType::Int { bits: ..64, .. });
        if is_narrow && misfit.why == crate::convert::Why::Range {
            return Trouble::Narrow(place);
        }
        Trouble::Reject(self.reason(place, &misfit.found, &misfit.why))
    }

    pub(crate) fn reason(&self, place: usize, found: &str, why: &dyn std::fmt::Display) -> String {
        let column = &self.table.columns[place];
        format!("column `{}` ({}): the value {why} (found: {found})", column.name, column.declared)
    }

    fn look_up(
        &mut self,
        name: &str,
        value: &Value<'_>,
        dialect: &dyn Dialect,
    ) -> Result<Option<usize>, Trouble> {
        let written = self.places.get(name).copied().or_else(|| {
            self.table.columns.iter().position(|column| dialect.is_same_name(&column.name, name))
        });
        if let Some(place) = written {
            let is_taken = |entry: &&(String, usize)| entry.1 == place && entry.0 != name;
            if let Some((other, _)) = self.order[..(*self.at).min(self.order.len())].iter().find(is_taken) {
                let column = &self.table.columns[place].name;
                return Err(Trouble::Reject(format!(
                    "fields `{other}` and `{name}` are one column, `{column}`"
                )));
            }
            if !self.places.contains_key(name) {
                self.places.insert(name.to_owned(), place);
            }
            self.order.truncate(*self.at);
            self.order.push((name.to_owned(), place));
            return Ok(Some(place));
        }
        if *value == Value::Null {
            return Ok(None);
        }
        let same = |other: &str| dialect.is_same_name(other, name);
        if let Some(found) = self.found.columns.iter().position(|column| same(&column.name)) {
            if self.found.columns[found].is_generated {
                return Err(Trouble::Reject(format!(
                    "column `{name}` is made by the database, and takes no values"
                )));
            }
            return Err(Trouble::Unwritten);
        }
        if let Some((_, foreign)) = self.found.foreign.iter().find(|(other, _)| same(other)) {
            let what = format!("column `{name}` has the type {foreign}, which is not written here");
            return Err(Trouble::Stop(
                Fault::new(format!("table {}", self.table.name), what)
                    .help(phrase!["leave the field out with ", @"select", " '* IGNORE ", name, "'"]),
            ));
        }
        Err(Trouble::Lacking)
    }

    /// What is missing in a row.
    pub(crate) fn missing(&self, row: &Draft<'_>) -> Option<String> {
        let missing = self.required.iter().find(|place| row.is_null(**place))?;
        let column = &self.table.columns[*missing];
        Some(format!(
            "column `{}` ({}) takes no null, and the record has no value for it",
            column.name, column.declared
        ))
    }

    /// What is missing in a row of which only the key counts.
    pub(crate) fn missing_key(&self, row: &Draft<'_>) -> Option<String> {
        let missing = self.table.key.iter().find(|place| row.is_null(**place))?;
        Some(format!("the record has no value for column `{}` of the key", self.table.columns[*missing].name))
    }

    /// Whether the database widens a column without a change of what is in it.
    pub(crate) fn can_widen(&self, place: usize, dialect: &dyn Dialect) -> bool {
        widened(self.table.columns[place].column_type, dialect).is_some()
    }

    pub(crate) fn lacking(&self, name: &str, value: &Value<'_>) -> String {
        format!("table {} has no column `{name}` (found: {})", self.table.name, excerpt(value))
    }
}

//! Records as rows of tables that are there, or are made for them.

use std::collections::HashSet;
use std::sync::Arc;

use kadence_core::data::Value;
use kadence_core::fault::Fault;
use kadence_core::phrase;
use kadence_core::target::Batch;

use super::Notice;
use crate::cells::Change;
use crate::convert::{Converter, Limits};
use crate::ddl::Dialect;
use crate::decoded::Decoded;
use crate::infer::Inference;
use crate::lineage::is_of_seal;
use crate::making::{check_table_name, plan, widened};
use crate::mapping::{Input, Mapping};
use crate::options::LandingOptions;
use crate::session::{DbError, Session};
use crate::sheet::{Sheet, Trouble};
use crate::table::{Column, Found};

/// What came of a batch.
pub(super) enum Mapped {
    /// All records are rows, or are rejected, or are tombstones that are passed over.
    All { tombstones: u64 },
    /// A table was made or changed: they are to be mapped anew.
    Anew,
}

/// Tables, as a mapper finds and changes them.
pub(super) trait Tables {
    fn limits(&self) -> Limits;
    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError>;
    /// Runs a statement that gives a table these columns; a column that is there gets another type.
    fn change(
        &mut self,
        table: &str,
        statement: &str,
        columns: &[Column],
        key: &[String],
    ) -> Result<(), DbError>;
    fn widening(&mut self, table: &str, column: &Column, to: &str) -> Result<Option<String>, DbError>;
    fn notice(&mut self, notice: Notice);
}

/// Tables that are changed.
pub(super) struct Live<'s, S> {
    pub(super) session: &'s mut S,
    pub(super) notice: &'s mut dyn FnMut(Notice),
}

impl<S: Session> Tables for Live<'_, S> {
    fn limits(&self) -> Limits {
        self.session.limits()
    }

    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError> {
        self.session.find(table)
    }

    fn change(&mut self, _: &str, statement: &str, _: &[Column], _: &[String]) -> Result<(), DbError> {
        self.session.define(statement)?;
        (self.notice)(Notice::Defined(statement.to_owned()));
        Ok(())
    }

    fn widening(&mut self, table: &str, column: &Column, to: &str) -> Result<Option<String>, DbError> {
        self.session.widening(table, column, to)
    }

    fn notice(&mut self, notice: Notice) {
        (self.notice)(notice);
    }
}

pub(super) struct Mapper {
    pub(super) options: LandingOptions,
    mapping: Mapping,
    converter: Converter,
    decoded: Decoded,
    sheets: Vec<Sheet>,
    /// The place among the sheets of each topic's table.
    by_topic: Vec<(Arc<str>, usize)>,
    /// Which versions of which tables the session is ready for.
    prepared: HashSet<(usize, u64)>,
    /// The tables of which it was said that they lack columns for seals.
    unsealed: HashSet<String>,
}

impl Mapper {
    pub(super) fn new(options: LandingOptions) -> Result<Self, Vec<Fault>> {
        let mapping = options.mapping()?;
        Ok(Self {
            decoded: Decoded::new(&options, mapping.has_seals()),
            mapping,
            options,
            converter: Converter::default(),
            sheets: Vec::new(),
            by_topic: Vec::new(),
            prepared: HashSet::new(),
            unsealed: HashSet::new(),
        })
    }

    /// Decodes a batch that is to be mapped, perhaps more than once.
    pub(super) fn decode(&mut self, batch: &Batch<'_>) {
        self.decoded.decode(batch);
    }

    /// Tables with rows for them.
    pub(super) fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        self.sheets.iter().filter(|sheet| !sheet.rows.is_empty())
    }

    /// The session is another one from now on. Tables may have changed meanwhile.
    pub(super) fn forget_session(&mut self) {
        self.prepared.clear();
        self.sheets.clear();
        self.by_topic.clear();
    }

    /// Makes the session ready for the tables.
    pub(super) fn prepare(&mut self, session: &mut impl Session) -> Result<(), DbError> {
        for (place, sheet) in self.sheets.iter().enumerate().filter(|(_, sheet)| !sheet.rows.is_empty()) {
            if !self.prepared.contains(&(place, sheet.table.version)) {
                session.prepare(&sheet.table)?;
                self.prepared.insert((place, sheet.table.version));
            }
        }
        Ok(())
    }

    /// Maps a batch. No transaction is open: tables are made and changed.
    pub(super) fn map(
        &mut self,
        batch: &Batch<'_>,
        dialect: &'static dyn Dialect,
        tables: &mut dyn Tables,
        rejected: &mut Vec<(usize, String)>,
    ) -> Result<Mapped, DbError> {
        self.converter.limits = tables.limits();
        rejected.extend(self.decoded.rejected().iter().cloned());
        self.open_all(batch, dialect, tables)?;
        self.sheets.iter_mut().for_each(Sheet::clear);
        let mut tombstones = 0;
        for (place, record) in batch.records.records().enumerate() {
            let partition = &batch.parts[record.facts.lane as usize].partition;
            if self.decoded.is_rejected(place) {
                continue;
            }
            let is_tombstone = record.body.is_none();
            if is_tombstone && !self.options.delete_on_null {
                tombstones += 1;
                continue;
            }
            let by_topic = self.by_topic.iter().find(|(topic, _)| *topic == partition.topic);
            let Some(sheet) = by_topic.map(|(_, sheet)| *sheet) else {
                // Without a table there is nothing to delete either.
                if !is_tombstone {
                    rejected.push((place, "the record has no fields, and there is no table yet".into()));
                }
                continue;
            };
            let input = self.decoded.input(partition, &record, place);
            if input.seal.is_some() && !self.options.evolve {
                note_unsealed(&mut self.sheets[sheet], &mut self.unsealed, dialect, tables);
            }
            let trouble = row(
                &mut self.sheets[sheet],
                &self.mapping,
                &mut self.converter,
                dialect,
                &input,
                place,
                self.options.evolve,
            );
            match trouble {
                Ok(()) => {}
                Err(Trouble::Reject(reason)) => rejected.push((place, reason)),
                Err(Trouble::Unwritten) => {
                    let sheet = &mut self.sheets[sheet];
                    let _ = self.mapping.each(&input, |name, value, _| {
                        sheet.write_named(name, &value, &self.options, dialect);
                        Ok::<(), ()>(())
                    });
                    return Ok(Mapped::Anew);
                }
                Err(Trouble::Lacking) => {
                    self.add_columns(batch, sheet, dialect, tables)?;
                    return Ok(Mapped::Anew);
                }
                Err(Trouble::Narrow(column)) => {
                    self.widen(sheet, column, dialect, tables)?;
                    return Ok(Mapped::Anew);
                }
                Err(Trouble::Stop(fault)) => return Err(fault.into()),
            }
        }
        Ok(Mapped::All { tombstones })
    }

    /// The name of a topic's table.
    pub(super) fn table_of(&self, topic: &str) -> String {
        self.options.table.replace("{topic}", topic)
    }

    /// Finds the tables of all topics of a batch, or makes them.
    fn open_all(
        &mut self,
        batch: &Batch<'_>,
        dialect: &'static dyn Dialect,
        tables: &mut dyn Tables,
    ) -> Result<(), DbError> {
        for part in batch.parts {
            let topic = &part.partition.topic;
            if !self.by_topic.iter().any(|(known, _)| known == topic) {
                self.open(batch, topic, dialect, tables)?;
            }
        }
        Ok(())
    }

    /// Finds a topic's table, or makes it. Where nothing of the batch says what columns it has, those to come will.
    fn open(
        &mut self,
        batch: &Batch<'_>,
        topic: &Arc<str>,
        dialect: &'static dyn Dialect,
        tables: &mut dyn Tables,
    ) -> Result<(), DbError> {
        let name = self.table_of(topic);
        if let Some(place) = self.sheets.iter().position(|sheet| sheet.table.name == name) {
            self.by_topic.push((Arc::clone(topic), place));
            return Ok(());
        }
        check_table_name(&name, dialect)?;
        if self.sheets.iter().any(|sheet| dialect.is_same_name(&sheet.table.name, &name)) {
            let what = format!("is one name with that of another topic's table to {}", dialect.name());
            return Err(Fault::new(format!("table {name}"), what).into());
        }
        let found = match tables.find(&name)? {
            Some(found) => found,
            None if self.options.no_create => {
                return Err(Fault::new(format!("table {name}"), "does not exist")
                    .help(phrase!["make it, or leave out ", @"no-create"])
                    .into());
            }
            None => {
                let seen = self.infer(batch, |other| self.table_of(other) == name);
                if seen.is_empty() {
                    return Ok(());
                }
                let plan = plan(&name, &seen, None, &self.options, dialect)?;
                if plan.columns.is_empty() {
                    return Err(Fault::new(
                        format!("table {name}"),
                        "all fields of the first records are null",
                    )
                    .help(phrase!["state their types with ", @"types"])
                    .into());
                }
                tables.change(&name, &plan.create(&name, dialect), &plan.columns, &plan.key_names())?;
                if !plan.untyped.is_empty() {
                    tables.notice(Notice::Untyped(name.clone(), plan.untyped));
                }
                let missing = || Fault::new(format!("table {name}"), "was made, and is not there");
                tables.find(&name)?.ok_or_else(missing)?
            }
        };
        let sheet = Sheet::new(&name, found, &self.options, dialect)?;
        self.by_topic.push((Arc::clone(topic), self.sheets.len()));
        self.sheets.push(sheet);
        Ok(())
    }

    /// What the values of all records of some topics look like.
    pub(super) fn infer(&self, batch: &Batch<'_>, is_meant: impl Fn(&str) -> bool) -> Inference {
        let mut seen = Inference::default();
        for (place, record) in batch.records.records().enumerate() {
            let partition = &batch.parts[record.facts.lane as usize].partition;
            if self.decoded.is_rejected(place) || record.body.is_none() || !is_meant(&partition.topic) {
                continue;
            }
            let input = self.decoded.input(partition, &record, place);
            seen.begin();
            let _ = self.mapping.each(&input, |name, value, _| {
                seen.note(name, &value);
                Ok::<(), ()>(())
            });
        }
        seen
    }

    fn add_columns(
        &mut self,
        batch: &Batch<'_>,
        sheet: usize,
        dialect: &'static dyn Dialect,
        tables: &mut dyn Tables,
    ) -> Result<(), DbError> {
        let name = self.sheets[sheet].table.name.clone();
        let seen = self.infer(batch, |topic| self.table_of(topic) == name);
        let plan = plan(&name, &seen, Some(&self.sheets[sheet].found), &self.options, dialect)?;
        for (statement, column) in plan.add(&name, dialect).iter().zip(&plan.columns) {
            tables.change(&name, statement, std::slice::from_ref(column), &[])?;
        }
        self.find_again(sheet, dialect, tables)
    }

    fn widen(
        &mut self,
        sheet: usize,
        column: usize,
        dialect: &'static dyn Dialect,
        tables: &mut dyn Tables,
    ) -> Result<(), DbError> {
        let table = &self.sheets[sheet].table;
        let column = &table.columns[column];
        let cannot = || Fault::new(format!("table {}", table.name), "cannot be widened");
        let column_type = widened(column.column_type, dialect).ok_or_else(cannot)?;
        let declared = dialect.type_of(column_type, false).ok_or_else(cannot)?;
        let statement = tables.widening(&table.name, column, &declared)?.ok_or_else(cannot)?;
        let wide = Column { column_type, declared, ..column.clone() };
        tables.change(&table.name, &statement, &[wide], &[])?;
        self.find_again(sheet, dialect, tables)
    }

    fn find_again(
        &mut self,
        sheet: usize,
        dialect: &'static dyn Dialect,
        tables: &mut dyn Tables,
    ) -> Result<(), DbError> {
        let before = &self.sheets[sheet].table;
        let (name, version) = (before.name.clone(), before.version);
        let gone = || Fault::new(format!("table {name}"), "is not there any more");
        let found = tables.find(&name)?.ok_or_else(gone)?;
        let mut anew = Sheet::new(&name, found, &self.options, dialect)?;
        anew.table.version += version + 1;
        self.sheets[sheet] = anew;
        Ok(())
    }
}

/// Says at a table's first seal, and once, that it has no columns for seals.
fn note_unsealed(
    sheet: &mut Sheet,
    said: &mut HashSet<String>,
    dialect: &dyn Dialect,
    tables: &mut dyn Tables,
) {
    let lacking = sheet.seal_columns_lacking(dialect);
    let name = &sheet.table.name;
    if !lacking.is_empty() && said.insert(name.clone()) {
        tables.notice(Notice::Unsealed(name.clone(), lacking));
    }
}

/// Makes a record a row.
fn row(
    sheet: &mut Sheet,
    mapping: &Mapping,
    converter: &mut Converter,
    dialect: &dyn Dialect,
    input: &Input<'_>,
    place: usize,
    evolves: bool,
) -> Result<(), Trouble> {
    let (mut row, mut fill) = sheet.begin();
    let is_tombstone = input.record.body.is_none();
    let mut put = |name: &str, value: Value<'_>, is_bytes: bool| {
        let put = fill.put(name, &value, is_bytes, dialect, converter, &mut row);
        put.or_else(|trouble| match trouble {
            // A table that was made before there were seals goes on without them.
            Trouble::Lacking if !evolves && input.seal.is_some() && is_of_seal(name) => Ok(()),
            Trouble::Lacking if !evolves => Err(Trouble::Reject(fill.lacking(name, &value))),
            Trouble::Narrow(column) if !evolves || !fill.can_widen(column, dialect) => {
                let found = crate::convert::excerpt(&value);
                Err(Trouble::Reject(fill.reason(column, &found, &crate::convert::Why::Range)))
            }
            other => Err(other),
        })
    };
    if is_tombstone {
        mapping.each_of_key(input, &mut put)?;
    } else {
        mapping.each(input, &mut put)?;
    }
    let missing = if is_tombstone { fill.missing_key(&row) } else { fill.missing(&row) };
    if let Some(missing) = missing {
        return Err(Trouble::Reject(missing));
    }
    row.finish(place, if is_tombstone { Change::Delete } else { Change::Put });
    Ok(())
}

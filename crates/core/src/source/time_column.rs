//! Which column holds the event time, and in which format, where nobody said so.
//!
//! A name that says time comes first; where none of those is in a form that is recognised, that is the error. Then
//! comes a date and time in any column. A plain number is a time only under such a name, as a plausible epoch, or in
//! the first column where it rises over the first rows. Whatever else is a number may be anything.

mod names;
mod shapes;

use self::names::{Strength, TimeName, says_other, says_time};
pub(super) use self::shapes::{is_missing, is_time_of_day, suggestion};
use super::any_rows::AnyRows;
use super::event_time::{EpochUnit, TimeFormat, TimeParser, looks_like_a_calendar};
use super::rows::Rows as _;
use crate::text::{ColumnRef, is_json_number};

/// How many lines are looked at beside the first row. A pipe may be slow, and is waited for.
const LINES_AHEAD: usize = 9;
/// In how many columns a date of another form is looked for.
const MOST_HINTS: usize = 32;

/// What was chosen, and why.
pub(super) struct Choice {
    pub(super) field: ColumnRef,
    pub(super) format: TimeFormat,
}

/// Why nothing was chosen.
pub(super) enum NoChoice {
    /// A column called like a time is in no known form.
    UnknownForm { field: ColumnRef, text: String },
    /// Date and time of day, or the parts of a date, stand apart.
    Apart { date: String, time: String },
    /// A later record has a field called like a time, and the first has not.
    Absent { column: String },
    /// No column is a time; one may look like one in a format that has to be stated.
    None { hint: Option<(String, String)> },
}

/// A column and what the first row has in it.
struct Column {
    field: ColumnRef,
    text: String,
    name: Option<TimeName>,
}

/// What a text is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Number,
    Date,
    DateAndTime,
}

/// Chooses among the columns `names`. `parser` has the format, if one was stated, and reads the texts.
pub(super) fn choose(rows: &mut AnyRows, names: &[String], parser: &TimeParser) -> Result<Choice, NoChoice> {
    let columns: Vec<Column> = names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let field = ColumnRef::column(name, index);
            let text = rows.first_text(index, &field)?;
            Some(Column { name: says_time(name), field, text })
        })
        .collect();
    if let Some(found) = named(&columns, parser)? {
        return Ok(found);
    }
    let by_form = |wanted: Form| {
        columns.iter().find_map(|column| {
            let format = parser.format_of(&column.text, None)?;
            (form(&column.text) == wanted).then(|| column.chosen(format))
        })
    };
    if let Some(found) = by_form(Form::DateAndTime).or_else(|| by_form(Form::Date)) {
        return Ok(found);
    }
    if let Some(column) = field_ahead(rows) {
        return Err(NoChoice::Absent { column });
    }
    number(&columns, rows, parser).ok_or_else(|| NoChoice::None {
        hint: columns.iter().take(MOST_HINTS).find_map(|column| {
            let may_be_a_date = form(&column.text) != Form::Number || looks_like_a_calendar(&column.text);
            let format = may_be_a_date.then(|| suggestion(&column.text))??;
            Some((column.field.name().to_owned(), format))
        }),
    })
}

impl Column {
    fn chosen(&self, format: TimeFormat) -> Choice {
        Choice { field: self.field.clone(), format }
    }

    /// The format of its text under a name that says time.
    fn format_by_name(&self, name: TimeName, parser: &TimeParser) -> Option<TimeFormat> {
        let format = parser.format_of(&self.text, name.unit)?;
        let is_number = form(&self.text) == Form::Number;
        let is_left_open = parser.format == TimeFormat::Auto;
        let is_known =
            !is_number || !name.is_calendar || !is_left_open || is_plausible_epoch(&self.text, parser);
        is_known.then_some(format)
    }
}

/// The best of the columns whose names say time. An error where there are such, and none can be read.
fn named(columns: &[Column], parser: &TimeParser) -> Result<Option<Choice>, NoChoice> {
    let candidates = || {
        columns.iter().filter_map(|column| {
            let has_digit = column.text.bytes().any(|byte| byte.is_ascii_digit());
            let name = column.name.filter(|_| has_digit || shapes::is_missing(&column.text))?;
            Some((column, name))
        })
    };
    let mut best: Option<(&Column, TimeFormat, (Form, Strength, bool))> = None;
    for (column, name) in candidates() {
        let Some(format) = column.format_by_name(name, parser) else { continue };
        let form = match form(&column.text) {
            // An epoch says as much as a date and a time.
            Form::Number if is_plausible_epoch(&column.text, parser) => Form::DateAndTime,
            found => found,
        };
        let worth = (form, name.strength, !name.is_late);
        if best.as_ref().is_none_or(|(.., other)| worth > *other) {
            best = Some((column, format, worth));
        }
    }
    let is_whole = best.as_ref().is_some_and(|(.., (form, ..))| *form == Form::DateAndTime);
    if !is_whole && let Some(apart) = apart(&candidates()) {
        return Err(apart);
    }
    // The surest name is the one that a person would have meant.
    let surest = candidates().rev().max_by_key(|(_, name)| (name.strength, !name.is_late));
    if let Some((column, format, (_, strength, _))) = best
        && !surest.is_some_and(|(surest, name)| name.strength > strength && shapes::is_missing(&surest.text))
    {
        return Ok(Some(column.chosen(format)));
    }
    match surest {
        Some((column, _)) => {
            Err(NoChoice::UnknownForm { field: column.field.clone(), text: column.text.clone() })
        }
        None => Ok(None),
    }
}

/// Whether a date stands in one of the columns and the time of day in another, or its parts in several.
fn apart<'c>(candidates: &(impl Iterator<Item = (&'c Column, TimeName)> + Clone)) -> Option<NoChoice> {
    let pair = |date: &Column, time: &Column| NoChoice::Apart {
        date: date.field.name().into(),
        time: time.field.name().into(),
    };
    let is_part = |(column, name): &(&Column, TimeName)| {
        name.is_calendar
            && name.strength == Strength::Weak
            && column.text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = candidates.clone().filter(is_part);
    if let (Some((first, _)), Some((second, _))) = (parts.next(), parts.next()) {
        return Some(pair(first, second));
    }
    let (date, _) = candidates.clone().find(|(column, _)| shapes::is_date(&column.text))?;
    let (time, _) = candidates.clone().find(|(column, name)| {
        let may_be = shapes::is_time_of_day(&column.text)
            || (name.strength >= Strength::Time && shapes::is_digits_of_day(&column.text));
        may_be && column.field.index != date.field.index
    })?;
    Some(pair(date, time))
}

/// A field of the next records that is called like a time, where records may have fields that the first one lacks.
fn field_ahead(rows: &mut AnyRows) -> Option<String> {
    if !rows.may_lack_fields() {
        return None;
    }
    let mut ahead = rows.ahead(LINES_AHEAD)?;
    while let Ok(true) = ahead.advance() {
        let is_time = |name: &String| says_time(name).is_some_and(|said| said.strength >= Strength::Date);
        if let Some(found) = ahead.names().into_iter().find(is_time) {
            return Some(found);
        }
    }
    None
}

/// The column whose plain numbers are times though no name says so.
fn number(columns: &[Column], rows: &mut AnyRows, parser: &TimeParser) -> Option<Choice> {
    let is_possible = |column: &&Column| {
        form(&column.text) == Form::Number
            && !says_other(column.field.name())
            && parser.format_of(&column.text, None).is_some()
    };
    let epochs: Vec<&Column> = columns
        .iter()
        .filter(is_possible)
        .filter(|column| is_plausible_epoch(&column.text, parser))
        .collect();
    let first = columns.first().filter(is_possible);
    if epochs.is_empty() && first.is_none() {
        return None;
    }
    let mut fields: Vec<ColumnRef> = epochs.iter().map(|column| column.field.clone()).collect();
    fields.extend(first.map(|column| column.field.clone()));
    let mut later = texts_ahead(rows, &fields);
    let first_later = first.and_then(|_| later.pop());
    for (column, later) in epochs.iter().zip(&later) {
        if later.iter().all(|text| is_plausible_epoch(text, parser)) {
            return Some(column.chosen(parser.format_of(&column.text, None)?));
        }
    }
    let (first, later) = (first?, first_later?);
    let format = parser.format_of(&first.text, None)?;
    let mut times = vec![parser.read_as(&format, &first.text)?];
    for text in &later {
        times.push(parser.read_as(&format, text)?);
    }
    let rises = times.is_sorted() && times.first() < times.last();
    rises.then(|| first.chosen(format))
}

/// The texts of `fields` in the next rows.
fn texts_ahead(rows: &mut AnyRows, fields: &[ColumnRef]) -> Vec<Vec<String>> {
    let mut texts = vec![Vec::new(); fields.len()];
    let Some(mut ahead) = rows.ahead(LINES_AHEAD) else { return texts };
    // What is wrong there is said when it is its turn.
    while let Ok(true) = ahead.advance() {
        for (field, texts) in fields.iter().zip(&mut texts) {
            texts.extend(ahead.cell(field).map(|cell| cell.text().into_owned()));
        }
    }
    texts
}

/// What `text` is taken for, if it is a time at all.
fn form(text: &str) -> Form {
    if is_json_number(text.as_bytes()) {
        return Form::Number;
    }
    if shapes::is_date(text) { Form::Date } else { Form::DateAndTime }
}

/// Whether `text` is a number that is a time between 2001 and 2039, in the format of `parser` or any unit.
fn is_plausible_epoch(text: &str, parser: &TimeParser) -> bool {
    const FIRST: i64 = 1_000_000_000_000_000_000;
    const LAST: i64 = 2_200_000_000_000_000_000;
    if !is_json_number(text.as_bytes()) {
        return false;
    }
    let format = match parser.format {
        TimeFormat::Epoch(unit) => TimeFormat::Epoch(unit),
        _ => match parser.format_of(text, None) {
            Some(format @ TimeFormat::Epoch(_)) => format,
            _ => return false,
        },
    };
    parser.read_as(&format, text).is_some_and(|time| (FIRST..LAST).contains(&time.as_nanos()))
}

/// The unit that the name of a column says its numbers have.
pub(super) fn unit_said_by(name: &str) -> Option<EpochUnit> {
    says_time(name)?.unit
}

//! JSON bodies: compact, members in the order selected, number text kept.

mod decode;
mod encode;
mod mixing;
mod values;

pub use self::decode::JsonDecoder;
pub(super) use self::decode::read_value;
pub use self::encode::{JsonEncoder, write_json};

use self::mixing::Seen;
use self::values::{Became, write_cell, write_csv_text, write_text};
use super::{BodyEncoder, CodecError, MixedColumn, Shape, write_number, write_uuid};
use crate::projection::{Expr, Item, Projection, RowContext, Writer, write_row, write_value};
use crate::record::Timestamp;
use crate::run::Draft;
use crate::source::{RecordingError, Rows as _, excerpt};
use crate::stamp::EventStamp;
use crate::text::{CellText, CellType, CellValue, ColumnRef, Misfit, is_number_for_all};

/// Writes objects and arrays.
pub(super) struct MembersEncoder {
    /// The members; the name of each is what stands before its value: up to the first `*` the opening or a comma,
    /// then its name as JSON.
    items: Vec<Item>,
    /// How many of the members have the opening or a comma before their names.
    whole: usize,
    seen: Vec<Seen>,
    open: u8,
    close: u8,
    /// The body is the JSON object as the recording has it.
    verbatim: bool,
    mixed: Vec<MixedColumn>,
}

impl MembersEncoder {
    pub(super) fn new(projection: Projection, shape: Shape) -> Self {
        let verbatim = projection.is_identity
            && shape == Shape::Object
            && matches!(&*projection.items, [Item { expr: Expr::Rest(rest), .. }] if rest.types.is_silent());
        let mut items = projection.items;
        let is_rest = |item: &Item| matches!(item.expr, Expr::Rest(_));
        let whole = items.iter().position(is_rest).unwrap_or(items.len());
        let (open, close) = if shape == Shape::Array { (b'[', b']') } else { (b'{', b'}') };
        for (place, item) in items.iter_mut().enumerate() {
            let mut before = Vec::new();
            if place < whole {
                before.push(if place == 0 { open } else { b',' });
            }
            if shape == Shape::Object && !is_rest(item) {
                write_text(&item.name, &mut before);
                before.push(b':');
            }
            // Names are text, and what is written around them is ASCII.
            item.name = String::from_utf8(before).unwrap_or_default();
        }
        let seen = vec![Seen::default(); items.len()];
        Self { items, whole, seen, open, close, verbatim, mixed: Vec::new() }
    }
}

impl BodyEncoder for MembersEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        if self.verbatim {
            draft.bytes().extend_from_slice(row.rows.text());
            return Ok(());
        }
        let Self { whole, seen, open, close, .. } = self;
        let (whole, close) = (*whole, *close);
        if whole == 0 {
            draft.bytes().push(*open);
        }
        let mut writer = JsonWriter { draft, whole, seen, place: 0, first: true, mixed: None };
        write_row(&mut self.items, row, &mut writer)?;
        let mixed = writer.mixed;
        draft.bytes().push(close);
        self.mixed.extend(mixed.and_then(|place| mixed_column(&self.items[place].expr, row)));
        Ok(())
    }

    fn take_mixed(&mut self) -> Vec<MixedColumn> {
        std::mem::take(&mut self.mixed)
    }
}

/// The column of `expr`, in which this row's cell is of another kind than those before.
#[cold]
fn mixed_column(expr: &Expr, row: &RowContext<'_>) -> Option<MixedColumn> {
    let Expr::Column(column, _) = expr else { return None };
    let text = row.rows.cell(column)?.text().into_owned();
    Some(MixedColumn {
        column: column.path.join("."),
        line: row.rows.line(),
        is_number: is_number_for_all(text.as_bytes()),
        cell: excerpt(&text),
    })
}

/// Writes values as JSON, with what stands before them.
struct JsonWriter<'w, 'r> {
    draft: &'w mut Draft<'r>,
    whole: usize,
    seen: &'w mut [Seen],
    place: usize,
    /// Nothing stands behind the opening yet; it counts once not all prefixes have their comma.
    first: bool,
    /// The member that was found to mix numbers and texts.
    mixed: Option<usize>,
}

impl JsonWriter<'_, '_> {
    #[inline]
    fn note(&mut self, became: Became) {
        if self.seen[self.place].note(became) {
            self.mixed = Some(self.place);
        }
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.draft.bytes().push(b',');
        }
    }

    fn quoted(&mut self, inside: impl FnOnce(&mut Draft<'_>)) {
        self.draft.bytes().push(b'"');
        inside(self.draft);
        self.draft.bytes().push(b'"');
    }
}

impl Writer for JsonWriter<'_, '_> {
    #[inline]
    fn member(&mut self, place: usize, name: &str) {
        self.place = place;
        if place >= self.whole {
            self.separate();
        }
        self.first = false;
        self.draft.bytes().extend_from_slice(name.as_bytes());
    }

    fn named(&mut self, name: &str) {
        self.separate();
        write_text(name, self.draft.bytes());
        self.draft.bytes().push(b':');
    }

    #[inline]
    fn csv_text(&mut self, text: &[u8], wanted: CellType) -> Result<(), Misfit> {
        let became = write_csv_text(text, wanted, self.draft.bytes())?;
        self.note(became);
        Ok(())
    }

    fn cell(&mut self, cell: CellText<'_>, wanted: CellType) -> Result<(), Misfit> {
        let became = write_cell(cell, wanted, self.draft.bytes())?;
        self.note(became);
        Ok(())
    }

    fn absent(&mut self) {
        self.draft.bytes().extend_from_slice(b"null");
    }

    fn text(&mut self, text: &str) {
        write_text(text, self.draft.bytes());
    }

    fn number(&mut self, text: &str) {
        self.draft.bytes().extend_from_slice(text.as_bytes());
    }

    fn count(&mut self, number: u64) {
        write_number(number, self.draft.bytes());
    }

    fn uuid(&mut self) {
        self.quoted(|draft| write_uuid(draft.bytes()));
    }

    fn now(&mut self, format: usize, width: usize) {
        self.quoted(|draft| draft.slot(format, width));
    }

    fn event_time(&mut self, stamp: &mut EventStamp, time: Timestamp) {
        self.quoted(|draft| stamp.write(time, draft.bytes()));
    }
}

/// Writes `{"<time>":value}`.
pub(super) struct KeyedEncoder {
    time: ColumnRef,
    value: Expr,
    seen: Seen,
    mixed: Vec<MixedColumn>,
}

impl KeyedEncoder {
    pub(super) fn new(projection: Projection, time: Option<&ColumnRef>) -> Result<Self, CodecError> {
        let time = time.ok_or(CodecError::KeyedWithoutTime)?.clone();
        let others: Vec<Item> = projection
            .items
            .into_iter()
            .filter(|item| !matches!(&item.expr, Expr::Column(column, _) if *column == time))
            .collect();
        let found = || others.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ");
        match &*others {
            [Item { expr: Expr::Rest(_), .. }] => Err(CodecError::Keyed { found: found() }),
            [Item { expr, .. }] => {
                Ok(Self { time, value: expr.clone(), seen: Seen::default(), mixed: Vec::new() })
            }
            _ => Err(CodecError::Keyed { found: found() }),
        }
    }
}

impl BodyEncoder for KeyedEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        let seen = std::slice::from_mut(&mut self.seen);
        let mut writer = JsonWriter { draft, whole: 0, seen, place: 0, first: true, mixed: None };
        writer.draft.bytes().push(b'{');
        // A name is a text, if only an empty one.
        match row.value(&self.time, CellType::Text)? {
            CellValue::Text(text) => writer.text(&text),
            _ => writer.text(""),
        }
        writer.draft.bytes().push(b':');
        write_value(&mut self.value, row, &mut writer)?;
        let mixed = writer.mixed.is_some();
        draft.bytes().push(b'}');
        if mixed {
            self.mixed.extend(mixed_column(&self.value, row));
        }
        Ok(())
    }

    fn take_mixed(&mut self) -> Vec<MixedColumn> {
        std::mem::take(&mut self.mixed)
    }
}

//! The way through a body.

mod scalars;

use kadence_core::codec::DecodeError;
use kadence_core::data::{RowBuilder, TooLarge};

use super::flaw::Flaw;
use crate::logical::decimal::Scratch;
use crate::plan::{MOST_DEPTH, ONLY_FIELD};
use crate::program::{Program, Read, ReadId, RecordRead, Step};
use crate::wire::{self, Input, Stop};

/// Some values take no bytes: so many values a body may have, and so many more for each of its bytes. Defaults of the
/// reader's schema count besides.
const FREE_VALUES: usize = 65_536;
const VALUES_A_BYTE: usize = 16;

/// Memory that is used again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) scratch: Scratch,
    pub(super) text: String,
    /// Where fields begin that are read in another order.
    starts: Vec<usize>,
}

/// A body that is being read. The program outlives it.
pub(super) struct Walk<'w, 'r> {
    pub(super) program: &'w Program,
    pub(super) input: Input<'w>,
    pub(super) row: RowBuilder<'r>,
    pub(super) memory: &'r mut Memory,
    pub(super) depth: usize,
    /// How many values there may be.
    values: usize,
    flaw: Option<(usize, Flaw<'w>)>,
    is_in_default: bool,
}

impl<'w, 'r> Walk<'w, 'r> {
    pub(super) fn new(
        program: &'w Program,
        input: Input<'w>,
        row: RowBuilder<'r>,
        memory: &'r mut Memory,
    ) -> Self {
        memory.starts.clear();
        let values_a_byte = VALUES_A_BYTE.saturating_add(program.most_defaults);
        let values = FREE_VALUES.saturating_add(input.left().saturating_mul(values_a_byte));
        Self { program, input, row, memory, depth: 0, values, flaw: None, is_in_default: false }
    }

    /// Reads the body as a row, up to its last byte.
    pub(super) fn row(&mut self) -> Result<(), Stop> {
        if self.program.is_row {
            self.outermost(self.program.root)?;
        } else {
            self.row.name(ONLY_FIELD);
            self.value(self.program.root)?;
        }
        match self.input.left() {
            0 => Ok(()),
            left => Err(self.fail(Flaw::Left(left))),
        }
    }

    pub(super) fn finish(self) -> Result<(), TooLarge> {
        self.row.finish()
    }

    pub(super) fn at(&self) -> usize {
        self.input.at()
    }

    /// What is wrong, after a [`Stop`].
    pub(super) fn error(&self) -> DecodeError {
        let (at, flaw) = self.flaw.unwrap_or((self.input.at(), Flaw::Many));
        DecodeError { what: flaw.to_string(), at: (!self.is_in_default).then_some(at) }
    }

    #[cold]
    pub(super) fn fail(&mut self, flaw: Flaw<'w>) -> Stop {
        self.flaw = Some((self.input.at(), flaw));
        Stop
    }

    #[inline]
    pub(super) fn wire<T>(&mut self, read: Result<T, wire::Flaw>) -> Result<T, Stop> {
        read.map_err(|flaw| self.fail(flaw.into()))
    }

    #[inline]
    pub(super) fn count(&mut self) -> Result<(), Stop> {
        match self.values.checked_sub(1) {
            Some(left) => self.values = left,
            None => return Err(self.fail(Flaw::Many)),
        }
        Ok(())
    }

    #[inline]
    pub(super) fn deeper(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > MOST_DEPTH { Err(self.fail(Flaw::Deep(MOST_DEPTH))) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Stop> {
        let long = self.input.long();
        self.wire(long)
    }

    #[inline]
    pub(super) fn prefixed(&mut self) -> Result<&'w [u8], Stop> {
        let len = self.long()?;
        let len = usize::try_from(len).map_err(|_| self.fail(Flaw::Length(len)))?;
        let bytes = self.input.take(len);
        self.wire(bytes)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<&'w str, Stop> {
        let bytes = self.prefixed()?;
        str::from_utf8(bytes).map_err(|_| self.fail(Flaw::Utf8))
    }

    /// The outermost value, which is a record: its fields are the row's.
    fn outermost(&mut self, id: ReadId) -> Result<(), Stop> {
        match self.program.read(id) {
            Read::Record(record) => self.fields(record),
            Read::Union(branches) => {
                let branch = self.branch(branches)?;
                self.outermost(branch)
            }
            Read::Same(read) => self.outermost(*read),
            _ => self.value(id),
        }
    }

    #[inline]
    fn value(&mut self, id: ReadId) -> Result<(), Stop> {
        self.count()?;
        let program = self.program;
        match program.read(id) {
            Read::Long(whole) => {
                let number = self.long()?;
                self.whole(number, *whole)
            }
            Read::Int(whole) => {
                let number = self.long()?;
                if i32::try_from(number).is_err() {
                    return Err(self.fail(Flaw::Int(number)));
                }
                self.whole(number, *whole)
            }
            Read::Prefixed(blob) => {
                let bytes = self.prefixed()?;
                self.blob(bytes, *blob)
            }
            Read::Fixed(size, blob) => {
                let bytes = self.input.take(*size);
                let bytes = self.wire(bytes)?;
                self.blob(bytes, *blob)
            }
            Read::Union(branches) => {
                let branch = self.branch(branches)?;
                self.value(branch)
            }
            Read::Same(read) => self.value(*read),
            Read::Array(_) | Read::Map(_) | Read::Record(_) => self.holder(program.read(id)),
            leaf => self.leaf(leaf),
        }
    }

    /// The branch that comes next.
    #[inline]
    fn branch(&mut self, branches: &'w [ReadId]) -> Result<ReadId, Stop> {
        let found = self.long()?;
        let branch = usize::try_from(found).ok().and_then(|place| branches.get(place));
        branch.copied().ok_or_else(|| self.fail(Flaw::Branch { found, of: branches.len() }))
    }

    fn holder(&mut self, read: &'w Read) -> Result<(), Stop> {
        match read {
            Read::Array(items) => {
                self.row.begin_list();
                self.blocks(|walk| walk.value(*items))?;
            }
            Read::Map(values) => {
                self.row.begin_map();
                self.blocks(|walk| {
                    let name = walk.text()?;
                    walk.row.name(name);
                    walk.value(*values)
                })?;
            }
            Read::Record(record) => {
                self.row.begin_struct();
                self.fields(record)?;
            }
            _ => return Ok(()),
        }
        self.row.end();
        Ok(())
    }

    /// The blocks of a list or a map, each with a count, and with its bytes where the count is negative.
    pub(super) fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        self.deeper()?;
        loop {
            let count = self.long()?;
            if count == 0 {
                break;
            }
            let size = if count < 0 { Some(self.long()?) } else { None };
            let start = self.input.at();
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
            let read = self.input.at() - start;
            if let Some(said) = size
                && usize::try_from(said) != Ok(read)
            {
                return Err(self.fail(Flaw::Size { said, read }));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn fields(&mut self, record: &'w RecordRead) -> Result<(), Stop> {
        self.deeper()?;
        match &record.shuffled {
            None => {
                for step in &record.steps {
                    self.step(step)?;
                }
            }
            Some(nodes) => {
                let base = self.memory.starts.len();
                for node in nodes {
                    self.memory.starts.push(self.input.at());
                    self.skip(*node)?;
                }
                let end = self.input;
                for step in &record.steps {
                    if let Step::Field { place, .. } = step {
                        let start = self.memory.starts.get(base + *place as usize).copied();
                        self.input = end.from(start.unwrap_or(end.at()));
                    }
                    self.step(step)?;
                }
                self.input = end;
                self.memory.starts.truncate(base);
            }
        }
        self.depth -= 1;
        Ok(())
    }

    #[inline]
    fn step(&mut self, step: &'w Step) -> Result<(), Stop> {
        match step {
            Step::Field { name, read, .. } => {
                self.row.name(name);
                self.value(*read)
            }
            Step::Skip(node) => self.skip(*node),
            Step::Default { name, read, bytes } => {
                self.row.name(name);
                let body = std::mem::replace(&mut self.input, Input::new(bytes, 0));
                let was_in_default = std::mem::replace(&mut self.is_in_default, true);
                self.value(*read)?;
                self.input = body;
                self.is_in_default = was_in_default;
                Ok(())
            }
        }
    }
}

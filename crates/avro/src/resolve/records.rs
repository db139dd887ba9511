//! Records: fields by name, and those that only one side has.

use super::{Mismatch, Resolver};
use crate::plan::{Default, Field, Named, Record};
use crate::program::{Read, RecordRead, Step};

/// Whether a type is the one that was written: by its name without the namespace, or by an alias.
pub(super) fn is_same_name(written: &Named, wanted: &Named) -> bool {
    let is_alias = |alias: &str| {
        *alias == *written.name || alias.rsplit('.').next().is_some_and(|short| short == written.short())
    };
    written.short() == wanted.short() || wanted.aliases.iter().any(|alias| is_alias(alias))
}

impl Resolver<'_> {
    pub(super) fn record_as_it_stands(&mut self, record: &Record) -> Read {
        let steps = (0..).zip(&record.fields).map(|(place, field)| Step::Field {
            name: field.name.clone(),
            read: self.as_it_stands(field.node),
            place,
        });
        Read::Record(Box::new(RecordRead { steps: steps.collect(), shuffled: None }))
    }

    /// Reads one record as another. A mismatch without words is one of names.
    pub(super) fn record(&mut self, written: &Record, wanted: &Record) -> Result<Read, Mismatch> {
        if !is_same_name(&written.named, &wanted.named) {
            return Err(Mismatch::new(""));
        }
        let mut last = None;
        let mut is_shuffled = false;
        let mut steps = Vec::with_capacity(wanted.fields.len());
        for field in &wanted.fields {
            let Some(place) = place_in(written, field) else {
                steps.push(self.default(field)?);
                continue;
            };
            let from = &written.fields[place as usize];
            let read =
                self.resolve(from.node, field.node).map_err(|mismatch| mismatch.in_field(&field.name))?;
            is_shuffled |= last.is_some_and(|last| place <= last);
            last = Some(place);
            steps.push(Step::Field { name: field.name.clone(), read, place });
        }
        if is_shuffled {
            let nodes = written.fields.iter().map(|field| field.node).collect();
            return Ok(Read::Record(Box::new(RecordRead { steps: steps.into(), shuffled: Some(nodes) })));
        }
        let steps = with_skips(steps, written);
        Ok(Read::Record(Box::new(RecordRead { steps: steps.into(), shuffled: None })))
    }

    fn default(&mut self, field: &Field) -> Result<Step, Mismatch> {
        let what = match &field.default {
            Default::Bytes(bytes) => {
                let read = self.as_it_stands(field.node);
                return Ok(Step::Default { name: field.name.clone(), read, bytes: bytes.clone() });
            }
            Default::None => "is not written, and has no default".to_owned(),
            Default::Invalid(why) => format!("is not written, and {why}"),
        };
        Err(Mismatch::new(what).in_field(&field.name))
    }
}

/// Where a field of the reader's schema stands among those that were written.
fn place_in(written: &Record, field: &Field) -> Option<u32> {
    let by_name = written.places.get(&field.name);
    by_name.or_else(|| field.aliases.iter().find_map(|alias| written.places.get(alias))).copied()
}

/// Adds the fields that nobody wants, each in its place.
fn with_skips(steps: Vec<Step>, written: &Record) -> Vec<Step> {
    let mut all = Vec::with_capacity(steps.len());
    let mut next = 0;
    let skip = |until: usize, next: &mut usize, all: &mut Vec<Step>| {
        while *next < until {
            all.push(Step::Skip(written.fields[*next].node));
            *next += 1;
        }
    };
    for step in steps {
        if let Step::Field { place, .. } = &step {
            skip(*place as usize, &mut next, &mut all);
            next += 1;
        }
        all.push(step);
    }
    skip(written.fields.len(), &mut next, &mut all);
    all
}

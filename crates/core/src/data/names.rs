//! The names of fields, each stored once.

use std::collections::HashMap;

/// The number of a name. [`NO_NAME`] is that of what has none.
pub(super) type NameId = u32;

/// What the items of a list are called.
pub(super) const NO_NAME: NameId = 0;

/// More names than this are forgotten when the rows are: they are data rather than names.
const MOST_KEPT: usize = 10_000;

/// Names with their numbers.
///
/// Records of one kind have their fields in one order, so that a name is first compared with the one that stood in
/// this place the last time. The map is asked where that is another one.
#[derive(Debug)]
pub(super) struct Names {
    texts: Vec<Box<str>>,
    /// Which name stood in each place.
    seen: Vec<NameId>,
    ids: HashMap<Box<str>, NameId>,
}

/// Where a name stands: behind another one, or first in what that one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// First in a row, or in an item of a list.
    pub(super) const FIRST: Self = Self::inside(NO_NAME);

    pub(super) const fn behind(name: NameId) -> Self {
        Self(name * 2)
    }

    pub(super) const fn inside(name: NameId) -> Self {
        Self(name * 2 + 1)
    }
}

impl Default for Names {
    fn default() -> Self {
        Self { texts: vec!["".into()], seen: vec![NO_NAME; 2], ids: HashMap::new() }
    }
}

impl Names {
    /// The number of `name`, which stands in this place.
    #[inline]
    pub(super) fn id(&mut self, name: &str, place: Place) -> NameId {
        let guess = self.seen[place.0 as usize];
        if guess != NO_NAME && &*self.texts[guess as usize] == name {
            return guess;
        }
        self.look_up(name, place)
    }

    fn look_up(&mut self, name: &str, place: Place) -> NameId {
        let id = if let Some(id) = self.ids.get(name) {
            *id
        } else {
            let id = self.texts.len() as NameId;
            self.texts.push(name.into());
            self.seen.extend([NO_NAME; 2]);
            self.ids.insert(name.into(), id);
            id
        };
        self.seen[place.0 as usize] = id;
        id
    }

    /// The number of `name`, if it has one.
    pub(super) fn find(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    #[inline]
    pub(super) fn text(&self, id: NameId) -> &str {
        &self.texts[id as usize]
    }

    /// Forgets names where there are too many.
    pub(super) fn clear(&mut self) {
        if self.texts.len() > MOST_KEPT {
            *self = Self::default();
        }
    }
}

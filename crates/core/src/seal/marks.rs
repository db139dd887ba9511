//! A mark for each of many numbers, a bit each.

use std::collections::HashMap;

/// How many bits a page has.
const PAGE_BITS: u64 = 1 << 16;
const WORDS: usize = PAGE_BITS as usize / 64;

/// Marks on numbers. They stand in pages of 8 KiB, so that numbers far apart take no memory for those between.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pages: HashMap<u64, Box<[u64; WORDS]>>,
    /// The page that was marked last, taken out of the others: neighbours come after each other.
    current: Option<(u64, Box<[u64; WORDS]>)>,
    marked: u64,
}

impl Marks {
    /// Marks a number; `false` if it was marked before.
    #[inline]
    pub(super) fn mark(&mut self, number: u64) -> bool {
        let page = number / PAGE_BITS;
        if self.current.as_ref().is_none_or(|(current, _)| *current != page) {
            self.turn_to(page);
        }
        let Some((_, words)) = &mut self.current else { return false };
        let (word, bit) = ((number % PAGE_BITS / 64) as usize, 1 << (number % 64));
        let is_new = words[word] & bit == 0;
        words[word] |= bit;
        self.marked += u64::from(is_new);
        is_new
    }

    #[cold]
    fn turn_to(&mut self, page: u64) {
        let words = self.pages.remove(&page).unwrap_or_else(|| Box::new([0; WORDS]));
        if let Some((before, words)) = self.current.replace((page, words)) {
            self.pages.insert(before, words);
        }
    }

    /// Whether a number is marked.
    pub(super) fn has(&self, number: u64) -> bool {
        let words = self.page(number / PAGE_BITS);
        words.is_some_and(|words| words[(number % PAGE_BITS / 64) as usize] & (1 << (number % 64)) != 0)
    }

    /// Counts the marked numbers.
    pub(super) fn len(&self) -> u64 {
        self.marked
    }

    fn page(&self, page: u64) -> Option<&[u64; WORDS]> {
        match &self.current {
            Some((current, words)) if *current == page => Some(words),
            _ => self.pages.get(&page).map(|words| &**words),
        }
    }

    /// The first of the numbers from `first` to `last` that are not marked, at most `most` of them.
    pub(super) fn unmarked(&self, first: u64, last: u64, most: usize) -> Vec<u64> {
        let mut found = Vec::new();
        let mut number = first;
        while number <= last && found.len() < most {
            let word = match self.page(number / PAGE_BITS) {
                Some(words) => words[(number % PAGE_BITS / 64) as usize],
                None => 0,
            };
            // Bits before this number are none of its business.
            let open = !word & (u64::MAX << (number % 64));
            let base = number - number % 64;
            let mut rest = open;
            while rest != 0 && found.len() < most {
                let candidate = base + u64::from(rest.trailing_zeros());
                if candidate > last {
                    return found;
                }
                found.push(candidate);
                rest &= rest - 1;
            }
            let Some(next) = base.checked_add(64) else { break };
            number = next;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marks_are_a_set(numbers in prop::collection::vec(
            prop_oneof![0..200_u64, 65_500..65_600_u64, Just(u64::MAX), Just(u64::MAX - 64)], 0..400,
        )) {
            let (mut marks, mut set) = (Marks::default(), BTreeSet::new());
            for &number in &numbers {
                prop_assert_eq!(marks.mark(number), set.insert(number));
            }
            prop_assert_eq!(marks.len(), set.len() as u64);
            let missing: Vec<u64> = (0..=65_600).filter(|number| !set.contains(number)).take(10).collect();
            prop_assert_eq!(marks.unmarked(0, 65_600, 10), missing);
            let missing: Vec<u64> = (7..=150).filter(|number| !set.contains(number)).collect();
            prop_assert_eq!(marks.unmarked(7, 150, 1_000), missing);
        }
    }

    #[test]
    fn the_last_number_ends_the_search() {
        let mut marks = Marks::default();
        assert_eq!(marks.unmarked(u64::MAX, u64::MAX, 10), [u64::MAX]);
        marks.mark(u64::MAX);
        assert!(marks.unmarked(u64::MAX, u64::MAX, 10).is_empty());
    }
}

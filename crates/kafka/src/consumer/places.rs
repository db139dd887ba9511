//! What is known of each partition that is read, found fast: records come in rows of the same partition.

/// A topic's lane and a partition's number.
pub(super) type Spot = (u32, i32);

/// A value for each partition, in their order.
#[derive(Debug)]
pub(super) struct Places<T> {
    list: Vec<(Spot, T)>,
    last: usize,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { list: Vec::new(), last: 0 }
    }
}

impl<T> Places<T> {
    fn index(&self, spot: Spot) -> Result<usize, usize> {
        self.list.binary_search_by_key(&spot, |(found, _)| *found)
    }

    pub(super) fn get(&self, spot: Spot) -> Option<&T> {
        self.index(spot).ok().map(|index| &self.list[index].1)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, spot: Spot) -> Option<&mut T> {
        if self.list.get(self.last).is_none_or(|(found, _)| *found != spot) {
            self.last = self.index(spot).ok()?;
        }
        self.list.get_mut(self.last).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, spot: Spot, value: T) {
        match self.index(spot) {
            Ok(index) => self.list[index].1 = value,
            Err(index) => self.list.insert(index, (spot, value)),
        }
    }

    pub(super) fn remove(&mut self, spot: Spot) -> Option<T> {
        self.index(spot).ok().map(|index| self.list.remove(index).1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Spot, &T)> {
        self.list.iter().map(|(spot, value)| (*spot, value))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Spot, &mut T)> {
        self.list.iter_mut().map(|(spot, value)| (*spot, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.list.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.list.iter_mut().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_any_order() {
        let mut places = Places::default();
        for spot in [(1, 0), (0, 2), (0, 1)] {
            places.insert(spot, spot);
        }
        for spot in [(0, 1), (1, 0), (1, 0), (0, 2)] {
            assert_eq!(places.get_mut(spot).copied(), Some(spot));
        }
        assert_eq!(places.remove((0, 2)), Some((0, 2)));
        assert_eq!(places.get_mut((1, 0)).copied(), Some((1, 0)));
        assert_eq!(places.iter().map(|(spot, _)| spot).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
        assert_eq!(places.get((0, 2)), None);
    }
}

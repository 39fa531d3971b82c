//! A map in one sorted vector. The maps of this crate are small or grow at their end, where it is
//! as fast as a tree, and its code is a tenth of the standard library's.

use std::cmp::Ordering;
use std::ops::{Bound, RangeBounds};

/// Values by key, in the order of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        SortedMap(Vec::new())
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if last < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(known, _)| known.cmp(key)),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// Puts a value in place of the one that is there, which is given back.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => {
                let known = self.0.get_mut(place)?;
                Some(std::mem::replace(&mut known.1, value))
            }
            Err(place) => {
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    /// The value of a key; a default one is put there where there is none.
    pub(crate) fn or_default(&mut self, key: K) -> Option<&mut V>
    where
        V: Default,
    {
        let place = match self.place(&key) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (key, V::default()));
                place
            }
        };
        self.0.get_mut(place).map(|(_, value)| value)
    }

    fn bounds(&self, range: &impl RangeBounds<K>) -> (usize, usize) {
        let start = match range.start_bound() {
            Bound::Unbounded => 0,
            Bound::Included(key) => self.0.partition_point(|(known, _)| known < key),
            Bound::Excluded(key) => self.0.partition_point(|(known, _)| known <= key),
        };
        let end = match range.end_bound() {
            Bound::Unbounded => self.0.len(),
            Bound::Included(key) => self.0.partition_point(|(known, _)| known <= key),
            Bound::Excluded(key) => self.0.partition_point(|(known, _)| known < key),
        };
        (start, end.max(start))
    }

    /// The entries with keys in a range.
    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> &[(K, V)] {
        let (start, end) = self.bounds(&range);
        self.0.get(start..end).unwrap_or_default()
    }

    /// Removes the entries with keys in a range.
    pub(crate) fn remove_range(&mut self, range: impl RangeBounds<K>) {
        let (start, end) = self.bounds(&range);
        self.0.drain(start..end);
    }

    /// Keeps the entries whose values are so.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.0.retain(|(_, value)| keep(value));
    }

    /// All entries.
    pub(crate) fn entries(&self) -> &[(K, V)] {
        &self.0
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn into_values(self) -> Vec<V> {
        self.0.into_iter().map(|(_, value)| value).collect()
    }

    pub(crate) fn into_entries(self) -> Vec<(K, V)> {
        self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Ord + Copy, V: Copy> SortedMap<K, V> {
    /// Puts in many values in any order; of those with one key the last. Their number and that of
    /// the known ones cost no more than linear time and a sort.
    pub(crate) fn merge(&mut self, more: &[(K, V)]) {
        const FEW: usize = 4;
        if more.len() <= FEW {
            return self.extend(more.iter().copied());
        }
        let key = |index: usize| more.get(index).map(|(key, _)| *key);
        let order = sorted_indices(more.len(), &|a, b| key(a).cmp(&key(b)));
        let mut known = std::mem::take(&mut self.0).into_iter().peekable();
        self.0.reserve(known.len().saturating_add(more.len()));
        for entry in order.iter().filter_map(|index| more.get(*index)) {
            while let Some(smaller) = known.next_if(|(key, _)| *key < entry.0) {
                self.0.push(smaller);
            }
            self.insert(entry.0, entry.1);
            known.next_if(|(key, _)| *key == entry.0);
        }
        self.0.extend(known);
    }
}

/// The numbers below `count` in order, equal ones as they were. A merge sort: the standard library's
/// sorts are ten times the code.
pub(crate) fn sorted_indices(
    count: usize,
    compare: &dyn Fn(usize, usize) -> Ordering,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut width = 1usize;
    while width < count {
        let mut merged = Vec::with_capacity(count);
        for runs in order.chunks(width.saturating_mul(2)) {
            let (mut left, mut right) = runs.split_at(width.min(runs.len()));
            while let ([a, after_a @ ..], [b, after_b @ ..]) = (left, right) {
                if compare(*a, *b).is_le() {
                    merged.push(*a);
                    left = after_a;
                } else {
                    merged.push(*b);
                    right = after_b;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        order = merged;
        width = width.saturating_mul(2);
    }
    order
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = SortedMap::default();
        map.extend(entries);
        map
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{SortedMap, sorted_indices};

    proptest! {
        #[test]
        fn many_values_are_put_in_as_one_by_one(
            known in prop::collection::vec((0u8..40, 0u8..9), 0..30),
            more in prop::collection::vec((0u8..40, 0u8..9), 0..30),
        ) {
            let mut map: SortedMap<u8, u8> = known.iter().copied().collect();
            map.merge(&more);
            let tree: BTreeMap<u8, u8> = known.into_iter().chain(more).collect();
            prop_assert_eq!(map.entries(), tree.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn equal_ones_stay_in_their_order(keys in prop::collection::vec(0u8..20, 0..80)) {
            let mut expected: Vec<usize> = (0..keys.len()).collect();
            expected.sort_by_key(|index| keys[*index]);
            let order = sorted_indices(keys.len(), &|a, b| keys[a].cmp(&keys[b]));
            prop_assert_eq!(order, expected);
        }

        #[test]
        fn it_does_what_a_tree_does(
            steps in prop::collection::vec((0u8..4, 0u8..20, 0u8..20), 0..60),
        ) {
            let (mut map, mut tree) = (SortedMap::default(), BTreeMap::new());
            for (step, a, b) in steps {
                match step {
                    0 | 1 => prop_assert_eq!(map.insert(a, b), tree.insert(a, b)),
                    2 => prop_assert_eq!(map.remove(&a), tree.remove(&a)),
                    _ => {
                        map.remove_range(a..=b);
                        tree.retain(|key, _| *key < a || *key > b);
                    }
                }
                let all: Vec<_> = tree.clone().into_iter().collect();
                prop_assert_eq!(map.entries(), all);
                prop_assert_eq!(map.get(&a), tree.get(&a));
                let ranged: Vec<_> = tree.clone().into_iter().filter(|(k, _)| *k >= a && *k < b).collect();
                prop_assert_eq!(map.range(a..b), ranged);
            }
        }
    }
}

//! Which stretches of a log are known to be complete. What lies between them is a gap: a value
//! that an application can show and a sync can fill.

use crate::event::Position;

/// A stretch of a log, both ends included.
pub type Interval = (Position, Position);

/// All that a log may hold.
pub(super) const EVERYTHING: Interval = (Position::MIN, Position::MAX);

/// Disjoint intervals, both ends included, ascending, never touching each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(Vec<(Position, Position)>);

impl Coverage {
    /// Intervals as they were stored; unusable ones are dropped.
    #[must_use]
    pub fn from_intervals(intervals: impl IntoIterator<Item = (Position, Position)>) -> Coverage {
        let mut coverage = Coverage::default();
        for (first, last) in intervals {
            coverage.add(first, last);
        }
        coverage
    }

    /// Takes in that nothing is missing from `first` to `last`.
    pub fn add(&mut self, first: Position, last: Position) {
        if first > last {
            return;
        }
        let (mut first, mut last) = (first, last);
        self.0.retain(|(from, to)| {
            let apart = to.saturating_add(1) < first || *from > last.saturating_add(1);
            if !apart {
                first = first.min(*from);
                last = last.max(*to);
            }
            apart
        });
        let place = self.0.partition_point(|(from, _)| *from < first);
        self.0.insert(place, (first, last));
    }

    /// Takes in that something is missing between `first` and `last`.
    pub fn remove(&mut self, first: Position, last: Position) {
        if first > last {
            return;
        }
        for (from, to) in std::mem::take(&mut self.0) {
            if let Some(before) = first.checked_sub(1) {
                self.add(from, to.min(before));
            }
            if let Some(after) = last.checked_add(1) {
                self.add(from.max(after), to);
            }
        }
    }

    /// The intervals.
    #[must_use]
    pub fn known(&self) -> &[(Position, Position)] {
        &self.0
    }

    /// Whether a position from `first` to `last` lies in one of them.
    #[must_use]
    pub fn meets(&self, first: Position, last: Position) -> bool {
        let place = self.0.partition_point(|(_, to)| *to < first);
        self.0.get(place).is_some_and(|(from, _)| *from <= last)
    }

    /// What is not known to be complete between `first` and `last`.
    #[must_use]
    pub fn gaps(&self, first: Position, last: Position) -> Vec<(Position, Position)> {
        let mut gaps = Vec::new();
        let mut next = first;
        for (from, to) in &self.0 {
            if *from > last {
                break;
            }
            if *from > next {
                gaps.push((next, from.saturating_sub(1)));
            }
            if *to >= last {
                return gaps;
            }
            next = next.max(to.saturating_add(1));
        }
        if next <= last {
            gaps.push((next, last));
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::Coverage;

    #[test]
    fn touching_and_overlapping_intervals_become_one() {
        let coverage = Coverage::from_intervals([(5, 9), (0, 2), (3, 4), (20, 30), (25, 27)]);
        assert_eq!(coverage.known(), [(0, 9), (20, 30)]);
        assert_eq!(coverage.gaps(-2, 40), [(-2, -1), (10, 19), (31, 40)]);
        assert_eq!(coverage.gaps(0, 9), []);
        assert_eq!(coverage.gaps(12, 15), [(12, 15)]);
    }

    #[test]
    fn what_is_removed_is_a_gap() {
        let mut coverage = Coverage::from_intervals([(0, 9), (20, 30)]);
        coverage.remove(4, 5);
        coverage.remove(9, 22);
        coverage.remove(50, 60);
        assert_eq!(coverage.known(), [(0, 3), (6, 8), (23, 30)]);
    }

    #[test]
    fn what_reaches_to_the_end_of_all_numbers_is_taken_back_as_any_other() {
        let (least, greatest) = (i64::MIN, i64::MAX);
        let mut coverage = Coverage::from_intervals([(least, greatest)]);
        assert_eq!(coverage.gaps(least, greatest), []);
        coverage.remove(5, greatest);
        coverage.remove(least, 1);
        assert_eq!(coverage.known(), [(2, 4)]);
        assert_eq!(coverage.gaps(least, greatest), [(least, 1), (5, greatest)]);
    }
}

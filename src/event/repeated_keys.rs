//! A key that comes again in an object keeps its first place and takes its last value.
//!
//! The transcoder writes every member as it comes. When an object closes, equal keys are found by
//! their hashes; what is to be done then is noted, and one pass over the whole text does it, so
//! that neither many keys nor many levels of them cost more than linear time.

use std::ops::Range;

use crate::sorted_map::sorted_indices;

/// Where a member stands in the text written so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenMember {
    pub(crate) hash: u64,
    /// The key's opening quote.
    pub(crate) start: usize,
    /// After the key's closing quote.
    pub(crate) key_end: usize,
}

/// Spreads a key's bytes over a word; equal hashes are always checked against the keys.
pub(crate) fn hash(key: &str) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = key.as_bytes().as_chunks::<8>();
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(ODD);
    let tail = rest
        .iter()
        .fold(0u64, |tail, byte| (tail << 8) | u64::from(*byte));
    let body = words
        .iter()
        .fold(ODD, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let length = u64::try_from(key.len()).unwrap_or(0);
    mix(mix(body, tail), length)
}

struct Rewrite {
    object: Range<usize>,
    members: Vec<Range<usize>>,
}

#[derive(Default)]
pub(crate) struct RepeatedKeys {
    rewrites: Vec<Rewrite>,
}

impl RepeatedKeys {
    /// Looks at an object that has just been written to `out`, its closing brace included.
    pub(crate) fn close(&mut self, out: &str, object_start: usize, members: &[WrittenMember]) {
        if members.len() <= 16 && !some_equal(members) {
            return;
        }
        let hash = |index: usize| members.get(index).map(|member| member.hash);
        let key = |index: usize| {
            let member = members.get(index)?;
            out.get(member.start..member.key_end)
        };
        let order = sorted_indices(members.len(), &|a, b| {
            let by_hash = hash(a).cmp(&hash(b));
            by_hash.then_with(|| key(a).cmp(&key(b)))
        });
        let equal = |a: &usize, b: &usize| hash(*a) == hash(*b) && key(*a) == key(*b);
        // For each member the one whose text stands in its place; `None` where its key was before.
        let mut last: Vec<Option<usize>> = Vec::new();
        for same in order.chunk_by(equal).filter(|same| same.len() > 1) {
            if last.is_empty() {
                last.extend((0..members.len()).map(Some));
            }
            let latest = same.last().copied();
            for (count, index) in same.iter().enumerate() {
                if let Some(place) = last.get_mut(*index) {
                    *place = latest.filter(|_| count == 0);
                }
            }
        }
        if last.is_empty() {
            return;
        }
        let last_end = out.len().saturating_sub("}".len());
        let text = |index: usize| {
            let next = members.get(index.saturating_add(1));
            let end = next.map_or(last_end, |next| next.start.saturating_sub(", ".len()));
            members.get(index).map(|member| member.start..end)
        };
        self.rewrites.push(Rewrite {
            object: object_start..out.len(),
            members: last.into_iter().flatten().filter_map(text).collect(),
        });
    }

    /// Whether no key has come again.
    pub(crate) fn is_empty(&self) -> bool {
        self.rewrites.is_empty()
    }

    /// The text with every noted object rewritten.
    pub(crate) fn apply(self, out: String) -> String {
        if self.rewrites.is_empty() {
            return out;
        }
        let start = |index: usize| self.rewrites.get(index).map(|rewrite| rewrite.object.start);
        let order = sorted_indices(self.rewrites.len(), &|a, b| start(a).cmp(&start(b)));
        let mut result = String::with_capacity(out.len());
        let mut todo = vec![Part::Written(0..out.len())];
        while let Some(part) = todo.pop() {
            let range = match part {
                Part::Text(text) => {
                    result.push_str(text);
                    continue;
                }
                Part::Written(range) => range,
            };
            let next = order.partition_point(|index| start(*index) < Some(range.start));
            match order.get(next).and_then(|index| self.rewrites.get(*index)) {
                Some(rewrite) if rewrite.object.start < range.end => {
                    result.push_str(
                        out.get(range.start..rewrite.object.start)
                            .unwrap_or_default(),
                    );
                    todo.push(Part::Written(rewrite.object.end..range.end));
                    todo.push(Part::Text("}"));
                    for (index, member) in rewrite.members.iter().enumerate().rev() {
                        todo.push(Part::Written(member.clone()));
                        todo.push(Part::Text(if index == 0 { "{" } else { ", " }));
                    }
                }
                _ => result.push_str(out.get(range).unwrap_or_default()),
            }
        }
        result
    }
}

fn some_equal(members: &[WrittenMember]) -> bool {
    let mut rest = members;
    while let [first, tail @ ..] = rest {
        if tail.iter().any(|other| other.hash == first.hash) {
            return true;
        }
        rest = tail;
    }
    false
}

enum Part {
    Text(&'static str),
    Written(Range<usize>),
}

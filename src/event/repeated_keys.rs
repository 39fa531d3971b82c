//! A key that comes again in an object keeps its first place and takes its last value.
//!
//! The transcoder writes every member as it comes. When an object closes, equal keys are found by
//! their hashes; what is to be done then is noted, and one pass over the whole text does it, so
//! that neither many keys nor many levels of them cost more than linear time.

use std::ops::Range;

use super::sort::sort;

/// Where a member stands in the text written so far.
#[derive(Clone, Copy, Debug)]
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
    /// The upper bits of each member's hash, and its index in the lower ones.
    order: Vec<u64>,
    bits: u32,
}

fn index_of(word: u64, bits: u32) -> usize {
    let low = 1u64.checked_shl(bits).map_or(0, |bit| bit.wrapping_sub(1));
    usize::try_from(word & low).unwrap_or(usize::MAX)
}

impl RepeatedKeys {
    /// Looks at an object that has just been written to `out`, its closing brace included.
    pub(crate) fn close(&mut self, out: &str, object_start: usize, members: &[WrittenMember]) {
        if !self.some_equal(members) {
            return;
        }
        let key = |index: usize| {
            let member = members.get(index)?;
            out.get(member.start..member.key_end)
        };
        // For each member the one whose text stands in its place; `None` where its key was before.
        let mut last: Vec<Option<usize>> = (0..members.len()).map(Some).collect();
        self.sort(members);
        for run in self.order.chunk_by(|a, b| a >> self.bits == b >> self.bits) {
            for (count, later) in run.iter().enumerate() {
                let later = index_of(*later, self.bits);
                let mut earlier = run
                    .iter()
                    .take(count)
                    .map(|word| index_of(*word, self.bits));
                let same = earlier.find(|earlier| {
                    key(*earlier) == key(later) && matches!(last.get(*earlier), Some(Some(_)))
                });
                let Some(same) = same else { continue };
                for (index, value) in [(same, Some(later)), (later, None)] {
                    if let Some(place) = last.get_mut(index) {
                        *place = value;
                    }
                }
            }
        }
        let last_end = out.len().saturating_sub("}".len());
        let text = |index: usize| {
            let next = members.get(index.saturating_add(1));
            let end = next.map_or(last_end, |next| next.start.saturating_sub(", ".len()));
            members.get(index).map(|member| member.start..end)
        };
        let kept: Vec<Range<usize>> = last.into_iter().flatten().filter_map(text).collect();
        if kept.len() < members.len() {
            // An object closes after those inside it, and begins before them.
            let place = self
                .rewrites
                .partition_point(|rewrite| rewrite.object.start < object_start);
            let object = object_start..out.len();
            let members = kept;
            self.rewrites.insert(place, Rewrite { object, members });
        }
    }

    fn some_equal(&mut self, members: &[WrittenMember]) -> bool {
        if members.len() <= 16 {
            let mut rest = members;
            while let [first, tail @ ..] = rest {
                if tail.iter().any(|other| other.hash == first.hash) {
                    return true;
                }
                rest = tail;
            }
            return false;
        }
        self.sort(members);
        let mut pairs = self.order.windows(2);
        pairs.any(|pair| matches!(pair, [a, b] if a >> self.bits == b >> self.bits))
    }

    /// Orders the members by as much of their hashes as leaves room for their indices.
    fn sort(&mut self, members: &[WrittenMember]) {
        self.bits = usize::BITS.saturating_sub(members.len().leading_zeros());
        let low = 1u64
            .checked_shl(self.bits)
            .map_or(0, |bit| bit.wrapping_sub(1));
        let words = members.iter().enumerate();
        self.order.clear();
        self.order
            .extend(words.map(|(index, member)| member.hash & !low | index as u64));
        sort(&mut self.order);
    }

    /// The text with every noted object rewritten.
    pub(crate) fn apply(self, out: String) -> String {
        if self.rewrites.is_empty() {
            return out;
        }
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
            let next = self
                .rewrites
                .partition_point(|rewrite| rewrite.object.start < range.start);
            match self.rewrites.get(next) {
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

enum Part {
    Text(&'static str),
    Written(Range<usize>),
}

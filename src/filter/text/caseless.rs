//! Text as it is compared: Unicode's canonical caseless matching.

use crate::event::Numbers;

/// Canonical decomposition, NFD, of any text: what the world outside knows.
pub type Decompose = fn(&str) -> String;

/// Takes text for decomposed as it is: then only what is written with the same characters is found.
#[must_use]
pub fn undecomposed(text: &str) -> String {
    text.to_owned()
}

/// `tests/unicode_tables.rs` writes both tables and says how.
static FOLDING: &[u8] = include_bytes!("folding.bin");
static EXTENDING: &[u8] = include_bytes!("extending.bin");

/// What folds to more than one character, but for characters that are decomposed first.
static LONGER: [(char, &str); 17] = [
    ('ß', "ss"),
    ('ŉ', "ʼn"),
    ('և', "եւ"),
    ('ẚ', "aʾ"),
    ('ẞ', "ss"),
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ﬅ', "st"),
    ('ﬆ', "st"),
    ('ﬓ', "մն"),
    ('ﬔ', "մե"),
    ('ﬕ', "մի"),
    ('ﬖ', "վն"),
    ('ﬗ', "մխ"),
];

/// The characters outside ASCII from which a letter or sign of ASCII can come that no mark follows.
pub(super) const LIKE_ASCII: &str = "ßŉſ\u{37e}ẚẞ\u{1fef}\u{212a}ﬀﬁﬂﬃﬄﬅﬆ";

/// Characters that fold to another one: the first, the last, the step between them, the distance.
type Fold = (u32, u32, u32, u32);

/// The tables, unpacked.
#[derive(Clone, Debug)]
pub(super) struct Caseless {
    folds: Vec<Fold>,
    /// Where characters that combine with those before them begin and end by turns.
    extending: Vec<u32>,
    decompose: Decompose,
}

/// A text in the form in which it is compared, and where its characters end, each together with all
/// that combines with it: in the form, in bytes, and in the text, in UTF-16 units.
pub(super) struct Form {
    pub(super) bytes: Vec<u8>,
    borders: Vec<(usize, u32)>,
}

impl Caseless {
    pub(super) fn new(decompose: Decompose) -> Caseless {
        let mut folds: Vec<Fold> = Vec::new();
        let mut packed = Numbers::of(FOLDING);
        while let (Some(gap), Some(count), Some(sign)) =
            (packed.next(), packed.next(), packed.next())
        {
            let first = folds.last().map_or(0, |run| run.1).wrapping_add(gap);
            let step = (count & 1).wrapping_add(1);
            let last = first.wrapping_add((count >> 1).wrapping_sub(1).wrapping_mul(step));
            let distance = (sign >> 1) ^ (sign & 1).wrapping_neg();
            folds.push((first, last, step, distance));
        }
        let mut end = 0u32;
        let extending = Numbers::of(EXTENDING).map(|length| {
            end = end.wrapping_add(length);
            end
        });
        Caseless {
            extending: extending.collect(),
            folds,
            decompose,
        }
    }

    /// The character combines with what stands before it.
    fn extends(&self, char: char) -> bool {
        let point = u32::from(char);
        point >= 0x300 && self.extending.partition_point(|end| *end <= point) & 1 == 1
    }

    /// Adds a decomposed character, folded.
    fn push(&self, out: &mut Vec<u8>, char: char) {
        if char.is_ascii() {
            out.push(u8::try_from(char.to_ascii_lowercase()).unwrap_or_default());
            return;
        }
        if let Some((_, longer)) = LONGER.iter().find(|(from, _)| *from == char) {
            out.extend_from_slice(longer.as_bytes());
            return;
        }
        let point = u32::from(char);
        let run = self.folds.partition_point(|run| run.1 < point);
        let folded = match self.folds.get(run) {
            Some((first, _, step, distance))
                if point >= *first && point.wrapping_sub(*first) & step.wrapping_sub(1) == 0 =>
            {
                point.wrapping_add(*distance)
            }
            _ => point,
        };
        let folded = char::from_u32(folded).unwrap_or(char);
        out.extend_from_slice(folded.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// The form of a text.
    pub(super) fn form(&self, text: &str) -> Form {
        let decomposed = (self.decompose)(text);
        // The world may decompose characters that the tables don't know yet.
        (self.aligned(text, &decomposed))
            .or_else(|| self.aligned(text, text))
            .unwrap_or(Form {
                bytes: Vec::new(),
                borders: Vec::new(),
            })
    }

    /// The form, from both spellings side by side; `None` where they don't go together.
    fn aligned(&self, text: &str, decomposed: &str) -> Option<Form> {
        let mut bytes = Vec::with_capacity(decomposed.len());
        let mut borders = vec![(0, 0)];
        let mut from = text.chars().peekable();
        let mut to = decomposed.chars().peekable();
        let mut units = 0u32;
        while let Some(mut char) = from.next() {
            loop {
                units = units.saturating_add(char.len_utf16() as u32);
                match from.next_if(|next| self.extends(*next)) {
                    Some(next) => char = next,
                    None => break,
                }
            }
            self.push(&mut bytes, to.next()?);
            while let Some(next) = to.next_if(|next| self.extends(*next)) {
                self.push(&mut bytes, next);
            }
            borders.push((bytes.len(), units));
        }
        to.next().is_none().then_some(Form { bytes, borders })
    }

    /// Where the form has ASCII that stored text must hold as it is, or a character of
    /// [`LIKE_ASCII`]: its longest run of ASCII, without a letter that a mark follows.
    pub(super) fn longest_ascii<'a>(&self, form: &'a str) -> &'a str {
        let mut longest = "";
        let mut rest = form;
        while !rest.is_empty() {
            let end = rest
                .find(|char: char| !char.is_ascii())
                .unwrap_or(rest.len());
            let (run, tail) = rest.split_at_checked(end).unwrap_or_default();
            let mut after = tail.chars();
            let marked = after.next().is_some_and(|next| self.extends(next));
            let kept = run.len().saturating_sub(usize::from(marked));
            let run = run.get(..kept).unwrap_or_default();
            if run.len() > longest.len() {
                longest = run;
            }
            rest = after.as_str();
        }
        longest
    }
}

impl Form {
    /// The place in the text of a place in the form; `None` within a character.
    pub(super) fn place(&self, at: usize) -> Option<u32> {
        let found = self.borders.binary_search_by_key(&at, |(end, _)| *end);
        let border = found.ok().and_then(|index| self.borders.get(index));
        border.map(|(_, units)| *units)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use caseless::Caseless as _;
    use unicode_normalization::UnicodeNormalization;

    use super::{Caseless, LIKE_ASCII};

    fn every_char() -> impl Iterator<Item = char> {
        (0..=u32::from(char::MAX)).filter_map(char::from_u32)
    }

    fn nfd(text: &str) -> String {
        text.nfd().collect()
    }

    fn oracle(char: char) -> String {
        std::iter::once(char)
            .nfd()
            .default_case_fold()
            .nfd()
            .collect()
    }

    fn form(tables: &Caseless, text: &str) -> String {
        String::from_utf8(tables.form(text).bytes).unwrap()
    }

    #[test]
    fn every_character_has_the_form_of_canonical_caseless_matching() {
        let tables = Caseless::new(nfd);
        for char in every_char() {
            let given = form(&tables, char.encode_utf8(&mut [0; 4]));
            assert_eq!(given, oracle(char), "{:x}", u32::from(char));
        }
    }

    #[test]
    fn no_other_character_is_like_ascii() {
        let tables = Caseless::new(nfd);
        for char in every_char().filter(|char| !char.is_ascii()) {
            let form = form(&tables, char.encode_utf8(&mut [0; 4]));
            let like = !tables.longest_ascii(&form).is_empty();
            assert_eq!(LIKE_ASCII.contains(char), like, "{:x}", u32::from(char));
        }
    }
}

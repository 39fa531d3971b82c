//! Tables of numbers, packed: seven bits a byte, the lowest first, the eighth bit on all but a
//! number's last byte.

/// Unpacks them one by one.
pub(crate) struct Numbers<'a>(std::slice::Iter<'a, u8>);

impl<'a> Numbers<'a> {
    pub(crate) fn of(table: &'a [u8]) -> Numbers<'a> {
        Numbers(table.iter())
    }
}

impl Iterator for Numbers<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (mut number, mut shift) = (0_u32, 0_u32);
        loop {
            let byte = *self.0.next()?;
            number |= u32::from(byte & 0x7f) << (shift & 31);
            if byte < 0x80 {
                return Some(number);
            }
            shift = shift.saturating_add(7);
        }
    }
}

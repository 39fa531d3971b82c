//! Whole numbers of any size, as far as reading and writing floats exactly needs them.

use std::cmp::Ordering;

/// A whole number of any size, the lowest part first, without leading zeros.
#[derive(Clone, Default)]
pub(crate) struct Big(Vec<u32>);

impl Big {
    pub(crate) fn multiply(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for part in &mut self.0 {
            let product = u64::from(*part)
                .wrapping_mul(u64::from(factor))
                .wrapping_add(carry);
            *part = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    pub(crate) fn shift(&mut self, bits: u32) {
        if self.0.is_empty() {
            return;
        }
        let mut parts = vec![0; (bits / 32) as usize];
        parts.append(&mut self.0);
        self.0 = parts;
        match 1u32.checked_shl(bits % 32) {
            Some(factor) if factor > 1 => self.multiply(factor, 0),
            _ => {}
        }
    }

    pub(crate) fn compare(&self, other: &Big) -> Ordering {
        let sizes = self.0.len().cmp(&other.0.len());
        sizes.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Of 64 bits.
    pub(crate) fn of(number: u64) -> Big {
        let mut big = Big::default();
        big.multiply(1, (number >> 32) as u32);
        big.shift(32);
        big.multiply(1, number as u32);
        big
    }

    pub(crate) fn multiply_by_power_of_ten(&mut self, power: u32) {
        for _ in 0..power {
            self.multiply(10, 0);
        }
    }

    pub(crate) fn add(&mut self, other: &Big) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut carry = 0u64;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (part, other) in self.0.iter_mut().zip(others) {
            let sum = u64::from(*part)
                .wrapping_add(u64::from(other))
                .wrapping_add(carry);
            *part = sum as u32;
            carry = sum >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Takes away what is not more.
    pub(crate) fn subtract(&mut self, other: &Big) {
        let mut borrow = 0u64;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (part, other) in self.0.iter_mut().zip(others) {
            let difference = u64::from(*part)
                .wrapping_sub(u64::from(other))
                .wrapping_sub(borrow);
            *part = difference as u32;
            borrow = difference >> 63;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

//! Decimal text to the nearest float, as exact as the standard library's `parse` and without its
//! ten kilobytes of tables: those numbers that plain arithmetic can't settle are compared exactly.

use std::cmp::Ordering;

use super::big::Big;

/// Powers of ten up to this one are exact as floats.
const EXACT_POWER: i32 = 22;
/// No more digits decide how a number is rounded; of the rest it matters only whether any is not 0.
const DIGITS: usize = 780;

/// The float nearest to a JSON number; of two equally near ones the even one. Out of range is
/// infinite. `None` for what is no JSON number.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = i64::try_from(fraction.len()).ok()?;
    let significant = digits().skip_while(|byte| *byte == b'0');
    let magnitude = nearest(significant, exponent.saturating_sub(fraction));
    Some(if negative {
        magnitude.copysign(-1.0)
    } else {
        magnitude
    })
}

/// An exponent; one that is out of all range stays so.
fn exponent_of(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX / 4);
    Some(if negative {
        size.saturating_neg()
    } else {
        size
    })
}

/// The float nearest to an integer, given by its digits without leading zeros, times a power of
/// ten.
fn nearest(digits: impl Iterator<Item = u8> + Clone, power: i64) -> f64 {
    let count = digits.clone().count();
    let left_out = count.saturating_sub(DIGITS);
    let mut kept: Vec<u8> = digits
        .clone()
        .take(DIGITS)
        .map(|digit| digit.wrapping_sub(b'0'))
        .collect();
    if digits.skip(DIGITS).any(|digit| digit != b'0') {
        kept.push(1);
    }
    let left_out = i64::try_from(left_out).unwrap_or(i64::MAX);
    let kept_more = i64::from(kept.len() > DIGITS);
    let power = power.saturating_add(left_out).saturating_sub(kept_more);
    let size = i64::try_from(kept.len())
        .unwrap_or(i64::MAX)
        .saturating_add(power);
    if kept.is_empty() || size < -330 {
        return 0.0;
    }
    if size > 310 {
        return f64::INFINITY;
    }
    let power = i32::try_from(power).unwrap_or(0);
    let leading = kept.iter().take(19).fold(0u64, |number, digit| {
        number.wrapping_mul(10).wrapping_add(u64::from(*digit))
    });
    let unread = i32::try_from(kept.len().saturating_sub(19)).unwrap_or(0);
    let scale = power.saturating_add(unread);
    if unread == 0 && leading <= 1 << 53 && scale.unsigned_abs() <= EXACT_POWER.unsigned_abs() {
        return scaled(leading as f64, scale);
    }
    let close = scaled(leading as f64, scale).min(f64::MAX);
    settle(&kept, power, close)
}

/// `number` times ten to the power of `scale`, exact within [`EXACT_POWER`], else off by little.
fn scaled(number: f64, scale: i32) -> f64 {
    let mut result = number;
    let mut left = scale.unsigned_abs();
    while left > 0 {
        let step = left.min(EXACT_POWER.unsigned_abs());
        let factor = (0..step).fold(1.0, |power, _| power * 10.0);
        result = if scale < 0 {
            result / factor
        } else {
            result * factor
        };
        left = left.saturating_sub(step);
    }
    result
}

/// Moves on from a close float to the nearest one.
fn settle(digits: &[u8], power: i32, close: f64) -> f64 {
    let mut bits = close.to_bits();
    loop {
        // The number against the middle between this float and the next.
        match compare(digits, power, bits) {
            Ordering::Greater => bits = bits.saturating_add(1),
            Ordering::Equal if bits & 1 == 1 => bits = bits.saturating_add(1),
            Ordering::Equal => return f64::from_bits(bits),
            Ordering::Less => {
                let Some(below) = bits.checked_sub(1) else {
                    return 0.0;
                };
                match compare(digits, power, below) {
                    Ordering::Greater => return f64::from_bits(bits),
                    Ordering::Equal if bits & 1 == 0 => return f64::from_bits(bits),
                    _ => bits = below,
                }
            }
        }
        if bits >= f64::INFINITY.to_bits() {
            return f64::INFINITY;
        }
    }
}

/// Compares a decimal number with the middle between the float of these bits and the next one.
fn compare(digits: &[u8], power: i32, bits: u64) -> Ordering {
    const FRACTION: u64 = (1 << 52) - 1;
    let exponent = i32::try_from(bits >> 52).unwrap_or(0);
    let hidden = if exponent == 0 { 0 } else { 1 << 52 };
    let mantissa = (bits & FRACTION) | hidden;
    // The middle is (2 mantissa + 1) × 2^binary.
    let binary = exponent.max(1).saturating_sub(1076);
    let mut number = Big::default();
    for digit in digits {
        number.multiply(10, u32::from(*digit));
    }
    let mut middle = Big::of(mantissa.wrapping_mul(2).wrapping_add(1));
    let (times, of_number) = (power.unsigned_abs(), power >= 0);
    if of_number { &mut number } else { &mut middle }.multiply_by_power_of_ten(times);
    let (shift, of_middle) = (binary.unsigned_abs(), binary >= 0);
    if of_middle { &mut middle } else { &mut number }.shift(shift);
    number.compare(&middle)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::parse_float;

    fn agrees(text: &str) {
        let expected: f64 = text.parse().unwrap();
        let found = parse_float(text).unwrap();
        assert_eq!(
            found.to_bits(),
            expected.to_bits(),
            "{text}: {found:e}, not {expected:e}"
        );
    }

    #[test]
    fn the_hard_ones_agree_with_the_standard_library() {
        for text in [
            "0.0",
            "-0.0",
            "0e5",
            "1e400",
            "-1e400",
            "1e-400",
            "5e-324",
            "2.5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "9007199254740993.0",
            "9007199254740992.9999999999999999",
            "9007199254740995e0",
            "1e22",
            "1e23",
            "123456789012345678901234567890",
            "0.1",
            "100000000000000016777215.0",
            "1e999999999999999999999",
            "1e-999999999999999999999",
            "6.631236846766476e-316",
        ] {
            agrees(text);
        }
        agrees(&format!("1{}", "0".repeat(300)));
        agrees(&format!("0.{}1", "0".repeat(2000)));
        agrees(&format!("9007199254740993.{}1", "0".repeat(5000)));
        agrees(&format!("{}.5", "7".repeat(10_000)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "", "-", ".", ".5", "e5", "1e", "1e+", "0x1", "1.5.5", "NaN", "inf", "1 ", "+1",
        ] {
            assert_eq!(parse_float(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn any_float_is_read_as_the_standard_library_reads_it(
            bits in any::<u64>(), decimals in 0usize..25,
        ) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            agrees(&format!("{value:e}"));
            agrees(&format!("{value:.decimals$e}"));
        }

        #[test]
        fn any_decimal_is_read_as_the_standard_library_reads_it(
            whole in "[0-9]{1,25}", fraction in "[0-9]{0,25}", exponent in -340i32..320,
        ) {
            agrees(&format!("{whole}.{fraction}0e{exponent}"));
        }

        #[test]
        fn middles_between_floats_go_to_the_even_one(mantissa in 1u64..(1 << 53), shift in 1u32..10) {
            let middle = ((u128::from(mantissa) << 1) + 1) << shift;
            agrees(&middle.to_string());
            agrees(&format!("{middle}.000000000000000000001"));
            agrees(&format!("{}.99999999999999999", middle - 1));
        }
    }
}

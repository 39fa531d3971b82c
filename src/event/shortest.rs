//! The shortest decimal digits of a float, by Steele and White's exact method.

use std::cmp::Ordering;

use super::big::Big;

/// The fewest digits that read back as `value`, and of those the nearest to it, of two equally
/// near ones the even one: the digits of Python's `repr(float)`. The number is
/// `0.d1 d2 d3 … × 10^exponent`. `value` is finite and not negative; zero has the digit 0.
pub(crate) fn shortest_digits(value: f64) -> (String, i32) {
    if value == 0.0 {
        return ("0".into(), 1);
    }
    let bits = value.to_bits();
    let biased = i32::try_from(bits >> 52).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let mantissa = if biased == 0 {
        fraction
    } else {
        fraction | 1 << 52
    };
    let exponent = biased.max(1).saturating_sub(1075);
    // The float below is only half as far away from a power of two.
    let narrow = fraction == 0 && biased > 1;

    // The number is rest / one; up and down are how far a neighbour's half way is.
    let mut rest = Big::of(mantissa);
    let mut one = Big::of(1);
    let mut down = Big::of(1);
    let extra = if narrow { 2 } else { 1 };
    let (whole, part) = (
        exponent.max(0).unsigned_abs(),
        exponent.min(0).unsigned_abs(),
    );
    rest.shift(whole.saturating_add(extra));
    one.shift(part.saturating_add(extra));
    down.shift(whole);
    let mut up = down.clone();
    if narrow {
        up.shift(1);
    }

    // The tens that the number has; it may be one too few, which the first comparison shows.
    let twos = exponent
        .saturating_add(63)
        .saturating_sub_unsigned(mantissa.leading_zeros());
    let mut tens = (f64::from(twos) * std::f64::consts::LOG10_2).ceil() as i32;
    if tens >= 0 {
        one.multiply_by_power_of_ten(tens.unsigned_abs());
    } else {
        for number in [&mut rest, &mut up, &mut down] {
            number.multiply_by_power_of_ten(tens.unsigned_abs());
        }
    }
    // A neighbour's half way reads back as this number if its mantissa is even.
    let even = mantissa & 1 == 0;
    let reaches = |number: &Big, limit: &Big| match number.compare(limit) {
        Ordering::Greater => true,
        Ordering::Equal => even,
        Ordering::Less => false,
    };
    let mut above = rest.clone();
    above.add(&up);
    if reaches(&above, &one) {
        tens = tens.saturating_add(1);
    } else {
        for number in [&mut rest, &mut up, &mut down] {
            number.multiply(10, 0);
        }
    }

    let mut digits = String::new();
    loop {
        let mut digit = 0u8;
        while rest.compare(&one) != Ordering::Less {
            rest.subtract(&one);
            digit = digit.saturating_add(1);
        }
        let mut above = rest.clone();
        above.add(&up);
        let low = reaches(&down, &rest);
        let high = reaches(&above, &one);
        if low || high {
            let mut twice = rest.clone();
            twice.multiply(2, 0);
            let rounds_up = match (low, high, twice.compare(&one)) {
                (true, false, _) => false,
                (false, true, _) => true,
                (_, _, Ordering::Equal) => digit & 1 == 1,
                (_, _, order) => order == Ordering::Greater,
            };
            digits.push(char::from(
                b'0'.saturating_add(digit)
                    .saturating_add(u8::from(rounds_up)),
            ));
            return (digits, tens);
        }
        digits.push(char::from(b'0'.saturating_add(digit)));
        for number in [&mut rest, &mut up, &mut down] {
            number.multiply(10, 0);
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::shortest_digits;

    fn check(value: f64) {
        let (digits, exponent) = shortest_digits(value);
        let text = format!("0.{digits}e{exponent}");
        assert_eq!(text.parse(), Ok(value), "{text}");
        let rust = format!("{value:e}");
        let mantissa: String = rust
            .split('e')
            .next()
            .unwrap()
            .chars()
            .filter(|c| c.is_ascii_digit())
            .collect();
        assert_eq!(digits.len(), mantissa.len(), "{text}, {rust}");
    }

    #[test]
    fn the_hard_ones_read_back_and_are_as_short_as_can_be() {
        let mut values = vec![
            0.0,
            5e-324,
            1e23,
            9.5e-323,
            2.2250738585072014e-308,
            f64::MAX,
            0.1,
        ];
        values.extend((-1074..1024).map(|power| 2f64.powi(power)));
        values.extend((-323..309).map(|power| format!("1e{power}").parse::<f64>().unwrap()));
        for value in values {
            check(value);
        }
    }

    #[test]
    fn of_two_equally_near_ones_the_even_digit_is_taken() {
        // Python: repr(2.0**-44) and of 5e-324.
        assert_eq!(
            shortest_digits(5.684341886080802e-14),
            ("5684341886080802".into(), -13)
        );
        assert_eq!(shortest_digits(5e-324), ("5".into(), -323));
        assert_eq!(
            shortest_digits(9007199254740993.0),
            ("9007199254740992".into(), 16)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn any_float_reads_back_and_is_as_short_as_can_be(bits in 0u64..(0x7ff << 52)) {
            check(f64::from_bits(bits));
        }

        #[test]
        fn short_decimals_stay_as_they_are(number in 1u32..1_000_000_000, power in -20i32..20) {
            check(format!("{number}e{power}").parse().unwrap());
        }
    }
}

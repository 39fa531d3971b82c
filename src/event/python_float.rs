use super::shortest::shortest_digits;

/// Appends a number as Python's `repr(float)` and `json.dumps` write it; true if it is finite.
pub(crate) fn push_float(out: &mut String, value: f64) -> bool {
    if !value.is_finite() {
        out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        return false;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    let (digits, tens) = shortest_digits(value.abs());
    let (first, fraction) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    let exponent = tens.saturating_sub(1);
    let size = usize::try_from(exponent.unsigned_abs()).unwrap_or(0);
    match exponent {
        -4..=-1 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', size.saturating_sub(1)));
            out.push_str(first);
            out.push_str(fraction);
        }
        0..16 => {
            out.push_str(first);
            match fraction.split_at_checked(size) {
                Some((whole, part)) => {
                    out.push_str(whole);
                    out.push('.');
                    out.push_str(if part.is_empty() { "0" } else { part });
                }
                None => {
                    out.push_str(fraction);
                    let zeros = size.saturating_sub(fraction.len());
                    out.extend(std::iter::repeat_n('0', zeros));
                    out.push_str(".0");
                }
            }
        }
        _ => {
            out.push_str(first);
            if !fraction.is_empty() {
                out.push('.');
                out.push_str(fraction);
            }
            out.push_str(if exponent < 0 { "e-" } else { "e+" });
            if size < 10 {
                out.push('0');
            }
            out.push_str(&size.to_string());
        }
    }
    true
}

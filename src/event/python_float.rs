use super::float::parse_float;

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
    let scientific = shortest(value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
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
            out.push_str(mantissa);
            out.push_str(if exponent < 0 { "e-" } else { "e+" });
            if size < 10 {
                out.push('0');
            }
            out.push_str(&size.to_string());
        }
    }
    true
}

/// The fewest digits that read back as the same number, and of those the nearest; of two equally
/// near ones Python takes the even one, where Rust takes any.
fn shortest(value: f64) -> String {
    // Fewer digits are never halfway between two neighbours that both read back as the number.
    const TIES_FROM: usize = 15;
    let shortest = format!("{value:e}");
    let mantissa = shortest.split('e').next().unwrap_or_default();
    let decimals = mantissa.len().saturating_sub("0.".len());
    if decimals.saturating_add(1) < TIES_FROM {
        return shortest;
    }
    let rounded = format!("{value:.decimals$e}");
    if parse_float(&rounded) == Some(value) {
        rounded
    } else {
        shortest
    }
}

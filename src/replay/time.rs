//! Recorded timestamps as milliseconds.

use crate::event::parse_float;

/// Milliseconds since the Unix epoch of an ISO 8601 timestamp as the servers write them:
/// `2025-08-31T15:23:21.581223`, with `T` or a space, with or without fraction, `Z` or an offset.
/// One without a zone is read as UTC. `None` when it is no such thing.
#[must_use]
pub fn milliseconds(timestamp: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(timestamp).ok()?;
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.splitn(3, '-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    let seconds = match rest.strip_prefix(['T', ' ']) {
        Some(time) => seconds_of_day(time)?,
        None if rest.is_empty() => 0.0,
        None => return None,
    };
    Some((days as f64 * 86_400.0 + seconds) * 1000.0)
}

fn number(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// The proleptic Gregorian calendar, with years that begin in March.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month.saturating_sub(3))
    } else {
        (year.saturating_sub(1), month.saturating_add(9))
    };
    let leap_days = (year / 4)
        .saturating_sub(year / 100)
        .saturating_add(year / 400);
    let days_of_year = month.saturating_mul(153).saturating_add(2) / 5;
    let days = year.saturating_mul(365).saturating_add(leap_days);
    days.saturating_add(days_of_year)
        .saturating_add(day)
        .saturating_sub(719_469)
}

fn seconds_of_day(time: &str) -> Option<f64> {
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    let mut parts = clock.splitn(3, ':');
    let (hours, minutes) = (number(parts.next()?)?, number(parts.next()?)?);
    let seconds: f64 = match parts.next() {
        Some(seconds) if seconds.starts_with(|first: char| first.is_ascii_digit()) => {
            parse_float(seconds)?
        }
        Some(_) => return None,
        None => 0.0,
    };
    let offset = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => 0.0,
        Some((sign @ ("+" | "-"), offset)) => {
            let mut parts = offset.splitn(2, ':').map(number);
            let (hours, minutes) = (parts.next()??, parts.next().unwrap_or(Some(0))?);
            let offset = hours as f64 * 3600.0 + minutes as f64 * 60.0;
            if sign == "+" { offset } else { -offset }
        }
        Some(_) => return None,
    };
    Some(hours as f64 * 3600.0 + minutes as f64 * 60.0 + seconds - offset)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn timestamps_of_both_servers_are_read() {
        assert_eq!(milliseconds(b"1970-01-01T00:00:00"), Some(0.0));
        assert_eq!(
            milliseconds(b"2025-08-31T15:23:21.500"),
            Some(1_756_653_801_500.0)
        );
        assert_eq!(
            milliseconds(b"2025-08-31 15:23:21.500Z"),
            Some(1_756_653_801_500.0)
        );
        assert_eq!(
            milliseconds(b"2025-08-31T17:23:21.5+02:00"),
            Some(1_756_653_801_500.0)
        );
        assert_eq!(milliseconds(b"2024-02-29"), Some(1_709_164_800_000.0));
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "now",
            "2025-13-01",
            "2025-08-31T",
            "2025-08-31Tx",
            "2025-08-31T1:2:3+",
            "-",
        ] {
            assert_eq!(milliseconds(text.as_bytes()), None, "{text}");
        }
    }
}

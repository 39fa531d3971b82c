//! Recorded timestamps as milliseconds.

use crate::event::parse_float;

/// When an event was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded {
    /// Milliseconds since the Unix epoch; what is recorded without a zone is read as UTC.
    pub time: f64,
    /// Whether it is recorded with a zone: without one, it is what a clock showed somewhere.
    pub zoned: bool,
}

/// The furthest from the epoch that JavaScript has dates, in milliseconds.
const FURTHEST: f64 = 8.64e15;

impl Recorded {
    /// Reads an ISO 8601 timestamp as the servers write them: `2025-08-31T15:23:21.581223`, with
    /// `T` or a space, with or without fraction, `Z` or an offset. `None` when it is no such thing.
    #[must_use]
    pub fn read(timestamp: &[u8]) -> Option<Recorded> {
        let text = std::str::from_utf8(timestamp).ok()?;
        let (date, rest) = text.split_at_checked(10)?;
        let mut parts = date.splitn(3, '-').map(number);
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let days = days_since_epoch(year, month, day);
        let (seconds, zoned) = match rest.strip_prefix(['T', ' ']) {
            Some(time) => seconds_of_day(time)?,
            None if rest.is_empty() => (0.0, false),
            None => return None,
        };
        let time = (days as f64 * 86_400.0 + seconds) * 1000.0;
        (time.abs() <= FURTHEST).then_some(Recorded { time, zoned })
    }
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

/// Seconds since midnight in UTC, and whether there is a zone.
fn seconds_of_day(time: &str) -> Option<(f64, bool)> {
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    let zoned = !zone.is_empty();
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
            let parts = offset.split_once(':');
            let (hours, minutes) = parts.or_else(|| offset.split_at_checked(2))?;
            let minutes = if minutes.is_empty() { "0" } else { minutes };
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            let offset = hours as f64 * 3600.0 + minutes as f64 * 60.0;
            if sign == "+" { offset } else { -offset }
        }
        Some(_) => return None,
    };
    let seconds = hours as f64 * 3600.0 + minutes as f64 * 60.0 + seconds - offset;
    Some((seconds, zoned))
}

#[cfg(test)]
mod tests {
    use super::Recorded;

    #[test]
    fn timestamps_of_both_servers_are_read() {
        for (text, time, zoned) in [
            ("1970-01-01T00:00:00", 0.0, false),
            ("2025-08-31T15:23:21.500", 1_756_653_801_500.0, false),
            ("2025-08-31 15:23:21.500Z", 1_756_653_801_500.0, true),
            ("2025-08-31T17:23:21.5+02:00", 1_756_653_801_500.0, true),
            ("2025-08-31T10:23:21.5-0500", 1_756_653_801_500.0, true),
            ("2024-02-29", 1_709_164_800_000.0, false),
        ] {
            let recorded = Recorded::read(text.as_bytes());
            assert_eq!(recorded, Some(Recorded { time, zoned }), "{text}");
        }
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
            "275761-1-1",
            "2025-08-31T99999999999:00",
            "2025-08-31T00:00:1e300",
        ] {
            assert_eq!(Recorded::read(text.as_bytes()), None, "{text}");
        }
    }
}

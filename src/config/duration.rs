//! Durations as people write them: `3d`, `30m`, `1d 12h`.

use std::time::Duration;

/// The longest that is accepted: arithmetic with today's date then cannot leave the calendar.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// Reads numbers with the units w, d, h, m and s, one after another; says what is wrong otherwise.
pub(super) fn parse(text: &str) -> Result<Duration, &'static str> {
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    if rest.is_empty() {
        return Err("it is empty");
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = match &rest[..digits] {
            "" => return Err("a number comes before each unit"),
            number => number.parse().map_err(|_| "it is too long")?,
        };
        let unit = rest[digits..].chars().next().ok_or("a unit comes after each number")?;
        let scale = unit_seconds(unit).ok_or("the units are w, d, h, m and s")?;
        seconds = number.checked_mul(scale).and_then(|part| seconds.checked_add(part)).ok_or("it is too long")?;
        rest = &rest[digits + unit.len_utf8()..];
        if rest.starts_with(|c: char| c.is_alphabetic()) {
            return Err("the units are w, d, h, m and s");
        }
        rest = rest.trim_start();
    }
    let duration = Duration::from_secs(seconds);
    if duration > LONGEST { Err("it is longer than ten years") } else { Ok(duration) }
}

fn unit_seconds(unit: char) -> Option<u64> {
    match unit {
        'w' => Some(7 * 24 * 60 * 60),
        'd' => Some(24 * 60 * 60),
        'h' => Some(60 * 60),
        'm' => Some(60),
        's' => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        let check = |text, expect: Result<u64, &str>| {
            assert_eq!(parse(text), expect.map(Duration::from_secs), "{text}");
        };
        check("3d", Ok(259_200));
        check("30m", Ok(1_800));
        check("2h", Ok(7_200));
        check("90s", Ok(90));
        check("1d 12h", Ok(129_600));
        check(" 1w2d ", Ok(777_600));
        check("0s", Ok(0));
        check("", Err("it is empty"));
        check("3", Err("a unit comes after each number"));
        check("d", Err("a number comes before each unit"));
        check("-3d", Err("a number comes before each unit"));
        check("3 d", Err("the units are w, d, h, m and s"));
        check("3 days", Err("the units are w, d, h, m and s"));
        check("3days", Err("the units are w, d, h, m and s"));
        check("3ä", Err("the units are w, d, h, m and s"));
        check("99999999999999999999d", Err("it is too long"));
        check("9999999999999999999d", Err("it is too long"));
        check("11w999999999s", Err("it is longer than ten years"));
    }
}

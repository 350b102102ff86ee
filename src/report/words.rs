//! Numbers and times in words, the same in every form of report.

use std::time::Duration;

use jiff::Timestamp;

use super::figures::Fleet;
use crate::model::{RunMode, RunSummary};

/// The run in one sentence or two.
pub(super) fn lead(summary: &RunSummary, fleet: &Fleet<'_>) -> String {
    let counts = &fleet.counts;
    let looked = format!(
        "{} with {} looked at.",
        counted(summary.repositories.len(), "repository", "repositories"),
        counted(counts.dependencies, "dependency", "dependencies"),
    );
    let did = match summary.mode {
        RunMode::Plan => {
            format!("{} would move; nothing was changed.", counted(counts.proposed, "dependency", "dependencies"))
        }
        RunMode::Upgrade => {
            let merged = counted(fleet.merged, "pull request", "pull requests");
            let proved = match fleet.verifications {
                0 => String::new(),
                trees => format!(", after building and testing {}", counted(trees, "tree", "trees")),
            };
            match (fleet.merged, fleet.open) {
                (0, 0) => format!("Nothing is open{proved}."),
                (_, 0) => format!("{merged} merged and none left open{proved}."),
                (0, open) => format!("{} open{proved}.", counted(open, "pull request is", "pull requests are")),
                (_, open) => format!("{merged} merged and {open} open{proved}."),
            }
        }
    };
    let pending = match summary.pending.len() {
        0 => String::new(),
        count => format!(" {} not done yet.", counted(count, "repository is", "repositories are")),
    };
    format!("{looked} {did}{pending}")
}

/// A number with its noun: `1 update`, `2 updates`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// `850 ms`, `42 s`, `3 min 05 s`, `2 h 14 min`, `3 d 4 h`.
pub(super) fn duration(took: Duration) -> String {
    match took.as_secs() {
        0 => format!("{} ms", took.as_millis()),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds @ 3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        seconds => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A point in time to the minute, in UTC.
pub(super) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `part` of `whole` in percent, rounded so that 100 and 0 mean all and none.
pub(super) fn percent(part: usize, whole: usize) -> usize {
    match (part, whole) {
        (_, 0) => 100,
        (0, _) => 0,
        (part, whole) if part >= whole => 100,
        (part, whole) => ((part * 200 + whole) / (whole * 2)).clamp(1, 99),
    }
}

/// A number with thin spaces between thousands.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_numbers_at_most() {
        let check = |millis: u64, expect: &str| assert_eq!(duration(Duration::from_millis(millis)), expect);
        check(850, "850 ms");
        check(42_900, "42 s");
        check(185_000, "3 min 05 s");
        check(8_040_000, "2 h 14 min");
        check(273_600_000, "3 d 4 h");
    }

    #[test]
    fn only_all_is_hundred_percent_and_only_none_is_zero() {
        let check = |part, whole, expect| assert_eq!(percent(part, whole), expect, "{part} of {whole}");
        check(0, 0, 100);
        check(0, 10, 0);
        check(1, 1_000, 1);
        check(999, 1_000, 99);
        check(1_000, 1_000, 100);
        check(1, 3, 33);
        check(2, 3, 67);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1\u{202f}234\u{202f}567");
    }
}

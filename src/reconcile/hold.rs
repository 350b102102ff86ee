//! A `[[hold]]` ready to be pasted into repos.toml.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::BodyUpdate;
use crate::model::RepoName;

const DAYS: i64 = 30;

/// One hold per crate, for thirty days from `now`, in one repository.
pub(super) fn holds(updates: &[BodyUpdate], repo: &RepoName, now: Timestamp) -> String {
    let until = until(now);
    let mut crates: Vec<&BodyUpdate> = updates.iter().collect();
    crates.sort_by_key(|update| (&update.krate, &update.to));
    crates.dedup_by_key(|update| &update.krate);
    let hold = |update: &&BodyUpdate| {
        format!(
            "[[hold]]\ncrate = \"{}\"\nversions = \">={}\"\nrepos = [\"{repo}\"]\nowner = \"TEAM\"\nreason = \"WHY\"\n\
             until = {until}",
            update.krate, update.to
        )
    };
    crates.iter().map(hold).collect::<Vec<_>>().join("\n\n")
}

fn until(now: Timestamp) -> Date {
    let today = now.to_zoned_datetime(TimeZone::UTC).datetime();
    today.checked_add(Span::new().days(DAYS)).unwrap_or(today).date()
}

//! One line for a pull request, and the message of its commit.

use std::fmt::Write as _;

use super::BodyUpdate;
use super::escape::counted;
use crate::model::{Bump, Lane};

/// The title: what moves, and for `review` how much of it is a major.
pub fn title(lane: Lane, updates: &[BodyUpdate]) -> String {
    let security = if lane == Lane::Security { " (security)" } else { "" };
    match updates {
        [] => "Refresh Cargo.lock".to_owned(),
        [first, rest @ ..] if rest.iter().all(|update| (&update.krate, &update.to) == (&first.krate, &first.to)) => {
            format!("Update {} to {}{security}", first.krate, first.to)
        }
        _several => {
            let review = if lane == Lane::Review { review_suffix(updates) } else { String::new() };
            format!("Update {}{security}{review}", counted(updates.len(), "dependency", "dependencies"))
        }
    }
}

fn review_suffix(updates: &[BodyUpdate]) -> String {
    match updates.iter().filter(|update| update.bump == Bump::Major).count() {
        0 => " (review)".to_owned(),
        majors => format!(" (review: {majors} major)"),
    }
}

/// The commit's message: the title, then a line for every update.
pub fn commit_message(lane: Lane, updates: &[BodyUpdate]) -> String {
    let mut message = title(lane, updates);
    for (index, update) in updates.iter().enumerate() {
        let gap = if index == 0 { "\n\n" } else { "\n" };
        write!(message, "{gap}- {} {} → {}", update.krate, update.from, update.to)
            .expect("writing to a String cannot fail");
    }
    message
}

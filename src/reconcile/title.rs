//! One line for a pull request, and the message of its commit.

use std::fmt::Write as _;

use super::BodyUpdate;
use super::escape::counted;
use crate::model::{Bump, Lane};

/// The title: what moves, and for `review` how much of it is a major.
pub fn title(lane: Lane, updates: &[BodyUpdate]) -> String {
    let suffix = |long: bool| match lane {
        Lane::Security => " (security)".to_owned(),
        Lane::Review if long => match updates.iter().filter(|update| update.bump == Bump::Major).count() {
            0 => " (review)".to_owned(),
            majors => format!(" (review: {majors} major)"),
        },
        Lane::Review | Lane::Routine => String::new(),
    };
    match updates {
        [] => "Refresh Cargo.lock".to_owned(),
        [first, rest @ ..] if rest.iter().all(|update| (&update.krate, &update.to) == (&first.krate, &first.to)) => {
            format!("Update {} to {}{}", first.krate, first.to, suffix(false))
        }
        _ => format!("Update {}{}", counted(updates.len(), "dependency", "dependencies"), suffix(true)),
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

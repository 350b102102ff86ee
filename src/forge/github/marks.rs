//! What a pull request is marked with: its labels, and the people who are asked to look at it.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde_json::json;

use super::Desk;
use super::client::{Call, Safety};
use super::failure::Failure;
use super::wire::Label;
use crate::model::PullRequestNumber;

/// The colour of labels that depbot makes; GitHub's own grey.
const LABEL_COLOUR: &str = "ededed";

/// Adds those of `wanted` that are not among `present`, and gives all labels then; `None` when none is missing.
///
/// GitHub makes labels that do not exist for those who may; where it refuses to, they are made first.
pub(super) async fn add_labels(
    desk: &Desk<'_>,
    number: PullRequestNumber,
    present: &[String],
    wanted: &[String],
) -> Result<Option<Vec<String>>, Failure> {
    let missing = missing(present, wanted);
    if missing.is_empty() {
        return Ok(None);
    }
    let route = desk.place.route(&format!("issues/{}/labels", number.0));
    let call = Call::post(route, &json!({ "labels": missing }), Safety::Repeatable);
    let labels: Vec<Label> = match desk.client.call(&desk.place, &call).await {
        Err(failure) if matches!(failure.status(), Some(404 | 422)) => {
            for label in &missing {
                make_label(desk, label).await?;
            }
            desk.client.call(&desk.place, &call).await?
        }
        answer => answer?,
    };
    Ok(Some(labels.into_iter().map(|label| label.name).collect()))
}

/// Asks people, and teams (`org/team`), to look at it. One who cannot be asked is told in the log only.
pub(super) async fn ask_reviewers(desk: &Desk<'_>, number: PullRequestNumber, reviewers: &[String]) {
    if reviewers.is_empty() {
        return;
    }
    let Err(failure) = ask(desk, number, reviewers).await else { return };
    // One name that is wrong makes GitHub refuse all of them.
    let one_by_one = failure.status() == Some(422) && reviewers.len() > 1;
    if !one_by_one {
        return not_asked(desk, number, reviewers, failure);
    }
    for reviewer in reviewers {
        let reviewer = std::slice::from_ref(reviewer);
        if let Err(failure) = ask(desk, number, reviewer).await {
            not_asked(desk, number, reviewer, failure);
        }
    }
}

async fn ask(desk: &Desk<'_>, number: PullRequestNumber, reviewers: &[String]) -> Result<(), Failure> {
    let (mut people, mut teams) = (Vec::new(), Vec::new());
    for reviewer in reviewers {
        match reviewer.trim_start_matches('@').split_once('/') {
            Some((_, team)) => teams.push(team),
            None => people.push(reviewer.trim_start_matches('@')),
        }
    }
    let route = desk.place.route(&format!("pulls/{}/requested_reviewers", number.0));
    let body = json!({ "reviewers": people, "team_reviewers": teams });
    desk.client.call::<IgnoredAny>(&desk.place, &Call::post(route, &body, Safety::Repeatable)).await?;
    Ok(())
}

fn not_asked(desk: &Desk<'_>, number: PullRequestNumber, reviewers: &[String], failure: Failure) {
    let error = desk.pull_failed(number, failure);
    tracing::warn!(repo = %desk.place, %number, "nobody asked {}: {error}", reviewers.join(", "));
}

/// Makes a label; one that is there is fine.
async fn make_label(desk: &Desk<'_>, name: &str) -> Result<(), Failure> {
    let body = json!({ "name": name, "color": LABEL_COLOUR });
    let call = Call::post(desk.place.route("labels"), &body, Safety::Repeatable);
    match desk.client.call::<IgnoredAny>(&desk.place, &call).await {
        Err(failure) if failure.status() != Some(422) => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// GitHub's labels do not care for case.
fn missing<'a>(present: &[String], wanted: &'a [String]) -> Vec<&'a str> {
    let mut seen: BTreeSet<String> = present.iter().map(|label| label.to_lowercase()).collect();
    wanted.iter().filter(|label| seen.insert(label.to_lowercase())).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_there_are_not_added_again() {
        let check = |present: &[&str], wanted: &[&str], expect: &[&str]| {
            let owned = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>();
            assert_eq!(missing(&owned(present), &owned(wanted)), expect);
        };
        check(&[], &["rust", "dependencies", "rust"], &["rust", "dependencies"]);
        check(&["Dependencies", "theirs"], &["dependencies"], &[]);
        check(&["theirs"], &[], &[]);
    }
}

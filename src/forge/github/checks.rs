//! What GitHub's checks say about a commit: check runs (Actions and other Apps) and commit statuses, both.

use std::collections::BTreeSet;

use super::failure::{Failure, Refusal};
use super::wire::{CheckRun, CheckRuns, CombinedStatus, Status};
use super::{Checks, Desk, ForgeError};
use crate::model::CommitId;

/// Pages of check runs and of statuses that are read at most; GitHub keeps 1,000 of each.
const PAGES: usize = 10;

/// What one check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Green,
    Pending,
    Failed,
}

/// Both kinds of checks as one answer.
pub(super) async fn of(desk: &Desk<'_>, commit: &CommitId) -> Result<Checks, ForgeError> {
    let outcomes = read(desk, commit).await.map_err(|failure| match failure {
        // GitHub's answer to a commit that it does not have.
        Failure::Refused(Refusal { status: 422, .. }) => {
            ForgeError::NotFound { what: format!("the commit {} of {}", commit.short(), desk.place) }
        }
        failure => failure.about(&desk.client.site.host, &format!("the checks of {}", desk.place)),
    })?;
    Ok(summed(&outcomes))
}

async fn read(desk: &Desk<'_>, commit: &CommitId) -> Result<Vec<(String, Outcome)>, Failure> {
    let route = |what: &str| desk.place.route(&format!("commits/{}/{what}", commit.as_str()));
    let (runs, statuses) = (route("check-runs?filter=latest"), route("status"));
    let (runs, statuses) = tokio::try_join!(
        desk.client.list::<CheckRuns>(&desk.place, &runs, PAGES),
        desk.client.list::<CombinedStatus>(&desk.place, &statuses, PAGES),
    )?;
    let runs = runs.pages.into_iter().flat_map(|page| page.check_runs).map(|run| (of_run(&run), run.name));
    let statuses =
        statuses.pages.into_iter().flat_map(|page| page.statuses).map(|status| (of_status(&status), status.context));
    Ok(runs.chain(statuses).map(|(outcome, name)| (name, outcome)).collect())
}

/// What is not known to be green is not: a new word of GitHub's never merges anything.
fn of_run(run: &CheckRun) -> Outcome {
    match (run.status.as_str(), run.conclusion.as_deref()) {
        ("completed", Some("success" | "neutral" | "skipped")) => Outcome::Green,
        ("completed", _) => Outcome::Failed,
        (_, _) => Outcome::Pending,
    }
}

fn of_status(status: &Status) -> Outcome {
    match status.state.as_str() {
        "success" => Outcome::Green,
        "pending" => Outcome::Pending,
        _ => Outcome::Failed,
    }
}

fn summed(outcomes: &[(String, Outcome)]) -> Checks {
    let named = |wanted: Outcome| -> Vec<String> {
        let names: BTreeSet<&String> =
            outcomes.iter().filter(|(_, outcome)| *outcome == wanted).map(|(name, _)| name).collect();
        names.into_iter().cloned().collect()
    };
    let (failed, pending) = (named(Outcome::Failed), named(Outcome::Pending));
    if outcomes.is_empty() {
        Checks::None
    } else if !failed.is_empty() {
        Checks::Failed { names: failed }
    } else if !pending.is_empty() {
        Checks::Pending { names: pending }
    } else {
        Checks::Green
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: &str, conclusion: Option<&str>) -> Outcome {
        of_run(&CheckRun {
            name: "test".to_owned(),
            status: status.to_owned(),
            conclusion: conclusion.map(str::to_owned),
        })
    }

    #[test]
    fn only_what_is_known_to_be_green_is_green() {
        for conclusion in ["success", "neutral", "skipped"] {
            assert_eq!(run("completed", Some(conclusion)), Outcome::Green, "{conclusion}");
        }
        for conclusion in ["failure", "cancelled", "timed_out", "action_required", "stale", "startup_failure", "new"] {
            assert_eq!(run("completed", Some(conclusion)), Outcome::Failed, "{conclusion}");
        }
        assert_eq!(run("completed", None), Outcome::Failed);
        for status in ["queued", "in_progress", "waiting", "requested", "pending", "new"] {
            assert_eq!(run(status, None), Outcome::Pending, "{status}");
        }
        let status = |state: &str| of_status(&Status { context: "ci".to_owned(), state: state.to_owned() });
        assert_eq!(status("success"), Outcome::Green);
        assert_eq!(status("pending"), Outcome::Pending);
        assert_eq!([status("failure"), status("error"), status("new")], [Outcome::Failed; 3]);
    }

    #[test]
    fn one_failure_outweighs_what_is_pending_and_one_pending_check_all_green_ones() {
        use Outcome::{Failed, Green, Pending};
        let check = |outcomes: &[(&str, Outcome)], expect: Checks| {
            let outcomes: Vec<_> = outcomes.iter().map(|&(name, outcome)| (name.to_owned(), outcome)).collect();
            assert_eq!(summed(&outcomes), expect);
        };
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        check(&[], Checks::None);
        check(&[("a", Green)], Checks::Green);
        check(&[("a", Green), ("c", Pending), ("b", Pending)], Checks::Pending { names: names(&["b", "c"]) });
        check(&[("a", Failed), ("a", Failed), ("b", Pending)], Checks::Failed { names: names(&["a"]) });
    }
}

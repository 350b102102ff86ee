//! Events and verdicts to put into a journal.

use std::time::Duration;

use depbot::journal::VerdictKey;
use depbot::model::{
    BranchName, CommandRun, CommitId, Event, EventBody, Failure, Lane, Phase, PullRequestChange, PullRequestNumber,
    RepoName, RepositoryStatus, RepositorySummary, RunId, RunMode, TreeId, Verdict, VerificationSummary,
};
use jiff::Timestamp;

pub(crate) fn one_of_each(id: &str) -> Vec<Event> {
    let key =
        VerdictKey { repo: repo("a"), tree: tree('1'), toolchain: "rustc 1.95.0".into(), commands: "test".into() };
    let commit = || CommitId::new("c".repeat(40)).expect("a commit id");
    vec![
        started(id, RunMode::Upgrade, &["a", "b"]),
        at(id, 1, EventBody::RepositorySynced { repo: repo("a"), commit: commit() }),
        at(
            id,
            2,
            EventBody::TreeVerified { repo: repo("a"), tree: tree('1'), verification: verification(&key, failing()) },
        ),
        at(
            id,
            3,
            EventBody::BranchPushing {
                repo: repo("a"),
                branch: BranchName::new("depbot/routine").expect("a branch"),
                commit: commit(),
            },
        ),
        at(
            id,
            4,
            EventBody::PullRequestChanged {
                repo: repo("a"),
                number: PullRequestNumber(7),
                lane: Lane::Routine,
                change: PullRequestChange::Merged(commit()),
            },
        ),
        at(id, 5, EventBody::ReleaseTagged { repo: repo("a"), tag: "v1.2.3".into(), commit: commit() }),
        settled(id, "a", RepositoryStatus::Merged),
        at(id, 7, EventBody::RunFinished { interrupted: false }),
    ]
}

pub(crate) fn started(id: &str, mode: RunMode, repositories: &[&str]) -> Event {
    at(id, 0, EventBody::RunStarted { mode, repositories: repositories.iter().map(|name| repo(name)).collect() })
}

pub(crate) fn settled(id: &str, name: &str, status: RepositoryStatus) -> Event {
    let summary = RepositorySummary {
        repo: repo(name),
        url: format!("/srv/{name}.git"),
        wave: 1,
        status,
        base: None,
        settlements: vec![],
        pull_requests: vec![],
        verifications: vec![],
        released: None,
        notes: vec!["Grüße ✓".into()],
        took: Duration::from_millis(1_500),
    };
    at(id, 6, EventBody::RepositorySettled { summary: Box::new(summary) })
}

pub(crate) fn at(id: &str, seconds: i64, body: EventBody) -> Event {
    Event { run: run(id), at: second(seconds), body }
}

pub(crate) fn second(count: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + count).expect("a time in 2026")
}

pub(crate) fn run(id: &str) -> RunId {
    RunId::new(id).expect("a run id")
}

pub(crate) fn repo(name: &str) -> RepoName {
    RepoName::new(name).expect("a repository name")
}

pub(crate) fn tree(digit: char) -> TreeId {
    TreeId::new(digit.to_string().repeat(40)).expect("a tree id")
}

pub(crate) fn verification(key: &VerdictKey, verdict: Verdict) -> VerificationSummary {
    VerificationSummary {
        tree: Some(key.tree.clone()),
        units: vec!["serde 1 → 2".into(), "tokio, \"quoted\"".into()],
        verdict,
        took: Duration::from_millis(2_500),
        toolchain: key.toolchain.clone(),
    }
}

pub(crate) fn passing() -> Verdict {
    let run = CommandRun { phase: Phase::Test, command: "cargo test".into(), took: Duration::from_secs(2) };
    Verdict::Pass { runs: vec![run], red_before: vec!["old::test".into()] }
}

pub(crate) fn failing() -> Verdict {
    Verdict::Fail(Failure {
        phase: Phase::Check,
        command: "cargo check".into(),
        excerpt: "error[E0308]: mismatched types\n --> ä".into(),
        tests: vec![],
        suspects: vec!["serde".into()],
        timed_out: Some(Duration::from_secs(60)),
    })
}

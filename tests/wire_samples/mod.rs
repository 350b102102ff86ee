//! One of everything that crosses the border.

use std::time::Duration;

use depbot::model::*;
use depbot::plan::{Plan, Proposal, RepositoryPlan, StageFailure};
use jiff::Timestamp;
use jiff::civil::date;
use semver::Version;

/// A plan with every kind of unit, outcome and reason, and a repository for which every stage failed.
pub(crate) fn plan() -> Plan {
    let proposed = |base| {
        Ok(Proposal { base, units: units(), settlements: settlements(), notes: vec!["fuzz/ has no lock".to_owned()] })
    };
    let plan = |name: &str, result| RepositoryPlan { repo: repo(name), url: url(name), wave: 1, result };
    let mut repositories = vec![plan("payments", proposed(Some(commit('a'))))];
    for stage in ["sync", "survey", "plan", "verify", "publish", "merge", "release"] {
        repositories.push(plan(stage, Err(StageFailure { stage, message: "the host is gone".to_owned() })));
    }
    repositories.push(plan("tree", proposed(None)));
    Plan { created: time("2026-11-24T08:00:00Z"), repositories }
}

/// Every kind of event.
pub(crate) fn events() -> Vec<Event> {
    let (repo, number) = (repo("payments"), PullRequestNumber(7));
    let changed = |lane, change| EventBody::PullRequestChanged { repo: repo.clone(), number, lane, change };
    let mut bodies = vec![
        EventBody::RunStarted { mode: RunMode::Upgrade, repositories: vec![repo.clone()] },
        EventBody::RunStarted { mode: RunMode::Plan, repositories: Vec::new() },
        EventBody::RepositorySynced { repo: repo.clone(), commit: commit('b') },
        EventBody::BranchPushing { repo: repo.clone(), branch: branch(), commit: commit('c') },
        changed(Lane::Security, PullRequestChange::Opened),
        changed(Lane::Routine, PullRequestChange::Refreshed),
        changed(Lane::Review, PullRequestChange::Merged(commit('d'))),
        changed(Lane::Routine, PullRequestChange::Closed("superseded".to_owned())),
        EventBody::ReleaseTagged { repo: repo.clone(), tag: "v1.2.3".to_owned(), commit: commit('e') },
        EventBody::RunFinished { interrupted: true },
        EventBody::RunFinished { interrupted: false },
    ];
    bodies.extend(verifications().into_iter().map(|verification| EventBody::TreeVerified {
        repo: repo.clone(),
        tree: tree('f'),
        verification,
    }));
    bodies.extend(
        summary().repositories.into_iter().map(|summary| EventBody::RepositorySettled { summary: Box::new(summary) }),
    );
    bodies.into_iter().map(|body| Event { run: run(), at: time("2026-11-24T08:00:00.123456789Z"), body }).collect()
}

/// A run with a repository for every way to end.
pub(crate) fn summary() -> RunSummary {
    let stage = "publish".to_owned();
    let statuses = [
        RepositoryStatus::Failed { stage, message: "the forge answers 502".to_owned() },
        RepositoryStatus::RedBefore(failure(Phase::Test)),
        RepositoryStatus::Waiting,
        RepositoryStatus::Merged,
        RepositoryStatus::UpToDate,
        RepositoryStatus::Planned { updates: 12 },
    ];
    let repositories = statuses.into_iter().enumerate().map(|(index, status)| RepositorySummary {
        repo: repo(&format!("repo-{index}")),
        url: url("repo"),
        wave: index + 1,
        status,
        base: (index > 0).then(|| commit('1')),
        settlements: if index == 2 { settlements() } else { Vec::new() },
        pull_requests: pull_requests(),
        verifications: verifications(),
        released: (index == 3).then(|| "v2.0.0".to_owned()),
        notes: vec!["a \"note\"\nwith two lines and ünïcödé".to_owned()],
        took: Duration::new(4_320_000, 987_654_321),
    });
    RunSummary {
        run: run(),
        mode: RunMode::Upgrade,
        started: time("2026-11-24T08:00:00Z"),
        finished: Some(time("2026-11-24T09:00:00Z")),
        interrupted: false,
        pending: vec![repo("late")],
        repositories: repositories.collect(),
    }
}

/// Every kind of verdict.
pub(crate) fn verdicts() -> Vec<Verdict> {
    let run = |phase| CommandRun { phase, command: "cargo test".to_owned(), took: Duration::from_millis(1_234) };
    let runs = [Phase::Resolve, Phase::Check, Phase::Test].map(run).to_vec();
    vec![
        Verdict::Pass { runs, red_before: vec!["tests::flaky".to_owned()] },
        Verdict::Pass { runs: Vec::new(), red_before: Vec::new() },
        Verdict::Fail(failure(Phase::Check)),
        Verdict::Fail(Failure { timed_out: Some(Duration::from_secs(1_800)), ..failure(Phase::Test) }),
    ]
}

fn verifications() -> Vec<VerificationSummary> {
    let of = |(index, verdict)| VerificationSummary {
        tree: (index > 0).then(|| tree('2')),
        units: vec!["tokio 1.4.0 → 1.5.2".to_owned()],
        verdict,
        took: Duration::from_nanos(1),
        toolchain: "rustc 1.95.0".to_owned(),
    };
    verdicts().into_iter().enumerate().map(of).collect()
}

fn failure(phase: Phase) -> Failure {
    Failure {
        phase,
        command: "cargo check --locked".to_owned(),
        excerpt: "error[E0308]: mismatched types".to_owned(),
        tests: vec!["a::b".to_owned()],
        suspects: vec!["tokio".to_owned()],
        timed_out: None,
    }
}

fn units() -> Vec<Unit> {
    let fields = [EditField::Requirement, EditField::Tag, EditField::PackageVersion];
    let edits = fields.map(|field| Edit { site: site(), field, from: "1.4".to_owned(), to: "1.5".to_owned() });
    let published = Some(time("2026-11-01T08:30:00Z"));
    let update =
        |to, edits| Update { krate: krate("tokio"), from: version("1.4.0"), to: version(to), published, edits };
    let bare = Update { published: None, ..update("2.0.0-rc.1+build.5", Vec::new()) };
    let updates = UnitKind::Updates(vec![update("1.5.2", edits.to_vec()), bare.clone()]);
    let unit = |place, kind, lane, fallback| Unit { id: UnitId(place), workspace: path("app"), kind, lane, fallback };
    vec![
        unit(0, updates, Lane::Review, vec![bare.clone()]),
        unit(1, UnitKind::LockRefresh, Lane::Routine, Vec::new()),
        unit(2, UnitKind::Updates(vec![bare]), Lane::Security, Vec::new()),
    ]
}

fn settlements() -> Vec<Settlement> {
    let refused: Vec<Refusal> = rejections().into_iter().map(Refusal::whatever).collect();
    let one = vec![Refusal::of(&version("2.0.0"), Rejection::Yanked)];
    let outcomes = [
        Outcome::Updated { to: version("1.5.2"), lane: Lane::Routine, refused: one },
        Outcome::UpToDate,
        Outcome::NotUpdated { refused },
    ];
    let of = |outcome: Outcome| Settlement {
        workspace: RepoPath::root(),
        krate: krate("tokio"),
        site: site(),
        source: "crates.io".to_owned(),
        requirement: (outcome != Outcome::UpToDate).then(|| ">=1.4, <2".to_owned()),
        current: (outcome != Outcome::UpToDate).then(|| version("1.4.0")),
        latest: (outcome != Outcome::UpToDate).then(|| version("2.0.0")),
        outcome,
    };
    outcomes.map(of).to_vec()
}

fn rejections() -> Vec<Rejection> {
    let text = |text: &str| text.to_owned();
    let rust = |text| RustVersion::parse(text).expect("a Rust version");
    vec![
        Rejection::Yanked,
        Rejection::PreRelease,
        Rejection::Cooldown { until: time("2026-11-27T08:00:00Z") },
        Rejection::UnknownAge,
        Rejection::RustVersion { needs: rust("1.97.1"), limit: rust("1.95") },
        Rejection::Held { owner: text("platform"), reason: text("FIPS"), until: date(2026, 12, 31) },
        Rejection::ClosedByPerson { number: PullRequestNumber(7) },
        Rejection::Pinned { requirement: text("=1.0.0") },
        Rejection::Strategy { strategy: "compatible" },
        Rejection::Strategy { strategy: "lockfile" },
        Rejection::RequirementForm { requirement: text(">1, <3, <2") },
        Rejection::FeatureGone { feature: text("net") },
        Rejection::Patched,
        Rejection::UsedTwice { other: version("0.7.3") },
        Rejection::PathDependency,
        Rejection::FixedRevision,
        Rejection::FollowsBranch,
        Rejection::TagIsNoVersion { tag: text("nightly") },
        Rejection::UnknownRegistry { registry: text("acme") },
        Rejection::NotInRegistry { source_name: text("crates.io") },
        Rejection::UnreadableRegistry { source_name: text("acme"), message: text("no answer") },
        Rejection::AheadOfRegistry,
        Rejection::NotSelected,
        Rejection::BlockedBy { krate: Some(krate("hyper")), excerpt: text("failed to select") },
        Rejection::BlockedBy { krate: None, excerpt: text("") },
        Rejection::Culprit { phase: Phase::Test, excerpt: text("assertion failed") },
        Rejection::BrokenBaseline { phase: Phase::Check },
        Rejection::RepositoryFailed { message: text("gone") },
    ]
}

fn pull_requests() -> Vec<PullRequestSummary> {
    let of = |state: PullRequestState| PullRequestSummary {
        number: PullRequestNumber(u64::MAX),
        lane: Lane::Routine,
        title: "Update 3 dependencies".to_owned(),
        url: "https://github.com/acme/payments/pull/7".to_owned(),
        state,
        waits_for: (state == PullRequestState::Open).then(|| "a review".to_owned()),
    };
    [PullRequestState::Open, PullRequestState::Merged, PullRequestState::Closed].map(of).to_vec()
}

fn site() -> Site {
    let table = ["target", "cfg(unix)", "dependencies"].map(str::to_owned).to_vec();
    Site { manifest: path("app/Cargo.toml"), table, key: "tokio".to_owned(), line: 12 }
}

fn repo(name: &str) -> RepoName {
    RepoName::new(name).expect("a repository name")
}

fn url(name: &str) -> String {
    format!("https://github.com/acme/{name}")
}

fn krate(name: &str) -> CrateName {
    CrateName::new(name).expect("a crate name")
}

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path inside a repository")
}

fn branch() -> BranchName {
    BranchName::new("depbot/routine").expect("a branch name")
}

fn run() -> RunId {
    RunId::new("20261124T080000Z").expect("a run id")
}

fn commit(digit: char) -> CommitId {
    CommitId::new(digit.to_string().repeat(40)).expect("a commit id")
}

fn tree(digit: char) -> TreeId {
    TreeId::new(digit.to_string().repeat(40)).expect("a tree id")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

//! Made-up runs: a small one where everything happens once, and a large one out of a fixed sequence of numbers.

use std::time::Duration;

use depbot::model::{
    CommandRun, CommitId, CrateName, Failure, Lane, Outcome, Phase, PullRequestNumber, PullRequestState,
    PullRequestSummary, Refusal, Rejection, RepoName, RepoPath, RepositoryStatus, RepositorySummary, RunId, RunMode,
    RunSummary, RustVersion, Settlement, Site, TreeId, Verdict, VerificationSummary,
};
use jiff::Timestamp;
use semver::Version;

const CRATES: &[(&str, &str, &str)] = &[
    ("anyhow", "1.0.86", "1.0.100"),
    ("axum", "0.7.5", "0.8.9"),
    ("base64", "0.21.7", "0.22.1"),
    ("bytes", "1.6.0", "1.11.0"),
    ("chrono", "0.4.38", "0.4.45"),
    ("clap", "4.5.4", "4.6.2"),
    ("dashmap", "5.5.3", "6.1.0"),
    ("futures-util", "0.3.30", "0.3.33"),
    ("hyper", "1.3.1", "1.8.1"),
    ("itertools", "0.12.1", "0.14.0"),
    ("openssl", "0.10.64", "0.10.75"),
    ("prost", "0.12.6", "0.14.1"),
    ("rand", "0.8.5", "0.9.2"),
    ("regex", "1.10.4", "1.12.2"),
    ("reqwest", "0.12.4", "0.13.1"),
    ("serde", "1.0.203", "1.0.228"),
    ("serde_json", "1.0.117", "1.0.145"),
    ("sqlx", "0.7.4", "0.9.0"),
    ("thiserror", "1.0.61", "2.0.21"),
    ("tokio", "1.38.0", "1.48.0"),
    ("tonic", "0.11.0", "0.14.2"),
    ("tower", "0.4.13", "0.5.2"),
    ("tracing", "0.1.40", "0.1.44"),
    ("uuid", "1.8.0", "1.19.0"),
];

const EXCERPT: &str = "error[E0308]: mismatched types\n  --> crates/ledger/src/store.rs:88:34\n   |\n88 |     let pool = PgPoolOptions::new().connect_lazy(url)?;\n   |                                     ------------ ^^^ expected `PgConnectOptions`, found `&str`\n   |                                     |\n   |                                     arguments to this method are incorrect\n\nerror: could not compile `ledger` (lib) due to 1 previous error";

pub(crate) fn now() -> Timestamp {
    "2026-11-23T06:41:00Z".parse().expect("a time")
}

pub(crate) fn krate(name: &str) -> CrateName {
    CrateName::new(name).expect("a crate name")
}

pub(crate) fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn commit(digit: char) -> CommitId {
    CommitId::new(digit.to_string().repeat(40)).expect("an id")
}

fn tree(digit: char) -> TreeId {
    TreeId::new(digit.to_string().repeat(40)).expect("an id")
}

fn settled(name: &str, current: &str, latest: &str, line: usize, outcome: Outcome) -> Settlement {
    Settlement {
        workspace: RepoPath::root(),
        krate: krate(name),
        site: Site {
            manifest: RepoPath::new("Cargo.toml").expect("a path"),
            table: vec!["workspace".into(), "dependencies".into()],
            key: name.to_owned(),
            line,
        },
        source: "crates.io".into(),
        requirement: (!current.is_empty()).then(|| current.to_owned()),
        current: (!current.is_empty()).then(|| version(current)),
        latest: (!latest.is_empty()).then(|| version(latest)),
        outcome,
    }
}

fn updated(to: &str, lane: Lane) -> Outcome {
    Outcome::Updated { to: version(to), lane, refused: Vec::new() }
}

fn refused(to: &str, rejection: Rejection) -> Outcome {
    Outcome::NotUpdated { refused: vec![Refusal::of(&version(to), rejection)] }
}

fn pull_request(
    number: u64,
    lane: Lane,
    title: &str,
    state: PullRequestState,
    waits_for: Option<&str>,
) -> PullRequestSummary {
    PullRequestSummary {
        number: PullRequestNumber(number),
        lane,
        title: title.into(),
        url: format!("https://github.com/acme/payments/pull/{number}"),
        state,
        waits_for: waits_for.map(str::to_owned),
    }
}

fn passes(units: &[&str], seconds: u64) -> VerificationSummary {
    let run = |phase, command: &str, seconds| CommandRun {
        phase,
        command: command.into(),
        took: Duration::from_secs(seconds),
    };
    VerificationSummary {
        tree: Some(tree('a')),
        units: units.iter().map(ToString::to_string).collect(),
        verdict: Verdict::Pass {
            runs: vec![
                run(Phase::Check, "cargo check --workspace --all-targets --locked", seconds / 2),
                run(Phase::Test, "cargo test --workspace --locked", seconds / 2),
            ],
            red_before: Vec::new(),
        },
        took: Duration::from_secs(seconds),
        toolchain: "rustc 1.95.0 (f2a1c9e31 2026-10-12)".into(),
    }
}

fn fails(units: &[&str], seconds: u64) -> VerificationSummary {
    VerificationSummary { verdict: Verdict::Fail(failure(Phase::Check)), ..passes(units, seconds) }
}

fn failure(phase: Phase) -> Failure {
    let test = phase == Phase::Test;
    Failure {
        phase,
        command: match test {
            true => "cargo test --workspace --locked".into(),
            false => "cargo check --workspace --all-targets --locked".into(),
        },
        excerpt: match test {
            true => "thread 'rates::rounds_half_even' panicked at src/rates.rs:41:5:\nassertion `left == right` failed\n  left: 10.25\n right: 10.24".into(),
            false => EXCERPT.into(),
        },
        tests: if test { vec!["rates::rounds_half_even".into()] } else { Vec::new() },
        suspects: Vec::new(),
        timed_out: None,
    }
}

fn repository(name: &str, wave: usize, status: RepositoryStatus, seconds: u64) -> RepositorySummary {
    RepositorySummary {
        repo: RepoName::new(name).expect("a name"),
        url: format!("https://github.com/acme/{name}"),
        wave,
        status,
        base: Some(commit('4')),
        settlements: Vec::new(),
        pull_requests: Vec::new(),
        verifications: Vec::new(),
        released: None,
        notes: Vec::new(),
        took: Duration::from_secs(seconds),
    }
}

fn run(repositories: Vec<RepositorySummary>, mode: RunMode) -> RunSummary {
    RunSummary {
        run: RunId::new("2026-11-23T04-00-00Z").expect("an id"),
        mode,
        started: "2026-11-23T04:00:00Z".parse().expect("a time"),
        finished: Some("2026-11-23T06:40:12Z".parse().expect("a time")),
        interrupted: false,
        pending: Vec::new(),
        repositories,
    }
}

/// Five repositories, one of each kind.
pub(crate) fn small() -> RunSummary {
    let mut core = repository("acme-core", 1, RepositoryStatus::Merged, 312);
    core.released = Some("v1.4.0".into());
    core.settlements = vec![
        settled("serde", "1.0.203", "1.0.228", 12, updated("1.0.228", Lane::Routine)),
        settled("thiserror", "2.0.21", "2.0.21", 13, Outcome::UpToDate),
        settled("tokio", "1.38.0", "1.48.0", 14, updated("1.48.0", Lane::Routine)),
    ];
    core.pull_requests = vec![pull_request(41, Lane::Routine, "Update 2 dependencies", PullRequestState::Merged, None)];
    core.verifications = vec![passes(&["serde 1.0.203 → 1.0.228", "tokio 1.38.0 → 1.48.0"], 214)];

    let mut payments = repository("payments", 2, RepositoryStatus::Waiting, 1_840);
    payments.settlements = vec![
        settled("axum", "0.7.5", "0.8.9", 9, updated("0.8.9", Lane::Review)),
        settled("tower", "0.4.13", "0.5.2", 20, updated("0.5.2", Lane::Review)),
        settled("clap", "4.5.4", "4.6.2", 10, updated("4.6.2", Lane::Routine)),
        settled(
            "rand",
            "0.8.5",
            "0.10.0",
            11,
            Outcome::Updated {
                to: version("0.9.2"),
                lane: Lane::Review,
                refused: vec![Refusal::of(
                    &version("0.10.0"),
                    Rejection::Cooldown { until: "2026-11-25T09:12:00Z".parse().expect("a time") },
                )],
            },
        ),
        settled(
            "sqlx",
            "0.7.4",
            "0.9.0",
            12,
            refused("0.9.0", Rejection::Culprit { phase: Phase::Check, excerpt: EXCERPT.into() }),
        ),
        settled(
            "openssl",
            "0.10.64",
            "0.11.2",
            13,
            refused(
                "0.11.2",
                Rejection::Held {
                    owner: "platform".into(),
                    reason: "FIPS build, see PLAT-411".into(),
                    until: "2026-12-31".parse().expect("a date"),
                },
            ),
        ),
        settled(
            "hyper",
            "1.3.1",
            "1.8.1",
            14,
            refused(
                "1.8.1",
                Rejection::RustVersion {
                    needs: RustVersion::parse("1.88").expect("a Rust"),
                    limit: RustVersion::parse("1.80").expect("a Rust"),
                },
            ),
        ),
        settled("acme-core", "1.3.0", "1.4.0", 15, updated("1.4.0", Lane::Routine)),
        settled(
            "ledger",
            "",
            "",
            16,
            Outcome::NotUpdated { refused: vec![Refusal::whatever(Rejection::PathDependency)] },
        ),
        settled("uuid", "1.19.0", "1.19.0", 17, Outcome::UpToDate),
        settled("bytes", "1.11.0", "1.11.0", 18, Outcome::UpToDate),
    ];
    payments.pull_requests = vec![
        pull_request(128, Lane::Routine, "Update 2 dependencies", PullRequestState::Merged, None),
        pull_request(
            129,
            Lane::Review,
            "Update 3 dependencies (review: 3 major)",
            PullRequestState::Open,
            Some("a person's review"),
        ),
    ];
    payments.verifications = vec![
        fails(
            &[
                "axum 0.7.5 → 0.8.9",
                "tower 0.4.13 → 0.5.2",
                "clap 4.5.4 → 4.6.2",
                "rand 0.8.5 → 0.9.2",
                "sqlx 0.7.4 → 0.9.0",
            ],
            190,
        ),
        passes(&[], 240),
        fails(&["sqlx 0.7.4 → 0.9.0"], 88),
        passes(&["acme-core 1.3.0 → 1.4.0", "clap 4.5.4 → 4.6.2"], 170),
        passes(&["axum 0.7.5 → 0.8.9, tower 0.4.13 → 0.5.2", "rand 0.8.5 → 0.9.2"], 205),
    ];
    payments.notes = vec!["workspace fuzz was not looked at: its manifest has no [package]".into()];

    let mut rates = repository("rates", 2, RepositoryStatus::RedBefore(failure(Phase::Test)), 402);
    rates.settlements = vec![
        settled("regex", "1.10.4", "1.12.2", 8, refused("1.12.2", Rejection::BrokenBaseline { phase: Phase::Test })),
        settled("serde_json", "1.0.145", "1.0.145", 9, Outcome::UpToDate),
    ];
    let mut ledger = repository(
        "ledger-archive",
        2,
        RepositoryStatus::Failed {
            stage: "sync".into(),
            message: "https://github.com/acme/ledger-archive: repository not found".into(),
        },
        3,
    );
    ledger.base = None;
    let mut gateway = repository("gateway", 2, RepositoryStatus::UpToDate, 41);
    gateway.settlements = vec![
        settled("uuid", "1.19.0", "1.19.0", 7, Outcome::UpToDate),
        settled(
            "acme-auth",
            "2.1.0",
            "",
            8,
            Outcome::NotUpdated {
                refused: vec![Refusal::whatever(Rejection::UnreadableRegistry {
                    source_name: "registry acme".into(),
                    message: "401 Unauthorized".into(),
                })],
            },
        ),
    ];
    run(vec![core, payments, rates, ledger, gateway], RunMode::Upgrade)
}

/// As many repositories as asked for, the same every time.
pub(crate) fn large(count: usize) -> RunSummary {
    let stems =
        ["payments", "ledger", "rates", "gateway", "search", "mailer", "billing", "identity", "catalog", "orders"];
    let suffixes = [
        "", "-api", "-worker", "-sync", "-admin", "-export", "-edge", "-batch", "-proxy", "-store", "-events", "-cron",
        "-ingest", "-index", "-router", "-audit", "-gate", "-mirror", "-relay", "-lab",
    ];
    let mut dice = Dice(7);
    let repositories = (0..count).map(|index| {
        let name = format!("{}{}", stems[index % stems.len()], suffixes[index / stems.len() % suffixes.len()]);
        made_up(&name, index, &mut dice)
    });
    run(repositories.collect(), RunMode::Upgrade)
}

fn made_up(name: &str, index: usize, dice: &mut Dice) -> RepositorySummary {
    let status = match dice.below(100) {
        0..3 => RepositoryStatus::Failed { stage: "sync".into(), message: "the remote hung up after 30 s".into() },
        3..8 => RepositoryStatus::RedBefore(failure(Phase::Test)),
        8..24 => RepositoryStatus::Waiting,
        24..68 => RepositoryStatus::Merged,
        _ => RepositoryStatus::UpToDate,
    };
    let mut summary = repository(name, 1 + index % 3, status, 20 + dice.below(1_600) as u64);
    if matches!(summary.status, RepositoryStatus::Failed { .. }) {
        return summary;
    }
    let red = matches!(summary.status, RepositoryStatus::RedBefore(_));
    let moves = matches!(summary.status, RepositoryStatus::Waiting | RepositoryStatus::Merged);
    let review = matches!(summary.status, RepositoryStatus::Waiting);
    for (line, (krate, old, new)) in CRATES.iter().enumerate() {
        let outcome = match dice.below(100) {
            _ if red => refused(new, Rejection::BrokenBaseline { phase: Phase::Test }),
            0..3 => refused(new, Rejection::Cooldown { until: "2026-11-25T09:12:00Z".parse().expect("a time") }),
            3..5 if *krate == "openssl" => refused(
                new,
                Rejection::Held {
                    owner: "platform".into(),
                    reason: "FIPS build, see PLAT-411".into(),
                    until: "2026-12-31".parse().expect("a date"),
                },
            ),
            5..7 => refused(
                new,
                Rejection::RustVersion {
                    needs: RustVersion::parse("1.88").expect("a Rust"),
                    limit: RustVersion::parse("1.80").expect("a Rust"),
                },
            ),
            7..10 if moves => refused(new, Rejection::Culprit { phase: Phase::Check, excerpt: EXCERPT.into() }),
            10..30 if review => updated(new, Lane::Review),
            10..50 if moves => updated(new, Lane::Routine),
            50..56 => continue,
            _ => Outcome::UpToDate,
        };
        let current = if outcome == Outcome::UpToDate { new } else { old };
        summary.settlements.push(settled(krate, current, new, line + 8, outcome));
    }
    let number = 100 + index as u64;
    if moves {
        summary.pull_requests.push(pull_request(
            number,
            Lane::Routine,
            "Update 6 dependencies",
            PullRequestState::Merged,
            None,
        ));
        summary.verifications =
            vec![fails(&["everything"], 120), passes(&["serde 1.0.203 → 1.0.228", "and 5 more"], 260)];
    }
    if review {
        summary.pull_requests.push(pull_request(
            number + 1,
            Lane::Review,
            "Update 4 dependencies (review: 3 major)",
            PullRequestState::Open,
            Some("a person's review"),
        ));
    }
    summary
}

/// A fixed sequence of numbers (a linear congruential generator with Knuth's constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// The small run with `evil` in every text that comes from outside.
pub(crate) fn spoiled(evil: &str) -> RunSummary {
    let mut run = small();
    for repository in &mut run.repositories {
        repository.url = format!("javascript:{evil}");
        repository.released = Some(evil.into());
        repository.notes = vec![evil.into()];
        match &mut repository.status {
            RepositoryStatus::Failed { stage, message } => (*stage, *message) = (evil.into(), evil.into()),
            RepositoryStatus::RedBefore(failure) => spoil_failure(failure, evil),
            _ => {}
        }
        for pull_request in &mut repository.pull_requests {
            pull_request.title = evil.into();
            pull_request.url = format!("javascript:{evil}");
            pull_request.waits_for = Some(evil.into());
        }
        for verification in &mut repository.verifications {
            verification.units = vec![evil.into()];
            verification.toolchain = evil.into();
            match &mut verification.verdict {
                Verdict::Fail(failure) => spoil_failure(failure, evil),
                Verdict::Pass { runs, red_before } => {
                    runs[0].command = evil.into();
                    *red_before = vec![evil.into()];
                }
            }
        }
        for settlement in &mut repository.settlements {
            settlement.source = evil.into();
            settlement.requirement = Some(evil.into());
            if let Outcome::NotUpdated { refused } = &mut settlement.outcome {
                refused[0].rejection = Rejection::BlockedBy { krate: None, excerpt: evil.into() };
                refused.push(Refusal::whatever(Rejection::UnreadableRegistry {
                    source_name: evil.into(),
                    message: evil.into(),
                }));
            }
        }
    }
    run
}

fn spoil_failure(failure: &mut Failure, evil: &str) {
    failure.command = evil.into();
    failure.excerpt = evil.into();
    failure.tests = vec![evil.into()];
}

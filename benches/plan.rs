//! How fast a fleet is planned in memory: 1,000 repositories with 50 dependencies each, from the text of their manifests
//! and locks and the releases of 400 crates to what is proposed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use depbot::config::Settings;
use depbot::lockfile::{self, Lockfile};
use depbot::manifest::{self, Workspace};
use depbot::model::{CrateKey, CrateName, LookupSource, Releases, RepoPath};
use depbot::plan::{self, WorkspaceFacts};
use depbot::policy::{Rules, Selection};
use depbot::registry::parse_index;
use jiff::Timestamp;

const REPOSITORIES: usize = 1_000;
const DEPENDENCIES: usize = 50;
const CRATES: usize = 400;
const RELEASES: usize = 30;
const INDEX: &str = "sparse+https://index.example/";

type Files = BTreeMap<RepoPath, Vec<u8>>;

fn planning(criterion: &mut Criterion) {
    let repositories: Vec<Files> = (0..REPOSITORIES).map(repository).collect();
    let releases = releases();
    let surveyed: Vec<(Workspace, Lockfile)> = repositories.iter().map(survey).collect();
    let mut group = criterion.benchmark_group(format!("{REPOSITORIES} repositories, {DEPENDENCIES} dependencies each"));
    group.sample_size(10).throughput(Throughput::Elements((REPOSITORIES * DEPENDENCIES) as u64));
    group.bench_function("manifests and locks are read", |bencher| {
        bencher
            .iter(|| repositories.iter().map(survey).map(|(workspace, _)| workspace.dependencies.len()).sum::<usize>());
    });
    group.bench_function("updates are proposed", |bencher| {
        bencher.iter(|| surveyed.iter().map(|it| propose(black_box(it), &releases)).sum::<usize>());
    });
    group.bench_function("both", |bencher| {
        bencher.iter(|| repositories.iter().map(|files| propose(&survey(files), &releases)).sum::<usize>());
    });
    group.finish();
}

fn survey(files: &Files) -> (Workspace, Lockfile) {
    let discovery = manifest::discover(black_box(files));
    let workspace = discovery.workspaces.into_iter().next().expect("one workspace");
    let lock = &files[workspace.lockfile.as_ref().expect("it has a lock")];
    let lock = lockfile::parse(std::str::from_utf8(lock).expect("it is text")).expect("it is a lock");
    (workspace, lock)
}

/// How many updates there are.
fn propose((workspace, lock): &(Workspace, Lockfile), releases: &Releases) -> usize {
    let settings = Settings::default();
    let selection = Selection { packages: Vec::new(), excluded: Vec::new() };
    let now = Timestamp::UNIX_EPOCH;
    let rules = Rules { settings: &settings, holds: &[], selection: &selection, closed: &[], now };
    let sources = workspace.dependencies.iter().map(|it| Ok(key(it.krate.as_str()))).collect();
    let facts = WorkspaceFacts { workspace, lock: Some(lock), sources };
    plan::propose(None, &[facts], releases, &BTreeSet::new(), &rules, &[]).units.len()
}

fn key(krate: &str) -> CrateKey {
    CrateKey { source: LookupSource::Index(INDEX.to_owned()), krate: CrateName::new(krate).expect("a valid name") }
}

fn releases() -> Releases {
    let index = |number: usize| {
        let name = format!("crate-{number}");
        let lines = (0..RELEASES).map(|release| {
            let (major, minor) = (1 + release / 10, release % 10);
            let dependency = format!(
                r#"{{"name":"crate-{}","req":"^1.0","optional":false,"default_features":true,"kind":"normal"}}"#,
                (number + 7) % CRATES
            );
            format!(
                r#"{{"name":"{name}","vers":"{major}.{minor}.0","deps":[{dependency}],"cksum":"","features":{{"std":[]}},"yanked":false,"pubtime":"1969-01-02T03:04:05Z"}}"#
            )
        });
        let lines = lines.collect::<Vec<_>>().join("\n");
        let key = key(&name);
        let releases = parse_index(&key.krate, lines.as_bytes(), None).expect("an index file");
        (key, Ok(releases.into()))
    };
    (0..CRATES).map(index).collect()
}

/// A package with a lock: every dependency is locked at 1.3.0, and so are ten times as many others.
fn repository(number: usize) -> Files {
    let mut manifest = format!(
        "[package]\nname = \"service-{number}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n# What it uses\n[dependencies]\n"
    );
    let mut lock = format!("version = 4\n\n[[package]]\nname = \"service-{number}\"\nversion = \"0.1.0\"\n");
    let mut packages: Vec<usize> = (0..DEPENDENCIES).map(|at| (number * 13 + at * 7) % CRATES).collect();
    for (at, krate) in packages.iter().enumerate() {
        let line = match at % 4 {
            0 => format!("crate-{krate} = {{ version = \"1.2\", features = [\"std\"] }}"),
            1 => format!("crate-{krate} = \"1.2.0\"  # why"),
            2 => format!("crate-{krate}.version = \"1\""),
            _ => format!("crate-{krate} = \"1.1\""),
        };
        writeln!(manifest, "{line}").expect("written to memory");
    }
    packages.sort_unstable_by_key(|krate| format!("crate-{krate}"));
    lock.push_str("dependencies = [\n");
    for krate in &packages {
        writeln!(lock, " \"crate-{krate}\",").expect("written to memory");
    }
    lock.push_str("]\n");
    let others = (0..CRATES).filter(|krate| !packages.contains(krate));
    for krate in packages.iter().copied().chain(others) {
        write!(
            lock,
            "\n[[package]]\nname = \"crate-{krate}\"\nversion = \"1.3.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{krate:064x}\"\n"
        )
        .expect("written to memory");
    }
    let path = |text: &str| RepoPath::new(text).expect("a valid path");
    Files::from([
        (path("Cargo.toml"), manifest.into_bytes()),
        (path("Cargo.lock"), lock.into_bytes()),
        (path("src/main.rs"), Vec::new()),
    ])
}

criterion_group!(benches, planning);
criterion_main!(benches);

//! How long the graph of a large fleet takes: 10,000 repositories, 200,000 dependencies among them, a tenth by git, some
//! for development only, and some cycles.

use criterion::Criterion;
use depbot::fleet::{Node, Published, PublishedTo, Use, graph};
use depbot::model::{CrateName, DependencyKind, GitReference, Registry, RepoName, Source};

const REPOSITORIES: u64 = 10_000;
const USES: u64 = 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let nodes: Vec<Node> = (0..REPOSITORIES).map(node).collect();
    let fleet = graph(&nodes);
    println!("{} edges, {} waves, {} cycles", fleet.edges.len(), fleet.waves.len(), fleet.cycles.len());
    criterion.bench_function("10,000 repositories", |bencher| bencher.iter(|| graph(&nodes)));
    criterion.final_summary();
}

fn node(place: u64) -> Node {
    Node {
        repo: RepoName::new(format!("repo-{place}")).expect("a valid repository name"),
        urls: vec![format!("https://host.example/fleet/repo-{place}.git")],
        publishes: vec![Published { krate: krate(place), to: PublishedTo::Anywhere }],
        uses: (0..USES).map(|number| usage(place, scramble(place * USES + number))).collect(),
    }
}

/// A dependency on an earlier repository, and once in a while on any.
fn usage(user: u64, random: u64) -> Use {
    let choices = if random.is_multiple_of(5_000) { REPOSITORIES } else { user.max(1) };
    let publisher = (random >> 20) % choices;
    let kind = if random.is_multiple_of(7) { DependencyKind::Development } else { DependencyKind::Normal };
    let source = if random.is_multiple_of(10) {
        let url = format!("git@host.example:fleet/repo-{publisher}.git");
        Source::Git { url, reference: GitReference::Tag("v1.0.0".to_owned()) }
    } else {
        Source::Registry(Registry::CratesIo)
    };
    Use { krate: krate(publisher), source, kind }
}

fn krate(place: u64) -> CrateName {
    CrateName::new(format!("crate-{place}")).expect("a valid crate name")
}

/// A number that looks unlike the one it was made of (the finaliser of SplitMix64).
fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

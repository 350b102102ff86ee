//! Fleets, and what comes of them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::{GitReference, RegistryName};

fn krate(name: &str) -> CrateName {
    CrateName::new(name).expect("a valid crate name")
}

/// A repository that publishes a crate of its own name anywhere, and can be cloned from `https://host.example/NAME`.
fn node(name: &str, uses: &[Use]) -> Node {
    Node {
        repo: RepoName::new(name).expect("a valid repository name"),
        urls: vec![format!("https://host.example/{name}")],
        publishes: vec![Published { krate: krate(name), to: PublishedTo::Anywhere }],
        uses: uses.to_vec(),
    }
}

fn from_registry(name: &str, registry: Registry) -> Use {
    Use { krate: krate(name), source: Source::Registry(registry), kind: DependencyKind::Normal }
}

fn needs(name: &str) -> Use {
    from_registry(name, Registry::CratesIo)
}

fn tests_with(name: &str) -> Use {
    Use { kind: DependencyKind::Development, ..needs(name) }
}

fn from_git(url: &str) -> Use {
    let source = Source::Git { url: url.to_owned(), reference: GitReference::Tag("v1.0.0".to_owned()) };
    Use { krate: krate("any"), source, kind: DependencyKind::Build }
}

fn named(name: &str) -> Registry {
    Registry::Named(RegistryName::new(name).expect("a valid registry name"))
}

/// Waves as `a b | c`.
fn waves(fleet: &Fleet) -> String {
    groups(&fleet.waves)
}

fn groups(groups: &[Vec<RepoName>]) -> String {
    let group = |names: &Vec<RepoName>| names.iter().map(RepoName::as_str).collect::<Vec<_>>().join(" ");
    groups.iter().map(group).collect::<Vec<_>>().join(" | ")
}

#[test]
fn libraries_come_in_earlier_waves_than_their_users() {
    let fleet = graph(&[
        node("service", &[needs("client"), needs("core"), needs("serde")]),
        node("client", &[needs("core")]),
        node("tool", &[]),
        node("core", &[]),
    ]);
    assert_eq!(waves(&fleet), "tool core | client | service");
    let edges: Vec<_> = fleet.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(edges, [("client", "service"), ("core", "service"), ("core", "client")]);
    assert!(fleet.cycles.is_empty());
}

#[test]
fn no_repositories_make_no_waves() {
    assert_eq!(graph(&[]), Fleet::default());
}

#[test]
fn a_registry_dependency_finds_who_publishes_there() {
    let check = |to: PublishedTo, asked: Registry, expect: bool| {
        let mut publisher = node("core", &[]);
        publisher.publishes[0].to = to.clone();
        let fleet = graph(&[publisher, node("service", &[from_registry("core", asked.clone())])]);
        assert_eq!(!fleet.edges.is_empty(), expect, "{to:?} for {asked:?}");
    };
    let only = |registry: Registry| PublishedTo::Registries(vec![registry]);
    let index = |url: &str| Registry::Index(url.to_owned());
    check(PublishedTo::Anywhere, Registry::CratesIo, true);
    check(PublishedTo::Anywhere, named("acme"), true);
    check(PublishedTo::Nowhere, Registry::CratesIo, false);
    check(only(named("acme")), named("acme"), true);
    check(only(named("acme")), named("other"), false);
    check(only(named("acme")), Registry::CratesIo, false);
    check(only(named("crates-io")), Registry::CratesIo, true);
    check(only(index("sparse+https://a/")), index("sparse+https://a"), true);
    check(PublishedTo::Registries(Vec::new()), Registry::CratesIo, false);
}

#[test]
fn a_git_dependency_finds_its_repository_by_any_form_of_its_url() {
    for url in ["git@host.example:core.git", "ssh://git@host.example/core", "https://host.example/core.git/"] {
        let fleet = graph(&[node("service", &[from_git(url)]), node("core", &[])]);
        assert_eq!(waves(&fleet), "core | service", "{url}");
        assert_eq!(fleet.edges[0].krate, krate("any"));
    }
}

#[test]
fn what_a_repository_uses_of_itself_is_no_edge() {
    let own_path = Use { source: Source::Path("../core".to_owned()), ..needs("core") };
    let fleet = graph(&[node("core", &[needs("core"), from_git("https://host.example/core")]), node("a", &[own_path])]);
    assert_eq!((fleet.edges, fleet.cycles), (Vec::new(), Vec::new()));
}

#[test]
fn repositories_that_need_each_other_share_a_wave() {
    let fleet = graph(&[
        node("after", &[needs("b")]),
        node("a", &[needs("b"), needs("first")]),
        node("b", &[needs("a")]),
        node("first", &[]),
    ]);
    assert_eq!(waves(&fleet), "first | a b | after");
    assert_eq!(groups(&fleet.cycles), "a b");
}

#[test]
fn a_development_dependency_orders_waves_unless_it_closes_a_cycle() {
    let fleet = graph(&[node("core", &[tests_with("harness")]), node("harness", &[])]);
    assert_eq!((waves(&fleet).as_str(), fleet.edges[0].strength), ("harness | core", Strength::Development));

    let fleet = graph(&[node("core", &[tests_with("harness")]), node("harness", &[needs("core")])]);
    assert_eq!(waves(&fleet), "core | harness");
    let strengths: Vec<_> = fleet.edges.iter().map(|edge| edge.strength).collect();
    assert_eq!(strengths, [Strength::Needed, Strength::Dropped]);
    assert!(fleet.cycles.is_empty());

    let fleet = graph(&[node("a", &[tests_with("b")]), node("b", &[tests_with("a")])]);
    assert_eq!((fleet.waves.len(), fleet.cycles.len()), (2, 0), "one of two development edges is enough to drop");
}

#[test]
fn a_crate_used_in_both_ways_is_needed() {
    let fleet = graph(&[node("core", &[]), node("service", &[tests_with("core"), needs("core")])]);
    assert_eq!(fleet.edges.len(), 1);
    assert_eq!(fleet.edges[0].strength, Strength::Needed);
}

#[test]
fn of_two_repositories_with_one_name_the_first_counts() {
    let fleet = graph(&[node("core", &[]), node("core", &[needs("other")]), node("other", &[])]);
    assert_eq!(waves(&fleet), "core other");
}

#[test]
fn a_long_chain_has_as_many_waves() {
    let chain = |place: u32| node(&format!("r{place}"), &[needs(&format!("r{}", place + 1))]);
    let fleet = graph(&(0..5_000).map(chain).collect::<Vec<_>>());
    assert_eq!((fleet.waves.len(), fleet.waves[0][0].as_str()), (5_000, "r4999"));
}

fn any_fleet() -> impl Strategy<Value = Vec<Node>> {
    (1_usize..25).prop_flat_map(|count| {
        prop::collection::vec((0..count, 0..count, any::<bool>()), 0..count * 2).prop_map(move |uses| {
            let name = |place: usize| format!("r{place}");
            let mut nodes: Vec<Node> = (0..count).map(|place| node(&name(place), &[])).collect();
            for (user, publisher, development) in uses {
                let usage = if development { tests_with(&name(publisher)) } else { needs(&name(publisher)) };
                nodes[user].uses.push(usage);
            }
            nodes
        })
    })
}

/// Which repositories reach which over needed edges alone, by trying.
fn reaches(fleet: &Fleet, from: &RepoName, to: &RepoName) -> bool {
    let mut reached = BTreeSet::from([from.clone()]);
    loop {
        let needed = fleet.edges.iter().filter(|edge| edge.strength == Strength::Needed);
        let next: Vec<RepoName> =
            needed.filter(|edge| reached.contains(&edge.from)).map(|edge| edge.to.clone()).collect();
        let before = reached.len();
        reached.extend(next);
        if reached.len() == before {
            return reached.contains(to);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_repository_is_once_in_the_waves_and_behind_what_it_uses(nodes in any_fleet()) {
        let fleet = graph(&nodes);
        prop_assert_eq!(&fleet, &graph(&nodes), "the same each time");
        let mut all: Vec<&RepoName> = fleet.waves.iter().flatten().collect();
        all.sort();
        let mut expect: Vec<&RepoName> = nodes.iter().map(|node| &node.repo).collect();
        expect.sort();
        prop_assert_eq!(all, expect);
        prop_assert!(fleet.waves.iter().all(|wave| !wave.is_empty()));

        let wave = |repo: &RepoName| fleet.waves.iter().position(|wave| wave.contains(repo));
        let in_one_cycle = |edge: &Edge| fleet.cycles.iter().any(|cycle| cycle.contains(&edge.from) && cycle.contains(&edge.to));
        for edge in &fleet.edges {
            prop_assert_ne!(&edge.from, &edge.to);
            match (edge.strength, in_one_cycle(edge)) {
                (Strength::Dropped, cycle) => prop_assert!(!cycle, "not dropped where it changes nothing: {edge:?}"),
                (_, true) => prop_assert_eq!(wave(&edge.from), wave(&edge.to)),
                (_, false) => prop_assert!(wave(&edge.from) < wave(&edge.to), "{edge:?}"),
            }
        }
        for cycle in &fleet.cycles {
            prop_assert!(cycle.len() > 1);
            for repo in cycle {
                prop_assert!(reaches(&fleet, &cycle[0], repo) && reaches(&fleet, repo, &cycle[0]), "{cycle:?}");
            }
        }
    }
}

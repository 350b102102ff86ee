//! Runs that are killed at every moment that matters, and the run after them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use crate::support::git_repo::git;
use crate::world::{World, manifest};

/// The number of the signal that no process survives.
const SIGKILL: i32 = 9;

/// How many worlds are at work side by side, each with its share of the moments.
const WORKERS: u64 = 3;

/// Where a fleet stands: what its branches and tags hold, and its pull requests.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    trees: BTreeMap<String, String>,
    pull_requests: BTreeMap<String, Vec<String>>,
    bodies: Vec<String>,
}

/// A chain of three repositories, so that one is at work at a time and the moments are always the same ones: a library and
/// a service of which versions are tagged, and one that uses the service and has a culprit.
fn fleet() -> World {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0"), ("beta", "1.0.0")]);
    let verify = "! grep -A1 'name = \"beta\"' Cargo.lock | grep -q 'version = \"1.1.0\"'\n";
    let uses = |name: &str| {
        let url = format!("file://{}", world.origin(name).display());
        format!("{name} = {{ git = \"{url}\", tag = \"v0.1.0\" }}\n")
    };
    let chain = [
        ("library", "alpha = \"1.0\"\n".to_owned()),
        ("service", uses("library")),
        ("culprit", format!("beta = \"1.0\"\n{}", uses("service"))),
    ];
    for (name, dependencies) in chain {
        let files = [("Cargo.toml", &*manifest(name, &dependencies)), ("src/lib.rs", ""), ("verify.sh", verify)];
        let origin = world.repo(name, &files);
        if name != "culprit" {
            git(&origin.checkout(), &["tag", "--annotate", "--message=v0.1.0", "v0.1.0"]);
            git(&origin.checkout(), &["push", "--quiet", "origin", "v0.1.0"]);
        }
        fs::remove_dir_all(origin.checkout()).expect("a checkout");
    }
    world.publish(&[("alpha", "1.1.0"), ("alpha", "2.0.0"), ("beta", "1.1.0")]);
    world.fleet_with(
        "merge-when = \"verified\"\nverify = [\"sh verify.sh\"]\n",
        &[("library", "release = \"tag\"\n"), ("service", "release = \"tag\"\n"), ("culprit", "")],
    );
    world
}

const NAMES: [&str; 3] = ["library", "service", "culprit"];

fn standing(world: &World) -> Standing {
    let is_public = |name: &str| name.contains(" refs/heads/") || name.contains(" refs/tags/");
    let tree = |(name, _): (String, String)| {
        let (repo, reference) = name.split_once(' ')?;
        let tree = world.git(repo, &["rev-parse", &format!("{reference}^{{tree}}")]);
        is_public(&name).then_some((name, tree))
    };
    Standing {
        trees: world.refs().into_iter().filter_map(tree).collect(),
        pull_requests: NAMES.map(|name| (name.to_owned(), world.pull_request_lines(name))).into(),
        bodies: NAMES.iter().flat_map(|name| world.pull_requests(name)).map(|it| without_times(&it.body)).collect(),
    }
}

fn without_times(body: &str) -> String {
    body.lines().filter(|line| !line.contains(" passed in ")).map(|line| format!("{line}\n")).collect()
}

/// Puts the fleet back to where it was, with nothing known of it.
fn restore(world: &World, pristine: &Path) {
    let _ = fs::remove_dir_all(world.path(".depbot"));
    fs::remove_dir_all(world.path("forge")).expect("a forge");
    copy(pristine, &world.path("forge"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

fn check_standing(world: &World, expect: &Standing, when: &str) {
    let found = standing(world);
    assert_eq!(found.trees, expect.trees, "{when}");
    assert_eq!(found.pull_requests, expect.pull_requests, "{when}");
    for (found, expect) in found.bodies.iter().zip(&expect.bodies) {
        assert!(found == expect, "{when}: instead of\n{expect}\nit is\n{found}");
    }
}

/// Every change of a pull request once, and in an order that can be.
fn check_changes(world: &World, moment: u64) {
    let mut expect = Vec::new();
    for name in NAMES {
        for it in world.pull_requests(name) {
            expect.push(format!("{name} {} Opened", it.number));
            if let Some(commit) = &it.merge_commit {
                expect.push(format!("{name} {} Merged({commit:?})", it.number));
            }
        }
    }
    let mut found = world.changes();
    found.retain(|change| !change.ends_with("Refreshed"));
    let place = |change: &String| NAMES.iter().position(|name| change.starts_with(name));
    found.sort_by_key(|change| (place(change), change.split(' ').nth(1).map(str::to_owned)));
    assert_eq!(found, expect, "killed at moment {moment}");
}

#[test]
fn a_run_that_is_killed_at_any_moment_is_finished_by_the_next_as_if_nothing_had_been() {
    let moments: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || kill_at_moments(worker))).collect();
        workers.into_iter().map(|worker| worker.join().expect("every kill is made good")).collect()
    });
    let all: u64 = moments.iter().sum();
    assert!(all > 40, "the run has only {all} moments");
}

/// Kills at every `WORKERS`th moment, beginning with `worker`; says how many there were.
fn kill_at_moments(worker: u64) -> u64 {
    let world = fleet();
    let pristine = world.path("pristine");
    copy(&world.path("forge"), &pristine);
    world.run(&["upgrade", "--all"], 0);
    let undisturbed = standing(&world);
    check_changes(&world, 0);
    if worker == 0 {
        insta::assert_debug_snapshot!(undisturbed.pull_requests);
        world.run(&["upgrade", "--all"], 0);
        check_standing(&world, &undisturbed, "a run after an undisturbed one has nothing to do");
    }
    for count in 0.. {
        let moment = 1 + worker + count * WORKERS;
        restore(&world, &pristine);
        let mut command = world.command(&["upgrade", "--all"]);
        let killed = command.env("DEPBOT_KILL_AT", moment.to_string()).output().expect("it starts");
        if killed.status.signal() != Some(SIGKILL) {
            assert_eq!(killed.status.code(), Some(0), "{}", String::from_utf8_lossy(&killed.stderr));
            return count;
        }
        world.run(&["upgrade", "--all"], 0);
        check_standing(&world, &undisturbed, &format!("killed at moment {moment}"));
        check_changes(&world, moment);
    }
    unreachable!("a run has an end")
}

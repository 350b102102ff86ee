//! Runs that are interrupted, and runs side by side.

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use depbot::model::RepositoryStatus;

use crate::world::{World, manifest, repository};

/// A world whose tests never end while the file `wait` is in the home folder; its process tells its id.
fn endless() -> World {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    let script = "test -e \"$HOME/wait\" || exit 0\nsh -c 'echo $$ > \"$HOME/id.new\"; mv \"$HOME/id.new\" \"$HOME/id\"; \
                  exec sleep 600' &\nwait\n";
    let text = manifest("app", "alpha = \"1.0\"\n");
    world.repo("app", &[("Cargo.toml", &text), ("src/lib.rs", ""), ("verify.sh", script)]);
    world.publish(&[("alpha", "1.1.0")]);
    world.fleet_with("merge-when = \"verified\"\nverify = [\"sh verify.sh\"]\n", &[("app", "")]);
    world.write("home/wait", "");
    world
}

/// Starts an upgrade, and returns when its tests are at work, with the id of the process that is to be gone afterwards.
fn start(world: &World) -> (Child, String) {
    let _ = std::fs::remove_file(world.path("home/id"));
    let child = world.command(&["upgrade", "--all", "--quiet"]).spawn().expect("it starts");
    until("the tests are at work", || world.path("home/id").exists());
    (child, world.read("home/id").trim().to_owned())
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: it takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, signal: nix::sys::signal::Signal) {
    let id = i32::try_from(child.id()).expect("a process id");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).expect("it is running");
}

fn ended(child: &mut Child) -> ExitStatus {
    child.wait().expect("it is ours")
}

fn is_running(id: &str) -> bool {
    // A process that was killed and not yet waited for by its new parent is gone as well.
    std::fs::read_to_string(Path::new("/proc").join(id).join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn ctrl_c_ends_a_run_within_a_second_with_all_that_it_started_and_the_next_run_finishes() {
    for stop in [nix::sys::signal::Signal::SIGINT, nix::sys::signal::Signal::SIGTERM] {
        let world = endless();
        let (mut child, id) = start(&world);
        let asked = Instant::now();
        signal(&child, stop);
        let status = ended(&mut child);
        assert!(asked.elapsed() < Duration::from_secs(2), "{stop}: {:?}", asked.elapsed());
        assert_eq!(status.code(), Some(130), "{stop}");
        assert!(!is_running(&id), "{stop}: the grandchild {id} is still there");
        let summary = world.summary();
        assert!(summary.interrupted && summary.repositories.is_empty(), "{summary:?}");

        std::fs::remove_file(world.path("home/wait")).expect("a file");
        let summary = world.upgrade(0);
        assert_eq!(repository(&summary, "app").status, RepositoryStatus::Merged);
    }
}

#[test]
fn what_a_killed_run_left_running_is_ended_by_the_next() {
    let world = endless();
    let (mut child, id) = start(&world);
    signal(&child, nix::sys::signal::Signal::SIGKILL);
    ended(&mut child);
    std::fs::remove_file(world.path("home/wait")).expect("a file");
    let summary = world.upgrade(0);
    assert!(!is_running(&id), "the orphan {id} is still there");
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::Merged);
}

#[test]
fn two_runs_on_one_state_folder_do_not_meet() {
    let world = endless();
    let (mut child, _) = start(&world);
    for arguments in [["upgrade", "--all"], ["plan", "--all"]] {
        let ran = world.run(&arguments, 3);
        assert!(ran.stderr.contains("another depbot is at work in "), "{}", ran.stderr);
    }
    world.run(&["pr", "list"], 0);
    signal(&child, nix::sys::signal::Signal::SIGINT);
    assert_eq!(ended(&mut child).code(), Some(130));
}

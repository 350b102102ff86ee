//! People win: what they closed, pushed, held and switched off.

use depbot::forge::local::CheckState;
use depbot::model::{PullRequestState, RepositoryStatus};

use crate::support::git_repo::git;
use crate::world::{DEFAULTS, World, outcomes, repository};

fn one_update() -> World {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0")]);
    world
}

#[test]
fn a_pull_request_that_a_person_closed_is_not_opened_again_for_the_same_versions() {
    let world = one_update();
    world.fleet(&[("app", "automerge = \"off\"\n")]);
    world.upgrade(0);
    world.run(&["pr", "close", "app", "1"], 0);
    let summary = world.upgrade(0);
    assert_eq!(world.pull_request_lines("app").len(), 1);
    assert_eq!(
        outcomes(&summary, "app"),
        ["alpha not updated [1.1.0: a person closed pull request #1 that proposed it]"]
    );
    assert_eq!(world.changes(), ["app #1 Opened", "app #1 Closed(\"a person closed it\")"]);
    world.publish(&[("alpha", "1.2.0")]);
    world.upgrade(0);
    let lines = world.pull_request_lines("app");
    assert!(lines.len() == 2 && lines[1].contains("Update alpha to 1.2.0"), "{lines:?}");
}

#[test]
fn a_branch_with_a_persons_commit_is_left_alone_and_that_is_said_once() {
    let world = one_update();
    world.fleet(&[("app", "merge-when = \"checks\"\n")]);
    world.upgrade(0);
    let checkout = world.path("forge/app.git.checkout");
    git(&checkout, &["fetch", "--quiet", "origin"]);
    git(&checkout, &["checkout", "--quiet", "-B", "mine", "origin/depbot/routine"]);
    git(&checkout, &["commit", "--quiet", "--allow-empty", "--message=mine"]);
    git(&checkout, &["push", "--quiet", "origin", "mine:depbot/routine"]);
    let head = world.head("app", "depbot/routine");
    world.publish(&[("alpha", "1.2.0")]);
    world.fleet(&[("app", "")]);
    for _ in 0..2 {
        let summary = world.upgrade(0);
        assert_eq!(world.head("app", "depbot/routine"), head);
        let notes = &repository(&summary, "app").notes;
        assert!(notes.iter().any(|note| note.starts_with("a person has pushed ")), "{notes:?}");
        assert_eq!(repository(&summary, "app").status, RepositoryStatus::Waiting);
        let pull_request = &world.pull_requests("app")[0];
        assert_eq!(pull_request.state, PullRequestState::Open);
        assert_eq!(world.comments("app", pull_request).len(), 1);
    }
}

#[test]
fn nothing_merges_by_itself_where_that_is_off() {
    let world = one_update();
    world.fleet(&[("app", "automerge = \"off\"\n")]);
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::Waiting);
    assert_eq!(world.pull_request_lines("app"), ["#1 open depbot/review: Update alpha to 1.1.0"]);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.0.0"]);
}

#[test]
fn a_merge_waits_for_the_forges_checks_and_happens_in_the_run_after_they_are_green() {
    let world = one_update();
    world.fleet_with(&DEFAULTS.replace("\"verified\"", "\"checks\""), &[("app", "")]);
    let mut waits_for = Vec::new();
    for state in [None, Some(CheckState::Pending), Some(CheckState::Failed)] {
        if let Some(state) = state {
            world.record_check("app", &world.pull_requests("app")[0], state);
        }
        let summary = world.upgrade(0);
        waits_for.extend(repository(&summary, "app").pull_requests[0].waits_for.clone());
    }
    assert_eq!(waits_for, ["the first check to report", "checks that are running: ci", "a person: checks failed: ci"]);
    world.record_check("app", &world.pull_requests("app")[0], CheckState::Passed);
    let refs = world.refs();
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::Merged);
    assert_ne!(world.refs(), refs);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
    assert_eq!(world.pull_request_lines("app"), ["#1 merged depbot/routine: Update alpha to 1.1.0"]);
}

#[test]
fn a_hold_keeps_a_crate_until_it_ends_and_is_an_error_with_its_place_afterwards() {
    let world = one_update();
    let hold = |until: &str| {
        world.fleet(&[("app", "")]);
        let text = world.read("repos.toml");
        let hold = format!("[[hold]]\ncrate = \"alpha\"\nowner = \"platform\"\nreason = \"FIPS\"\nuntil = {until}\n");
        world.write("repos.toml", &format!("{text}\n{hold}"));
    };
    hold("2026-06-01");
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["alpha not updated [1.1.0: held by platform until 2026-06-01: FIPS]"]);
    let refs = world.refs();
    hold("2026-05-31");
    let ran = world.run(&["upgrade", "--all"], 2);
    assert!(ran.stderr.contains("repos.toml:16:9"), "{}", ran.stderr);
    assert!(ran.stderr.contains("platform"), "{}", ran.stderr);
    assert_eq!(world.refs(), refs);
}

#[test]
fn a_lost_state_folder_makes_no_second_pull_request() {
    let world = one_update();
    world.publish(&[("alpha", "2.0.0")]);
    world.fleet(&[("app", "")]);
    world.upgrade(0);
    let (refs, lines) = (world.refs(), world.pull_request_lines("app"));
    std::fs::remove_dir_all(world.path(".depbot")).expect("a state folder");
    world.upgrade(0);
    assert_eq!(world.pull_request_lines("app"), lines);
    assert_eq!(world.refs(), refs);
}

#[test]
fn a_push_to_main_during_the_build_is_neither_merged_over_nor_undone() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    let origin = world.package("app", "alpha = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0"), ("alpha", "2.0.0")]);
    let (checkout, pushed) = (origin.checkout(), world.path("pushed"));
    let script = format!(
        "set -e\ntest -e {pushed} && exit 0\ntouch {pushed}\ncd {checkout}\necho mine > PERSON.txt\ngit add PERSON.txt\n\
         git -c user.name=P -c user.email=p@example.com commit --quiet --message=mine\n\
         git push --quiet origin HEAD:main\n",
        pushed = pushed.display(),
        checkout = checkout.display(),
    );
    world.write("push.sh", &script);
    world.fleet(&[("app", &format!("verify = [\"sh {}\"]\n", world.path("push.sh").display()))]);
    let summary = world.upgrade(0);
    assert!(pushed.exists(), "the script has run");
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::Waiting);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.0.0"]);
    assert_eq!(world.show("app", "main", "PERSON.txt").trim(), "mine");

    world.upgrade(0);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
    assert_eq!(world.locked("app", "depbot/review", "alpha"), ["2.0.0"]);
    for branch in ["main", "depbot/review"] {
        assert_eq!(world.show("app", branch, "PERSON.txt").trim(), "mine", "{branch}");
    }
}

#[test]
fn a_run_about_some_crates_leaves_other_pull_requests_and_wider_ones_alone() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0"), ("beta", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\nbeta = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0"), ("alpha", "2.0.0"), ("beta", "1.1.0")]);
    world.fleet(&[("app", "merge-when = \"checks\"\n")]);
    world.upgrade(0);
    let before = world.pull_request_lines("app");
    assert_eq!(before.len(), 2, "{before:?}");
    world.run(&["upgrade", "--all", "--package", "beta"], 0);
    world.run(&["upgrade", "--all", "--exclude", "alpha"], 0);
    world.run(&["plan", "--all", "--package", "beta", "--out", "beta.json"], 0);
    world.run(&["upgrade", "--plan", "beta.json"], 0);
    assert_eq!(world.pull_request_lines("app"), before);
    world.run(&["upgrade", "--all", "--package", "gamma"], 2);
    world.run(&["upgrade", "--all", "--package", "beta@9.0.0"], 2);
}

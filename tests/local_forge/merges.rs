//! Merges of the local forge: what they make, what stops them, and what a kill leaves behind.

use depbot::config::MergeMethod;
use depbot::forge::local::LocalForge;
use depbot::forge::{Forge, ForgeError};
use depbot::model::{CommitId, PullRequestNumber, PullRequestState};

use super::message;
use super::world::{World, new_pull_request, now};

const METHODS: [MergeMethod; 3] = [MergeMethod::Squash, MergeMethod::Merge, MergeMethod::Rebase];

/// A step of a merge at which it is cut off, and what is read afterwards.
struct Cut {
    name: &'static str,
    cut: fn(&World),
    mend: fn(&World),
    expect: PullRequestState,
}

#[tokio::test]
async fn a_merge_brings_the_change_into_a_base_that_has_moved() {
    for method in METHODS {
        let world = World::new();
        world.push("depbot/routine", &[("Cargo.toml", "serde = \"2\"\n")]);
        let head = world.push_on_top("depbot/routine", &[("Cargo.lock", "serde 2\n")]);
        let number = world.open("depbot/routine").await.number;
        let moved = world.push_on_top("main", &[("README.md", "by a person\n")]);
        let merged = world.forge.merge(&world.repo, number, &head, method, message()).await.expect("it fits");
        assert_eq!(world.tip("main"), merged, "{method:?}");
        assert_eq!(world.files("main"), ["Cargo.lock", "Cargo.toml", "README.md"], "{method:?}");
        assert_eq!(world.git(&["show", "main:Cargo.toml"]), "serde = \"2\"", "{method:?}");
        let parents = world.git(&["log", "-1", "--format=%P", "main"]);
        let subjects = world.git(&["log", "--format=%s", &format!("{moved}..main")]);
        match method {
            MergeMethod::Squash => {
                assert_eq!(parents, moved.as_str());
                assert_eq!(world.git(&["log", "-1", "--format=%B", "main"]), message().to_message().trim_end());
                assert_eq!(world.git(&["log", "-1", "--format=%an, %cn", "main"]), "A Person, depbot");
            }
            MergeMethod::Merge => {
                assert_eq!(parents, format!("{moved} {head}"));
                assert_eq!(world.git(&["log", "-1", "--format=%B", "main"]), message().to_message().trim_end());
            }
            MergeMethod::Rebase => {
                assert_eq!(subjects.lines().collect::<Vec<_>>(), ["Cargo.lock", "Cargo.toml"]);
                assert_eq!(world.git(&["log", "-1", "--format=%P", "main~1"]), moved.as_str());
            }
        }
        world.git(&["fsck", "--strict"]);
        let listed = &world.list().await[0];
        assert_eq!((listed.state, listed.merge_commit.as_ref()), (PullRequestState::Merged, Some(&merged)));
        assert_eq!((listed.ended, &listed.head_commit), (Some(now()), &head));
        let again = world.forge.merge(&world.repo, number, &head, method, message()).await;
        assert_eq!(again, Err(ForgeError::AlreadyEnded { number, state: PullRequestState::Merged }));
        assert_eq!(world.tip("main"), merged, "{method:?}: nothing happens twice");
        let closing = world.forge.close(&world.repo, number).await;
        assert!(closing.is_err(), "what is merged cannot be closed");
    }
}

#[tokio::test]
async fn a_rebase_onto_a_base_that_has_not_moved_keeps_the_commits() {
    let world = World::new();
    let head = world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    let merged = world.forge.merge(&world.repo, number, &head, MergeMethod::Rebase, message()).await;
    assert_eq!(merged, Ok(head.clone()));
    assert_eq!(world.tip("main"), head);
}

#[tokio::test]
async fn a_conflict_changes_nothing() {
    for method in METHODS {
        let world = World::new();
        let head = world.push("depbot/routine", &[("Cargo.toml", "serde = \"2\"\n")]);
        let number = world.open("depbot/routine").await.number;
        let base = world.push_on_top("main", &[("Cargo.toml", "serde = \"3\"\n")]);
        let merged = world.forge.merge(&world.repo, number, &head, method, message()).await;
        assert_eq!(merged, Err(ForgeError::Conflict { paths: vec!["Cargo.toml".to_owned()] }), "{method:?}");
        assert_eq!((world.tip("main"), world.tip("depbot/routine")), (base, head), "{method:?}");
        assert_eq!(world.list().await[0].state, PullRequestState::Open);
    }
}

#[tokio::test]
async fn only_the_expected_head_is_merged() {
    let world = World::new();
    let expected = world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    let pushed = world.push_on_top("depbot/routine", &[("b", "by a person")]);
    let base = world.tip("main");
    let merged = world.forge.merge(&world.repo, number, &expected, MergeMethod::Squash, message()).await;
    assert_eq!(merged, Err(ForgeError::HeadMoved { found: Some(pushed.clone()) }));
    assert_eq!(world.tip("main"), base);
    assert_eq!(world.list().await[0].head_commit, pushed, "the head is read live");
}

#[tokio::test]
async fn a_change_that_is_in_the_base_already_merges_without_an_empty_commit() {
    for method in [MergeMethod::Squash, MergeMethod::Rebase] {
        let world = World::new();
        let head = world.push("depbot/routine", &[("a", "1")]);
        let number = world.open("depbot/routine").await.number;
        let base = world.push_on_top("main", &[("a", "1"), ("b", "1")]);
        let merged = world.forge.merge(&world.repo, number, &head, method, message()).await;
        assert_eq!(merged, Ok(base.clone()), "{method:?}");
        assert_eq!(world.tip("main"), base);
        assert_eq!(world.list().await[0].state, PullRequestState::Merged);
    }
}

#[tokio::test]
async fn a_branch_with_a_merge_commit_cannot_be_rebased() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    world.push_on_top("main", &[("b", "1")]);
    let head = world.merge_by_hand("main", "depbot/routine");
    world.push_on_top("main", &[("c", "1")]);
    let refused = world.forge.merge(&world.repo, number, &head, MergeMethod::Rebase, message()).await;
    assert!(matches!(refused, Err(ForgeError::NotAllowed { .. })), "{refused:?}");
    let merged = world.forge.merge(&world.repo, number, &head, MergeMethod::Squash, message()).await;
    assert!(merged.is_ok(), "{merged:?}");
    assert_eq!(world.files("main"), ["Cargo.toml", "a", "b", "c"]);
}

#[tokio::test]
async fn a_branch_that_somebody_works_on_is_not_moved() {
    let world = World::new();
    let working_tree = world.working_tree_repository("tools");
    let head = world.push_to(&working_tree, "depbot/routine", &[("a", "1")]);
    let opened = world.forge.open(&working_tree, new_pull_request("depbot/routine")).await.expect("it opens");
    let refused = world.forge.merge(&working_tree, opened.number, &head, MergeMethod::Merge, message()).await;
    assert!(matches!(refused, Err(ForgeError::NotAllowed { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merges_at_once_lose_no_change_and_merge_each_once() {
    let world = World::new();
    let mut pull_requests: Vec<(PullRequestNumber, CommitId)> = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let head = world.push(&format!("depbot/{name}"), &[(name, "1")]);
        pull_requests.push((world.open(&format!("depbot/{name}")).await.number, head));
    }
    let merge = async |number, head: CommitId| {
        LocalForge::new(now).merge(&world.repo, number, &head, MergeMethod::Squash, message()).await
    };
    let twice = pull_requests.iter().chain(&pull_requests).map(|(number, head)| merge(*number, head.clone()));
    let results = futures_util::future::join_all(twice).await;
    for (index, (number, _)) in pull_requests.iter().enumerate() {
        let both = [&results[index], &results[index + pull_requests.len()]];
        assert!(both.iter().any(|result| result.is_ok()), "{number}: {both:?}");
    }
    assert_eq!(world.files("main"), ["Cargo.toml", "a", "b", "c", "d"]);
    assert_eq!(world.git(&["rev-list", "--count", "main"]), "5", "one commit each on top of the first");
    assert!(world.list().await.iter().all(|pull_request| pull_request.state == PullRequestState::Merged));
}

/// What is left behind by a process that dies at one step of a merge: a statement or a ref update that fails ends the
/// merge there, and nothing after it runs.
#[tokio::test]
async fn a_merge_that_is_cut_off_at_any_step_is_open_or_merged_and_never_made_twice() {
    let cuts = [
        Cut {
            name: "before the plan is written down",
            cut: |world| {
                world.sql("CREATE TRIGGER cut BEFORE INSERT ON merge_plan BEGIN SELECT RAISE(ABORT, 'cut'); END");
            },
            mend: |world| world.sql("DROP TRIGGER cut"),
            expect: PullRequestState::Open,
        },
        Cut {
            name: "before the base branch moves",
            cut: |world| std::fs::write(world.lock_of("main"), "").expect("the folder is there"),
            mend: |world| std::fs::remove_file(world.lock_of("main")).expect("it is there"),
            expect: PullRequestState::Open,
        },
        Cut {
            name: "before the row is ended",
            cut: |world| {
                world.sql("CREATE TRIGGER cut BEFORE UPDATE ON pull_request BEGIN SELECT RAISE(ABORT, 'cut'); END");
            },
            mend: |world| world.sql("DROP TRIGGER cut"),
            expect: PullRequestState::Merged,
        },
    ];
    for method in METHODS {
        for Cut { name, cut, mend, expect } in &cuts {
            let world = World::new();
            let head = world.push("depbot/routine", &[("a", "1")]);
            let number = world.open("depbot/routine").await.number;
            world.push_on_top("main", &[("b", "1")]);
            world.list().await;
            cut(&world);
            let cut_off = world.forge.merge(&world.repo, number, &head, method, message()).await;
            assert!(matches!(cut_off, Err(ForgeError::Unavailable { .. })), "{name}: {cut_off:?}");
            mend(&world);
            world.push_on_top("main", &[("c", "1")]);
            let read = world.list().await.remove(0);
            assert_eq!(read.state, *expect, "{method:?}, cut off {name}");
            if *expect == PullRequestState::Open {
                world.forge.merge(&world.repo, number, &head, method, message()).await.expect("it still fits");
            } else {
                let merge_commit = read.merge_commit.expect("it is merged");
                assert_eq!(
                    world.git(&["show", "--format=", "--name-only", "-m", "--first-parent", merge_commit.as_str()]),
                    "a"
                );
                assert_eq!(read.ended, Some(now()));
            }
            assert_eq!(world.files("main"), ["Cargo.toml", "a", "b", "c"]);
            let made = world.git(&["log", "--format=%s", "--first-parent", "main", "--", "a"]);
            assert_eq!(made.lines().count(), 1, "{method:?}, cut off {name}: {made}");
            assert_eq!(world.list().await[0].state, PullRequestState::Merged);
        }
    }
}

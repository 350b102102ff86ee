//! The local forge on real bare repositories, which the git command line makes and reads.

#[path = "local_forge/merges.rs"]
mod merges;
#[path = "local_forge/world.rs"]
mod world;

use depbot::config::MergeMethod;
use depbot::forge::local::{CheckState, LocalForge};
use depbot::forge::{Checks, CommitText, Forge, ForgeError, PullRequestText, RepoRef};
use depbot::model::{PullRequestNumber, PullRequestState, RepoName};
use world::{World, branch, new_pull_request, now};

fn message() -> CommitText {
    CommitText { title: "deps: raise serde".to_owned(), body: "From 1.0.1 to 1.0.2.".to_owned() }
}

#[tokio::test]
async fn an_opened_pull_request_is_listed_with_everything_that_was_said() {
    let world = World::new();
    let head = world.push("depbot/routine", &[("Cargo.toml", "serde = \"2\"\n")]);
    let mut new = new_pull_request("depbot/routine");
    new.title = "Größere Versionen: 日本語 🚀 'quoted' \"twice\"; DROP TABLE".to_owned();
    new.labels = vec!["dependencies".to_owned(), "rust".to_owned(), "dependencies".to_owned()];
    let opened = world.forge.open(&world.repo, new.clone()).await.expect("it opens");
    assert_eq!(opened.number, PullRequestNumber(1));
    assert_eq!(opened.url, "depbot pr show payments 1");
    assert_eq!(opened.state, PullRequestState::Open);
    assert_eq!((&opened.title, &opened.body), (&new.title, &new.body));
    assert_eq!(opened.head_commit, head);
    assert_eq!(opened.labels, ["dependencies", "rust"]);
    assert_eq!((opened.opened, opened.ended, opened.merge_commit.clone()), (now(), None, None));
    assert_eq!(world.list().await, [opened]);
    assert_eq!(world.forge.pull_requests(&world.repo, "other/").await, Ok(vec![]));
}

#[tokio::test]
async fn the_branches_pull_request_is_opened_once() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    world.open("depbot/routine").await;
    let again = world.forge.open(&world.repo, new_pull_request("depbot/routine")).await;
    assert_eq!(again, Err(ForgeError::AlreadyOpen { number: PullRequestNumber(1) }));
    world.forge.close(&world.repo, PullRequestNumber(1)).await.expect("it closes");
    assert_eq!(world.open("depbot/routine").await.number, PullRequestNumber(2));
    let numbers: Vec<u64> = world.list().await.iter().map(|pull_request| pull_request.number.0).collect();
    assert_eq!(numbers, [2, 1], "newest first");
}

#[tokio::test]
async fn only_branches_with_a_change_can_be_opened() {
    let world = World::new();
    world.git(&["branch", "depbot/empty", "main"]);
    let empty = world.forge.open(&world.repo, new_pull_request("depbot/empty")).await;
    assert!(matches!(empty, Err(ForgeError::NotAllowed { .. })), "{empty:?}");
    let missing = world.forge.open(&world.repo, new_pull_request("depbot/missing")).await;
    assert_eq!(missing, Err(ForgeError::NotFound { what: "the branch depbot/missing".to_owned() }));
}

#[tokio::test]
async fn a_repository_is_found_by_path_and_by_file_url() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    world.open("depbot/routine").await;
    let by_url = |url: String| RepoRef { name: RepoName::new("payments").expect("a valid name"), url };
    let path = world.repo.url.clone();
    for url in [format!("file://{}", path.replace(' ', "%20")), format!("{path}/"), path] {
        let found = world.forge.pull_requests(&by_url(url.clone()), "").await.expect("it is there");
        assert_eq!(found.len(), 1, "{url}");
    }
    let missing = world.forge.pull_requests(&by_url("/nowhere/at.git".to_owned()), "").await;
    assert_eq!(missing, Err(ForgeError::NotFound { what: "the repository /nowhere/at.git".to_owned() }));
    let remote = world.forge.pull_requests(&by_url("https://git.example/payments".to_owned()), "").await;
    assert!(matches!(remote, Err(ForgeError::NotAllowed { .. })), "{remote:?}");
}

#[tokio::test]
async fn repositories_in_one_folder_have_their_own_numbers() {
    let world = World::new();
    let other = world.second_repository("orders");
    world.push("depbot/routine", &[("a", "1")]);
    world.push_to(&other, "depbot/routine", &[("b", "1")]);
    let numbers = [&world.repo, &other].map(|repo| world.forge.open(repo, new_pull_request("depbot/routine")));
    for opened in futures_util::future::join_all(numbers).await {
        assert_eq!(opened.expect("it opens").number, PullRequestNumber(1));
    }
}

#[tokio::test]
async fn a_text_is_replaced_and_labels_are_only_added() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    let text = PullRequestText {
        title: "new".to_owned(),
        body: "new body".to_owned(),
        labels: vec!["security".to_owned(), "dependencies".to_owned()],
    };
    let updated = world.forge.update(&world.repo, number, text).await.expect("it is there");
    assert_eq!((updated.title.as_str(), updated.body.as_str()), ("new", "new body"));
    assert_eq!(updated.labels, ["dependencies", "security"]);
    let missing = PullRequestText { title: String::new(), body: String::new(), labels: vec![] };
    let missing = world.forge.update(&world.repo, PullRequestNumber(9), missing).await;
    assert_eq!(missing, Err(ForgeError::NotFound { what: "pull request #9".to_owned() }));
}

#[tokio::test]
async fn comments_are_kept_in_order() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    for text in ["first", "zweiter ✓"] {
        world.forge.comment(&world.repo, number, text).await.expect("it is there");
    }
    let comments = world.forge.comments(&world.repo, number).await.expect("it is there");
    assert_eq!(comments.iter().map(|comment| comment.text.as_str()).collect::<Vec<_>>(), ["first", "zweiter ✓"]);
    assert_eq!(comments[0].at, now());
    assert!(world.forge.comment(&world.repo, PullRequestNumber(7), "x").await.is_err());
}

#[tokio::test]
async fn closing_keeps_the_branch_and_may_be_done_again() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    for _ in 0..2 {
        world.forge.close(&world.repo, number).await.expect("it is open or closed");
    }
    let closed = world.forge.pull_request(&world.repo, number).await.expect("it is there");
    assert_eq!((closed.state, closed.ended), (PullRequestState::Closed, Some(now())));
    assert!(world.has_branch("depbot/routine"));
}

#[tokio::test]
async fn checks_are_none_pending_failed_or_green() {
    let world = World::new();
    let head = world.push("depbot/routine", &[("a", "1")]);
    assert_eq!(world.forge.checks(&world.repo, &head).await, Ok(Checks::None));
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let steps = [
        ("build", CheckState::Passed, Checks::Green),
        ("test", CheckState::Pending, Checks::Pending { names: names(&["test"]) }),
        ("lint", CheckState::Failed, Checks::Failed { names: names(&["lint"]) }),
        ("lint", CheckState::Passed, Checks::Pending { names: names(&["test"]) }),
        ("test", CheckState::Passed, Checks::Green),
    ];
    for (name, state, expect) in steps {
        world.forge.record_check(&world.repo, &head, name, state).await.expect("it is kept");
        assert_eq!(world.forge.checks(&world.repo, &head).await, Ok(expect));
    }
}

#[tokio::test]
async fn what_was_merged_with_plain_git_counts_as_merged() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    let number = world.open("depbot/routine").await.number;
    world.push_on_top("main", &[("b", "1")]);
    let merge = world.merge_by_hand("depbot/routine", "main");
    world.push_on_top("main", &[("c", "1")]);
    let merged = world.forge.pull_request(&world.repo, number).await.expect("it is there");
    assert_eq!((merged.state, merged.merge_commit), (PullRequestState::Merged, Some(merge)));

    let head = world.push("depbot/review", &[("d", "1")]);
    let number = world.open("depbot/review").await.number;
    world.git(&["update-ref", "refs/heads/main", head.as_str()]);
    world.git(&["update-ref", "-d", "refs/heads/depbot/review"]);
    world.push_on_top("main", &[("e", "1")]);
    let merged = world.forge.pull_request(&world.repo, number).await.expect("it is there");
    assert_eq!((merged.state, merged.merge_commit), (PullRequestState::Merged, Some(head)), "fast-forwarded");
}

#[tokio::test]
async fn a_branch_that_is_gone_or_set_back_closes_its_pull_request() {
    let undo: [fn(&World); 2] = [
        |world| drop(world.git(&["update-ref", "-d", "refs/heads/depbot/routine"])),
        |world| drop(world.git(&["update-ref", "refs/heads/depbot/routine", "main"])),
    ];
    for undo in undo {
        let world = World::new();
        let head = world.push("depbot/routine", &[("a", "1")]);
        world.open("depbot/routine").await;
        undo(&world);
        let closed = &world.list().await[0];
        assert_eq!((closed.state, &closed.head_commit), (PullRequestState::Closed, &head));
    }
}

#[tokio::test]
async fn the_diff_is_what_the_branch_changes_before_and_after_the_end() {
    let world = World::new();
    let head = world.push("depbot/routine", &[("Cargo.toml", "serde = \"2\"\n")]);
    let number = world.open("depbot/routine").await.number;
    world.push_on_top("main", &[("README.md", "not part of it\n")]);
    let expect = world.git(&["diff", "--no-color", "--abbrev=7", "main...depbot/routine"]);
    let diff = world.forge.diff(&world.repo, number).await.expect("it has one");
    assert_eq!(diff.trim_end(), expect);
    assert!(diff.contains("+serde = \"2\"") && diff.contains("-serde = \"1\""), "{diff}");
    let merged = world.forge.merge(&world.repo, number, &head, MergeMethod::Squash, message()).await;
    merged.expect("it fits");
    world.forge.delete_branch(&world.repo, &branch("depbot/routine")).await.expect("it is there");
    world.git(&["-c", "gc.reflogExpire=now", "gc", "--prune=now", "--quiet"]);
    assert_eq!(world.forge.diff(&world.repo, number).await, Ok(diff));
}

#[tokio::test]
async fn a_branch_is_deleted_once_or_twice_but_never_the_default_one() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    for _ in 0..2 {
        world.forge.delete_branch(&world.repo, &branch("depbot/routine")).await.expect("there or not");
    }
    assert!(!world.has_branch("depbot/routine"));
    let refused = world.forge.delete_branch(&world.repo, &branch("main")).await;
    assert!(matches!(refused, Err(ForgeError::NotAllowed { .. })), "{refused:?}");
    assert!(world.has_branch("main"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_open_one_pull_request() {
    let world = World::new();
    world.push("depbot/routine", &[("a", "1")]);
    let tries =
        (0..8).map(|_| async { LocalForge::new(now).open(&world.repo, new_pull_request("depbot/routine")).await });
    let results = futures_util::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let refused = Err(ForgeError::AlreadyOpen { number: PullRequestNumber(1) });
    assert_eq!(results.iter().filter(|&result| *result == refused).count(), 7, "{results:?}");
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_kept() {
    let world = World::new();
    let file = world.folder().join("pull-requests.sqlite");
    std::fs::write(&file, "not a database, but somebody's notes ".repeat(100)).expect("the folder is there");
    let refused = world.forge.pull_requests(&world.repo, "").await;
    let Err(ForgeError::Unavailable { message }) = refused else { panic!("{refused:?}") };
    assert!(message.contains("is not a file of pull requests of depbot"), "{message}");
    assert!(std::fs::read_to_string(&file).expect("it is kept").starts_with("not a database"));
}

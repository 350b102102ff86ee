//! Merges that are really made, and those that GitHub refuses.

use depbot::config::MergeMethod;
use depbot::forge::{Forge, ForgeError};
use depbot::model::{CommitId, PullRequestNumber, PullRequestState};

use crate::world::{World, branch, message};

const FIRST: PullRequestNumber = PullRequestNumber(1);

async fn opened() -> (World, CommitId) {
    let world = World::new().await;
    let head = world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    (world, head)
}

async fn merge(world: &World, head: &CommitId, method: MergeMethod) -> Result<CommitId, ForgeError> {
    world.forge.merge(&world.repo, FIRST, head, method, message()).await
}

#[tokio::test]
async fn each_method_merges_as_it_says() {
    for (method, parents) in [(MergeMethod::Squash, 1), (MergeMethod::Merge, 2), (MergeMethod::Rebase, 1)] {
        let (world, head) = opened().await;
        let before = world.tip("main");
        let merged = merge(&world, &head, method).await.expect("it merges");
        assert_eq!(merged.as_str(), world.tip("main"));
        let found = world.origin.git(&["log", "-1", "--format=%P", "main"]);
        assert_eq!(found.split(' ').count(), parents, "{method:?}");
        assert!(found.starts_with(&before), "{method:?}");
        let said = world.origin.git(&["log", "-1", "--format=%B", "main"]);
        let expect =
            if method == MergeMethod::Rebase { "change" } else { "deps: raise serde (#1)\n\nFrom 1.0.1 to 1.0.2." };
        assert_eq!(said, expect);
        let listed = &world.list().await[0];
        assert_eq!((listed.state, &listed.merge_commit), (PullRequestState::Merged, &Some(merged)));
        assert!(listed.ended.is_some_and(|ended| ended > listed.opened));
        let again = merge(&world, &head, method).await;
        assert_eq!(again, Err(ForgeError::AlreadyEnded { number: FIRST, state: PullRequestState::Merged }));
        let closed = world.forge.close(&world.repo, FIRST).await;
        assert_eq!(closed, Err(ForgeError::AlreadyEnded { number: FIRST, state: PullRequestState::Merged }));
    }
}

#[tokio::test]
async fn nothing_merges_that_a_person_pushed_to() {
    let (world, head) = opened().await;
    let found = world.push_on_top("2");
    assert_eq!(merge(&world, &head, MergeMethod::Squash).await, Err(ForgeError::HeadMoved { found: Some(found) }));
}

#[tokio::test]
async fn a_conflict_is_told_from_a_rule() {
    let (world, head) = opened().await;
    world.repository(|repository| repository.blocked = Some("Required status check \"ci\" is expected."));
    let blocked = merge(&world, &head, MergeMethod::Squash).await.expect_err("a rule forbids it");
    let words = "refuses a request for pull request #1 of acme/payments: Required status check \"ci\" is expected";
    assert_eq!(blocked, ForgeError::NotAllowed { reason: format!("{} {words}", world.forge.host()) });
    world.repository(|repository| {
        repository.blocked = None;
        repository.merge_methods = vec!["merge"];
    });
    let method = merge(&world, &head, MergeMethod::Squash).await.expect_err("the repository has no squash merges");
    assert!(method.to_string().ends_with("squash merges are not allowed on this repository"), "{method}");
    world.push("main", "something else");
    assert_eq!(merge(&world, &head, MergeMethod::Merge).await, Err(ForgeError::Conflict { paths: vec![] }));
    assert_eq!(world.forge.close(&world.repo, FIRST).await, Ok(()));
    let closed = merge(&world, &head, MergeMethod::Merge).await;
    assert_eq!(closed, Err(ForgeError::AlreadyEnded { number: FIRST, state: PullRequestState::Closed }));
}

#[tokio::test]
async fn while_github_thinks_a_merge_is_tried_again() {
    let (world, head) = opened().await;
    world.repository(|repository| repository.thinks = 2);
    merge(&world, &head, MergeMethod::Squash).await.expect("it merges in the end");
}

#[tokio::test]
async fn a_branch_is_deleted_once_and_a_protected_one_never() {
    let (world, _) = opened().await;
    for _ in 0..2 {
        assert_eq!(world.forge.delete_branch(&world.repo, &branch("depbot/routine")).await, Ok(()));
    }
    assert!(world.origin.git(&["for-each-ref", "refs/heads/depbot"]).is_empty());
    world.push("a#b%20c", "2");
    world.repository(|repository| repository.protected = vec!["a#b%20c".to_owned()]);
    let refused = world.forge.delete_branch(&world.repo, &branch("a#b%20c")).await.expect_err("it is protected");
    assert!(matches!(&refused, ForgeError::NotAllowed { reason } if reason.contains("protected")), "{refused}");
    world.repository(|repository| repository.protected.clear());
    assert_eq!(world.forge.delete_branch(&world.repo, &branch("a#b%20c")).await, Ok(()));
    assert!(world.origin.git(&["for-each-ref", "refs/heads/a#b%20c"]).is_empty());
}

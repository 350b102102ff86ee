//! Each rule of reconciling, and that a killed run leaves nothing that the next one does not recognize.

use depbot::model::{Lane, PullRequestNumber, PullRequestState};
use depbot::reconcile::{Action, Branch, Existing, HeadOwner, Wanted, closed_updates, marker, reconcile};

use crate::world::{branch, branch_at, commit, ended, marker_of, proposed, tree, update, wanted};

fn act(wanted: &[Wanted], existing: &[Existing], branches: &[Branch]) -> Vec<Action> {
    reconcile(wanted, existing, branches, &branch("main"))
}

fn check(wanted: &[Wanted], existing: &[Existing], branches: &[Branch], expect: &[&str]) {
    let actions: Vec<String> = act(wanted, existing, branches).iter().map(ToString::to_string).collect();
    assert_eq!(actions, expect);
}

fn routine(digit: char) -> Wanted {
    wanted(Lane::Routine, digit, &["serde 1.0.220"])
}

#[test]
fn what_is_missing_is_opened() {
    check(&[routine('a')], &[], &[], &["open aaaaaaaaaa from depbot/routine: Update things"]);
    let actions = act(&[routine('a')], &[], &[]);
    let Action::Open { push, new, .. } = &actions[0] else { panic!("{actions:?}") };
    assert_eq!(push.expect, None);
    assert_eq!(marker::read(&new.body), Some(marker_of(&routine('a'))));
    assert_eq!((new.base.as_str(), new.labels.as_slice()), ("main", ["dependencies".to_owned()].as_slice()));
}

#[test]
fn lanes_do_not_disturb_each_other() {
    let review = wanted(Lane::Review, 'b', &["axum 0.8.9"]);
    check(
        &[review.clone(), routine('a')],
        &[proposed(7, &review)],
        &[],
        &["open aaaaaaaaaa from depbot/routine: Update things", "leave #7: it is up to date"],
    );
}

#[test]
fn a_branch_without_a_pull_request_is_taken_over_only_when_it_is_depbots() {
    let take = |owner| act(&[routine('a')], &[], &[branch_at(Lane::Routine, 'e', owner)]);
    let ours = take(HeadOwner::Depbot);
    let Action::Open { push, .. } = &ours[0] else { panic!("{ours:?}") };
    assert_eq!(push.expect, Some(commit('e')));
    assert_eq!(
        take(HeadOwner::Person)[0].to_string(),
        "open nothing for routine: branch depbot/routine has commits that are not depbot's"
    );
    check(
        &[],
        &[],
        &[branch_at(Lane::Routine, 'e', HeadOwner::Depbot)],
        &["delete branch depbot/routine at eeeeeeeeee"],
    );
    check(&[], &[], &[branch_at(Lane::Routine, 'e', HeadOwner::Person)], &[]);
}

#[test]
fn the_same_change_is_not_pushed_again() {
    let old = routine('a');
    check(std::slice::from_ref(&old), &[proposed(7, &old)], &[], &["leave #7: it is up to date"]);

    let remade = Wanted { commit: commit('b'), ..old.clone() };
    check(&[remade], &[proposed(7, &old)], &[], &["leave #7: it is up to date"]);

    let reworded = Wanted { commit: commit('b'), body: "Another text.".into(), ..old.clone() };
    let actions = act(&[reworded], &[proposed(7, &old)], &[]);
    let Action::Refresh { text: Some(text), push: None, .. } = &actions[0] else { panic!("{actions:?}") };
    assert_eq!(marker::read(&text.body).map(|marker| marker.head), Some(commit('a')), "the head that is there");

    let retitled = Wanted { title: "Update more".into(), ..old.clone() };
    check(&[retitled], &[proposed(7, &old)], &[], &["refresh #7: text \"Update more\""]);
}

#[test]
fn a_base_that_moved_alone_asks_for_no_push() {
    let old = routine('a');
    let on_new_base = Wanted { commit: commit('b'), tree: tree('b'), ..old.clone() };
    let merges_to_it = Existing { result: Some(tree('b')), ..proposed(7, &old) };
    let actions = act(std::slice::from_ref(&on_new_base), &[merges_to_it], &[]);
    assert!(matches!(&actions[0], Action::Refresh { push: None, .. }), "{actions:?}");

    for result in [None, Some(tree('c'))] {
        let actions = act(std::slice::from_ref(&on_new_base), &[Existing { result, ..proposed(7, &old) }], &[]);
        assert!(matches!(&actions[0], Action::Refresh { push: Some(_), .. }), "{actions:?}");
    }
}

#[test]
fn a_push_names_both_heads_before_it_is_made() {
    let (old, new) = (routine('a'), wanted(Lane::Routine, 'b', &["serde 1.0.221"]));
    let actions = act(std::slice::from_ref(&new), &[proposed(7, &old)], &[]);
    let Action::Refresh { number, text: Some(text), push: Some(push) } = &actions[0] else { panic!("{actions:?}") };
    assert_eq!(*number, PullRequestNumber(7));
    assert_eq!((&push.commit, &push.expect), (&commit('b'), &Some(commit('a'))));
    let marker = marker::read(&text.body).expect("a marker");
    assert!(marker.knows(&commit('a')) && marker.knows(&commit('b')) && !marker.knows(&commit('c')));

    // Killed after the text, before the push: the next run, with yet another commit, still knows the head.
    let mut halfway = proposed(7, &old);
    halfway.pull_request.body = text.body.clone();
    let third = wanted(Lane::Routine, 'c', &["serde 1.0.222"]);
    let actions = act(&[third], &[halfway.clone()], &[]);
    let Action::Refresh { text: Some(text), push: Some(push), .. } = &actions[0] else { panic!("{actions:?}") };
    assert_eq!(push.expect, Some(commit('a')));
    assert!(marker::read(&text.body).is_some_and(|marker| marker.knows(&commit('a')) && marker.knows(&commit('c'))));

    // Killed after the push: nothing is left to do.
    halfway.pull_request.head_commit = commit('b');
    halfway.result = Some(tree('b'));
    check(&[new], &[halfway], &[], &["leave #7: it is up to date"]);
}

#[test]
fn acting_twice_is_acting_once() {
    let (old, new) = (routine('a'), wanted(Lane::Routine, 'b', &["serde 1.0.221"]));
    let mut existing = proposed(7, &old);
    for action in act(std::slice::from_ref(&new), &[existing.clone()], &[]) {
        let Action::Refresh { text: Some(text), push: Some(push), .. } = action else { panic!("{action:?}") };
        (existing.pull_request.title, existing.pull_request.body) = (text.title, text.body);
        existing.pull_request.head_commit = push.commit;
        existing.result = Some(new.tree.clone());
    }
    for _ in 0..2 {
        check(std::slice::from_ref(&new), &[existing.clone()], &[], &["leave #7: it is up to date"]);
        existing.pull_request.body = existing.pull_request.body.replace('\n', "\r\n");
    }
}

#[test]
fn a_persons_commit_is_left_alone_and_said_once() {
    let mut touched = proposed(7, &routine('a'));
    touched.pull_request.head_commit = commit('f');
    let expect = ["leave #7: a person has pushed ffffffffff to it"];
    check(&[routine('b')], std::slice::from_ref(&touched), &[], &expect);
    check(&[], std::slice::from_ref(&touched), &[], &expect);

    let actions = act(&[routine('b')], &[touched], &[]);
    let Action::Leave { comment: Some(comment), .. } = &actions[0] else { panic!("{actions:?}") };
    assert!(!comment.is_among(["Nice work"]));
    assert!(comment.is_among(["Nice work", comment.text.replace('\n', "\r\n").as_str()]));
}

#[test]
fn a_marker_that_was_edited_away_is_restored_when_the_branch_is_depbots() {
    let mut edited = proposed(7, &routine('a'));
    edited.pull_request.body = "I cleaned this up.".into();
    let ours = [branch_at(Lane::Routine, 'a', HeadOwner::Depbot)];
    check(&[routine('a')], std::slice::from_ref(&edited), &ours, &["refresh #7: text \"Update things\""]);
    check(&[routine('a')], &[edited], &[], &["leave #7: a person has pushed aaaaaaaaaa to it"]);
}

#[test]
fn words_of_people_around_the_text_stay() {
    let mut existing = proposed(7, &routine('a'));
    existing.pull_request.body =
        format!("Please hold until Monday.\r\n\r\n{}\r\nThanks, B.", existing.pull_request.body);
    check(&[routine('a')], std::slice::from_ref(&existing), &[], &["leave #7: it is up to date"]);
    let actions = act(&[Wanted { body: "New.".into(), ..routine('a') }], &[existing], &[]);
    let Action::Refresh { text: Some(text), .. } = &actions[0] else { panic!("{actions:?}") };
    assert!(
        text.body.starts_with("Please hold until Monday.\n\n") && text.body.ends_with("\nThanks, B."),
        "{}",
        text.body
    );
    assert!(text.body.contains("New.") && !text.body.contains("The text."), "{}", text.body);
}

#[test]
fn what_a_person_closed_is_not_opened_again() {
    let closed = ended(proposed(7, &routine('a')), PullRequestState::Closed);
    let told = closed_updates(std::slice::from_ref(&closed));
    assert_eq!(told, [(update("serde 1.0.220"), PullRequestNumber(7))]);
    check(
        &[routine('b')],
        std::slice::from_ref(&closed),
        &[],
        &["open nothing for routine: a person closed #7 with the same change"],
    );
    let more = wanted(Lane::Routine, 'b', &["serde 1.0.220", "anyhow 1.0.90"]);
    check(&[more], &[closed], &[], &["open bbbbbbbbbb from depbot/routine: Update things"]);

    let merged = ended(proposed(7, &routine('a')), PullRequestState::Merged);
    assert_eq!(closed_updates(std::slice::from_ref(&merged)), []);
    check(&[routine('b')], &[merged], &[], &["open bbbbbbbbbb from depbot/routine: Update things"]);
}

#[test]
fn a_closed_refresh_of_the_lock_is_not_opened_again_until_it_is_another_one() {
    let closed = ended(proposed(7, &wanted(Lane::Routine, 'a', &[])), PullRequestState::Closed);
    let same = Wanted { commit: commit('b'), ..wanted(Lane::Routine, 'a', &[]) };
    check(
        &[same],
        std::slice::from_ref(&closed),
        &[],
        &["open nothing for routine: a person closed #7 with the same change"],
    );
    check(&[wanted(Lane::Routine, 'c', &[])], &[closed], &[], &["open cccccccccc from depbot/routine: Update things"]);
}

#[test]
fn what_is_no_longer_needed_is_closed_and_nobody_takes_it_for_a_no() {
    let old = routine('a');
    let actions = act(&[], &[proposed(7, &old)], &[branch_at(Lane::Routine, 'a', HeadOwner::Depbot)]);
    assert_eq!(actions.len(), 1);
    assert_eq!(
        actions[0].to_string(),
        "close #7: nothing of it is left to do; delete branch depbot/routine at aaaaaaaaaa"
    );
    let Action::Close { text, comment, .. } = &actions[0] else { panic!("{actions:?}") };
    assert!(text.body.contains("The text.") && comment.text.contains("nothing of it is left to do"));

    let mut closed = ended(proposed(7, &old), PullRequestState::Closed);
    closed.pull_request.body = text.body.clone();
    assert_eq!(closed_updates(std::slice::from_ref(&closed)), []);
    check(&[old], &[closed], &[], &["open aaaaaaaaaa from depbot/routine: Update things"]);
}

#[test]
fn updates_that_moved_to_another_lane_supersede() {
    let review = wanted(Lane::Review, 'b', &["axum 0.8.9", "serde 1.0.220"]);
    check(
        &[review],
        &[proposed(7, &routine('a'))],
        &[],
        &[
            "close #7: its updates moved to depbot/review; delete branch depbot/routine at aaaaaaaaaa",
            "open bbbbbbbbbb from depbot/review: Update things",
        ],
    );
}

#[test]
fn another_base_and_a_second_pull_request_are_closed_but_the_branch_stays() {
    let mut onto_master = proposed(7, &routine('a'));
    onto_master.pull_request.base = branch("master");
    check(
        &[routine('a')],
        &[onto_master],
        &[branch_at(Lane::Routine, 'a', HeadOwner::Depbot)],
        &["close #7: pull requests go into main now", "open aaaaaaaaaa from depbot/routine: Update things"],
    );
    check(
        &[routine('a')],
        &[proposed(7, &routine('a')), proposed(9, &routine('a'))],
        &[],
        &["close #7: #9 has the same branch", "leave #9: it is up to date"],
    );
}

#[test]
fn branches_of_other_tools_do_not_count() {
    let mut other = ended(proposed(3, &routine('a')), PullRequestState::Closed);
    other.pull_request.head = branch("depbot-experiments/routine");
    assert_eq!(closed_updates(std::slice::from_ref(&other)), []);
    check(&[routine('a')], &[other], &[], &["open aaaaaaaaaa from depbot/routine: Update things"]);
}

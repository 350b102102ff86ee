//! When a pull request merges without a person.

use depbot::config::{Automerge, MergeWhen};
use depbot::model::{Bump, CommitId, Failure, Lane, Phase, PullRequestState, TreeId, Verdict};
use depbot::reconcile::{Checks, Merge, MergeFacts, NeverReason, WaitReason, decide_merge, merge_line};

use crate::world::{commit, tree};

struct Green {
    head: CommitId,
    tree: TreeId,
    verdict: Verdict,
}

fn green() -> Green {
    Green { head: commit('a'), tree: tree('a'), verdict: Verdict::Pass { runs: Vec::new(), red_before: Vec::new() } }
}

fn check<'a>(green: &'a Green, expect: &Merge, change: impl FnOnce(&mut MergeFacts<'a>)) {
    let mut facts = MergeFacts {
        state: PullRequestState::Open,
        lane: Lane::Routine,
        bump: Bump::Minor,
        head: &green.head,
        pushed: &green.head,
        result: Some(&green.tree),
        verified: Some((&green.tree, &green.verdict)),
        checks: &Checks::Green,
        automerge: Automerge::Minor,
        merge_when: MergeWhen::Checks,
    };
    change(&mut facts);
    assert_eq!(decide_merge(&facts), *expect);
}

fn fail() -> Verdict {
    Verdict::Fail(Failure {
        phase: Phase::Check,
        command: "cargo check".into(),
        excerpt: String::new(),
        tests: Vec::new(),
        suspects: Vec::new(),
        timed_out: None,
    })
}

#[test]
fn a_green_routine_change_merges() {
    let green = green();
    check(&green, &Merge::Now, |_| {});
    check(&green, &Merge::Now, |facts| facts.lane = Lane::Security);
    check(&green, &Merge::Now, |facts| {
        facts.merge_when = MergeWhen::Verified;
        facts.checks = &Checks::None;
    });
}

#[test]
fn what_needs_a_person_never_merges_by_itself() {
    let green = green();
    let never = |reason| Merge::Never(reason);
    let (other, failed) = (commit('b'), fail());
    let verified = tree('a');
    let red = Checks::Failed { names: vec!["ci".into()] };
    check(&green, &never(NeverReason::NotOpen { state: PullRequestState::Closed }), |facts| {
        facts.state = PullRequestState::Closed;
    });
    check(&green, &never(NeverReason::PersonCommitted), |facts| facts.head = &other);
    check(&green, &never(NeverReason::ReviewLane), |facts| facts.lane = Lane::Review);
    check(&green, &never(NeverReason::BeyondAutomerge { bump: Bump::Major }), |facts| facts.bump = Bump::Major);
    check(&green, &never(NeverReason::BeyondAutomerge { bump: Bump::Minor }), |facts| facts.automerge = Automerge::Off);
    check(&green, &never(NeverReason::BeyondAutomerge { bump: Bump::Minor }), |facts| {
        facts.automerge = Automerge::Patch;
    });
    check(&green, &never(NeverReason::VerdictFailed), |facts| facts.verified = Some((&verified, &failed)));
    check(&green, &never(NeverReason::ChecksFailed { names: vec!["ci".into()] }), |facts| facts.checks = &red);
}

#[test]
fn what_time_changes_is_waited_for() {
    let green = green();
    let other = tree('b');
    let running = Checks::Pending { names: vec!["ci".into()] };
    check(&green, &Merge::Wait(WaitReason::NotVerified), |facts| facts.verified = None);
    check(&green, &Merge::Wait(WaitReason::Conflict), |facts| facts.result = None);
    check(&green, &Merge::Wait(WaitReason::BaseMoved), |facts| facts.result = Some(&other));
    check(&green, &Merge::Wait(WaitReason::NoChecks), |facts| facts.checks = &Checks::None);
    check(&green, &Merge::Wait(WaitReason::ChecksPending { names: vec!["ci".into()] }), |facts| {
        facts.checks = &running;
    });
}

#[test]
fn a_body_says_who_merges() {
    let check = |lane, bump, when, expect: &str| assert_eq!(merge_line(lane, bump, Automerge::Minor, when), expect);
    let person = "A person reviews and merges this.";
    check(Lane::Review, Bump::Minor, MergeWhen::Checks, person);
    check(Lane::Security, Bump::Major, MergeWhen::Checks, person);
    check(Lane::Routine, Bump::Minor, MergeWhen::Checks, "depbot merges this by itself once all checks are green.");
    let verified = "depbot merges this by itself: it has passed everything below.";
    check(Lane::Routine, Bump::Patch, MergeWhen::Verified, verified);
}

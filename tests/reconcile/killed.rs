//! Runs that are killed between any two steps: the next undisturbed run always ends in the same state.

use std::collections::{BTreeMap, BTreeSet};

use depbot::model::{CommitId, Lane, PullRequest, PullRequestNumber, PullRequestState, TreeId};
use depbot::reconcile::{
    Action, Branch, BranchDeletion, Existing, HeadOwner, LeaveReason, Push, Wanted, branch_of, lane_of, marker,
    reconcile,
};
use proptest::prelude::*;

use crate::world::{branch, wanted};

const LANES: [Lane; 3] = [Lane::Security, Lane::Routine, Lane::Review];

/// A forge, a git remote and a journal, as far as pull requests need them. A commit's tree has the same digits.
#[derive(Default)]
struct World {
    pull_requests: Vec<PullRequest>,
    branches: BTreeMap<Lane, CommitId>,
    journal: BTreeSet<CommitId>,
    comments: Vec<String>,
    steps_left: Option<usize>,
}

struct Killed;

impl World {
    fn step(&mut self) -> Result<(), Killed> {
        match &mut self.steps_left {
            Some(0) => Err(Killed),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn existing(&self) -> Vec<Existing> {
        let tree = |commit: &CommitId| TreeId::new(commit.as_str()).expect("an id");
        let existing = |one: &PullRequest| Existing { pull_request: one.clone(), result: Some(tree(&one.head_commit)) };
        self.pull_requests.iter().map(existing).collect()
    }

    fn owned_branches(&self) -> Vec<Branch> {
        let owner = |head: &CommitId| if self.journal.contains(head) { HeadOwner::Depbot } else { HeadOwner::Person };
        let branch = |(lane, head): (&Lane, &CommitId)| Branch {
            name: branch_of(*lane),
            head: head.clone(),
            owner: owner(head),
        };
        self.branches.iter().map(branch).collect()
    }

    fn run(&mut self, wanted: &[Wanted]) -> Result<Vec<Action>, Killed> {
        let actions = reconcile(wanted, &self.existing(), &self.owned_branches(), &branch("main"));
        for action in &actions {
            self.carry_out(action)?;
        }
        Ok(actions)
    }

    fn carry_out(&mut self, action: &Action) -> Result<(), Killed> {
        match action {
            Action::Open { push, new, lane } => {
                self.push(push)?;
                self.step()?;
                assert!(self.open(*lane).is_none(), "a second pull request for {lane}");
                self.pull_requests.push(PullRequest {
                    number: PullRequestNumber(self.pull_requests.len() as u64 + 1),
                    url: String::new(),
                    state: PullRequestState::Open,
                    title: new.title.clone(),
                    body: new.body.clone(),
                    head: new.head.clone(),
                    base: new.base.clone(),
                    head_commit: push.commit.clone(),
                    labels: new.labels.clone(),
                    opened: "2026-11-23T04:00:00Z".parse().expect("a time"),
                    ended: None,
                    merge_commit: None,
                });
            }
            Action::Refresh { number, text, push } => {
                if let Some(text) = text {
                    self.step()?;
                    self.find(*number).body = text.body.clone();
                    self.find(*number).title = text.title.clone();
                }
                if let Some(push) = push {
                    self.push(push)?;
                }
            }
            Action::Close { number, text, comment, delete, .. } => {
                self.step()?;
                self.find(*number).body = text.body.clone();
                self.step()?;
                if !comment.is_among(self.comments.iter().map(String::as_str)) {
                    self.comments.push(comment.text.clone());
                }
                self.step()?;
                self.find(*number).state = PullRequestState::Closed;
                if let Some(delete) = delete {
                    self.delete(delete)?;
                }
            }
            Action::DeleteBranch(delete) => self.delete(delete)?,
            Action::Leave { .. } => {}
        }
        Ok(())
    }

    fn push(&mut self, push: &Push) -> Result<(), Killed> {
        self.step()?;
        self.journal.insert(push.commit.clone());
        self.step()?;
        let lane = lane_of(&push.branch).expect("a lane");
        assert_eq!(self.branches.get(&lane), push.expect.as_ref(), "the lease");
        self.branches.insert(lane, push.commit.clone());
        if let Some(place) = self.open(lane) {
            self.pull_requests[place].head_commit = push.commit.clone();
        }
        Ok(())
    }

    fn delete(&mut self, delete: &BranchDeletion) -> Result<(), Killed> {
        self.step()?;
        let lane = lane_of(&delete.branch).expect("a lane");
        assert_eq!(self.branches.remove(&lane).as_ref(), Some(&delete.expect), "the lease");
        Ok(())
    }

    fn open(&self, lane: Lane) -> Option<usize> {
        let is = |one: &PullRequest| one.state == PullRequestState::Open && one.head == branch_of(lane);
        self.pull_requests.iter().position(is)
    }

    fn find(&mut self, number: PullRequestNumber) -> &mut PullRequest {
        self.pull_requests.iter_mut().find(|one| one.number == number).expect("it exists")
    }
}

/// What one run wants for each lane, and after how many steps it is killed.
fn rounds() -> impl Strategy<Value = Vec<([Option<char>; 3], usize)>> {
    let lane = || proptest::option::weighted(0.8, proptest::char::range('a', 'f'));
    proptest::collection::vec((proptest::array::uniform3(lane()), 0_usize..14), 1..7)
}

fn wanted_of(digits: &[Option<char>; 3]) -> Vec<Wanted> {
    let one = |(lane, digit): (Lane, &Option<char>)| {
        digit.map(|digit| wanted(lane, digit, &[&format!("{lane} 1.0.{}", digit as u32)]))
    };
    LANES.into_iter().zip(digits).filter_map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_was_killed_the_next_run_ends_the_same(rounds in rounds()) {
        let mut world = World::default();
        for (digits, steps) in &rounds {
            world.steps_left = Some(*steps);
            let _killed_or_done = world.run(&wanted_of(digits));
        }
        world.steps_left = None;
        let last = wanted_of(&rounds.last().expect("at least one").0);
        prop_assert!(world.run(&last).is_ok());

        for lane in LANES {
            let wanted = last.iter().find(|one| one.lane == lane);
            let open = world.open(lane).map(|place| &world.pull_requests[place]);
            prop_assert_eq!(wanted.map(|one| &one.commit), open.map(|one| &one.head_commit));
            prop_assert_eq!(wanted.map(|one| &one.commit), world.branches.get(&lane));
            let head = open.and_then(|one| marker::read(&one.body)).map(|marker| marker.head);
            prop_assert_eq!(head.as_ref(), wanted.map(|one| &one.commit));
        }
        for one in world.pull_requests.iter().filter(|one| one.state == PullRequestState::Closed) {
            prop_assert!(marker::read(&one.body).is_some_and(|marker| marker.closed_by_depbot));
        }
        let Ok(again) = world.run(&last) else { return Ok(()) };
        let is_rest = |action: &Action| matches!(action, Action::Leave { why: LeaveReason::Current, .. });
        prop_assert!(again.iter().all(is_rest), "{again:?}");
    }
}

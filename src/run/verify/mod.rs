//! Verify: candidates become trees, trees become verdicts, and failing sets are taken apart until the culprits are known.
//!
//! `search` asks the isolator what to try next, `resolve` makes the checkout hold it, `trial` builds and tests it.

mod resolve;
mod search;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::bench::Place;
use super::release::Raises;
use super::survey::SurveyedWorkspace;
use super::{Services, Stage, tree};
use crate::config::Settings;
use crate::git::Mirror;
use crate::isolate::{Choice, Level};
use crate::model::{
    CommandRun, CommitId, Failure, Lane, Rejection, RepoName, RepoPath, RunId, TreeId, Unit, UnitId, UnitKind, Verdict,
    VerificationSummary,
};
use crate::plan::StageFailure;
use crate::process::Listener;
use crate::verify::Toolbox;

pub(super) use resolve::lock_difference;

/// What is verified, where and with what.
pub(super) struct Setup<'a> {
    pub(super) toolbox: &'a Toolbox,
    pub(super) builds: &'a Semaphore,
    pub(super) settings: &'a Settings,
    pub(super) workspaces: &'a [SurveyedWorkspace],
    pub(super) units: &'a [Unit],
    /// Edits that go with every tree that changes anything: the next version of what is released.
    pub(super) raises: Raises,
    pub(super) place: Place,
    pub(super) target: PathBuf,
    pub(super) toolchain: String,
    pub(super) ledger: Ledger<'a>,
    pub(super) tell: &'a (dyn Fn(String) + Send + Sync),
    /// Who hears what builds and tests write.
    pub(super) listener: Option<Listener>,
    /// Whether trees are built and tested, or only resolved.
    pub(super) depth: Depth,
}

/// Verifies the candidates of one repository.
pub(super) struct Prover<'a> {
    setup: Setup<'a>,
    toolbox: Toolbox,
    state: State<'a>,
}

/// How far a tree is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// To a lock.
    Resolve,
    /// Through all commands.
    Everything,
}

/// Where verdicts are kept.
pub(super) enum Ledger<'a> {
    /// In the journal of a run, by the tree's id in the mirror.
    Journal { services: &'a Services, run: &'a RunId, repo: &'a RepoName, mirror: Mirror, base: CommitId },
    /// Nowhere: a working tree.
    Memory,
}

/// What has been learnt so far.
#[derive(Default)]
struct State<'a> {
    /// The right to build, kept from the first build on: a repository is done before the next one starts, so that pull
    /// requests come early and target folders stay warm.
    turn: Option<SemaphorePermit<'a>>,
    failures: Vec<Failure>,
    verifications: Vec<VerificationSummary>,
    /// The set that the checkout holds at the moment.
    standing: Option<(Vec<Choice>, Tree)>,
    /// The set that was last seen not to resolve, and why.
    unresolved: Option<(Vec<Choice>, Failure)>,
    /// Whether cargo was asked to resolve the untouched tree anew.
    resolves: bool,
    /// Workspaces that do not resolve even without any update, and why.
    broken: BTreeMap<RepoPath, Failure>,
    /// The workspaces of which it is known what is red in them before an update is tried: those of the untouched tree
    /// that were looked at, and those of an earlier lane that are all green.
    known: BTreeSet<RepoPath>,
    /// The tests that are red before.
    red: BTreeSet<String>,
}

/// A tree that resolves.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Its id in the mirror; `None` for a working tree.
    pub(super) id: Option<TreeId>,
    /// The id of what is built: with the locks that the repository does not keep, on which the verdict depends too.
    built: Option<TreeId>,
    /// The files that differ from the base.
    pub(super) changed: BTreeMap<RepoPath, Vec<u8>>,
    /// What moved in its locks, for people.
    pub(super) lock_changes: Vec<String>,
    /// The workspaces that changed.
    affected: BTreeSet<RepoPath>,
}

/// What ships in one lane, as it was proved.
#[derive(Clone, Debug)]
pub(super) struct LaneProof {
    pub(super) lane: Lane,
    /// What ships in this lane alone.
    pub(super) shipped: Vec<Choice>,
    /// The tree, with what earlier lanes ship.
    pub(super) tree: Tree,
    pub(super) runs: Vec<CommandRun>,
    pub(super) red_before: Vec<String>,
}

/// What the search came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Proved {
    pub(super) lanes: Vec<LaneProof>,
    /// Why units do not ship at a level.
    pub(super) rejections: Vec<(UnitId, Level, Rejection)>,
    pub(super) verifications: Vec<VerificationSummary>,
    /// The untouched tree's failure, where it ended the search.
    pub(super) red_before: Option<Failure>,
}

/// What stops the search.
enum Stop {
    Failed(StageFailure),
    RedBaseline(Failure),
}

impl From<StageFailure> for Stop {
    fn from(failure: StageFailure) -> Self {
        Self::Failed(failure)
    }
}

impl<'a> Prover<'a> {
    pub(super) fn new(setup: Setup<'a>) -> Self {
        let toolbox = resolve::resolving_toolbox(setup.toolbox, setup.settings);
        Self { setup, toolbox, state: State::default() }
    }

    /// Proves each lane on top of those before it.
    pub(super) async fn prove(mut self) -> Result<Proved, StageFailure> {
        let mut proved = Proved::default();
        let mut accepted: Vec<Choice> = Vec::new();
        for lane in [Lane::Security, Lane::Routine, Lane::Review] {
            match self.prove_lane(lane, &accepted, &mut proved.rejections).await {
                Ok(Some(proof)) => {
                    accepted.extend(&proof.shipped);
                    proved.lanes.push(proof);
                }
                Ok(None) => {}
                Err(Stop::Failed(failure)) => return Err(failure),
                Err(Stop::RedBaseline(failure)) if proved.lanes.is_empty() => {
                    proved.red_before = Some(failure);
                    break;
                }
                Err(Stop::RedBaseline(failure)) => {
                    // What was proved before is not lost: what is red concerns only what this lane changes.
                    let rejection = Rejection::BrokenBaseline { phase: failure.phase };
                    let units = self.setup.units.iter().filter(|unit| unit.lane == lane);
                    proved.rejections.extend(units.map(|unit| (unit.id, Level::Target, rejection.clone())));
                }
            }
        }
        proved.verifications = std::mem::take(&mut self.state.verifications);
        Ok(proved)
    }

    async fn prove_lane(
        &mut self,
        lane: Lane,
        accepted: &[Choice],
        rejections: &mut Vec<(UnitId, Level, Rejection)>,
    ) -> Result<Option<LaneProof>, Stop> {
        let units = self.setup.units.iter().filter(|unit| unit.lane == lane);
        let wanted: Vec<Choice> = units.map(|unit| Choice { unit: unit.id, level: Level::Target }).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let resolved = self.search(Depth::Resolve, accepted, &wanted, rejections).await?;
        let shipped = match self.setup.depth {
            Depth::Resolve => resolved,
            Depth::Everything => self.search(Depth::Everything, accepted, &resolved, rejections).await?,
        };
        if shipped.is_empty() {
            return Ok(None);
        }
        let choices = joined(accepted, &shipped);
        let verdict = match self.setup.depth {
            Depth::Resolve => Verdict::Pass { runs: Vec::new(), red_before: Vec::new() },
            Depth::Everything => self.verdict(&choices, Depth::Everything).await?,
        };
        match (self.resolve(&choices).await?, verdict) {
            (Ok(tree), Verdict::Pass { runs, red_before }) => {
                if self.setup.depth == Depth::Everything && red_before.is_empty() {
                    self.state.known.extend(tree.affected.iter().cloned());
                }
                Ok(Some(LaneProof { lane, shipped, tree, runs, red_before }))
            }
            (Ok(_), Verdict::Fail(failure)) | (Err(failure), _) => Err(Stop::Failed(StageFailure {
                stage: Stage::Verify.as_str(),
                message: format!("what passed before fails now ({}): {}", failure.phase, failure.excerpt),
            })),
        }
    }

    fn names(&self, choices: &[Choice]) -> Vec<String> {
        choices.iter().map(|choice| name(&self.setup.units[choice.unit.0], choice.level)).collect()
    }

    fn describe(&self, choices: &[Choice]) -> String {
        match choices {
            [] => "the untouched tree".to_owned(),
            [choice] => name(&self.setup.units[choice.unit.0], choice.level),
            _ => format!("{} updates", choices.len()),
        }
    }
}

/// A unit at a level, in words.
pub(super) fn name(unit: &Unit, level: Level) -> String {
    if unit.kind == UnitKind::LockRefresh {
        return unit.to_string();
    }
    let updates: Vec<String> = tree::updates_at(unit, level).iter().map(ToString::to_string).collect();
    updates.join(", ")
}

fn joined(accepted: &[Choice], more: &[Choice]) -> Vec<Choice> {
    accepted.iter().chain(more).copied().collect()
}

fn failed(message: String) -> StageFailure {
    StageFailure { stage: Stage::Verify.as_str(), message }
}

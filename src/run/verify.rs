//! Verify: candidates become trees, trees become verdicts, and failing sets are taken apart until the culprits are known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::bench::Place;
use super::release::Raises;
use super::survey::SurveyedWorkspace;
use super::tree::{self, Recipe};
use super::{RunError, Services, Stage, record};
use crate::config::{Baseline, Settings};
use crate::git::Mirror;
use crate::isolate::{Answer, Candidate, Choice, Isolator, Level, Options, Solution, Step};
use crate::journal::VerdictKey;
use crate::lockfile;
use crate::model::{
    CommandRun, CommitId, CrateName, Edit, EventBody, Failure, Lane, Phase, Rejection, RepoName, RepoPath, RunId,
    TreeId, Unit, UnitId, UnitKind, Verdict, VerificationSummary,
};
use crate::plan::StageFailure;
use crate::process::Listener;
use crate::verify::{self, Bench, Relock, RelockError, Toolbox};

/// Verifies the candidates of one repository.
pub(super) struct Prover<'a> {
    toolbox: Toolbox,
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
    #[expect(clippy::too_many_arguments, reason = "a plain constructor of named parts")]
    pub(super) fn new(
        toolbox: &'a Toolbox,
        builds: &'a Semaphore,
        settings: &'a Settings,
        workspaces: &'a [SurveyedWorkspace],
        units: &'a [Unit],
        raises: Raises,
        place: Place,
        target: PathBuf,
        toolchain: String,
        ledger: Ledger<'a>,
        depth: Depth,
        tell: &'a (dyn Fn(String) + Send + Sync),
        listener: Option<Listener>,
    ) -> Self {
        let state = State::default();
        let toolbox = resolving_toolbox(toolbox, settings);
        Self {
            toolbox,
            builds,
            settings,
            workspaces,
            units,
            raises,
            place,
            target,
            toolchain,
            ledger,
            tell,
            listener,
            depth,
            state,
        }
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
                Err(Stop::RedBaseline(failure)) => {
                    proved.red_before = Some(failure);
                    break;
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
        let units = self.units.iter().filter(|unit| unit.lane == lane);
        let wanted: Vec<Choice> = units.map(|unit| Choice { unit: unit.id, level: Level::Target }).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let resolved = self.search(Depth::Resolve, accepted, &wanted, rejections).await?;
        let shipped = match self.depth {
            Depth::Resolve => resolved,
            Depth::Everything => self.search(Depth::Everything, accepted, &resolved, rejections).await?,
        };
        if shipped.is_empty() {
            return Ok(None);
        }
        let choices = joined(accepted, &shipped);
        let verdict = match self.depth {
            Depth::Resolve => Verdict::Pass { runs: Vec::new(), red_before: Vec::new() },
            Depth::Everything => self.verdict(&choices, Depth::Everything).await?,
        };
        match (self.resolve(&choices).await?, verdict) {
            (Ok(tree), Verdict::Pass { runs, red_before }) => {
                if self.depth == Depth::Everything && red_before.is_empty() {
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

    /// What of `wanted` passes on top of `accepted`; why the rest does not goes to `rejections`.
    async fn search(
        &mut self,
        depth: Depth,
        accepted: &[Choice],
        wanted: &[Choice],
        rejections: &mut Vec<(UnitId, Level, Rejection)>,
    ) -> Result<Vec<Choice>, Stop> {
        let wanted = &self.resolvable(accepted, wanted, rejections).await?;
        let starts_at: BTreeMap<UnitId, Level> = wanted.iter().map(|choice| (choice.unit, choice.level)).collect();
        let lowered = |choice: &Choice| match starts_at.get(&choice.unit) {
            Some(Level::Fallback) => Choice { unit: choice.unit, level: Level::Fallback },
            _ => *choice,
        };
        let candidates = wanted.iter().map(|choice| (choice.unit, self.candidate(choice))).collect();
        let options = Options { baseline: crate::isolate::Baseline::Green, limit: usize::MAX };
        let mut isolator = Isolator::new(candidates, options);
        let solution: Solution = loop {
            match isolator.next_step() {
                Step::Done(solution) => break solution,
                Step::Verify(choices) => {
                    let choices = joined(accepted, &choices.iter().map(lowered).collect::<Vec<_>>());
                    isolator.record(self.answer(&choices, depth).await?);
                }
            }
        };
        for culprit in &solution.culprits {
            let choice = lowered(&Choice { unit: culprit.unit, level: culprit.level });
            let failure = &self.state.failures[culprit.evidence];
            rejections.push((choice.unit, choice.level, self.rejection(choice, failure)));
        }
        Ok(solution.shipped.iter().map(lowered).collect())
    }

    /// What of `wanted` concerns workspaces that resolve at all; the rest goes to `rejections`.
    async fn resolvable(
        &mut self,
        accepted: &[Choice],
        wanted: &[Choice],
        rejections: &mut Vec<(UnitId, Level, Rejection)>,
    ) -> Result<Vec<Choice>, Stop> {
        let resolved = self.resolve(&joined(accepted, wanted)).await?;
        if resolved.is_err() && !self.state.resolves {
            self.refresh_untouched().await?;
        }
        let mut kept = Vec::new();
        for choice in wanted {
            match self.state.broken.get(&self.units[choice.unit.0].workspace) {
                None => kept.push(*choice),
                Some(failure) => rejections.push((choice.unit, choice.level, self.rejection(*choice, failure))),
            }
        }
        Ok(kept)
    }

    fn candidate(&self, choice: &Choice) -> Candidate {
        let unit = &self.units[choice.unit.0];
        Candidate {
            has_fallback: choice.level == Level::Target && !unit.fallback.is_empty(),
            names: unit.updates().iter().map(|update| update.krate.to_string()).collect(),
        }
    }

    fn rejection(&self, choice: Choice, failure: &Failure) -> Rejection {
        let unit = &self.units[choice.unit.0];
        let own = |name: &String| unit.updates().iter().any(|update| update.krate.as_str() == name);
        match failure.phase {
            Phase::Resolve => Rejection::BlockedBy {
                krate: failure.suspects.iter().find(|name| !own(name)).and_then(|name| CrateName::new(name).ok()),
                excerpt: failure.excerpt.clone(),
            },
            phase => Rejection::Culprit { phase, excerpt: failure.excerpt.clone() },
        }
    }

    async fn answer(&mut self, choices: &[Choice], depth: Depth) -> Result<Answer, Stop> {
        let mut verdict = self.verdict(choices, depth).await?;
        let is_built = matches!(&verdict, Verdict::Fail(failure) if failure.phase != Phase::Resolve);
        let unknown = if is_built { self.unknown(choices) } else { BTreeSet::new() };
        if !unknown.is_empty() {
            self.look_at_baseline(unknown).await?;
            if self.red_tests().is_some() {
                verdict = self.verdict(choices, depth).await?;
            }
        }
        Ok(match verdict {
            Verdict::Pass { .. } => Answer::Pass,
            Verdict::Fail(failure) => {
                let suspects = failure.suspects.clone();
                self.state.failures.push(failure);
                Answer::Fail { suspects, evidence: self.state.failures.len() - 1 }
            }
        })
    }

    /// Looks at which workspaces cargo can refresh without any update: what is broken before blames no update. That none
    /// can, as without a way to a registry, fails them all.
    async fn refresh_untouched(&mut self) -> Result<(), StageFailure> {
        self.set_back()?;
        let mut error = None;
        for surveyed in self.workspaces {
            let folder = tree::folder(self.place.root(), &surveyed.workspace.root);
            let refresh = Relock { targets: Vec::new(), refresh: true };
            match verify::relock(&self.toolbox, &folder, &refresh).await {
                Ok(_) => {}
                Err(RelockError::Unresolvable(failure)) => {
                    let message = format!("without any update, the dependencies do not resolve: {}", failure.excerpt);
                    error.get_or_insert(message);
                    self.state.broken.insert(surveyed.workspace.root.clone(), failure);
                }
                Err(error) => return Err(failed(format!("without any update, {error}"))),
            }
        }
        self.state.resolves = true;
        match error {
            Some(message) if self.state.broken.len() == self.workspaces.len() => Err(failed(message)),
            _ => Ok(()),
        }
    }

    /// The workspaces that `choices` change and of which it is not known what was red before.
    fn unknown(&self, choices: &[Choice]) -> BTreeSet<RepoPath> {
        let affected = match &self.state.standing {
            Some((standing, tree)) if standing == choices => tree.affected.clone(),
            _ => self.workspaces.iter().map(|surveyed| surveyed.workspace.root.clone()).collect(),
        };
        affected.difference(&self.state.known).cloned().collect()
    }

    /// Verifies the untouched tree in these workspaces, once something fails.
    async fn look_at_baseline(&mut self, workspaces: BTreeSet<RepoPath>) -> Result<(), Stop> {
        (self.tell)("the untouched tree".to_owned());
        self.set_back()?;
        let verdict = match self.untouched(workspaces.clone()).await? {
            Ok(tree) => self.run_commands(&[], &tree, None).await?,
            Err(failure) => Verdict::Fail(failure),
        };
        match verdict {
            Verdict::Pass { .. } => {}
            Verdict::Fail(failure) if failure.phase == Phase::Test && !failure.tests.is_empty() => {
                match self.settings.baseline {
                    Baseline::Strict => return Err(Stop::RedBaseline(failure)),
                    Baseline::Compare => self.state.red.extend(failure.tests),
                }
            }
            Verdict::Fail(failure) => return Err(Stop::RedBaseline(failure)),
        }
        self.state.known.extend(workspaces);
        Ok(())
    }

    /// The tree without any change, with a lock where the repository keeps none or one that is out of step: candidates
    /// have that as well.
    async fn untouched(&self, affected: BTreeSet<RepoPath>) -> Result<Result<Tree, Failure>, StageFailure> {
        let as_it_is = || Relock { targets: Vec::new(), refresh: false };
        let locks = affected.iter().map(|workspace| (workspace.clone(), as_it_is())).collect();
        let mut changed = BTreeMap::new();
        if let Err(failure) = self.relock(&Recipe { edits: BTreeMap::new(), locks }, &mut changed).await? {
            return Ok(Err(failure));
        }
        let (id, built) = (self.tree_id(&BTreeMap::new())?, self.tree_id(&changed)?);
        Ok(Ok(Tree { id, built, changed: BTreeMap::new(), lock_changes: Vec::new(), affected }))
    }

    fn red_tests(&self) -> Option<&BTreeSet<String>> {
        Some(&self.state.red).filter(|tests| !tests.is_empty())
    }

    async fn verdict(&mut self, choices: &[Choice], depth: Depth) -> Result<Verdict, StageFailure> {
        let tree = match self.resolve(choices).await? {
            Ok(tree) => tree,
            Err(failure) => return Ok(Verdict::Fail(failure)),
        };
        match depth {
            Depth::Resolve => Ok(Verdict::Pass { runs: Vec::new(), red_before: Vec::new() }),
            Depth::Everything => {
                let red = self.red_tests().cloned();
                self.run_commands(choices, &tree, red.as_ref()).await
            }
        }
    }

    /// Makes the checkout hold `choices`; the failure is that they do not resolve.
    async fn resolve(&mut self, choices: &[Choice]) -> Result<Result<Tree, Failure>, StageFailure> {
        if let Some((standing, tree)) = &self.state.standing
            && standing == choices
        {
            return Ok(Ok(tree.clone()));
        }
        if let Some((unresolved, failure)) = &self.state.unresolved
            && unresolved == choices
        {
            return Ok(Err(failure.clone()));
        }
        (self.tell)(format!("resolving {}", self.describe(choices)));
        self.set_back()?;
        let recipe = tree::recipe(self.units, choices, self.workspaces);
        let mut changed = BTreeMap::new();
        let mut lock_changes = match self.apply(&recipe, &mut changed).await? {
            Ok(lock_changes) => lock_changes,
            Err(failure) => {
                self.state.unresolved = Some((choices.to_vec(), failure.clone()));
                return Ok(Err(failure));
            }
        };
        let raises = self.raises_of(choices);
        if changed.keys().any(|path| self.is_kept(path)) && !raises.is_empty() {
            match self.apply(&tree::recipe_of(raises, self.workspaces), &mut changed).await? {
                Ok(more) => lock_changes.extend(more),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let built = self.tree_id(&changed)?;
        changed.retain(|path, _| self.is_kept(path));
        let id = self.tree_id(&changed)?;
        let affected = recipe.locks.keys().cloned().collect();
        let tree = Tree { id, built, changed, lock_changes, affected };
        self.state.standing = Some((choices.to_vec(), tree.clone()));
        Ok(Ok(tree))
    }

    /// The next versions for a tree with these choices.
    fn raises_of(&self, choices: &[Choice]) -> &[Edit] {
        let is_reviewed = choices.iter().any(|choice| self.units[choice.unit.0].lane == Lane::Review);
        if is_reviewed { &self.raises.minor } else { &self.raises.patch }
    }

    /// Edits the manifests of the checkout as it is now, and brings its locks in step; what differs goes to `changed`.
    async fn apply(
        &self,
        recipe: &Recipe,
        changed: &mut BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<Result<Vec<String>, Failure>, StageFailure> {
        let edited =
            tree::edited_manifests(recipe, |path| self.place.read(path)?.ok_or_else(|| format!("{path} is not there")))
                .map_err(failed)?;
        self.place.write(&edited).map_err(failed)?;
        changed.extend(edited);
        self.relock(recipe, changed).await
    }

    async fn relock(
        &self,
        recipe: &Recipe,
        changed: &mut BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<Result<Vec<String>, Failure>, StageFailure> {
        let mut lock_changes = Vec::new();
        for (workspace, request) in &recipe.locks {
            let folder = tree::folder(self.place.root(), workspace);
            let relocked = match verify::relock(&self.toolbox, &folder, request).await {
                Ok(relocked) => relocked,
                Err(RelockError::Unresolvable(failure)) => return Ok(Err(failure)),
                Err(error) => return Err(failed(error.to_string())),
            };
            let path = tree::lock_path(workspace);
            if relocked.before.as_ref() == Some(&relocked.after) {
                continue;
            }
            if self.is_kept(&path) {
                lock_changes.extend(lock_difference(relocked.before.as_deref().unwrap_or_default(), &relocked.after));
            }
            changed.insert(path, relocked.after.into_bytes());
        }
        Ok(Ok(lock_changes))
    }

    /// Whether a changed file belongs to the repository: not so the lock of a workspace that keeps none.
    fn is_kept(&self, path: &RepoPath) -> bool {
        let unkept = |surveyed: &&SurveyedWorkspace| surveyed.workspace.lockfile.is_none();
        !self.workspaces.iter().filter(unkept).any(|surveyed| tree::lock_path(&surveyed.workspace.root) == *path)
    }

    fn set_back(&mut self) -> Result<(), StageFailure> {
        self.state.standing = None;
        self.place.reset().map_err(failed)
    }

    fn tree_id(&self, changed: &BTreeMap<RepoPath, Vec<u8>>) -> Result<Option<TreeId>, StageFailure> {
        match &self.ledger {
            Ledger::Memory => Ok(None),
            Ledger::Journal { mirror, base, .. } => {
                mirror.tree_with(base, changed).map(Some).map_err(|error| failed(error.to_string()))
            }
        }
    }

    async fn run_commands(
        &mut self,
        choices: &[Choice],
        tree: &Tree,
        red: Option<&BTreeSet<String>>,
    ) -> Result<Verdict, StageFailure> {
        let key = self.key(tree, red);
        if let Some(known) = self.known_verdict(key.as_ref())? {
            return Ok(known.verdict);
        }
        if self.state.turn.is_none() {
            (self.tell)(format!("waiting to build {}", self.describe(choices)));
            self.state.turn = Some(self.builds.acquire().await.map_err(|error| failed(error.to_string()))?);
        }
        (self.tell)(format!("building {}", self.describe(choices)));
        let started = Instant::now();
        let verdict = self.run_in_workspaces(tree, red).await;
        let verification = VerificationSummary {
            tree: tree.id.clone(),
            units: self.names(choices),
            verdict: verdict.clone(),
            took: started.elapsed(),
            toolchain: self.toolchain.clone(),
        };
        self.remember(key.as_ref(), &verification)?;
        self.keep(verification);
        Ok(verdict)
    }

    async fn run_in_workspaces(&self, tree: &Tree, red: Option<&BTreeSet<String>>) -> Verdict {
        let (root, target) = (self.place.root().to_owned(), self.target.clone());
        let bench = Bench { root, target, listener: self.listener.clone() };
        let (mut runs, mut red_before) = (Vec::new(), Vec::new());
        for workspace in &tree.affected {
            let folder = tree::folder(self.place.root(), workspace);
            let (commands, limit) = (&self.settings.verify, self.settings.verify_timeout);
            match verify::verify(&self.toolbox, &bench, &folder, commands, limit, red).await {
                Verdict::Pass { runs: more, red_before: red } => {
                    runs.extend(more);
                    red_before.extend(red);
                }
                fail @ Verdict::Fail(_) => return fail,
            }
        }
        Verdict::Pass { runs, red_before }
    }

    fn key(&self, tree: &Tree, red: Option<&BTreeSet<String>>) -> Option<VerdictKey> {
        let Ledger::Journal { repo, .. } = &self.ledger else { return None };
        let mut commands: Vec<&str> = self.settings.verify.iter().map(String::as_str).collect();
        let folders: Vec<String> = tree.affected.iter().map(|folder| format!("in {folder}")).collect();
        commands.extend(folders.iter().map(String::as_str));
        commands.extend(red.into_iter().flatten().map(String::as_str));
        Some(VerdictKey {
            repo: (*repo).clone(),
            tree: tree.built.clone()?,
            toolchain: self.toolchain.clone(),
            commands: commands.join("\n"),
        })
    }

    fn known_verdict(&self, key: Option<&VerdictKey>) -> Result<Option<VerificationSummary>, StageFailure> {
        match (&self.ledger, key) {
            (Ledger::Journal { services, .. }, Some(key)) => {
                services.journal.verdict(key).map_err(|error| failed(error.to_string()))
            }
            _ => Ok(None),
        }
    }

    fn remember(&self, key: Option<&VerdictKey>, verification: &VerificationSummary) -> Result<(), StageFailure> {
        let (Ledger::Journal { services, run, repo, .. }, Some(key)) = (&self.ledger, key) else { return Ok(()) };
        let event = EventBody::TreeVerified {
            repo: (*repo).clone(),
            tree: key.tree.clone(),
            verification: verification.clone(),
        };
        record(services, run, event).map_err(|error: RunError| failed(error.to_string()))?;
        let timed_out = matches!(&verification.verdict, Verdict::Fail(failure) if failure.timed_out.is_some());
        if timed_out {
            return Ok(());
        }
        services.journal.remember_verdict(key, verification).map_err(|error| failed(error.to_string()))
    }

    fn keep(&mut self, verification: VerificationSummary) {
        let is_same = |it: &VerificationSummary| it.tree == verification.tree && it.units == verification.units;
        if verification.tree.is_none() || !self.state.verifications.iter().any(is_same) {
            self.state.verifications.push(verification);
        }
    }

    fn names(&self, choices: &[Choice]) -> Vec<String> {
        choices.iter().map(|choice| name(&self.units[choice.unit.0], choice.level)).collect()
    }

    fn describe(&self, choices: &[Choice]) -> String {
        match choices {
            [] => "the untouched tree".to_owned(),
            [choice] => name(&self.units[choice.unit.0], choice.level),
            _ => format!("{} updates", choices.len()),
        }
    }
}

/// Cargo, told which Rust versions the rest of a lock may need: those of the workspace, as for declared dependencies.
///
/// The key is `resolver.incompatible-rust-versions` of cargo's configuration.
fn resolving_toolbox(toolbox: &Toolbox, settings: &Settings) -> Toolbox {
    let mut toolbox = toolbox.clone();
    let choice = if settings.msrv { "fallback" } else { "allow" };
    toolbox.environment.insert("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS".to_owned(), choice.to_owned());
    toolbox
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

/// What moved between two locks, a line each.
pub(super) fn lock_difference(before: &str, after: &str) -> Vec<String> {
    match (lockfile::parse(before), lockfile::parse(after)) {
        (Ok(before), Ok(after)) => {
            lockfile::difference(&before, &after).to_string().lines().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

//! Which candidates pass: the isolator thinks, this file does what it says.

use std::collections::{BTreeMap, BTreeSet};

use super::{Depth, Prover, Stop, Tree, failed, joined};
use crate::config::Baseline;
use crate::isolate::{Answer, Candidate, Choice, Isolator, Level, Options, Solution, Step};
use crate::model::{CrateName, Failure, Phase, Rejection, RepoPath, UnitId, Verdict};
use crate::plan::StageFailure;
use crate::run::tree::{self, Recipe};
use crate::verify::{self, Relock, RelockError};

impl Prover<'_> {
    /// What of `wanted` passes on top of `accepted`; why the rest does not goes to `rejections`.
    pub(super) async fn search(
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
    pub(super) async fn resolvable(
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
            match self.state.broken.get(&self.setup.units[choice.unit.0].workspace) {
                None => kept.push(*choice),
                Some(failure) => rejections.push((choice.unit, choice.level, self.rejection(*choice, failure))),
            }
        }
        Ok(kept)
    }

    fn candidate(&self, choice: &Choice) -> Candidate {
        let unit = &self.setup.units[choice.unit.0];
        Candidate {
            has_fallback: choice.level == Level::Target && !unit.fallback.is_empty(),
            names: unit.updates().iter().map(|update| update.krate.to_string()).collect(),
        }
    }

    fn rejection(&self, choice: Choice, failure: &Failure) -> Rejection {
        let unit = &self.setup.units[choice.unit.0];
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
        for surveyed in self.setup.workspaces {
            let folder = tree::folder(self.setup.place.root(), &surveyed.workspace.root);
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
            Some(message) if self.state.broken.len() == self.setup.workspaces.len() => Err(failed(message)),
            _ => Ok(()),
        }
    }

    /// The workspaces that `choices` change and of which it is not known what was red before.
    fn unknown(&self, choices: &[Choice]) -> BTreeSet<RepoPath> {
        let affected = match &self.state.standing {
            Some((standing, tree)) if standing == choices => tree.affected.clone(),
            _ => self.setup.workspaces.iter().map(|surveyed| surveyed.workspace.root.clone()).collect(),
        };
        affected.difference(&self.state.known).cloned().collect()
    }

    /// Verifies the untouched tree in these workspaces, once something fails.
    async fn look_at_baseline(&mut self, workspaces: BTreeSet<RepoPath>) -> Result<(), Stop> {
        (self.setup.tell)("the untouched tree".to_owned());
        self.set_back()?;
        let verdict = match self.untouched(workspaces.clone()).await? {
            Ok(tree) => self.run_commands(&[], &tree, None).await?,
            Err(failure) => Verdict::Fail(failure),
        };
        match verdict {
            Verdict::Pass { .. } => {}
            Verdict::Fail(failure) if failure.phase == Phase::Test && !failure.tests.is_empty() => {
                match self.setup.settings.baseline {
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

    pub(super) async fn verdict(&mut self, choices: &[Choice], depth: Depth) -> Result<Verdict, StageFailure> {
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
}

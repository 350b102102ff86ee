//! From a tree to a verdict: known ones are not reached again, new ones are remembered.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Ledger, Prover, Tree, failed};
use crate::isolate::Choice;
use crate::journal::VerdictKey;
use crate::model::{EventBody, Verdict, VerificationSummary};
use crate::plan::StageFailure;
use crate::run::{RunError, record, tree};
use crate::verify::{self, Bench};

impl Prover<'_> {
    pub(super) async fn run_commands(
        &mut self,
        choices: &[Choice],
        tree: &Tree,
        red: Option<&BTreeSet<String>>,
    ) -> Result<Verdict, StageFailure> {
        let key = self.key(tree, red);
        // What was red without any update may have been so because of this machine: it is looked at again.
        if let Some(known) = self.known_verdict(key.as_ref())?
            && (!choices.is_empty() || known.verdict.passes())
        {
            return Ok(known.verdict);
        }
        if self.state.turn.is_none() {
            (self.setup.tell)(format!("waiting to build {}", self.describe(choices)));
            self.state.turn = Some(self.setup.builds.acquire().await.map_err(|error| failed(error.to_string()))?);
        }
        (self.setup.tell)(format!("building {}", self.describe(choices)));
        let started = Instant::now();
        let verdict = self.run_in_workspaces(tree, red).await;
        let verification = VerificationSummary {
            tree: tree.id.clone(),
            units: self.names(choices),
            verdict: verdict.clone(),
            took: started.elapsed(),
            toolchain: self.setup.toolchain.clone(),
        };
        self.remember(key.as_ref(), &verification)?;
        self.keep(verification);
        Ok(verdict)
    }

    async fn run_in_workspaces(&self, tree: &Tree, red: Option<&BTreeSet<String>>) -> Verdict {
        let (root, target) = (self.setup.place.root().to_owned(), self.setup.target.clone());
        let bench = Bench { root, target, listener: self.setup.listener.clone() };
        let (mut runs, mut red_before) = (Vec::new(), Vec::new());
        for workspace in &tree.affected {
            let folder = tree::folder(self.setup.place.root(), workspace);
            let (commands, limit) = (&self.setup.settings.verify, self.setup.settings.verify_timeout);
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
        let Ledger::Journal { repo, .. } = &self.setup.ledger else { return None };
        let mut commands: Vec<&str> = self.setup.settings.verify.iter().map(String::as_str).collect();
        let folders: Vec<String> = tree.affected.iter().map(|folder| format!("in {folder}")).collect();
        commands.extend(folders.iter().map(String::as_str));
        commands.extend(red.into_iter().flatten().map(String::as_str));
        Some(VerdictKey {
            repo: (*repo).clone(),
            tree: tree.built.clone()?,
            toolchain: self.setup.toolchain.clone(),
            commands: commands.join("\n"),
        })
    }

    fn known_verdict(&self, key: Option<&VerdictKey>) -> Result<Option<VerificationSummary>, StageFailure> {
        match (&self.setup.ledger, key) {
            (Ledger::Journal { services, .. }, Some(key)) => {
                services.journal.verdict(key).map_err(|error| failed(error.to_string()))
            }
            _ => Ok(None),
        }
    }

    fn remember(&self, key: Option<&VerdictKey>, verification: &VerificationSummary) -> Result<(), StageFailure> {
        let (Ledger::Journal { services, run, repo, .. }, Some(key)) = (&self.setup.ledger, key) else { return Ok(()) };
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

    pub(super) fn keep(&mut self, verification: VerificationSummary) {
        let is_same = |it: &VerificationSummary| it.tree == verification.tree && it.units == verification.units;
        if verification.tree.is_none() || !self.state.verifications.iter().any(is_same) {
            self.state.verifications.push(verification);
        }
    }
}

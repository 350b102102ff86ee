//! The search itself, replayed from the answers so far until it needs one more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::chance::{Density, Prospect};
use super::{Answer, Baseline, BaselineState, Candidate, Choice, Culprit, Level, Options, Solution, Step, normalized};
use crate::model::UnitId;

/// After this many hints that led nowhere, hints are not believed in the search for one culprit.
const MISLEADING: usize = 2;
/// Up to this many units that fail for no known reason, all but one of them are tried together.
const BLIND_AMONG: usize = 4;

/// A tree that has no answer yet.
struct Unanswered(Vec<Choice>);

/// Units that a verdict names, each with the place of its first name there.
type Ranks = BTreeMap<UnitId, usize>;

/// A set of units, each at one level.
type Tree = BTreeMap<UnitId, Level>;

/// What comes next, given these answers.
pub(super) fn step(
    candidates: &BTreeMap<UnitId, Candidate>,
    options: Options,
    answers: &BTreeMap<Vec<Choice>, Answer>,
) -> Step {
    let targets = || candidates.values().map(|candidate| prospect(candidate, Level::Target));
    let mut search = Search {
        candidates,
        answers,
        accepted: Tree::new(),
        failures: BTreeMap::new(),
        density: Density::one_among(targets()),
        baseline: BaselineState::NotAsked,
    };
    match search.run(options.baseline) {
        Err(Unanswered(tree)) if answers.len() < options.limit => Step::Verify(tree),
        Ok(()) | Err(Unanswered(_)) => Step::Done(search.solution()),
    }
}

struct Search<'a> {
    candidates: &'a BTreeMap<UnitId, Candidate>,
    answers: &'a BTreeMap<Vec<Choice>, Answer>,
    /// What was seen to pass.
    accepted: Tree,
    /// For each choice that failed alone on top of what was accepted then: the failing tree.
    failures: BTreeMap<Choice, Vec<Choice>>,
    density: Density,
    baseline: BaselineState,
}

impl Search<'_> {
    fn run(&mut self, baseline: Baseline) -> Result<(), Unanswered> {
        let everything: Vec<Choice> = self.candidates.keys().map(|unit| target(*unit)).collect();
        if everything.is_empty() {
            return Ok(());
        }
        if self.try_adding(&everything)? {
            return Ok(());
        }
        if baseline == Baseline::Unknown && self.baseline_is_red()? {
            return Ok(());
        }
        self.settle(everything)?;
        while self.second_chance()? {}
        Ok(())
    }

    fn baseline_is_red(&mut self) -> Result<bool, Unanswered> {
        self.baseline = match self.answer(Vec::new())? {
            Answer::Pass => BaselineState::Green,
            Answer::Fail { evidence, .. } => BaselineState::Red { evidence: *evidence },
        };
        Ok(self.baseline != BaselineState::Green)
    }

    /// Accepts or fails each of the pending choices, and the fallbacks of those that fail.
    fn settle(&mut self, mut pending: Vec<Choice>) -> Result<(), Unanswered> {
        pending.sort_by_key(|choice| (self.prospect(*choice), *choice));
        while !pending.is_empty() {
            let prospects: Vec<Prospect> = pending.iter().map(|choice| self.prospect(*choice)).collect();
            let worth = if self.failures.is_empty() { pending.len() } else { self.density.worth_trying(&prospects) };
            let group = pending[..worth].to_vec();
            if !self.try_adding(&group)? {
                let culprit = self.narrow(group)?;
                self.density.bad(self.prospect(culprit));
                self.failures.insert(culprit, self.with(&[culprit]));
                if culprit.level == Level::Target && self.candidates[&culprit.unit].has_fallback {
                    pending.push(Choice { unit: culprit.unit, level: Level::Fallback });
                }
            }
            pending.retain(|choice| !self.accepted.contains_key(&choice.unit) && !self.failures.contains_key(choice));
        }
        Ok(())
    }

    /// The first choice of a group that fails alone on top of what is accepted; what passes on the way is accepted.
    fn narrow(&mut self, mut group: Vec<Choice>) -> Result<Choice, Unanswered> {
        let mut misled = 0;
        while group.len() > 1 {
            let suspects = if misled < MISLEADING { self.suspects(&self.with(&group))? } else { Ranks::new() };
            let prospect = |choice: &Choice| match suspects.contains_key(&choice.unit) {
                true => Prospect::Suspect,
                false => self.prospect(*choice),
            };
            group.sort_by_key(|choice| {
                let rank = suspects.get(&choice.unit);
                (rank.is_some(), self.prospect(*choice), rank.map(Reverse), *choice)
            });
            let prospects: Vec<Prospect> = group.iter().map(prospect).collect();
            let tail = group.split_off(self.density.cut(&prospects));
            if self.try_adding(&group)? {
                group = tail;
            } else if tail.iter().any(|choice| suspects.contains_key(&choice.unit)) {
                misled += 1;
            }
        }
        Ok(group[0])
    }

    /// Tries to lift something above where it stands in what would ship; whether that worked.
    fn second_chance(&mut self) -> Result<bool, Unanswered> {
        let mut tried = BTreeSet::new();
        for group in self.second_chances() {
            if tried.insert(group.clone()) && self.try_adding(&group)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is worth another look, the likeliest first.
    fn second_chances(&self) -> Vec<Vec<Choice>> {
        let below: Vec<Choice> = self.below_target().map(target).collect();
        let mut groups: Vec<Vec<Choice>> = below.iter().map(|choice| vec![*choice]).collect();
        let given_up = below.iter().filter(|choice| self.candidates[&choice.unit].has_fallback);
        let given_up = given_up.filter(|choice| !self.accepted.contains_key(&choice.unit));
        groups.extend(given_up.map(|choice| vec![Choice { level: Level::Fallback, ..*choice }]));
        groups.extend(self.named_together(&below));
        groups.extend(self.blind_groups(&below));
        groups
    }

    /// All but one of those whose failure names no unit at all, when they are few.
    fn blind_groups(&self, below: &[Choice]) -> Vec<Vec<Choice>> {
        let unexplained = |choice: &&Choice| self.named_by_failure(choice).is_empty();
        let unexplained: Vec<Choice> = below.iter().filter(unexplained).copied().collect();
        if unexplained.len() > BLIND_AMONG {
            return Vec::new();
        }
        let without = |out: &Choice| unexplained.iter().copied().filter(|choice| choice != out).collect::<Vec<_>>();
        unexplained.iter().map(without).filter(|group| group.len() > 1).collect()
    }

    /// For each choice, it and those that its failure names.
    fn named_together(&self, below: &[Choice]) -> Vec<Vec<Choice>> {
        let group = |choice: &Choice| {
            let named = self.named_by_failure(choice);
            below.iter().copied().filter(|other| other == choice || named.contains_key(&other.unit)).collect::<Vec<_>>()
        };
        below.iter().map(group).filter(|group| group.len() > 1).collect()
    }

    fn named_by_failure(&self, choice: &Choice) -> Ranks {
        self.failures.get(choice).and_then(|tree| self.suspects(tree).ok()).unwrap_or_default()
    }

    fn below_target(&self) -> impl Iterator<Item = UnitId> {
        self.candidates.keys().copied().filter(|unit| self.accepted.get(unit) != Some(&Level::Target))
    }

    /// Asks for what is accepted with `choices` put in, and accepts them when that passes.
    fn try_adding(&mut self, choices: &[Choice]) -> Result<bool, Unanswered> {
        let passes = matches!(self.answer(self.with(choices))?, Answer::Pass);
        if passes {
            for choice in choices {
                self.density.good(self.prospect(*choice));
                self.accepted.insert(choice.unit, choice.level);
            }
        }
        Ok(passes)
    }

    /// What is accepted with `choices` put in.
    fn with(&self, choices: &[Choice]) -> Vec<Choice> {
        let mut tree = self.accepted.clone();
        tree.extend(choices.iter().map(|choice| (choice.unit, choice.level)));
        tree.into_iter().map(|(unit, level)| Choice { unit, level }).collect()
    }

    fn answer(&self, tree: Vec<Choice>) -> Result<&Answer, Unanswered> {
        self.answers.get(&tree).ok_or(Unanswered(tree))
    }

    /// The units that the verdict on a failing tree names.
    fn suspects(&self, tree: &[Choice]) -> Result<Ranks, Unanswered> {
        let Answer::Fail { suspects, .. } = self.answer(tree.to_vec())? else { return Ok(Ranks::new()) };
        if suspects.is_empty() {
            return Ok(Ranks::new());
        }
        let suspects = suspects.iter().map(|name| normalized(name)).enumerate().rev();
        let ranks: BTreeMap<String, usize> = suspects.map(|(rank, name)| (name, rank)).collect();
        let rank = |candidate: &Candidate| candidate.names.iter().filter_map(|name| ranks.get(name)).min().copied();
        Ok(self.candidates.iter().filter_map(|(unit, candidate)| Some((*unit, rank(candidate)?))).collect())
    }

    fn prospect(&self, choice: Choice) -> Prospect {
        prospect(&self.candidates[&choice.unit], choice.level)
    }
}

impl Search<'_> {
    fn solution(&self) -> Solution {
        let culprits: Vec<Culprit> = self.candidates.keys().flat_map(|unit| self.culprits_of(*unit)).collect();
        let decided =
            |unit: &UnitId| self.accepted.contains_key(unit) || culprits.iter().any(|culprit| culprit.unit == *unit);
        Solution {
            shipped: self.with(&[]),
            undecided: self.candidates.keys().copied().filter(|unit| !decided(unit)).collect(),
            culprits,
            baseline: self.baseline,
            verifications: self.answers.len(),
        }
    }

    /// The levels of a unit that failed and are not below what ships, the target first.
    fn culprits_of(&self, unit: UnitId) -> impl Iterator<Item = Culprit> {
        let shipped = self.accepted.get(&unit).copied();
        let above = [Level::Target, Level::Fallback].into_iter().filter(move |level| Some(*level) > shipped);
        above.filter_map(move |level| self.culprit(Choice { unit, level }))
    }

    fn culprit(&self, choice: Choice) -> Option<Culprit> {
        let first_failure = self.failures.get(&choice)?;
        let on_top_of_shipped = self.with(&[choice]);
        let evidence_in = |tree: &Vec<Choice>| match self.answers.get(tree) {
            Some(Answer::Fail { evidence, .. }) => Some(*evidence),
            Some(Answer::Pass) | None => None,
        };
        let (tree, evidence) = [&on_top_of_shipped, first_failure]
            .into_iter()
            .find_map(|tree| evidence_in(tree).map(|evidence| (tree, evidence)))?;
        let named = self.suspects(tree).unwrap_or_default().into_keys();
        let together_with = named.filter(|unit| *unit != choice.unit).collect();
        Some(Culprit { unit: choice.unit, level: choice.level, evidence, together_with })
    }
}

fn target(unit: UnitId) -> Choice {
    Choice { unit, level: Level::Target }
}

fn prospect(candidate: &Candidate, level: Level) -> Prospect {
    match level {
        Level::Target if candidate.has_fallback => Prospect::Incompatible,
        Level::Target | Level::Fallback => Prospect::Compatible,
    }
}

//! Which units make a tree fail: a search without I/O, as `next_step()` and `record()`.
//!
//! # The idea
//!
//! A *tree* is a set of choices: some units at their target, some at their fallback, the rest not there. Verifying one
//! tree costs minutes, so the search asks for as few as it can and never for the same one twice.
//!
//! 1. **Everything at once.** If all units at their targets pass, one verification was enough.
//! 2. **The baseline.** If not, the untouched tree is asked, unless it is known to be green. When it fails by itself
//!    nothing can be proved, and every unit stays undecided.
//! 3. **Forward from what passes.** `accepted` is a set that was seen to pass; at first it is empty. Some *group* of
//!    pending choices fails on top of it. Its head is tried on top of `accepted`: if that passes, it is accepted and the
//!    tail is what fails (`accepted ∪ tail` is the very tree that failed before); if it fails, the head is what fails and
//!    the tail is pending again. A group of one is a culprit: it fails alone on top of a tree that passes. Nothing is
//!    ever inferred, each "passes" and "fails" was seen, so this holds for units that interact in any way.
//! 4. **Where to cut.** Each choice has a chance of being bad. The head is the part whose chance of passing is nearest to
//!    one half, so that each answer tells the most. With equal chances and one expected culprit this halves; as culprits
//!    are found the expected density grows and heads become smaller (what Hwang's generalised binary splitting does for a
//!    known number). Crates that a failing verdict names are very likely bad and go to the end: the first cut is then
//!    "everything but the suspects", and a right hint finds its culprit in one step. Hints that mislead twice are not
//!    believed again in that search. A target with a fallback is an incompatible bump, a little likelier to be bad.
//! 5. **Falling back.** A target that fails is replaced by its fallback among the pending choices. It is tried together
//!    with everything else that is pending, so a fallback that works costs no verification of its own.
//! 6. **Second chances.** What is below its target in the end is tried once more on top of what would ship: each alone (it
//!    may need what was accepted after it), then the groups that name each other in their failures, and, when only a few
//!    fail without naming anything, all but one of these: what only works together. (All of them together is the first
//!    tree, which failed.)
//!    Whatever passes is kept and the rest gets its chance again.
//!
//! # What is promised
//!
//! - What ships is exactly a set that was seen to pass, or nothing.
//! - When it ends without reaching [`Options::limit`], what ships is maximal: each culprit was seen to fail on top of
//!   exactly what ships. If units do not interact, the good ones ship at their targets and the bad ones at their fallback
//!   where that is good.
//! - It ends. With `n` units the main search takes at most `2 + 2n (log₂ n + 8)` verifications. The second chances take
//!   at most `4n + 6` for each unit that they improve, and once more: see [`most_verifications`].
//! - In practice, as `benches/isolate.rs` measures it: `k` culprits among `n`, without any hint, take about
//!   `log₂ C(n, k) + 3k + 2` (with the second chances: 10 for one of 100, 38 for five of 100), with right hints about
//!   `2k + 1`. No search needs fewer than `log₂ C(n, k)` on average.
//!
//! ```
//! use depbot::isolate::{Answer, Candidate, Isolator, Options, Step};
//! use depbot::model::UnitId;
//!
//! let candidate = |name: &str| Candidate { has_fallback: false, names: vec![name.to_owned()] };
//! let units = vec![(UnitId(0), candidate("serde")), (UnitId(1), candidate("axum")), (UnitId(2), candidate("time"))];
//! let mut isolator = Isolator::new(units, Options::default());
//! let solution = loop {
//!     match isolator.next_step() {
//!         Step::Done(solution) => break solution,
//!         // Here a caller applies the choices to the untouched tree and runs its commands. Say that axum breaks it.
//!         Step::Verify(tree) if tree.iter().any(|choice| choice.unit == UnitId(1)) => {
//!             isolator.record(Answer::Fail { suspects: vec!["axum".to_owned()], evidence: 0 });
//!         }
//!         Step::Verify(_) => isolator.record(Answer::Pass),
//!     }
//! };
//! assert_eq!((solution.shipped.len(), solution.verifications), (2, 3));
//! assert_eq!(solution.culprits[0].unit, UnitId(1));
//! ```
//!
//! Since all it knows are the answers, the search is replayed from them for each step: `search` reads as straight code
//! that stops at the first tree without an answer.

mod chance;
mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::model::UnitId;

/// What the search needs to know about a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Whether it has a smaller update to fall back to.
    pub has_fallback: bool,
    /// The names of its crates, by which verdicts may suspect it. `-` and `_` are the same.
    pub names: Vec<String>,
}

/// What applies to the whole search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What is known about the untouched tree.
    pub baseline: Baseline,
    /// After this many verifications the search ends with what passes so far; the rest is undecided.
    pub limit: usize,
}

/// What the caller knows about the untouched tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Nothing: it is verified when something fails.
    Unknown,
    /// It passes, or verdicts are compared with it so that a failure is always one beyond it.
    Green,
}

/// How far a unit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The smaller updates of the same crates.
    Fallback,
    /// What was planned.
    Target,
}

/// A unit in a tree. Ordered by unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// Which unit.
    pub unit: UnitId,
    /// How far it goes.
    pub level: Level,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Verify the tree with exactly these choices, in the order of their units, and record what it said. None at all is
    /// the baseline.
    Verify(Vec<Choice>),
    /// The search is over.
    Done(Solution),
}

/// What verifying a tree said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It passes.
    Pass,
    /// It fails.
    Fail {
        /// The crates that its messages blame, the likeliest first: hints, never a verdict.
        suspects: Vec<String>,
        /// The caller's number of this verdict, given back with the culprits.
        evidence: usize,
    },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The set to ship: it was seen to pass. Empty when nothing but the baseline does.
    pub shipped: Vec<Choice>,
    /// The levels that are not shipped because they fail, in the order of their units, targets before fallbacks.
    pub culprits: Vec<Culprit>,
    /// The units that are neither shipped nor culprits: the baseline is red, or the limit was reached.
    pub undecided: Vec<UnitId>,
    /// What is known about the untouched tree.
    pub baseline: BaselineState,
    /// How many trees were verified.
    pub verifications: usize,
}

/// A unit that makes a passing tree fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// Which unit.
    pub unit: UnitId,
    /// At which level.
    pub level: Level,
    /// The caller's number of the verdict that shows it best: the tree that ships with just this choice put in, or, when
    /// the limit came first, the last passing tree with it.
    pub evidence: usize,
    /// The other units that this verdict names. A hint: it may clash with those that ship, or need those that do not.
    pub together_with: Vec<UnitId>,
}

/// What is known about the untouched tree after a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaselineState {
    /// There was no need to ask.
    NotAsked,
    /// It passes.
    Green,
    /// It fails by itself, so that nothing can be proved.
    Red {
        /// The caller's number of the verdict.
        evidence: usize,
    },
}

/// One search for culprits.
#[derive(Clone, Debug)]
pub struct Isolator {
    candidates: BTreeMap<UnitId, Candidate>,
    options: Options,
    answers: BTreeMap<Vec<Choice>, Answer>,
    step: Step,
}

impl Default for Options {
    fn default() -> Self {
        Self { baseline: Baseline::Unknown, limit: usize::MAX }
    }
}

impl Isolator {
    /// A search among these units. Of two with the same id the later one counts.
    pub fn new(candidates: Vec<(UnitId, Candidate)>, options: Options) -> Self {
        let candidates = candidates.into_iter().map(|(unit, candidate)| (unit, candidate.normalized())).collect();
        let answers = BTreeMap::new();
        let step = search::step(&candidates, options, &answers);
        Self { candidates, options, answers, step }
    }

    /// What to do now: the same until an answer is recorded.
    pub fn next_step(&self) -> Step {
        self.step.clone()
    }

    /// Takes the answer to the tree that [`Self::next_step`] asks for; without effect when the search is over.
    pub fn record(&mut self, answer: Answer) {
        if let Step::Verify(tree) = &self.step {
            self.answers.insert(tree.clone(), answer);
            self.step = search::step(&self.candidates, self.options, &self.answers);
        }
    }
}

/// More verifications than a search among `units` units ever takes, whatever the answers.
pub fn most_verifications(units: usize) -> usize {
    let choices = 2 * units;
    let depth = units.checked_ilog2().map_or(0, |log| log as usize) + 8;
    2 + choices * depth + (choices + 1) * (2 * choices + 6)
}

impl Candidate {
    fn normalized(self) -> Self {
        Self { has_fallback: self.has_fallback, names: self.names.iter().map(|name| normalized(name)).collect() }
    }
}

/// A crate's name as cargo compares it: compilers write `_` where manifests have `-`.
fn normalized(name: &str) -> String {
    name.replace('-', "_")
}

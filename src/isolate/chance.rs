//! How likely choices are bad, and where that says to cut a group.

use std::ops::AddAssign;

/// The chance that a suspected choice is bad.
const SUSPECT: f64 = 0.75;
/// An incompatible bump is this many times as likely bad as a compatible one.
const INCOMPATIBLE: f64 = 3.0;
/// Below this chance of passing, what is pending is not tried all at once.
const WORTHWHILE: f64 = 0.25;

/// What is known about one choice beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prospect {
    /// A compatible bump.
    Compatible,
    /// An incompatible bump.
    Incompatible,
    /// A failing verdict named it.
    Suspect,
}

/// How often choices are bad, as learned so far: `bad` of `seen`, in units of a compatible bump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Density {
    bad: f64,
    seen: f64,
}

impl Prospect {
    fn weight(self) -> f64 {
        match self {
            Self::Compatible => 1.0,
            Self::Incompatible | Self::Suspect => INCOMPATIBLE,
        }
    }
}

impl Density {
    /// Before anything is known one culprit is expected among all.
    pub(super) fn one_among(prospects: impl Iterator<Item = Prospect>) -> Self {
        Self { bad: 1.0, seen: prospects.map(Prospect::weight).sum::<f64>().max(1.0) }
    }

    /// Learns that a choice is good.
    pub(super) fn good(&mut self, prospect: Prospect) {
        self.seen.add_assign(prospect.weight());
    }

    /// Learns that a choice is bad.
    pub(super) fn bad(&mut self, prospect: Prospect) {
        self.bad += 1.0;
        self.seen.add_assign(prospect.weight());
    }

    fn chance_of_good(&self, prospect: Prospect) -> f64 {
        match prospect {
            Prospect::Suspect => 1.0 - SUSPECT,
            Prospect::Compatible | Prospect::Incompatible => {
                1.0 - (prospect.weight() * self.bad / self.seen).min(SUSPECT)
            }
        }
    }

    /// For each length of a head, the chance that all of it is good.
    fn heads(&self, group: &[Prospect]) -> Vec<f64> {
        let mut all_good = 1.0;
        let product = |prospect: &Prospect| {
            all_good *= self.chance_of_good(*prospect);
            all_good
        };
        std::iter::once(1.0).chain(group.iter().map(product)).collect()
    }

    /// How many of the pending choices to try at once, in this order: all of them when that is likely enough to pass.
    pub(super) fn worth_trying(&self, pending: &[Prospect]) -> usize {
        let heads = self.heads(pending);
        let all = pending.len();
        if heads[all] >= WORTHWHILE { all } else { nearest_to_half(&heads, |chance| chance, 1..=all) }
    }

    /// How long a head of a group, which as a whole fails, is to be tried: at least one, and not all.
    pub(super) fn cut(&self, failing: &[Prospect]) -> usize {
        let heads = self.heads(failing);
        let all = heads[failing.len()];
        nearest_to_half(&heads, |head| (head - all) / (1.0 - all), 1..=failing.len() - 1)
    }
}

/// The length whose chance is nearest to one half; the longest of equals.
fn nearest_to_half(heads: &[f64], chance: impl Fn(f64) -> f64, lengths: std::ops::RangeInclusive<usize>) -> usize {
    let distance = |length: &usize| (chance(heads[*length]) - 0.5).abs();
    lengths.rev().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(1)
}

//! How likely choices are bad, and where that says to cut a group.

use std::ops::AddAssign;

/// How many bad choices are expected among all that one verdict suspects.
const BAD_SUSPECTS: f64 = 1.2;
/// No choice is more likely bad than this beforehand.
const MOST: f64 = 0.75;
/// An incompatible bump is this many times as likely bad as a compatible one.
const INCOMPATIBLE: f64 = 3.0;
/// Below this chance of passing, what is pending is not tried all at once.
const WORTHWHILE: f64 = 0.25;

/// What is known about one choice beforehand. Ordered: the likelier good comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    fn chance_of_bad(&self, prospect: Prospect) -> f64 {
        (prospect.weight() * self.bad / self.seen).min(MOST)
    }

    /// How many of the pending choices to try at once, in this order: all of them when that is likely enough to pass.
    pub(super) fn worth_trying(&self, pending: &[Prospect]) -> usize {
        let heads = heads(pending.iter().map(|prospect| self.chance_of_bad(*prospect)));
        let all = pending.len();
        if heads[all] >= WORTHWHILE { all } else { nearest_to_half(&heads, |head| head, 1..=all) }
    }

    /// How long a head of a group, which as a whole fails, is to be tried: at least one, and not all of its two or more.
    /// Suspects stand at its end: when there are others, these are the head.
    pub(super) fn cut(&self, failing: &[Prospect]) -> usize {
        let suspects = failing.iter().filter(|prospect| **prospect == Prospect::Suspect).count();
        let others = failing.len() - suspects;
        if suspects > 0 && others > 0 {
            return others;
        }
        let suspected = (BAD_SUSPECTS / suspects as f64).min(MOST);
        let heads = heads(failing.iter().map(|prospect| match prospect {
            Prospect::Suspect => suspected,
            Prospect::Compatible | Prospect::Incompatible => self.chance_of_bad(*prospect),
        }));
        let all = heads[failing.len()];
        nearest_to_half(&heads, |head| (head - all) / (1.0 - all), 1..=failing.len() - 1)
    }
}

/// For each length of a head, from none to all, the chance that all of it is good.
fn heads(chances_of_bad: impl Iterator<Item = f64>) -> Vec<f64> {
    let all_good = chances_of_bad.scan(1.0, |all_good, bad| {
        *all_good *= 1.0 - bad;
        Some(*all_good)
    });
    std::iter::once(1.0).chain(all_good).collect()
}

/// The length whose chance is nearest to one half; the longest of equals.
fn nearest_to_half(heads: &[f64], chance: impl Fn(f64) -> f64, lengths: std::ops::RangeInclusive<usize>) -> usize {
    let distance = |length: &usize| (chance(heads[*length]) - 0.5).abs();
    lengths.rev().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(1)
}

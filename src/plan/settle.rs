//! How declared dependencies end once candidates were proved: what ships, and why the rest does not.

use crate::model::{Lane, Outcome, Refusal, Rejection, RepoPath, Settlement, Update};

/// An update that ships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// The folder of its workspace.
    pub workspace: RepoPath,
    /// The update.
    pub update: Update,
    /// What carries it.
    pub lane: Lane,
}

/// An update that does not ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The folder of its workspace.
    pub workspace: RepoPath,
    /// The update.
    pub update: Update,
    /// Why.
    pub rejection: Rejection,
}

/// Ends what was planned: every planned update either ships, perhaps to a lower version, or has a reason; `otherwise` is
/// the reason of those that nobody came to.
pub fn settle(
    settlements: &[Settlement],
    shipped: &[Shipped],
    rejected: &[Rejected],
    otherwise: &Rejection,
) -> Vec<Settlement> {
    settlements.iter().map(|settlement| settle_one(settlement, shipped, rejected, otherwise)).collect()
}

fn settle_one(
    settlement: &Settlement,
    shipped: &[Shipped],
    rejected: &[Rejected],
    otherwise: &Rejection,
) -> Settlement {
    let Outcome::Updated { to, refused, .. } = &settlement.outcome else { return settlement.clone() };
    let concerns = |workspace: &RepoPath, update: &Update| {
        *workspace == settlement.workspace
            && update.krate == settlement.krate
            // Where only what is written moves, it moves to the version in use.
            && [Some(&update.from), Some(&update.to)].contains(&settlement.current.as_ref())
    };
    let best = shipped
        .iter()
        .filter(|it| concerns(&it.workspace, &it.update))
        .max_by(|one, two| one.update.to.cmp(&two.update.to));
    let mut reasons: Vec<Refusal> = rejected
        .iter()
        .filter(|it| concerns(&it.workspace, &it.update))
        .filter(|it| best.is_none_or(|best| it.update.to > best.update.to))
        .map(|it| Refusal::of(&it.update.to, it.rejection.clone()))
        .collect();
    reasons.sort_by(|one, two| two.version.cmp(&one.version));
    reasons.dedup();
    let is_there = best.is_some_and(|best| best.update.to == *to);
    if !is_there && reasons.is_empty() {
        reasons.push(Refusal::of(to, otherwise.clone()));
    }
    let refused = refused.iter().cloned().chain(reasons).collect();
    let outcome = match best {
        Some(best) => Outcome::Updated { to: best.update.to.clone(), lane: best.lane, refused },
        None => Outcome::NotUpdated { refused },
    };
    Settlement { outcome, ..settlement.clone() }
}

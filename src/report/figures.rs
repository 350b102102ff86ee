//! What a run came to, counted and ordered once for every form of report.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use semver::Version;

use crate::model::{
    Bump, CrateName, Lane, Outcome, PullRequestState, PullRequestSummary, Refusal, RepoPath, RepositoryStatus,
    RepositorySummary, RunSummary, Settlement,
};
use crate::reconcile::ReasonGroup;

/// Where one dependency stands after the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A newer release is not taken, for reasons of this group.
    Behind(ReasonGroup),
    /// An open pull request moves it, or would.
    Proposed(Lane),
    /// It moved in this run.
    Moved(Lane),
    /// It is at the newest release.
    Current,
    /// It has no releases to follow: a path, a fixed revision, a branch.
    Still,
}

/// One dependency of one workspace: all its sites that end alike.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub(super) workspace: &'a RepoPath,
    pub(super) krate: &'a CrateName,
    pub(super) current: Option<&'a Version>,
    pub(super) latest: Option<&'a Version>,
    pub(super) to: Option<&'a Version>,
    pub(super) refused: &'a [Refusal],
    pub(super) standing: Standing,
    pub(super) sites: Vec<&'a Settlement>,
}

/// The counts of some dependencies.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) dependencies: usize,
    pub(super) current: usize,
    pub(super) moved: usize,
    pub(super) proposed: usize,
    pub(super) behind: usize,
    pub(super) still: usize,
    /// How many of `behind` for which group of reasons.
    pub(super) reasons: BTreeMap<ReasonGroup, usize>,
    /// How far those of `behind` and `proposed` are behind.
    pub(super) distance: BTreeMap<Bump, usize>,
}

/// One repository, counted.
pub(super) struct Repository<'a> {
    pub(super) summary: &'a RepositorySummary,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) counts: Counts,
}

/// The fleet, counted; repositories that need a person first.
pub(super) struct Fleet<'a> {
    pub(super) repositories: Vec<Repository<'a>>,
    pub(super) counts: Counts,
    pub(super) open: usize,
    pub(super) merged: usize,
    pub(super) verifications: usize,
    pub(super) verifying: Duration,
}

/// A crate that stays behind in many repositories.
pub(super) struct Laggard<'a> {
    pub(super) krate: &'a CrateName,
    pub(super) latest: Option<&'a Version>,
    pub(super) group: ReasonGroup,
    pub(super) repositories: BTreeSet<&'a str>,
    pub(super) example: String,
}

impl<'a> Fleet<'a> {
    pub(super) fn of(summary: &'a RunSummary) -> Self {
        let mut repositories: Vec<Repository<'a>> = summary.repositories.iter().map(Repository::of).collect();
        repositories.sort_by_key(|one| (attention(one), one.summary.repo.as_str().to_lowercase()));
        let mut counts = Counts::default();
        for repository in &repositories {
            counts.add_all(&repository.counts);
        }
        let in_state = |state| {
            let all = summary.repositories.iter().flat_map(|one| &one.pull_requests);
            all.filter(|pull_request| pull_request.state == state).count()
        };
        let verifications = || summary.repositories.iter().flat_map(|one| &one.verifications);
        Self {
            counts,
            open: in_state(PullRequestState::Open),
            merged: in_state(PullRequestState::Merged),
            verifications: verifications().count(),
            verifying: verifications().map(|one| one.took).sum(),
            repositories,
        }
    }

    /// How many repositories ended how, those that need a person first.
    pub(super) fn statuses(&self) -> Vec<(StatusKind, usize)> {
        let mut counts: BTreeMap<StatusKind, usize> = BTreeMap::new();
        for repository in &self.repositories {
            *counts.entry(StatusKind::of(&repository.summary.status)).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    /// The crates that stay behind in most repositories, with the reasons for which they do; reasons that lie in the
    /// repository or in a source, not in the crate, are left out.
    pub(super) fn laggards(&self) -> Vec<Laggard<'a>> {
        let mut laggards: BTreeMap<(&CrateName, ReasonGroup), Laggard<'a>> = BTreeMap::new();
        for repository in &self.repositories {
            for row in &repository.rows {
                let Standing::Behind(group) = row.standing else { continue };
                if matches!(group, ReasonGroup::Unprovable | ReasonGroup::Unreadable) {
                    continue;
                }
                let laggard = laggards.entry((row.krate, group)).or_insert_with(|| Laggard {
                    krate: row.krate,
                    latest: None,
                    group,
                    repositories: BTreeSet::new(),
                    example: row.reason(),
                });
                laggard.latest = laggard.latest.max(row.latest);
                laggard.repositories.insert(repository.summary.repo.as_str());
            }
        }
        let mut laggards: Vec<Laggard<'a>> = laggards.into_values().collect();
        laggards.sort_by_key(|one| (std::cmp::Reverse(one.repositories.len()), one.group, one.krate.clone()));
        laggards
    }
}

impl<'a> Repository<'a> {
    pub(super) fn of(summary: &'a RepositorySummary) -> Self {
        let rows = rows(summary);
        let mut counts = Counts::default();
        rows.iter().for_each(|row| counts.add(row));
        Self { summary, rows, counts }
    }

    /// The pull requests in `state`.
    pub(super) fn pull_requests(&self, state: PullRequestState) -> impl Iterator<Item = &'a PullRequestSummary> {
        self.summary.pull_requests.iter().filter(move |pull_request| pull_request.state == state)
    }
}

impl Row<'_> {
    /// How far behind the newest release it is.
    pub(super) fn distance(&self) -> Option<Bump> {
        let (current, latest) = (self.current?, self.latest?);
        (latest > current).then(|| Bump::between(current, latest))
    }

    /// The refusal that names the group it is counted in, or else the newest.
    pub(super) fn chief(&self) -> Option<&Refusal> {
        let refusals = self.refused.iter();
        refusals.min_by_key(|refusal| ReasonGroup::of(&refusal.rejection))
    }

    /// The chief refusal in words.
    pub(super) fn reason(&self) -> String {
        self.chief().map(ToString::to_string).unwrap_or_default()
    }
}

impl Counts {
    fn add(&mut self, row: &Row<'_>) {
        self.dependencies += 1;
        match row.standing {
            Standing::Current => self.current += 1,
            Standing::Moved(_) => self.moved += 1,
            Standing::Proposed(_) => self.proposed += 1,
            Standing::Still => self.still += 1,
            Standing::Behind(group) => {
                self.behind += 1;
                *self.reasons.entry(group).or_default() += 1;
            }
        }
        if let (Standing::Behind(_) | Standing::Proposed(_), Some(bump)) = (row.standing, row.distance()) {
            *self.distance.entry(bump).or_default() += 1;
        }
    }

    fn add_all(&mut self, other: &Self) {
        self.dependencies += other.dependencies;
        self.current += other.current;
        self.moved += other.moved;
        self.proposed += other.proposed;
        self.behind += other.behind;
        self.still += other.still;
        for (group, count) in &other.reasons {
            *self.reasons.entry(*group).or_default() += count;
        }
        for (bump, count) in &other.distance {
            *self.distance.entry(*bump).or_default() += count;
        }
    }

    /// How many follow releases at all.
    pub(super) fn following(&self) -> usize {
        self.dependencies - self.still
    }

    /// How many are at their newest release now.
    pub(super) fn newest(&self) -> usize {
        self.current + self.moved
    }
}

/// How a repository ended, without the data. Ordered: those that need a person first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StatusKind {
    Failed,
    RedBefore,
    Waiting,
    Planned,
    Merged,
    UpToDate,
}

impl StatusKind {
    pub(super) fn of(status: &RepositoryStatus) -> Self {
        match status {
            RepositoryStatus::Failed { .. } => Self::Failed,
            RepositoryStatus::RedBefore(_) => Self::RedBefore,
            RepositoryStatus::Waiting => Self::Waiting,
            RepositoryStatus::Merged => Self::Merged,
            RepositoryStatus::UpToDate => Self::UpToDate,
            RepositoryStatus::Planned { .. } => Self::Planned,
        }
    }

    /// For machines and style sheets.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::RedBefore => "red",
            Self::Waiting => "waiting",
            Self::Planned => "planned",
            Self::Merged => "merged",
            Self::UpToDate => "current",
        }
    }

    /// For people.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::RedBefore => "main is red",
            Self::Waiting => "waiting",
            Self::Planned => "planned",
            Self::Merged => "merged",
            Self::UpToDate => "unchanged",
        }
    }
}

/// What a status says beyond its kind; empty where that is all.
pub(super) fn status_detail(status: &RepositoryStatus) -> String {
    match status {
        RepositoryStatus::Failed { stage, message } => format!("{stage}: {message}"),
        RepositoryStatus::RedBefore(failure) => format!("{} fails on the main branch", failure.command),
        RepositoryStatus::Waiting | RepositoryStatus::Merged | RepositoryStatus::UpToDate => String::new(),
        RepositoryStatus::Planned { updates: 1 } => "1 update".to_owned(),
        RepositoryStatus::Planned { updates } => format!("{updates} updates"),
    }
}

fn attention(repository: &Repository<'_>) -> (StatusKind, std::cmp::Reverse<usize>) {
    let breaking = repository.counts.reasons.get(&ReasonGroup::Breaks).copied().unwrap_or(0);
    (StatusKind::of(&repository.summary.status), std::cmp::Reverse(breaking))
}

fn rows(summary: &RepositorySummary) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut places: BTreeMap<(&RepoPath, &CrateName), Vec<usize>> = BTreeMap::new();
    for settlement in &summary.settlements {
        let known = places.entry((&settlement.workspace, &settlement.krate)).or_default();
        let alike = known.iter().find(|place| {
            let first = rows[**place].sites[0];
            first.current == settlement.current && first.outcome == settlement.outcome
        });
        match alike {
            Some(place) => rows[*place].sites.push(settlement),
            None => {
                known.push(rows.len());
                rows.push(row(settlement, summary));
            }
        }
    }
    rows.sort_by_key(|row| (row.standing, row.krate, row.workspace));
    rows
}

fn row<'a>(settlement: &'a Settlement, summary: &RepositorySummary) -> Row<'a> {
    let (to, refused): (Option<&Version>, &[Refusal]) = match &settlement.outcome {
        Outcome::Updated { to, refused, .. } => (Some(to), refused),
        Outcome::UpToDate => (None, &[]),
        Outcome::NotUpdated { refused } => (None, refused),
    };
    Row {
        workspace: &settlement.workspace,
        krate: &settlement.krate,
        current: settlement.current.as_ref(),
        latest: settlement.latest.as_ref(),
        to,
        refused,
        standing: standing(settlement, summary),
        sites: vec![settlement],
    }
}

fn standing(settlement: &Settlement, summary: &RepositorySummary) -> Standing {
    match &settlement.outcome {
        Outcome::UpToDate => Standing::Current,
        Outcome::Updated { lane, .. } => {
            let of_lane = || summary.pull_requests.iter().filter(|pull_request| pull_request.lane == *lane);
            let merged = of_lane().next().is_some() && of_lane().all(|one| one.state == PullRequestState::Merged);
            if merged { Standing::Moved(*lane) } else { Standing::Proposed(*lane) }
        }
        Outcome::NotUpdated { refused } => {
            let group = refused.iter().map(|refusal| ReasonGroup::of(&refusal.rejection)).min();
            let newer =
                matches!((&settlement.current, &settlement.latest), (Some(current), Some(latest)) if latest > current);
            match group {
                Some(ReasonGroup::Policy) if !newer => Standing::Still,
                Some(group) if !group.is_ordinary() => Standing::Behind(group),
                Some(_) | None if newer => Standing::Behind(ReasonGroup::Nothing),
                Some(_) | None => Standing::Still,
            }
        }
    }
}

//! The form of a plan: the file that is reviewed and carried out later.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::twin::{FieldError, Twin, json_key, twin};
use super::{Lane, Settlement, Update};
use crate::{model, plan};

/// The format of plan files that this version writes, and the only one that it reads.
pub const PLAN_FORMAT: u32 = 1;

/// What is intended for a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanFile {
    /// Where the schema of this file is.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The version of this format; a reader that knows 1 refuses 2.
    pub format: u32,
    /// When the plan was made: what was old enough then is old enough for it.
    #[schemars(extend("format" = "date-time"))]
    pub created: String,
    /// The repositories, in the order of repos.toml.
    pub repositories: Vec<RepositoryPlan>,
}

/// The intent for one repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RepositoryPlan {
    /// Its name.
    pub repo: String,
    /// Where it is, without credentials.
    pub url: String,
    /// The wave it is in, counted from 1.
    pub wave: usize,
    /// What is proposed, or why nothing could be.
    pub result: PlanResult,
}

/// What is proposed for a repository, or why nothing could be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanResult {
    /// This is proposed.
    Proposed {
        /// The commit it was made for; absent for a working tree.
        base: Option<String>,
        /// What is to be changed, each unit's id being its place here.
        units: Vec<Unit>,
        /// Every declared dependency.
        settlements: Vec<Settlement>,
        /// What a person should know.
        notes: Vec<String>,
    },
    /// Nothing could be proposed.
    Failed {
        /// Where it failed.
        stage: Stage,
        /// What happened, without credentials.
        message: String,
    },
}

/// Updates that must move together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// Its place in the list of units, counted from 0.
    pub id: usize,
    /// The folder of the workspace it changes; empty for the repository's root.
    pub workspace: String,
    /// What it consists of.
    pub change: UnitKind,
    /// What carries it.
    pub lane: Lane,
    /// Smaller updates of the same crates, tried when this one fails.
    pub fallback: Vec<Update>,
}

/// What a unit consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UnitKind {
    /// Updates of declared dependencies.
    Updates {
        /// They; at least one.
        #[schemars(length(min = 1))]
        updates: Vec<Update>,
    },
    /// Everything else in the lock moves as far as the requirements allow.
    LockRefresh,
}

/// The stage of a run that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("enum" = STAGES))]
pub struct Stage(String);

const STAGES: [&str; 7] = ["sync", "survey", "plan", "verify", "publish", "merge", "release"];

impl Twin<plan::Plan> for PlanFile {
    fn write(model: &plan::Plan) -> Self {
        let plan::Plan { created, repositories } = model;
        Self {
            schema: super::schema_url("plan"),
            format: PLAN_FORMAT,
            created: Twin::write(created),
            repositories: Twin::write(repositories),
        }
    }

    fn read(self) -> Result<plan::Plan, FieldError> {
        Ok(plan::Plan {
            created: self.created.read().map_err(|error| error.under("created"))?,
            repositories: self.repositories.read().map_err(|error| error.under("repositories"))?,
        })
    }
}

impl Twin<Result<plan::Proposal, plan::StageFailure>> for PlanResult {
    fn write(model: &Result<plan::Proposal, plan::StageFailure>) -> Self {
        match model {
            Ok(plan::Proposal { base, units, settlements, notes }) => Self::Proposed {
                base: Twin::write(base),
                units: Twin::write(units),
                settlements: Twin::write(settlements),
                notes: Twin::write(notes),
            },
            Err(plan::StageFailure { stage, message }) => {
                Self::Failed { stage: Twin::write(stage), message: Twin::write(message) }
            }
        }
    }

    fn read(self) -> Result<Result<plan::Proposal, plan::StageFailure>, FieldError> {
        Ok(match self {
            Self::Proposed { base, units, settlements, notes } => Ok(plan::Proposal {
                base: base.read().map_err(|error| error.under("base"))?,
                units: read_units(units).map_err(|error| error.under("units"))?,
                settlements: settlements.read().map_err(|error| error.under("settlements"))?,
                notes,
            }),
            Self::Failed { stage, message } => {
                Err(plan::StageFailure { stage: stage.read().map_err(|error| error.under("stage"))?, message })
            }
        })
    }
}

/// The units, each of which must stand at the place that its id names.
fn read_units(units: Vec<Unit>) -> Result<Vec<model::Unit>, FieldError> {
    let units: Vec<model::Unit> = units.read()?;
    match units.iter().enumerate().find(|(place, unit)| unit.id.0 != *place) {
        None => Ok(units),
        Some((place, unit)) => {
            let message = format!("a unit's id is its place, counted from 0: {place}, not {}", unit.id.0);
            Err(FieldError::new(message).under("id").at(place))
        }
    }
}

impl Twin<&'static str> for Stage {
    fn write(model: &&'static str) -> Self {
        Self((*model).to_owned())
    }

    fn read(self) -> Result<&'static str, FieldError> {
        let known = STAGES.into_iter().find(|stage| *stage == self.0);
        known.ok_or_else(|| FieldError::new(format!("{:?} is not one of {}", self.0, STAGES.join(", "))))
    }
}

impl Twin<model::Unit> for Unit {
    fn write(model: &model::Unit) -> Self {
        let model::Unit { id, workspace, kind, lane, fallback } = model;
        Self {
            id: Twin::write(id),
            workspace: Twin::write(workspace),
            change: Twin::write(kind),
            lane: Twin::write(lane),
            fallback: Twin::write(fallback),
        }
    }

    fn read(self) -> Result<model::Unit, FieldError> {
        Ok(model::Unit {
            id: self.id.read().map_err(|error| error.under("id"))?,
            workspace: self.workspace.read().map_err(|error| error.under("workspace"))?,
            kind: self.change.read().map_err(|error| error.under("change"))?,
            lane: self.lane.read().map_err(|error| error.under("lane"))?,
            fallback: self.fallback.read().map_err(|error| error.under("fallback"))?,
        })
    }
}

impl Twin<model::UnitKind> for UnitKind {
    fn write(model: &model::UnitKind) -> Self {
        match model {
            model::UnitKind::Updates(updates) => Self::Updates { updates: Twin::write(updates) },
            model::UnitKind::LockRefresh => Self::LockRefresh,
        }
    }

    fn read(self) -> Result<model::UnitKind, FieldError> {
        match self {
            Self::Updates { updates } if updates.is_empty() => {
                Err(FieldError::new("a unit has at least one update").under("updates"))
            }
            Self::Updates { updates } => {
                updates.read().map(model::UnitKind::Updates).map_err(|error| error.under("updates"))
            }
            Self::LockRefresh => Ok(model::UnitKind::LockRefresh),
        }
    }
}

twin!(struct RepositoryPlan = plan::RepositoryPlan { repo, url, wave, result });

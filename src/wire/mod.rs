//! The forms of what crosses the program's border: plan files, events, the JSON report.
//!
//! Every form is a twin of a value of [`crate::model`] or [`crate::plan`] that loses nothing: reading what was written
//! gives the same value. Keys are in snake case, sums have a `kind`, times are RFC 3339 in UTC, durations are seconds,
//! versions are strings, and what is absent is `null`. A plan file with anything unknown in it is refused; an event is
//! read as far as it is known.

mod common;
mod event;
mod json;
mod plan;
mod refusal;
mod report;
mod schema;
mod twin;

pub use common::{
    CommandRun, Edit, EditField, Failure, Lane, Outcome, Phase, Settlement, Site, Update, Verdict, Verification,
};
pub use event::{EVENT_FORMAT, EventBody, EventRecord, PullRequestChange};
pub use json::{
    WireError, event_from_json, event_to_json, plan_from_json, plan_to_json, summary_from_json, summary_to_json,
    verdict_from_json, verdict_to_json,
};
pub use plan::{PLAN_FORMAT, PlanFile, PlanResult, RepositoryPlan, Stage, Unit, UnitKind};
pub use refusal::{Refusal, Rejection, Strategy};
pub use report::{
    PullRequestState, PullRequestSummary, REPORT_FORMAT, Report, RepositoryStatus, RepositorySummary, RunMode,
};
pub use schema::{schema_url, schemas};

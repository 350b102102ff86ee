//! Between values and JSON text, with errors that say where in the text they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::twin::{FieldError, Step, Twin};
use super::{EventRecord, PLAN_FORMAT, PlanFile, Report, Verdict};
use crate::model;
use crate::plan::Plan;

/// A JSON text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct WireError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// What is wrong, with the field's name.
    pub message: String,
}

/// The plan file of a plan.
pub fn plan_to_json(plan: &Plan) -> String {
    pretty(&PlanFile::write(plan))
}

/// The plan of a plan file. Anything that this version does not know is an error: what a reviewer saw is what is done.
pub fn plan_from_json(text: &str) -> Result<Plan, WireError> {
    let value: Value = serde_json::from_str(text).map_err(from_serde)?;
    check_format(text, &value)?;
    let file: PlanFile = serde_json::from_str(text).map_err(from_serde)?;
    let known = serde_json::to_value(&file).map_err(from_serde)?;
    refuse_unknown(&value, &known).and_then(|()| file.read()).map_err(|error| located(text, &error))
}

/// The JSON of an event, on one line.
pub fn event_to_json(event: &model::Event) -> String {
    line(&EventRecord::write(event))
}

/// The event of a JSON text. Keys that are not known are left out.
pub fn event_from_json(text: &str) -> Result<model::Event, WireError> {
    from_json::<EventRecord, _>(text)
}

/// The JSON report of a run.
pub fn summary_to_json(summary: &model::RunSummary) -> String {
    pretty(&Report::write(summary))
}

/// The run of a JSON report.
pub fn summary_from_json(text: &str) -> Result<model::RunSummary, WireError> {
    from_json::<Report, _>(text)
}

/// The JSON of a verdict, on one line.
pub fn verdict_to_json(verdict: &model::Verdict) -> String {
    line(&Verdict::write(verdict))
}

/// The verdict of a JSON text.
pub fn verdict_from_json(text: &str) -> Result<model::Verdict, WireError> {
    from_json::<Verdict, _>(text)
}

fn from_json<W: Twin<M> + DeserializeOwned, M>(text: &str) -> Result<M, WireError> {
    let wire: W = serde_json::from_str(text).map_err(from_serde)?;
    wire.read().map_err(|error| located(text, &error))
}

fn pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("forms have string keys and write to memory");
    text + "\n"
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("forms have string keys and write to memory")
}

fn from_serde(error: serde_json::Error) -> WireError {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
    WireError { line: error.line(), column: error.column(), message }
}

/// Whether the file says that it is of the format that this version reads.
fn check_format(text: &str, file: &Value) -> Result<(), WireError> {
    let message = match file.get("format") {
        Some(format) if format.as_u64() == Some(PLAN_FORMAT.into()) => return Ok(()),
        Some(format) => {
            let error = FieldError::new(format!("the plan has format {format}, this depbot reads {PLAN_FORMAT} only"));
            return Err(located(text, &error.under("format")));
        }
        None => "it has no `format`, so it is not a plan of depbot",
    };
    Err(WireError { line: 1, column: 1, message: message.to_owned() })
}

/// Whether everything in `given` is in `known` too, which was made from what was understood of it.
fn refuse_unknown(given: &Value, known: &Value) -> Result<(), FieldError> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (key, value) in given {
                let understood = known.get(key).ok_or_else(|| FieldError::new("unknown key"));
                understood.and_then(|known| refuse_unknown(value, known)).map_err(|error| error.under(key))?;
            }
            Ok(())
        }
        (Value::Array(given), Value::Array(known)) => {
            let mut pairs = given.iter().zip(known).enumerate();
            pairs.try_for_each(|(index, (given, known))| refuse_unknown(given, known).map_err(|error| error.at(index)))
        }
        _ => Ok(()),
    }
}

/// The error with the place of its field in `text`.
fn located(text: &str, error: &FieldError) -> WireError {
    let path = error.path();
    let offset = offset_of(text, &path).unwrap_or(0);
    let before = &text[..offset];
    WireError {
        line: before.matches('\n').count() + 1,
        column: offset - before.rfind('\n').map_or(0, |newline| newline + 1) + 1,
        message: format!("{}: {}", shown(&path), error.message),
    }
}

/// Where in `text` the value at `path` begins.
fn offset_of(text: &str, path: &[Step]) -> Option<usize> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    for step in path {
        value = match step {
            Step::Key(key) => serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()).ok()?.get(key)?,
            Step::Index(index) => serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?.get(*index)?,
        };
    }
    (value.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)
}

/// The path as people write it: `repositories[0].url`.
fn shown(path: &[Step]) -> String {
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Key(key) if shown.is_empty() => shown.push_str(key),
            Step::Key(key) => {
                shown.push('.');
                shown.push_str(key);
            }
            Step::Index(index) => write!(shown, "[{index}]").expect("a String takes all"),
        }
    }
    shown
}

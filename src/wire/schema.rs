//! The JSON Schemas of everything that crosses the program's border.

use schemars::generate::SchemaSettings;
use schemars::transform::Transform;
use schemars::{JsonSchema, Schema};
use serde_json::Map;

use super::{EventRecord, PlanFile, Report};
use crate::config::Closed;

/// Where the published schema `name` is: `repos`, `plan`, `report` or `event`.
pub fn schema_url(name: &str) -> String {
    format!("https://raw.githubusercontent.com/depbot/depbot/main/schema/{name}.schema.json")
}

/// Every published schema: the file's name, and its text.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("repos.schema.json", text(named(crate::config::json_schema(), "repos"))),
        ("plan.schema.json", text(closed(schema_of::<PlanFile>("plan", "A plan of depbot")))),
        ("report.schema.json", text(schema_of::<Report>("report", "The report of a depbot run"))),
        ("event.schema.json", text(schema_of::<EventRecord>("event", "An event of depbot's journal"))),
    ]
}

fn schema_of<T: JsonSchema>(name: &str, title: &str) -> Schema {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    named(schema, name)
}

/// The same schema with its address, and what a reader wants to know first at its top.
fn named(mut schema: Schema, name: &str) -> Schema {
    let mut first = Map::from_iter([("$id".to_owned(), schema_url(name).into())]);
    for key in ["$schema", "title", "description"] {
        first.extend(schema.remove(key).map(|value| (key.to_owned(), value)));
    }
    first.extend(std::mem::take(schema.ensure_object()));
    first.into()
}

/// The same schema with every object closed against unknown keys.
fn closed(mut schema: Schema) -> Schema {
    Closed.transform(&mut schema);
    schema
}

fn text(schema: Schema) -> String {
    format!("{:#}\n", schema.to_value())
}

//! The JSON Schemas of everything that crosses the program's border.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};

use super::{EventRecord, PlanFile, Report};

/// Where the published schema `name` is: `repos`, `plan`, `report` or `event`.
pub fn schema_url(name: &str) -> String {
    format!("https://raw.githubusercontent.com/depbot/depbot/main/schema/{name}.schema.json")
}

/// Every published schema: the file's name, and its text.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("plan.schema.json", text(closed(schema_of::<PlanFile>("plan", "A plan of depbot")))),
        ("report.schema.json", text(schema_of::<Report>("report", "The report of a depbot run"))),
        ("event.schema.json", text(schema_of::<EventRecord>("event", "An event of depbot's journal"))),
    ]
}

fn schema_of<T: JsonSchema>(name: &str, title: &str) -> Schema {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), schema_url(name).into());
    schema.insert("title".to_owned(), title.into());
    schema
}

/// The same schema with every object closed against unknown keys.
fn closed(mut schema: Schema) -> Schema {
    Close.transform(&mut schema);
    schema
}

struct Close;

impl Transform for Close {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        transform_subschemas(self, schema);
    }
}

fn text(schema: Schema) -> String {
    format!("{:#}\n", schema.to_value())
}

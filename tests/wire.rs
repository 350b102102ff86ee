//! What crosses the border comes back as it was, fits its published schema, and is refused with its place when wrong.

mod wire_samples;

use std::collections::BTreeSet;

use depbot::wire;
use serde_json::Value;
use wire_samples as samples;

#[test]
fn a_plan_comes_back_as_it_was() {
    let plan = samples::plan();
    assert_eq!(wire::plan_from_json(&wire::plan_to_json(&plan)), Ok(plan));
}

#[test]
fn every_event_comes_back_as_it_was() {
    for event in samples::events() {
        let json = wire::event_to_json(&event);
        assert!(!json.contains('\n'), "an event is one line");
        assert_eq!(wire::event_from_json(&json), Ok(event));
    }
}

#[test]
fn a_report_comes_back_as_it_was() {
    let summary = samples::summary();
    assert_eq!(wire::summary_from_json(&wire::summary_to_json(&summary)), Ok(summary));
}

#[test]
fn every_verdict_comes_back_as_it_was() {
    for verdict in samples::verdicts() {
        assert_eq!(wire::verdict_from_json(&wire::verdict_to_json(&verdict)), Ok(verdict));
    }
}

#[test]
fn an_event_of_a_newer_version_is_read_as_far_as_it_is_known() {
    let event = samples::events().remove(0);
    let json = wire::event_to_json(&event).replacen('{', r#"{"new":[1],"#, 1);
    assert_eq!(wire::event_from_json(&json), Ok(event));
}

#[test]
fn what_is_written_fits_the_published_schemas() {
    let check = |name: &str, texts: Vec<String>| {
        let schema = schema(name);
        for text in texts {
            let value: Value = serde_json::from_str(&text).expect("what is written is JSON");
            let problems = misfits(&schema, &schema, &value, "");
            assert!(problems.is_empty(), "{name}: {problems:#?}");
        }
    };
    check("plan.schema.json", vec![wire::plan_to_json(&samples::plan())]);
    check("report.schema.json", vec![wire::summary_to_json(&samples::summary())]);
    check("event.schema.json", samples::events().iter().map(wire::event_to_json).collect());
}

#[test]
fn the_schema_of_plans_refuses_unknown_keys() {
    let schema = schema("plan.schema.json");
    let json = wire::plan_to_json(&samples::plan()).replacen(r#""lane""#, r#""lame""#, 1);
    let problems = misfits(&schema, &schema, &serde_json::from_str(&json).expect("it is JSON"), "");
    assert!(!problems.is_empty());
}

/// A new variant without a sample fails here, so that the round trips above stay complete.
#[test]
fn the_samples_have_every_word_of_the_schemas() {
    let mut texts = vec![wire::plan_to_json(&samples::plan()), wire::summary_to_json(&samples::summary())];
    texts.extend(samples::events().iter().map(wire::event_to_json));
    let mut said = BTreeSet::new();
    for text in &texts {
        collect_strings(&serde_json::from_str(text).expect("it is JSON"), &mut said);
    }
    for name in ["plan.schema.json", "report.schema.json", "event.schema.json"] {
        let mut words = BTreeSet::new();
        collect_constants(&schema(name), &mut words);
        let missing: Vec<&String> = words.difference(&said).collect();
        assert!(missing.is_empty(), "{name}: no sample has {missing:?}");
    }
}

#[test]
fn a_wrong_plan_is_refused_with_its_place_and_field() {
    let cases = [
        (r#""format": 1"#, r#""format": 2"#),
        (r#""format": 1"#, r#""form": 1"#),
        (r#""wave": 1"#, r#""wave": 1, "colour": "red""#),
        (r#""lane": "review""#, r#""lane": "review", "lame": null"#),
        (r#""to": "1.5.2""#, r#""to": "1.5""#),
        (r#""crate": "tokio""#, r#""crate": "to kio""#),
        (r#""id": 1"#, r#""id": 7"#),
        (r#""stage": "sync""#, r#""stage": "nap""#),
        (r#""strategy": "lockfile""#, r#""strategy": "latest""#),
        (r#""published": "2026-11-01T08:30:00Z""#, r#""published": "yesterday""#),
        (r#""until": "2026-12-31""#, r#""until": "2026-12-32""#),
        (r#""kind": "cooldown""#, r#""kind": "warmup""#),
        (r#""wave": 1"#, r#""wave": "one""#),
        (r#""wave": 1,"#, ""),
        (r#""wave": 1,"#, r#""wave": 1"#),
    ];
    let plan = wire::plan_to_json(&samples::plan());
    let refusals = cases.map(|(from, to)| {
        assert!(plan.contains(from), "the sample has no {from}");
        let error = wire::plan_from_json(&plan.replacen(from, to, 1)).expect_err(to);
        format!("{from} -> {to}\n    {error}\n")
    });
    insta::assert_snapshot!(refusals.concat());
}

/// The published schema of this name.
fn schema(name: &str) -> Value {
    let schemas = wire::schemas();
    let (_, text) = schemas.iter().find(|(file, _)| *file == name).expect("the schema is published");
    serde_json::from_str(text).expect("a schema is JSON")
}

/// How `value` does not fit `schema`, for the words of JSON Schema that ours use.
fn misfits(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (word, rule) in schema.as_object().into_iter().flatten() {
        match (word.as_str(), rule) {
            ("$ref", Value::String(target)) => {
                let target = root.pointer(target.trim_start_matches('#')).expect("a $ref has a target");
                problems.extend(misfits(root, target, value, path));
            }
            ("type", _) if !has_type(rule, value) => problems.push(format!("{path}: {value} is not {rule}")),
            ("const", _) if rule != value => problems.push(format!("{path}: {value} is not {rule}")),
            ("enum", Value::Array(words)) if !words.contains(value) => {
                problems.push(format!("{path}: {value} is none of {rule}"));
            }
            ("required", Value::Array(keys)) => {
                let keys = keys.iter().filter_map(Value::as_str).filter(|key| value.get(key).is_none());
                problems.extend(keys.map(|key| format!("{path}: no {key}")));
            }
            ("properties", Value::Object(properties)) => {
                let pairs = properties.iter().filter_map(|(key, rule)| Some((key, rule, value.get(key)?)));
                pairs.for_each(|(key, rule, value)| {
                    problems.extend(misfits(root, rule, value, &format!("{path}.{key}")));
                });
            }
            ("additionalProperties", Value::Bool(false)) => {
                let keys = value.as_object().into_iter().flatten().map(|(key, _)| key);
                let unknown = keys.filter(|key| schema["properties"].get(key).is_none());
                problems.extend(unknown.map(|key| format!("{path}: unknown {key}")));
            }
            ("items", _) => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items.for_each(|(at, item)| problems.extend(misfits(root, rule, item, &format!("{path}[{at}]"))));
            }
            ("oneOf" | "anyOf", Value::Array(rules)) => {
                let fitting = rules.iter().filter(|rule| misfits(root, rule, value, path).is_empty()).count();
                if fitting == 0 || (word == "oneOf" && fitting > 1) {
                    problems.push(format!("{path}: {value} fits {fitting} of {word}"));
                }
            }
            _ => {}
        }
    }
    problems
}

fn has_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        _ => false,
    };
    rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is))
}

fn collect_strings(value: &Value, strings: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(strings.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| collect_strings(item, strings)),
        Value::Object(members) => members.values().for_each(|member| collect_strings(member, strings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The words that a schema allows: every `const` and every element of an `enum`.
fn collect_constants(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| collect_constants(item, words)),
        Value::Object(members) => {
            for (key, member) in members {
                match key.as_str() {
                    "const" | "enum" => collect_strings(member, words),
                    _ => collect_constants(member, words),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever happened to the file: no panic, and the place is one of its own.
    #[test]
    fn any_text_is_a_plan_or_refused_at_a_place_within_it(at in 0..20_000_usize, cut in 0..60_usize, put in "[\\[\\]\",:{}a-z0-9]{0,4}") {
        let mut text = wire::plan_to_json(&samples::plan());
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = ((at + cut).min(text.len())..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        text.replace_range(at..end, &put);
        if let Err(error) = wire::plan_from_json(&text) {
            proptest::prop_assert!(error.line <= text.lines().count() + 1, "{}", error);
        }
    }

    #[test]
    fn a_duration_of_days_keeps_its_nanoseconds(nanos in 0..4_000_000_000_000_000_u64) {
        let took = std::time::Duration::from_nanos(nanos);
        let verdict = depbot::model::Verdict::Pass {
            runs: vec![depbot::model::CommandRun { phase: depbot::model::Phase::Check, command: String::new(), took }],
            red_before: Vec::new(),
        };
        proptest::prop_assert_eq!(wire::verdict_from_json(&wire::verdict_to_json(&verdict)), Ok(verdict));
    }
}

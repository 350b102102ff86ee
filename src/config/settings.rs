//! The keys that `[defaults]` and every `[[repo]]` have.

use super::problem::Problem;
use super::section::Section;
use super::{Settings, value};

/// The settings of a section, on top of `base`.
pub(super) fn settings(section: &mut Section<'_>, base: &Settings, problems: &mut Vec<Problem>) -> Settings {
    let mut settings = base.clone();
    macro_rules! set {
        ($field:ident, $key:literal, $example:literal, $reader:expr) => {
            if let Some(value) = section.read($key, $example, problems, $reader) {
                settings.$field = value;
            }
        };
    }
    set!(strategy, "strategy", r#""latest""#, value::choice);
    set!(requirement, "requirement", r#""bump""#, value::choice);
    set!(pins, "pins", r#""upgrade""#, value::choice);
    set!(cooldown, "cooldown", r#""3d""#, value::span_of_time);
    set!(msrv, "msrv", "true", value::flag);
    set!(verify, "verify", r#"["cargo test --workspace --locked"]"#, value::some_texts);
    set!(verify_timeout, "verify-timeout", r#""30m""#, value::time_limit);
    set!(baseline, "baseline", r#""compare""#, value::choice);
    set!(sandbox, "sandbox", r#""auto""#, value::choice);
    set!(network, "network", "false", value::flag);
    set!(automerge, "automerge", r#""minor""#, value::choice);
    set!(merge_when, "merge-when", r#""checks""#, value::choice);
    set!(merge_method, "merge-method", r#""squash""#, value::choice);
    set!(labels, "labels", r#"["dependencies"]"#, value::texts);
    set!(reviewers, "reviewers", r#"["a-person"]"#, value::texts);
    settings
}

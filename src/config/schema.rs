//! The JSON Schema of `repos.toml`, made from types that describe it for people and editors.
//!
//! They are never read into: [`super::parse`] reads, with better problems than a schema has. Tests keep both in step.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The JSON Schema of `repos.toml`, in draft 7, which editors of TOML understand.
pub fn json_schema() -> Schema {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<ReposToml>();
    Closed.transform(&mut schema);
    NeverNull.transform(&mut schema);
    schema
}

/// Closes every object of a schema against unknown keys.
pub(crate) struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        transform_subschemas(self, schema);
    }
}

/// Takes `null` out of a schema: TOML has none, what is absent is left out.
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(mut either)) = schema.remove("anyOf") {
            either.retain(|schema| *schema != json!({ "type": "null" }));
            // Draft 7 ignores what stands beside a `$ref`, so that it is put one level down.
            schema.insert("allOf".to_owned(), either.into());
        }
        transform_subschemas(self, schema);
    }
}

/// The fleet that depbot keeps up to date.
#[derive(JsonSchema)]
#[schemars(title = "repos.toml of depbot")]
struct ReposToml {
    /// Where pull requests live.
    fleet: Option<Fleet>,
    /// How repositories are upgraded; every key may be overridden in a `[[repo]]`.
    defaults: Option<Settings>,
    /// Registries beside those that each repository's own cargo configuration has, by name.
    registries: Option<BTreeMap<String, Registry>>,
    /// Repositories found on the forge, beside those listed. Not supported yet.
    discover: Option<Vec<Discover>>,
    /// The repositories.
    repo: Option<Vec<Repo>>,
    /// Decisions not to take some versions for some time.
    hold: Option<Vec<Hold>>,
    /// Crates that are tried and shipped together.
    group: Option<Vec<Group>>,
}

/// Where pull requests live.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
struct Fleet {
    /// The forge.
    #[schemars(extend("default" = "github"))]
    forge: Option<Forge>,
    /// The base URL of GitHub's REST API; `https://HOST/api/v3` for GitHub Enterprise Server.
    #[schemars(extend("default" = "https://api.github.com"))]
    api_url: Option<String>,
}

/// A forge.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Forge {
    /// github.com or a GitHub Enterprise Server.
    Github,
    /// Bare repositories on this machine, their pull requests beside them.
    Local,
}

/// How a repository is upgraded.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
struct Settings {
    /// How far releases are followed.
    #[schemars(extend("default" = "latest"))]
    strategy: Option<Strategy>,
    /// When a requirement is rewritten.
    #[schemars(extend("default" = "bump"))]
    requirement: Option<RequirementStyle>,
    /// Whether requirements with `=`, `<`, `<=` or a wildcard may be opened for newer releases.
    #[schemars(extend("default" = "upgrade"))]
    pins: Option<Pins>,
    /// How old a release must be: numbers with the units w, d, h, m and s. Not for security updates, nor for the
    /// fleet's own crates.
    #[schemars(extend("default" = "3d"))]
    cooldown: Option<String>,
    /// Whether `package.rust-version` limits what is taken.
    #[schemars(extend("default" = true))]
    msrv: Option<bool>,
    /// The commands that prove a tree, in order; the cheaper first.
    #[schemars(length(min = 1), extend("default" = [
        "cargo check --workspace --all-targets --locked",
        "cargo test --workspace --locked",
    ]))]
    verify: Option<Vec<String>>,
    /// The time limit for each of them.
    #[schemars(extend("default" = "30m"))]
    verify_timeout: Option<String>,
    /// What counts as passing.
    #[schemars(extend("default" = "compare"))]
    baseline: Option<Baseline>,
    /// Whether code of dependencies runs in a sandbox.
    #[schemars(extend("default" = "auto"))]
    sandbox: Option<Sandbox>,
    /// Whether the commands may reach the network.
    #[schemars(extend("default" = false))]
    network: Option<bool>,
    /// The largest bump that may be merged without a person.
    #[schemars(extend("default" = "minor"))]
    automerge: Option<Automerge>,
    /// What a merge waits for.
    #[schemars(extend("default" = "checks"))]
    merge_when: Option<MergeWhen>,
    /// How the forge merges.
    #[schemars(extend("default" = "squash"))]
    merge_method: Option<MergeMethod>,
    /// Labels of pull requests.
    #[schemars(extend("default" = ["dependencies"]))]
    labels: Option<Vec<String>>,
    /// Who is asked when a person is needed.
    #[schemars(extend("default" = []))]
    reviewers: Option<Vec<String>>,
}

/// How far releases are followed.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Strategy {
    /// To the newest.
    Latest,
    /// To the newest compatible one.
    Compatible,
    /// As far as the manifests allow; they are never edited.
    Lockfile,
}

/// When a requirement is rewritten.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum RequirementStyle {
    /// Always: it names the tested version, as precisely as it is written.
    Bump,
    /// Only when it does not admit the new version.
    IfNeeded,
}

/// Whether pinned requirements may be opened.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Pins {
    /// They are.
    Upgrade,
    /// They stay.
    Keep,
}

/// What counts as passing.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Baseline {
    /// Nothing that was green turns red.
    Compare,
    /// Everything is green.
    Strict,
}

/// Whether code runs in a sandbox.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Sandbox {
    /// In the best one this machine has.
    Auto,
    /// In a full one, or not at all.
    Require,
    /// Without.
    Off,
}

/// The largest bump that may be merged without a person.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Automerge {
    /// None.
    Off,
    /// Patch releases.
    Patch,
    /// Compatible releases.
    Minor,
    /// Everything.
    All,
}

/// What a merge waits for.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum MergeWhen {
    /// The forge's checks, of which there is at least one.
    Checks,
    /// Nothing but depbot's own verdict.
    Verified,
}

/// How the forge merges.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum MergeMethod {
    /// One commit with the whole change.
    Squash,
    /// A merge commit.
    Merge,
    /// The branch's commits on top of the base.
    Rebase,
}

/// A registry.
#[derive(JsonSchema)]
struct Registry {
    /// The URL of its index: `sparse+https://…/`, or the https, ssh or file URL of a git index.
    index: String,
}

/// Repositories found on the forge. Not supported yet.
#[derive(JsonSchema)]
struct Discover {
    /// The organisation.
    org: String,
    /// The topic that they have.
    topic: Option<String>,
}

/// A repository.
#[derive(JsonSchema)]
struct Repo {
    /// Where it is cloned from: https, ssh, `file://`, or a path relative to this file. Without credentials.
    url: String,
    /// Its short name; by default the last part of its URL.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]+$"))]
    name: Option<String>,
    /// Its main branch; by default the one the forge names.
    branch: Option<String>,
    /// What follows a merge.
    #[schemars(extend("default" = "none"))]
    release: Option<ReleaseMode>,
    #[schemars(flatten)]
    settings: Settings,
}

/// What follows a merge.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum ReleaseMode {
    /// Nothing: a service.
    None,
    /// depbot tags the next version.
    Tag,
    /// Somebody else publishes; depbot waits for the registry.
    Registry,
}

/// A decision not to take some versions for some time.
#[derive(JsonSchema)]
struct Hold {
    /// A glob over the names of crates.
    #[schemars(rename = "crate", length(min = 1))]
    krate: String,
    /// The versions that are not taken, as a requirement of cargo.
    #[schemars(extend("default" = "*"))]
    versions: Option<String>,
    /// Globs over the names of repositories; by default all.
    #[schemars(length(min = 1))]
    repos: Option<Vec<String>>,
    /// Who decided.
    #[schemars(length(min = 1))]
    owner: String,
    /// Why.
    #[schemars(length(min = 1))]
    reason: String,
    /// The last day it applies, like 2026-12-31. From then on it is an error that names its owner.
    #[schemars(extend("format" = "date"))]
    until: String,
}

/// Crates that are tried and shipped together.
#[derive(JsonSchema)]
struct Group {
    /// Its name.
    #[schemars(length(min = 1))]
    name: String,
    /// Globs over the names of crates.
    #[schemars(length(min = 1))]
    crates: Vec<String>,
}

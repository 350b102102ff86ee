//! The demo's fleet: its templates, and how they become bare git repositories.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use crate::git::{self, Identity, NewRepository};
use crate::model::RepoPath;

/// A repository of the demo.
pub(super) struct Template {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// The tag on its first commit.
    tag: Option<&'static str>,
}

macro_rules! template {
    ($name:literal, $tag:expr, [$($file:literal),* $(,)?]) => {
        Template {
            name: $name,
            files: &[$(($file, include_str!(concat!("../../../examples/fleet/", $name, "/", $file)))),*],
            tag: $tag,
        }
    };
}

/// The repositories, libraries before those that use them.
pub(super) const REPOSITORIES: &[Template] = &[
    template!("textkit", Some("v0.3.1"), ["Cargo.lock.in", "Cargo.toml.in", "gitignore.in", "src/lib.rs",]),
    template!("tally", Some("v1.4.0"), ["Cargo.lock.in", "Cargo.toml.in", "gitignore.in", "src/lib.rs",]),
    template!(
        "greeter",
        None,
        [
            "Cargo.lock.in",
            "Cargo.toml.in",
            "crates/app/Cargo.toml.in",
            "crates/app/src/main.rs",
            "crates/core/Cargo.toml.in",
            "crates/core/src/lib.rs",
            "gitignore.in",
        ]
    ),
    template!("flags", None, ["Cargo.lock.in", "Cargo.toml.in", "gitignore.in", "src/lib.rs",]),
    template!("ledger", None, ["Cargo.lock.in", "Cargo.toml.in", "gitignore.in", "src/lib.rs",]),
    template!("beacon", None, ["Cargo.lock.in", "Cargo.toml.in", "gitignore.in", "src/main.rs",]),
];

/// The configuration of the demo.
const CONFIG: &str = include_str!("../../../examples/fleet/repos.toml.in");

/// Makes the bare repositories in `folder/forge`, and `repos.toml` beside them.
pub(super) async fn make(folder: &Path) -> Result<(), String> {
    let folder = folder.to_owned();
    let work = move || make_blocking(&folder);
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
}

fn make_blocking(folder: &Path) -> Result<(), String> {
    let forge = folder.join("forge");
    let mut values = BTreeMap::from([("{{forge}}".to_owned(), format!("file://{}", forge.display()))]);
    for template in REPOSITORIES {
        let files = template.files.iter().map(|(path, text)| file(path, text, &values)).collect::<Result<_, _>>()?;
        let new = NewRepository {
            path: forge.join(format!("{}.git", template.name)),
            files,
            message: "First version".to_owned(),
            author: Identity { name: "Ada".to_owned(), email: "ada@example.com".to_owned() },
            at: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 53),
            tag: template.tag.map(str::to_owned),
        };
        let commit = git::create(&new).map_err(|error| error.to_string())?;
        values.insert(format!("{{{{commit:{}}}}}", template.name), format!("#{commit}"));
    }
    let config = filled(CONFIG, &values);
    std::fs::write(folder.join("repos.toml"), config).map_err(|error| format!("repos.toml: {error}"))
}

fn file(path: &str, text: &str, values: &BTreeMap<String, String>) -> Result<(RepoPath, Vec<u8>), String> {
    let path = path.strip_suffix(".in").unwrap_or(path);
    let path = if path == "gitignore" { ".gitignore" } else { path };
    let path = RepoPath::new(path).map_err(|error| error.to_string())?;
    Ok((path, filled(text, values).into_bytes()))
}

fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

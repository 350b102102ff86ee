//! One manifest as plain values: its package, its workspace table, its declarations.

use semver::Version;
use toml_edit::{Item, TableLike};

use super::declare::{self, Entry};
use super::document::{Document, Unreadable, inherits, strings, table};
use super::{ManifestProblem, Patch, patch};
use crate::model::{CrateName, RepoPath, RustVersion, Site};

/// One manifest.
pub(super) struct Manifest {
    pub(super) path: RepoPath,
    pub(super) package: Option<Package>,
    pub(super) workspace: Option<WorkspaceTable>,
    /// What the package declares.
    pub(super) entries: Vec<Entry>,
    /// `[workspace.dependencies]`.
    pub(super) shared: Vec<Entry>,
    pub(super) patches: Vec<Patch>,
    /// Folders that `[patch]` and `[replace]` point to, as written.
    pub(super) patch_paths: Vec<String>,
    /// What is wrong with single declarations and values.
    pub(super) problems: Vec<ManifestProblem>,
}

/// `[package]`.
pub(super) struct Package {
    pub(super) name: CrateName,
    pub(super) version: Inheritable<(Version, Site)>,
    pub(super) rust_version: Inheritable<RustVersion>,
    pub(super) publish: Inheritable<bool>,
    pub(super) edition: Inheritable<String>,
    /// `package.workspace`: where the root is, as written, with its line.
    pub(super) workspace: Option<(String, usize)>,
}

/// A value that a member writes itself or takes from `[workspace.package]`.
pub(super) enum Inheritable<T> {
    Absent,
    Own(T),
    /// `x.workspace = true`.
    Inherited,
}

/// `[workspace]`.
pub(super) struct WorkspaceTable {
    /// Each with its line.
    pub(super) members: Vec<(String, usize)>,
    pub(super) default_members: Vec<(String, usize)>,
    pub(super) exclude: Vec<String>,
    pub(super) version: Option<(Version, Site)>,
    pub(super) rust_version: Option<RustVersion>,
    pub(super) publish: Option<bool>,
    pub(super) edition: Option<String>,
}

impl<T> Inheritable<T> {
    /// The value, with `shared` being what the workspace offers.
    pub(super) fn resolve<'v>(&'v self, shared: Option<&'v T>) -> Option<&'v T> {
        match self {
            Self::Absent => None,
            Self::Own(value) => Some(value),
            Self::Inherited => shared,
        }
    }
}

impl Manifest {
    /// Reads a manifest; an error when it says nothing that cargo would accept.
    pub(super) fn read(path: &RepoPath, bytes: &[u8]) -> Result<Self, ManifestProblem> {
        let document = Document::parse(bytes).map_err(|unreadable| unreadable.of(path))?;
        let mut reader = Reader { document: &document, path, problems: Vec::new() };
        let package = reader.package().map_err(|unreadable| unreadable.of(path))?;
        let workspace = reader.workspace();
        if package.is_none() && workspace.is_none() {
            let message = "it has neither [package] nor [workspace]".to_owned();
            return Err(ManifestProblem { manifest: path.clone(), line: None, message });
        }
        if package.is_none() {
            declare::refuse_in_virtual(&document).map_err(|unreadable| unreadable.of(path))?;
        }
        let mut problems = reader.problems;
        let entries = declare::package_entries(&document, path, &mut problems);
        let shared = declare::workspace_entries(&document, path, &mut problems);
        let patches = patch::read(&document, path, &mut problems);
        let patch_paths = patch::paths(&document);
        Ok(Self { path: path.clone(), package, workspace, entries, shared, patches, patch_paths, problems })
    }

    pub(super) fn folder(&self) -> RepoPath {
        self.path.parent()
    }
}

/// Reads the tables that describe a package or a workspace.
struct Reader<'r> {
    document: &'r Document<'r>,
    path: &'r RepoPath,
    problems: Vec<ManifestProblem>,
}

impl Reader<'_> {
    fn package(&mut self) -> Result<Option<Package>, Unreadable> {
        let root = self.document.root();
        // `[project]` is what `[package]` was called before 1.0; cargo reads it up to edition 2021.
        let Some((name, package)) =
            ["package", "project"].into_iter().find_map(|name| table(root, name).map(|found| (name, found)))
        else {
            return Ok(None);
        };
        Ok(Some(Package {
            name: self.name(name, package)?,
            version: self.inheritable(package, "version", |reader, item, line| {
                reader.version(item, line, &[name]).map(|version| (version, reader.site(&[name], "version", line)))
            }),
            rust_version: self.inheritable(package, "rust-version", Self::rust_version),
            publish: self.inheritable(package, "publish", |_, item, _| publishes(item)),
            edition: self.inheritable(package, "edition", |_, item, _| item.as_str().map(str::to_owned)),
            workspace: package
                .get_key_value("workspace")
                .and_then(|(key, item)| item.as_str().map(|text| (text.to_owned(), self.document.line_of_key(key)))),
        }))
    }

    fn name(&self, table_name: &str, package: &dyn TableLike) -> Result<CrateName, Unreadable> {
        let Some((key, item)) = package.get_key_value("name") else {
            let line = self.document.root().get_key_value(table_name).map(|(key, _)| self.document.line_of_key(key));
            return Err(Unreadable { line, message: format!("[{table_name}] has no name") });
        };
        let line = Some(self.document.line_of_key(key));
        let text = item
            .as_str()
            .ok_or_else(|| Unreadable { line, message: "the package's name is not a string".to_owned() })?;
        CrateName::new(text).map_err(|error| Unreadable { line, message: error.to_string() })
    }

    fn workspace(&mut self) -> Option<WorkspaceTable> {
        let root = self.document.root();
        let workspace = table(root, "workspace")?;
        let empty = toml_edit::Table::new();
        let package = table(workspace, "package").unwrap_or(&empty);
        let version = package.get_key_value("version").and_then(|(key, item)| {
            let line = self.document.line_of_key(key);
            let version = self.version(item, line, &["workspace", "package"])?;
            Some((version, self.site(&["workspace", "package"], "version", line)))
        });
        let rust_version = package.get_key_value("rust-version").and_then(|(key, item)| {
            let line = self.document.line_of_key(key);
            self.rust_version(item, line)
        });
        Some(WorkspaceTable {
            members: self.located_strings(workspace, "members"),
            default_members: self.located_strings(workspace, "default-members"),
            exclude: workspace.get("exclude").map(strings).unwrap_or_default(),
            version,
            rust_version,
            publish: package.get("publish").and_then(publishes),
            edition: package.get("edition").and_then(Item::as_str).map(str::to_owned),
        })
    }

    fn located_strings(&self, table: &dyn TableLike, name: &str) -> Vec<(String, usize)> {
        let Some((key, item)) = table.get_key_value(name) else { return Vec::new() };
        let line = self.document.line_of_key(key);
        let values = item.as_array().into_iter().flatten();
        values
            .filter_map(|value| {
                let text = value.as_str()?.to_owned();
                Some((text, self.document.line_of(&Item::Value(value.clone()), line)))
            })
            .collect()
    }

    fn inheritable<T>(
        &mut self,
        package: &dyn TableLike,
        name: &str,
        read: impl FnOnce(&mut Self, &Item, usize) -> Option<T>,
    ) -> Inheritable<T> {
        let Some((key, item)) = package.get_key_value(name) else { return Inheritable::Absent };
        if item.as_table_like().is_some_and(inherits) {
            return Inheritable::Inherited;
        }
        let line = self.document.line_of_key(key);
        read(self, item, line).map_or(Inheritable::Absent, Inheritable::Own)
    }

    fn version(&mut self, item: &Item, line: usize, table: &[&str]) -> Option<Version> {
        let table = table.join(".");
        let Some(text) = item.as_str() else {
            self.problem(line, format!("the version of [{table}] is not a string"));
            return None;
        };
        Version::parse(text.trim())
            .map_err(|error| self.problem(line, format!("the version {text:?} of [{table}] is not a version: {error}")))
            .ok()
    }

    fn rust_version(&mut self, item: &Item, line: usize) -> Option<RustVersion> {
        let Some(text) = item.as_str() else {
            self.problem(line, "rust-version is not a string".to_owned());
            return None;
        };
        RustVersion::parse(text).map_err(|error| self.problem(line, error.to_string())).ok()
    }

    fn site(&self, table: &[&str], key: &str, line: usize) -> Site {
        Site {
            manifest: self.path.clone(),
            table: table.iter().map(|part| (*part).to_owned()).collect(),
            key: key.to_owned(),
            line,
        }
    }

    fn problem(&mut self, line: usize, message: String) {
        self.problems.push(ManifestProblem { manifest: self.path.clone(), line: Some(line), message });
    }
}

/// `publish` is a bool or a list of registries; an empty list publishes nowhere.
fn publishes(item: &Item) -> Option<bool> {
    item.as_bool().or_else(|| item.as_array().map(|registries| !registries.is_empty()))
}

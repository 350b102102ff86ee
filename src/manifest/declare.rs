//! What one manifest declares: every table of dependencies, every way to write an entry.

use toml_edit::{Item, TableLike};

use super::ManifestProblem;
use super::document::{Document, Unreadable, inherits, strings, table};
use crate::model::{
    CrateName, Dependency, DependencyKind, GitReference, Registry, RegistryName, RepoPath, Requirement, Site, Source,
};

/// The tables of a package: name, what it is for, whether the spelling is the legacy one that edition 2024 refuses.
const TABLES: [(&str, DependencyKind, bool); 5] = [
    ("dependencies", DependencyKind::Normal, false),
    ("dev-dependencies", DependencyKind::Development, false),
    ("dev_dependencies", DependencyKind::Development, true),
    ("build-dependencies", DependencyKind::Build, false),
    ("build_dependencies", DependencyKind::Build, true),
];

/// One entry.
pub(super) enum Entry {
    /// It says what it asks for.
    Own {
        dependency: Dependency,
        /// A spelling in it that edition 2024 refuses.
        legacy: Option<&'static str>,
    },
    /// It says `workspace = true`.
    Inherited {
        /// Where it stands.
        site: Site,
        features: Vec<String>,
        /// `None` where it says nothing about them.
        default_features: Option<bool>,
        optional: bool,
    },
}

/// The declarations of a package.
pub(super) fn package_entries(
    document: &Document<'_>,
    path: &RepoPath,
    problems: &mut Vec<ManifestProblem>,
) -> Vec<Entry> {
    let mut scan = Scan { document, path, problems, entries: Vec::new() };
    scan.tables(document.root(), &[]);
    for (platform, item) in table(document.root(), "target").into_iter().flat_map(TableLike::iter) {
        if let Some(parent) = item.as_table_like() {
            scan.tables(parent, &["target", platform]);
        }
    }
    let mut entries = scan.entries;
    for (key, feature) in enabled(document) {
        entries.iter_mut().for_each(|entry| entry.enable(&key, &feature));
    }
    entries
}

/// The features of dependencies that features of the package switch on (`"key/feature"`, `"key?/feature"`): each key with
/// a feature. Format: the Cargo book, "Features".
fn enabled(document: &Document<'_>) -> Vec<(String, String)> {
    let features = table(document.root(), "features").into_iter().flat_map(TableLike::iter);
    let values = features.filter_map(|(_, item)| item.as_array()).flatten().filter_map(toml_edit::Value::as_str);
    let of_dependency = |value: &str| {
        let (key, feature) = value.split_once('/')?;
        Some((key.strip_suffix('?').unwrap_or(key).to_owned(), feature.to_owned()))
    };
    values.filter_map(of_dependency).collect()
}

impl Entry {
    /// Takes note of a feature in use, where this is the entry of that key and not for development only.
    fn enable(&mut self, key: &str, feature: &str) {
        let (site, features) = match self {
            Self::Own { dependency, .. } if dependency.kind == DependencyKind::Development => return,
            Self::Own { dependency, .. } => (&dependency.site, &mut dependency.features),
            Self::Inherited { site, features, .. } => (&*site, features),
        };
        if site.key == key && !features.iter().any(|known| known == feature) {
            features.push(feature.to_owned());
        }
    }
}

/// A manifest without a package declares nothing outside of `[workspace.dependencies]`; cargo refuses it otherwise.
pub(super) fn refuse_in_virtual(document: &Document<'_>) -> Result<(), Unreadable> {
    let mut names = TABLES.iter().map(|(name, _, _)| *name).chain(["target"]);
    let found = names.find_map(|name| Some((name, document.root().get_key_value(name)?.0)));
    found.map_or(Ok(()), |(name, key)| {
        let message = format!("a workspace without a package of its own has no [{name}]");
        Err(Unreadable { line: Some(document.line_of_key(key)), message })
    })
}

/// The declarations of `[workspace.dependencies]`.
pub(super) fn workspace_entries(
    document: &Document<'_>,
    path: &RepoPath,
    problems: &mut Vec<ManifestProblem>,
) -> Vec<Entry> {
    let mut scan = Scan { document, path, problems, entries: Vec::new() };
    if let Some(shared) = table(document.root(), "workspace").and_then(|workspace| table(workspace, "dependencies")) {
        scan.table(shared, &["workspace", "dependencies"], DependencyKind::Workspace, None);
    }
    scan.entries
}

struct Scan<'s> {
    document: &'s Document<'s>,
    path: &'s RepoPath,
    problems: &'s mut Vec<ManifestProblem>,
    entries: Vec<Entry>,
}

impl Scan<'_> {
    fn tables(&mut self, parent: &dyn TableLike, above: &[&str]) {
        for (name, kind, legacy) in TABLES {
            let Some((key, item)) = parent.get_key_value(name) else { continue };
            let path: Vec<&str> = above.iter().copied().chain([name]).collect();
            // Where both spellings are there, cargo reads the one with `-`.
            let shadowed = legacy && parent.contains_key(&name.replace('_', "-"));
            match item.as_table_like() {
                Some(_) if shadowed => {}
                Some(entries) => self.table(entries, &path, kind, legacy.then_some(name)),
                None => self.problem(self.document.line_of_key(key), format!("{name} is not a table")),
            }
        }
    }

    fn table(&mut self, entries: &dyn TableLike, path: &[&str], kind: DependencyKind, legacy: Option<&'static str>) {
        for (name, item) in entries.iter() {
            let line = entries.key(name).map_or(1, |key| self.document.line_of_key(key));
            let site = Site {
                manifest: self.path.clone(),
                table: path.iter().map(|part| (*part).to_owned()).collect(),
                key: name.to_owned(),
                line,
            };
            match self.entry(site, item, kind, legacy) {
                Ok(entry) => self.entries.push(entry),
                Err((line, message)) => self.problem(line, format!("{name}: {message}")),
            }
        }
    }

    fn entry(
        &self,
        site: Site,
        item: &Item,
        kind: DependencyKind,
        legacy: Option<&'static str>,
    ) -> Result<Entry, Located> {
        let line = site.line;
        if let Some(text) = item.as_str() {
            return Ok(Entry::Own { dependency: plain(site, text, kind).map_err(|message| (line, message))?, legacy });
        }
        let Some(fields) = item.as_table_like() else {
            return Err((line, "it is neither a version nor a table".to_owned()));
        };
        let fields = Fields { document: self.document, fields, line };
        let default_features = fields.bool(&["default-features", "default_features"])?;
        let features = fields.strings("features")?;
        let optional = fields.bool(&["optional"])?.unwrap_or(false);
        if inherits(fields.fields) {
            return Ok(Entry::Inherited { site, features, default_features, optional });
        }
        let krate = fields.krate(&site.key)?;
        let requirement = fields.requirement()?;
        let source = fields.source()?;
        if requirement.is_none() && matches!(source, Source::Registry(_)) {
            return Err((line, "it has no version, and is neither git, nor path, nor inherited".to_owned()));
        }
        let default_features = default_features.unwrap_or(true);
        let legacy = legacy.or(fields.fields.contains_key("default_features").then_some("default_features"));
        let dependency = Dependency {
            site,
            krate,
            kind,
            source,
            requirement,
            features,
            default_features,
            optional,
            rust_version: None,
        };
        Ok(Entry::Own { dependency, legacy })
    }

    fn problem(&mut self, line: usize, message: String) {
        self.problems.push(ManifestProblem { manifest: self.path.clone(), line: Some(line), message });
    }
}

/// A message with its line.
type Located = (usize, String);

fn plain(site: Site, text: &str, kind: DependencyKind) -> Result<Dependency, String> {
    Ok(Dependency {
        krate: CrateName::new(site.key.as_str()).map_err(|error| error.to_string())?,
        requirement: Some(Requirement::parse(text).map_err(|error| error.to_string())?),
        site,
        kind,
        source: Source::Registry(Registry::CratesIo),
        features: Vec::new(),
        default_features: true,
        optional: false,
        rust_version: None,
    })
}

/// The fields of an entry that is a table.
struct Fields<'f> {
    document: &'f Document<'f>,
    fields: &'f dyn TableLike,
    /// The line of the entry itself.
    line: usize,
}

impl Fields<'_> {
    fn krate(&self, key: &str) -> Result<CrateName, Located> {
        let package = self.string("package")?;
        let line = self.line_of("package");
        CrateName::new(package.as_deref().unwrap_or(key)).map_err(|error| (line, error.to_string()))
    }

    fn requirement(&self) -> Result<Option<Requirement>, Located> {
        let line = self.line_of("version");
        let text = self.string("version")?;
        text.map(|text| Requirement::parse(&text).map_err(|error| (line, error.to_string()))).transpose()
    }

    /// Where it comes from; cargo refuses two answers to that, but takes a registry beside a path: the path is used here,
    /// the registry by those who get the package from there.
    fn source(&self) -> Result<Source, Located> {
        let path = self.string("path")?;
        let git = self.string("git")?;
        let name = self.string("registry")?;
        let index = self.string("registry-index")?;
        let refused = |what: &str| Err((self.line, format!("it has {what}, of which cargo takes one")));
        match (path, git, name, index) {
            (Some(_), Some(_), _, _) => refused("both path and git"),
            (_, Some(_), Some(_), _) | (_, Some(_), _, Some(_)) => refused("both git and a registry"),
            (_, _, Some(_), Some(_)) => refused("both registry and registry-index"),
            (Some(path), None, _, _) => Ok(Source::Path(path)),
            (None, Some(url), None, None) => Ok(Source::Git { url, reference: self.reference()? }),
            (None, None, Some(name), None) => self.named(name),
            (None, None, None, Some(url)) => Ok(Source::Registry(Registry::Index(url))),
            (None, None, None, None) => Ok(Source::Registry(Registry::CratesIo)),
        }
    }

    /// `registry = "crates-io"` is cargo's own name of the default registry.
    fn named(&self, name: String) -> Result<Source, Located> {
        if name == "crates-io" {
            return Ok(Source::Registry(Registry::CratesIo));
        }
        let name = RegistryName::new(name).map_err(|error| (self.line_of("registry"), error.to_string()))?;
        Ok(Source::Registry(Registry::Named(name)))
    }

    fn reference(&self) -> Result<GitReference, Located> {
        match (self.string("branch")?, self.string("tag")?, self.string("rev")?) {
            (None, None, None) => Ok(GitReference::DefaultBranch),
            (Some(branch), None, None) => Ok(GitReference::Branch(branch)),
            (None, Some(tag), None) => Ok(GitReference::Tag(tag)),
            (None, None, Some(rev)) => Ok(GitReference::Rev(rev)),
            _ => Err((self.line, "it has more than one of branch, tag and rev, of which cargo takes one".to_owned())),
        }
    }

    fn string(&self, name: &str) -> Result<Option<String>, Located> {
        let Some(item) = self.fields.get(name) else { return Ok(None) };
        let text = item.as_str().ok_or_else(|| (self.line_of(name), format!("{name} is not a string")))?;
        Ok(Some(text.to_owned()))
    }

    /// The first of the spellings that is there.
    fn bool(&self, spellings: &[&str]) -> Result<Option<bool>, Located> {
        let Some((name, item)) = spellings.iter().find_map(|name| Some((*name, self.fields.get(name)?))) else {
            return Ok(None);
        };
        item.as_bool().map(Some).ok_or_else(|| (self.line_of(name), format!("{name} is neither true nor false")))
    }

    fn strings(&self, name: &str) -> Result<Vec<String>, Located> {
        match self.fields.get(name) {
            None => Ok(Vec::new()),
            Some(item) if item.is_array() => Ok(strings(item)),
            Some(_) => Err((self.line_of(name), format!("{name} is not a list"))),
        }
    }

    fn line_of(&self, name: &str) -> usize {
        self.fields.key(name).map_or(self.line, |key| self.document.line_of_key(key))
    }
}

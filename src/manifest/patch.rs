//! `[patch.*]` and `[replace]`: which crates are replaced by others.

use semver::Version;
use toml_edit::{Item, TableLike};

use super::document::{Document, table};
use super::{ManifestProblem, Patch};
use crate::model::{CrateName, RepoPath};

/// What a root manifest or a cargo configuration replaces.
pub(super) fn read(document: &Document<'_>, file: &RepoPath, problems: &mut Vec<ManifestProblem>) -> Vec<Patch> {
    let mut patches = Vec::new();
    for (source, entries) in patch_tables(document) {
        for (key, item) in entries.iter() {
            let krate = item.as_table_like().and_then(|entry| entry.get("package")?.as_str()).unwrap_or(key);
            let line = entries.key(key).map_or(1, |key| document.line_of_key(key));
            let at = Place { file, line, table: vec!["patch".to_owned(), source.to_owned()] };
            at.push(krate, None, &mut patches, problems);
        }
    }
    if let Some(entries) = table(document.root(), "replace") {
        for (key, _) in entries.iter() {
            let (krate, version) = package_id(key);
            let line = entries.key(key).map_or(1, |key| document.line_of_key(key));
            Place { file, line, table: vec!["replace".to_owned()] }.push(krate, version, &mut patches, problems);
        }
    }
    patches
}

/// The folders that the entries point to, as written.
pub(super) fn paths(document: &Document<'_>) -> Vec<String> {
    let replaced = table(document.root(), "replace");
    let tables = patch_tables(document).into_iter().map(|(_, entries)| entries).chain(replaced);
    let paths = |entries: &dyn TableLike| {
        let path = |item: &Item| item.as_table_like()?.get("path")?.as_str().map(str::to_owned);
        entries.iter().filter_map(|(_, item)| path(item)).collect::<Vec<_>>()
    };
    tables.flat_map(paths).collect()
}

fn patch_tables<'d>(document: &'d Document<'_>) -> Vec<(&'d str, &'d dyn TableLike)> {
    let Some(patch) = table(document.root(), "patch") else { return Vec::new() };
    patch.iter().filter_map(|(source, item)| Some((source, item.as_table_like()?))).collect()
}

/// The name and version of a package id as `[replace]` has it: `foo:1.0.0`, `foo@1.0.0`, or one of these behind a `#`.
fn package_id(text: &str) -> (&str, Option<Version>) {
    let text = text.rsplit_once('#').map_or(text, |(_, id)| id);
    match text.split_once([':', '@']) {
        Some((name, version)) => (name, Version::parse(version).ok()),
        None => (text, None),
    }
}

struct Place<'p> {
    file: &'p RepoPath,
    line: usize,
    table: Vec<String>,
}

impl Place<'_> {
    fn push(
        self,
        krate: &str,
        version: Option<Version>,
        patches: &mut Vec<Patch>,
        problems: &mut Vec<ManifestProblem>,
    ) {
        let Self { file, line, table } = self;
        match CrateName::new(krate) {
            Ok(krate) => patches.push(Patch { krate, table, version, file: file.clone(), line }),
            Err(error) => {
                let message = error.to_string();
                problems.push(ManifestProblem { manifest: file.clone(), line: Some(line), message });
            }
        }
    }
}

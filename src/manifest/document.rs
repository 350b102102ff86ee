//! One TOML file with its positions: spans are bytes of the file, lines are counted from 1.

use std::ops::Range;

use toml_edit::{Item, Key, TableLike};

use super::ManifestProblem;
use crate::model::RepoPath;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A parsed file.
pub(super) struct Document<'a> {
    tree: toml_edit::Document<&'a str>,
    /// Bytes of the byte order mark, which the parser does not see.
    offset: usize,
    lines: LineIndex,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Unreadable {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

/// Where lines begin.
struct LineIndex(Vec<usize>);

impl<'a> Document<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|error| Unreadable {
            line: Some(1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count()),
            message: "it is not UTF-8".to_owned(),
        })?;
        let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let lines = LineIndex::new(body);
        match toml_edit::Document::parse(body) {
            Ok(tree) => Ok(Self { tree, offset: text.len() - body.len(), lines }),
            Err(error) => Err(Unreadable {
                line: error.span().map(|span| lines.line_of(span.start)),
                message: format!("it is not TOML: {}", error.message().trim()),
            }),
        }
    }

    pub(super) fn root(&self) -> &dyn TableLike {
        self.tree.as_table()
    }

    /// Where a value stands in the file.
    pub(super) fn bytes_of(&self, item: &Item) -> Option<Range<usize>> {
        item.span().map(|span| span.start + self.offset..span.end + self.offset)
    }

    pub(super) fn line_of_key(&self, key: &Key) -> usize {
        self.lines.line_of(key.span().map_or(0, |span| span.start))
    }

    /// The line of a value; `otherwise` where it has no place of its own (a table made by dotted keys).
    pub(super) fn line_of(&self, item: &Item, otherwise: usize) -> usize {
        item.span().map_or(otherwise, |span| self.lines.line_of(span.start))
    }
}

impl LineIndex {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index).collect())
    }

    fn line_of(&self, position: usize) -> usize {
        1 + self.0.partition_point(|&newline| newline < position)
    }
}

impl Unreadable {
    pub(super) fn of(self, manifest: &RepoPath) -> ManifestProblem {
        ManifestProblem { manifest: manifest.clone(), line: self.line, message: self.message }
    }
}

/// The table under a key, whether it is written as a table, inline or with dotted keys.
pub(super) fn table<'t>(parent: &'t dyn TableLike, key: &str) -> Option<&'t dyn TableLike> {
    parent.get(key)?.as_table_like()
}

/// Whether the table says `workspace = true`.
pub(super) fn inherits(table: &dyn TableLike) -> bool {
    table.get("workspace").and_then(Item::as_bool) == Some(true)
}

/// The strings of an array; other values in it are left out.
pub(super) fn strings(item: &Item) -> Vec<String> {
    let strings = item.as_array().into_iter().flatten();
    strings.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

//! Edits of one manifest: the characters between the quotes of a value change, no other byte does.

use std::ops::Range;

use toml_edit::{Item, TableLike};

use super::document::Document;
use crate::model::{Edit, EditField, Site};

/// Why an edit is not made; the manifest then stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The manifest cannot be read.
    #[error("the manifest cannot be read{}: {message}", at_line(*line))]
    Unreadable {
        /// The line, counted from 1, where there is one.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// The declaration, or the value of it, is not there.
    #[error("there is no such value at {site}")]
    Missing {
        /// Where it was looked for.
        site: Box<Site>,
    },
    /// Another text stands there than the edit was made for.
    #[error("{site} is {found:?} where {expected:?} was expected")]
    Changed {
        /// Where.
        site: Box<Site>,
        /// What the edit was made for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The new text cannot be written between the quotes that are there.
    #[error("{text:?} cannot be written at {site} without other quotes")]
    Unwritable {
        /// Where.
        site: Box<Site>,
        /// The text.
        text: String,
    },
    /// Two edits want different texts in the same place.
    #[error("{site} is to become two different texts")]
    Contradiction {
        /// Where.
        site: Box<Site>,
    },
}

fn at_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" (line {line})"))
}

/// A manifest's text with every edit made, or the first reason why not. All edits are of this manifest.
///
/// The text between the quotes of each value is exchanged; quotes, escapes around it, line ends, a byte order mark and
/// comments stay as they are. The same edit may be given twice.
pub fn apply(text: &[u8], edits: &[&Edit]) -> Result<Vec<u8>, EditError> {
    let document = Document::parse(text)
        .map_err(|unreadable| EditError::Unreadable { line: unreadable.line, message: unreadable.message })?;
    let mut changes = edits.iter().map(|edit| change(&document, text, edit)).collect::<Result<Vec<_>, _>>()?;
    changes.sort_by_key(|change| (change.bytes.start, change.bytes.end));
    changes.dedup_by(|left, right| left.bytes == right.bytes && left.text == right.text);
    let mut result = Vec::with_capacity(text.len() + 8 * changes.len());
    let mut done = 0;
    for change in changes {
        if change.bytes.start < done {
            return Err(EditError::Contradiction { site: Box::new(change.site.clone()) });
        }
        result.extend_from_slice(&text[done..change.bytes.start]);
        result.extend_from_slice(change.text.as_bytes());
        done = change.bytes.end;
    }
    result.extend_from_slice(&text[done..]);
    Ok(result)
}

/// One exchange of bytes.
struct Change<'e> {
    bytes: Range<usize>,
    text: &'e str,
    site: &'e Site,
}

fn change<'e>(document: &Document<'_>, text: &[u8], edit: &'e Edit) -> Result<Change<'e>, EditError> {
    let site = &edit.site;
    let missing = || EditError::Missing { site: Box::new(site.clone()) };
    let item = value(document.root(), edit).ok_or_else(missing)?;
    let found = item.as_str().ok_or_else(missing)?;
    if found != edit.from {
        return Err(EditError::Changed {
            site: Box::new(site.clone()),
            expected: edit.from.clone(),
            found: found.to_owned(),
        });
    }
    let quoted = document.bytes_of(item).ok_or_else(missing)?;
    let raw = text.get(quoted.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or_else(missing)?;
    if !edit.to.chars().all(is_plain) {
        return Err(EditError::Unwritable { site: Box::new(site.clone()), text: edit.to.clone() });
    }
    let inside = inside(raw).ok_or_else(missing)?;
    Ok(Change { bytes: quoted.start + inside.start..quoted.start + inside.end, text: &edit.to, site })
}

/// Whether a character means itself in every kind of TOML string.
fn is_plain(character: char) -> bool {
    !character.is_control() && !matches!(character, '"' | '\'' | '\\')
}

/// The value that an edit names.
fn value<'d>(root: &'d dyn TableLike, edit: &Edit) -> Option<&'d Item> {
    let mut table = root;
    for part in &edit.site.table {
        table = table.get(part)?.as_table_like()?;
    }
    let entry = table.get(&edit.site.key)?;
    match edit.field {
        EditField::PackageVersion => Some(entry),
        EditField::Requirement => entry.as_table_like().map_or(Some(entry), |fields| fields.get("version")),
        EditField::Tag => entry.as_table_like()?.get("tag"),
    }
}

/// Which bytes of a string with its quotes spell its value: what is between the quotes, without a line end or continued
/// lines before and after the value.
fn inside(raw: &str) -> Option<Range<usize>> {
    let quote =
        ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| raw.starts_with(quote) && raw.ends_with(quote))?;
    let mut start = quote.len();
    let end = raw.len().checked_sub(quote.len()).filter(|end| start <= *end)?;
    // A line end right after the opening quotes of a multi-line string is no part of its value.
    if quote.len() == 3 {
        let content = &raw[start..end];
        start += if content.starts_with("\r\n") { 2 } else { usize::from(content.starts_with('\n')) };
    }
    let value = if quote == "\"\"\"" { without_continuations(&raw[start..end]) } else { 0..end - start };
    Some(start + value.start..start + value.end)
}

/// The part of a multi-line basic string between the continued lines (a `\` at a line's end, and the white space that
/// follows) at its two ends. Rules: TOML 1.1, "String".
fn without_continuations(content: &str) -> Range<usize> {
    let mut spelled: Option<Range<usize>> = None;
    let mut rest = content;
    while let Some(character) = rest.chars().next() {
        let at = content.len() - rest.len();
        let continued =
            rest.strip_prefix('\\').filter(|after| after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']));
        if let Some(after) = continued {
            rest = after.trim_start_matches([' ', '\t', '\n', '\r']);
            continue;
        }
        // Of an escape, what follows the backslash and its first character reads as plain text here; it is no white space
        // and no backslash, so the ends come out the same.
        let length =
            if character == '\\' { rest.chars().take(2).map(char::len_utf8).sum() } else { character.len_utf8() };
        let start = spelled.map_or(at, |spelled| spelled.start);
        spelled = Some(start..at + length);
        rest = &rest[length..];
    }
    spelled.unwrap_or(0..content.len())
}

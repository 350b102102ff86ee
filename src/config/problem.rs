//! What is wrong in `repos.toml`, where, and what to write instead; and how the file is shown without its secrets.

use std::ops::Range;

/// One thing that is wrong in `repos.toml`.
///
/// Spans are bytes of the text that was read. Who shows lines of it shows [`super::masked`] of it, where the same spans
/// hold and no secret is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// What is wrong, without secrets.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places that matter, each with what is there.
    pub related: Vec<(Range<usize>, String)>,
}

impl Problem {
    /// A problem without help or related places.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None, related: Vec::new() }
    }

    /// The same with what to write instead.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with another place that matters.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}

/// The line and column of a byte of `text`, both counted from 1; columns count characters.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    (line, String::from_utf8_lossy(&before[line_start..]).chars().count() + 1)
}

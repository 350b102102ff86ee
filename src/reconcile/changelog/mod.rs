//! The part of a changelog that is about an update: what its author wrote on the versions after one, up to another.
//!
//! Forms: <https://keepachangelog.com>, and what else is common among crates. Only lines of the changelog come out, as they
//! are; making them harmless is another file's work.

mod block;
mod heading;

use semver::Version;

use block::{Block, Shape};
pub(super) use block::{Fences, after_bullet};
use heading::Subject;

/// How a changelog marks its versions, the surest form first. Only one counts: in a changelog with headings, `**1.2.3**` is
/// somebody's emphasis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Headings,
    Bold,
    Alone,
    Items,
}

/// What `changelog` says about the versions after `from`, up to and including `to`: its lines, in its order.
///
/// `None` where it says nothing. What is not released yet is left out, and so are comments.
pub fn section(changelog: &str, from: &Version, to: &Version) -> Option<String> {
    let lines: Vec<&str> = changelog.lines().collect();
    let blocks = block::blocks(&lines);
    let style = style_of(&blocks)?;
    let mut kept: Vec<&str> = Vec::new();
    let mut says_something = false;
    // The level of the heading of the wanted version that is being read.
    let mut inside: Option<usize> = None;
    for block in &blocks {
        let subject = subject_of(block, style);
        match &subject {
            Some(Subject::Version(version)) => inside = is_in(version, from, to).then(|| level_of(block)),
            Some(Subject::Unreleased) => inside = inside.filter(|level| level_of(block) > *level),
            // A heading above that of the version begins something else; one beside it need not (`### 1.2.3`, `### Fixed`).
            None => inside = inside.filter(|level| !block.is_heading() || level_of(block) >= *level),
        }
        if inside.is_some() && block.shape != Shape::Hidden {
            says_something |= subject.is_none() && block.lines.iter().any(|line| !line.trim().is_empty());
            kept.extend(&block.lines);
        }
    }
    let is_blank = |line: &&&str| line.trim().is_empty();
    let start = kept.iter().take_while(is_blank).count();
    let end = kept.len() - kept.iter().rev().take_while(is_blank).count();
    says_something.then(|| kept[start..end].join("\n"))
}

fn style_of(blocks: &[Block<'_>]) -> Option<Style> {
    let is_used =
        |style: &Style| blocks.iter().any(|block| matches!(subject_of(block, *style), Some(Subject::Version(_))));
    [Style::Headings, Style::Bold, Style::Alone, Style::Items].into_iter().find(is_used)
}

fn subject_of(block: &Block<'_>, style: Style) -> Option<Subject> {
    match (block.shape, style) {
        (Shape::Heading { text, .. }, Style::Headings) | (Shape::Bold { text }, Style::Bold) => heading::subject(text),
        (Shape::Alone { text }, Style::Alone) | (Shape::Item { text }, Style::Items) => heading::subject_alone(text),
        (
            Shape::Heading { .. }
            | Shape::Bold { .. }
            | Shape::Alone { .. }
            | Shape::Item { .. }
            | Shape::Text
            | Shape::Hidden,
            _,
        ) => None,
    }
}

/// The level of a heading; nothing is above those that are not marked as such.
fn level_of(block: &Block<'_>) -> usize {
    match block.shape {
        Shape::Heading { level, .. } => level,
        Shape::Bold { .. } | Shape::Alone { .. } | Shape::Item { .. } | Shape::Text | Shape::Hidden => 1,
    }
}

fn is_in(version: &Version, from: &Version, to: &Version) -> bool {
    version.cmp_precedence(from).is_gt() && version.cmp_precedence(to).is_le()
}

#[cfg(test)]
mod tests;

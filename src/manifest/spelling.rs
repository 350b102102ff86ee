//! How a requirement is spelled: where in its text each operator, number and pre-release stands.
//!
//! The semver crate reads what a requirement means and drops how it is written. This reader keeps the places, and trusts
//! itself only where it comes to the same meaning as the semver crate.

use std::ops::Range;

use semver::{Comparator, Op};

use crate::model::Requirement;

/// One comparator with the place of its version in the requirement's text.
pub(super) struct Spelled<'r> {
    pub(super) comparator: &'r Comparator,
    /// The version, from its first number to its pre-release; without build metadata.
    pub(super) version: Range<usize>,
    /// Build metadata with its `+`; empty, at the end of the version, where there is none.
    pub(super) build: Range<usize>,
    /// What stands in the place of each number.
    pub(super) parts: Vec<Part>,
    /// The pre-release without its `-`; empty where there is none.
    pub(super) pre: Range<usize>,
}

/// What stands in the place of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Number(u64),
    /// `*`, `x` or `X`, as written.
    Star(char),
}

/// The comparators in the order written; `None` where the text cannot be matched up with what it means.
pub(super) fn read(requirement: &Requirement) -> Option<Vec<Spelled<'_>>> {
    let text = requirement.as_str();
    let mut spelled = Vec::new();
    let mut start = 0;
    let mut comparators = requirement.comparators().iter();
    for piece in text.split(',') {
        spelled.push(comparator(text, start..start + piece.len(), comparators.next()?)?);
        start += piece.len() + 1;
    }
    comparators.next().is_none().then_some(spelled)
}

fn comparator<'r>(text: &str, place: Range<usize>, comparator: &'r Comparator) -> Option<Spelled<'r>> {
    let mut cursor = Cursor { text, at: place.start, end: place.end };
    cursor.skip(|byte| byte == b' ');
    let operator = cursor.skip(|byte| matches!(byte, b'=' | b'<' | b'>' | b'~' | b'^'));
    let operator = &text[operator];
    cursor.skip(|byte| byte == b' ');
    let start = cursor.at;
    let parts = cursor.parts()?;
    let pre = cursor.suffix(b'-')?;
    let version = start..cursor.at;
    let build = cursor.at..{
        cursor.suffix(b'+')?;
        cursor.at
    };
    cursor.skip(|byte| byte == b' ');
    let spelled = Spelled { comparator, version, build, parts, pre };
    (cursor.at == cursor.end && spelled.means(text, operator)).then_some(spelled)
}

impl Spelled<'_> {
    /// Whether the comparator that was read here is the one that semver read.
    fn means(&self, text: &str, operator: &str) -> bool {
        let number = |index: usize| match self.parts.get(index) {
            Some(Part::Number(number)) => Some(*number),
            Some(Part::Star(_)) | None => None,
        };
        let starred = self.parts.iter().any(|part| matches!(part, Part::Star(_)));
        let op = match operator {
            "" if starred => Op::Wildcard,
            "" | "^" => Op::Caret,
            "~" => Op::Tilde,
            "=" => Op::Exact,
            ">" => Op::Greater,
            ">=" => Op::GreaterEq,
            "<" => Op::Less,
            "<=" => Op::LessEq,
            _ => return false,
        };
        let Comparator { op: meant, major, minor, patch, pre } = self.comparator;
        op == *meant
            && number(0) == Some(*major)
            && number(1) == *minor
            && number(2) == *patch
            && &text[self.pre.clone()] == pre.as_str()
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied().filter(|_| self.at < self.end)
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        start..self.at
    }

    fn parts(&mut self) -> Option<Vec<Part>> {
        let mut parts = vec![self.part()?];
        while self.peek() == Some(b'.') {
            self.at += 1;
            parts.push(self.part()?);
        }
        (parts.len() <= 3).then_some(parts)
    }

    fn part(&mut self) -> Option<Part> {
        match self.peek()? {
            star @ (b'*' | b'x' | b'X') => {
                self.at += 1;
                Some(Part::Star(char::from(star)))
            }
            _ => {
                let digits = self.skip(|byte| byte.is_ascii_digit());
                self.text[digits].parse().ok().map(Part::Number)
            }
        }
    }

    /// What follows `mark`, without it; empty where there is no mark.
    fn suffix(&mut self, mark: u8) -> Option<Range<usize>> {
        if self.peek() != Some(mark) {
            return Some(self.at..self.at);
        }
        self.at += 1;
        let identifiers = self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        (!identifiers.is_empty()).then_some(identifiers)
    }
}

//! One value of `repos.toml`: from TOML to what it means, or the problem with it.

use std::ops::Range;
use std::time::Duration;

use jiff::civil::Date;
use semver::VersionReq;
use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::choice::Choice;
use super::location::{self, Location, LocationProblem};
use super::pattern::Pattern;
use super::problem::Problem;
use super::section::{Entry, type_name};
use super::suggest::{nearest, one_of};
use super::{duration, location::masked};
use crate::model::{BranchName, NameError};

/// Something with the bytes that it was read from.
pub(super) type Placed<T> = (T, Range<usize>);

/// A string.
pub(super) fn text<'a>(entry: Entry<'a>, problems: &mut Vec<Problem>) -> Option<&'a str> {
    let text = as_text(entry.value);
    if text.is_none() {
        wrong_type(entry, "a string", problems);
    }
    text
}

/// A string with something in it.
pub(super) fn filled(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let text = text(entry, problems)?.trim();
    if text.is_empty() {
        problems.push(entry.problem("is empty").help(entry.like()));
        return None;
    }
    Some(text.to_owned())
}

/// `true` or `false`.
pub(super) fn flag(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<bool> {
    let DeValue::Boolean(flag) = entry.value.get_ref() else {
        wrong_type(entry, "`true` or `false`", problems);
        return None;
    };
    Some(*flag)
}

/// One of a few words.
pub(super) fn choice<T: Choice>(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<T> {
    let words: Vec<&'static str> = T::WORDS.iter().map(|(word, _)| *word).collect();
    let expected = one_of(words.iter().map(|word| format!("{word:?}")));
    let Some(text) = as_text(entry.value) else {
        let message = format!("`{}` is {}, not one of its words", entry.key, type_name(entry.value));
        problems.push(Problem::new(entry.span(), message).help(format!("write {expected}")));
        return None;
    };
    let found = T::WORDS.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let help = match nearest(text, &words) {
            Some(near) => format!("did you mean {near:?}? It can be {expected}"),
            None => format!("write {expected}"),
        };
        problems.push(entry.problem(format!("cannot be {:?}", masked(text))).help(help));
    }
    found
}

/// A list of strings, each with something in it.
pub(super) fn texts(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
    let texts = placed_texts(entry, problems)?;
    Some(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
}

/// A list with at least one string.
pub(super) fn some_texts(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
    let texts = texts(entry, problems)?;
    if texts.is_empty() {
        problems.push(entry.problem("is an empty list").help(entry.like()));
        return None;
    }
    Some(texts)
}

/// A glob.
pub(super) fn pattern(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Pattern> {
    let text = filled(entry, problems)?;
    glob(entry, &text, entry.span(), problems)
}

/// A list with at least one glob; those of it that could be read.
pub(super) fn patterns(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Vec<Placed<Pattern>>> {
    let texts = placed_texts(entry, problems)?;
    if texts.is_empty() {
        problems.push(entry.problem("is an empty list").help(entry.like()));
        return None;
    }
    let placed = |(text, span): Placed<&str>| Some((glob(entry, text, span.clone(), problems)?, span));
    Some(texts.into_iter().filter_map(placed).collect())
}

/// A duration, which may be nothing.
pub(super) fn span_of_time(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let Some(text) = as_text(entry.value) else {
        wrong_type(entry, "a duration", problems);
        return None;
    };
    match duration::parse(text) {
        Ok(duration) => Some(duration),
        Err(reason) => {
            problems.push(entry.problem(format!("is not a duration: {reason}")).help(entry.like()));
            None
        }
    }
}

/// A duration that is not nothing.
pub(super) fn time_limit(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let limit = span_of_time(entry, problems)?;
    if limit.is_zero() {
        problems.push(entry.problem("is nothing, so that every command would fail").help(entry.like()));
        return None;
    }
    Some(limit)
}

/// A day: a TOML date, or a string that looks like one.
pub(super) fn date(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Date> {
    let date = match entry.value.get_ref() {
        DeValue::Datetime(datetime) => match (datetime.date, datetime.time) {
            (Some(date), None) => jiff_date(date),
            _ => {
                problems.push(entry.problem("has a time of day, a day is enough").help(entry.like()));
                return None;
            }
        },
        DeValue::String(text) => text.parse().ok(),
        _ => {
            wrong_type(entry, "a date", problems);
            return None;
        }
    };
    if date.is_none() {
        problems.push(entry.problem("is not a day of the calendar").help(entry.like()));
    }
    date
}

/// A version requirement as cargo has it.
pub(super) fn requirement(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<VersionReq> {
    match VersionReq::parse(text(entry, problems)?) {
        Ok(requirement) => Some(requirement),
        Err(error) => {
            problems.push(entry.problem(format!("is not a version requirement: {error}")).help(entry.like()));
            None
        }
    }
}

/// The name of a branch.
pub(super) fn branch(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<BranchName> {
    name(entry, BranchName::new, problems)
}

/// A checked name.
pub(super) fn name<T>(
    entry: Entry<'_>,
    make: fn(String) -> Result<T, NameError>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    match make(text(entry, problems)?.to_owned()) {
        Ok(name) => Some(name),
        Err(error) => {
            problems.push(Problem::new(entry.span(), masked(&error.to_string())).help(entry.like()));
            None
        }
    }
}

/// A repository's URL as written, and what it says.
pub(super) fn repository(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<Placed<(String, Location)>> {
    let url = text(entry, problems)?;
    let location = located(entry, location::repository(url), problems)?;
    Some(((url.to_owned(), location), entry.span()))
}

/// The URL of a registry's index.
pub(super) fn index(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let url = text(entry, problems)?;
    located(entry, location::index(url), problems).map(|()| url.to_owned())
}

/// The base URL of a forge's API, without `/` at its end.
pub(super) fn api_url(entry: Entry<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let url = text(entry, problems)?;
    located(entry, location::api(url), problems).map(|()| url.trim_end_matches('/').to_owned())
}

impl Entry<'_> {
    /// The bytes of the value.
    pub(super) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    fn problem(&self, predicate: impl AsRef<str>) -> Problem {
        Problem::new(self.span(), format!("`{}` {}", self.key, predicate.as_ref()))
    }

    fn like(&self) -> String {
        format!("write it like `{} = {}`", self.key, self.example)
    }
}

fn wrong_type(entry: Entry<'_>, expected: &str, problems: &mut Vec<Problem>) {
    let found = type_name(entry.value);
    problems.push(entry.problem(format!("is {found}, not {expected}")).help(entry.like()));
}

fn as_text<'a>(value: &'a Spanned<DeValue<'a>>) -> Option<&'a str> {
    match value.get_ref() {
        DeValue::String(text) => Some(DeString::as_ref(text)),
        _ => None,
    }
}

fn placed_texts<'a>(entry: Entry<'a>, problems: &mut Vec<Problem>) -> Option<Vec<Placed<&'a str>>> {
    let DeValue::Array(items) = entry.value.get_ref() else {
        wrong_type(entry, "a list of strings", problems);
        return None;
    };
    let before = problems.len();
    let mut texts = Vec::new();
    for item in items.iter() {
        let wrong = match as_text(item) {
            Some(text) if !text.trim().is_empty() => {
                texts.push((text, item.span()));
                continue;
            }
            Some(_) => "an empty string",
            None => type_name(item),
        };
        let message = format!("`{}` has {wrong} in its list, not a string that says something", entry.key);
        problems.push(Problem::new(item.span(), message).help(entry.like()));
    }
    (problems.len() == before).then_some(texts)
}

fn glob(entry: Entry<'_>, text: &str, span: Range<usize>, problems: &mut Vec<Problem>) -> Option<Pattern> {
    match Pattern::new(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{}` has a pattern that cannot be read: {error}", entry.key);
            let help = "`*` stands for any characters, `?` for one, `[ab]` for one of them, `{a,b}` for either";
            problems.push(Problem::new(span, message).help(help));
            None
        }
    }
}

fn located<T>(entry: Entry<'_>, result: Result<T, LocationProblem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(entry.problem(problem.message).help(problem.help))).ok()
}

fn jiff_date(date: toml::value::Date) -> Option<Date> {
    let year = i16::try_from(date.year).ok()?;
    let month = i8::try_from(date.month).ok()?;
    Date::new(year, month, i8::try_from(date.day).ok()?).ok()
}

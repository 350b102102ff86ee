//! What a heading of a changelog is about.

use semver::Version;

/// What a heading is about, if it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A version. `1.2` counts as `1.2.0`.
    Version(Version),
    /// What comes next.
    Unreleased,
}

/// Words for what is not released, in lower case.
const UNRELEASED: &[&str] =
    &["unreleased", "next", "next version", "next release", "upcoming", "head", "master", "main"];
/// Words that may stand before a version, in lower case.
const BEFORE: &[&str] = &["version", "release", "released", "v", "ver"];
/// What may follow a version of two numbers; anything else makes it a sentence about it (`1.0 compatibility`).
const AFTER_SHORT: &[char] = &['(', '-', '–', '—', '/', ':', ',', '|'];

/// The subject of a marked heading.
pub(super) fn subject(text: &str) -> Option<Subject> {
    let text = without_tags(text);
    let text = text.trim();
    if is_unreleased(text) {
        return Some(Subject::Unreleased);
    }
    let text = before_version(text);
    let (version, short, after) = version_at_start(text)?;
    let after = after.trim_start();
    let fits =
        !short || after.is_empty() || after.starts_with(AFTER_SHORT) || after.starts_with(|c: char| c.is_ascii_digit());
    fits.then_some(Subject::Version(version))
}

/// The subject of an unmarked line, which is nothing but a version and, perhaps, a date.
pub(super) fn subject_alone(text: &str) -> Option<Subject> {
    if is_unreleased(text) {
        return Some(Subject::Unreleased);
    }
    let (version, _, after) = version_at_start(before_version(text))?;
    let after = after.trim();
    let words = after.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_date = words.clone().count() <= 4
        && (after.is_empty()
            || after == ":"
            || words.clone().any(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit())));
    is_date.then_some(Subject::Version(version))
}

fn is_unreleased(text: &str) -> bool {
    let text = text.trim_start_matches(['[', '(', '*', '`']).to_lowercase();
    UNRELEASED.iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start_matches([']', ')', '*', '`', ':', ' ']);
            rest.is_empty() || rest.starts_with(['(', '-', '–', '/', '[', '<'])
        })
    })
}

/// Without the words and signs before a version: `Version`, the crate's name, `[`, `v`.
fn before_version(text: &str) -> &str {
    let text = after_word(text, |word| BEFORE.contains(&word.to_lowercase().as_str())).unwrap_or(text);
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let names_crate = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(is_name);
    let named = after_word(text, names_crate).map(|rest| without_v(after_dash(rest)));
    let named = named.filter(|rest| version_at_start(rest).is_some_and(|(_, short, _)| !short));
    named.unwrap_or_else(|| without_name(text.trim_start_matches(OPENING)))
}

/// What follows the first word, if that fits, without the signs around it.
fn after_word(text: &str, fits: impl Fn(&str) -> bool) -> Option<&str> {
    let (word, rest) = text.trim_start_matches(OPENING).split_once(char::is_whitespace)?;
    let word = word.trim_matches(|c: char| matches!(c, '`' | '*' | ':' | '[' | ']'));
    fits(word).then(|| rest.trim_start().trim_start_matches(OPENING))
}

fn after_dash(text: &str) -> &str {
    let rest = text.trim_start_matches(['-', '–', '—', ':']);
    if rest.starts_with(' ') { rest.trim_start().trim_start_matches(OPENING) } else { text }
}

/// Signs that may stand around a version.
const OPENING: &[char] = &['[', '(', '`', '*', '_', ' ', '\t', '🎉', '🚀', '📦'];

/// Without `name-`, `name@`, `name/` and `v` directly before the version.
fn without_name(text: &str) -> &str {
    let text = without_v(text);
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text;
    }
    let word = text.split(|c: char| c.is_whitespace() || matches!(c, ']' | '(' | ')')).next().unwrap_or(text);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    word.char_indices()
        .filter(|(at, c)| matches!(c, '-' | '@' | '/') && word[..*at].chars().all(is_name))
        .map(|(at, _)| without_v(&text[at + 1..]))
        .find(|rest| version_at_start(rest).is_some_and(|(_, short, _)| !short))
        .unwrap_or(text)
}

fn without_v(text: &str) -> &str {
    let rest = text.strip_prefix(['v', 'V', '=']).unwrap_or(text);
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    if rest.starts_with(|c: char| c.is_ascii_digit()) { rest } else { text }
}

/// The version that `text` begins with, whether it has two numbers only, and what follows it.
fn version_at_start(text: &str) -> Option<(Version, bool, &str)> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let end = text.find(|c: char| !fits(c)).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', '-', '+']);
    let after = text[word.len()..].trim_start_matches([']', ')', '`', '*', '_']);
    if let Ok(version) = Version::parse(word) {
        return Some((version, false, after));
    }
    let mut numbers =
        word.split('.').map(|part| part.parse::<u64>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit())));
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(major)), Some(Some(minor)), None) => Some((Version::new(major, minor, 0), true, after)),
        _ => None,
    }
}

/// Without `<…>`: anchors stand in many headings.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        match tag.split_once('>') {
            Some((_, after)) => rest = after,
            None => {
                out.push('<');
                rest = tag;
            }
        }
    }
    out + rest
}

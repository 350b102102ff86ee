//! A configured command line: its words, what it is for, and how it is told to run all tests.

use std::ffi::OsString;

use crate::model::Phase;

/// A command line that is split into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// Variables set in front of it, as a shell allows (`NAME=value cargo test`).
    pub(super) variables: Vec<(String, String)>,
    /// The program and its arguments; never empty.
    pub(super) words: Vec<String>,
}

/// Why a command line cannot be split into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A quote is opened and not closed.
    #[error("a quote is not closed")]
    OpenQuote,
    /// It ends in a backslash.
    #[error("it ends in a backslash")]
    OpenEscape,
    /// There is nothing to run.
    #[error("there is nothing to run")]
    Empty,
    /// An operator of shells stands between the words; commands are run without a shell.
    #[error("{0:?} needs a shell, and commands are run without one; `sh -c '…'` has one")]
    Operator(&'static str),
}

/// The operators that people expect a shell to understand.
const OPERATORS: [&str; 8] = ["&&", "||", "|", ";", "&", ">", ">>", "<"];

/// A word while it is read; only a word without quotes can be an operator.
#[derive(Default)]
struct Word {
    text: String,
    quoted: bool,
}

/// Splits a command line into words as a POSIX shell would, quotes and backslashes included; nothing is expanded.
pub fn split(line: &str) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let quoted = match character {
            '\'' => single_quoted(&mut characters)?,
            '"' => double_quoted(&mut characters)?,
            '\\' => characters.next().ok_or(SplitError::OpenEscape)?.to_string(),
            _ if character.is_whitespace() => {
                words.extend(word.take());
                continue;
            }
            _ => {
                word.get_or_insert_default().text.push(character);
                continue;
            }
        };
        let word = word.get_or_insert_default();
        word.text.push_str(&quoted);
        word.quoted = true;
    }
    words.extend(word);
    let operator = |word: &Word| OPERATORS.into_iter().find(|operator| !word.quoted && word.text == *operator);
    match words.iter().find_map(operator) {
        Some(operator) => Err(SplitError::Operator(operator)),
        None if words.is_empty() => Err(SplitError::Empty),
        None => Ok(words.into_iter().map(|word| word.text).collect()),
    }
}

fn single_quoted(characters: &mut impl Iterator<Item = char>) -> Result<String, SplitError> {
    let mut text = String::new();
    loop {
        match characters.next().ok_or(SplitError::OpenQuote)? {
            '\'' => return Ok(text),
            character => text.push(character),
        }
    }
}

fn double_quoted(characters: &mut impl Iterator<Item = char>) -> Result<String, SplitError> {
    let mut text = String::new();
    loop {
        match characters.next().ok_or(SplitError::OpenQuote)? {
            '"' => return Ok(text),
            '\\' => match characters.next().ok_or(SplitError::OpenQuote)? {
                escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            character => text.push(character),
        }
    }
}

impl CommandLine {
    /// Reads a configured command line.
    pub(super) fn parse(line: &str) -> Result<Self, SplitError> {
        let mut words = split(line)?;
        let variables: Vec<_> = words.iter().map_while(|word| assignment(word)).collect();
        words.drain(..variables.len());
        if words.is_empty() { Err(SplitError::Empty) } else { Ok(Self { variables, words }) }
    }

    /// What it is for: whatever tests, in one of its words, is for testing.
    pub(super) fn phase(&self) -> Phase {
        let tests = |word: &String| matches!(word.as_str(), "test" | "nextest");
        if self.words.iter().any(tests) { Phase::Test } else { Phase::Check }
    }

    /// The same command, told to go on after a failing test program; itself where it does not take that option.
    pub(super) fn without_fail_fast(&self) -> Self {
        const OPTION: &str = "--no-fail-fast";
        let mut all = self.clone();
        let is_cargo = self.words[0] == "cargo" || self.words[0].ends_with("/cargo");
        let runner = self.words.iter().position(|word| word == "nextest").map_or("test", |_| "run");
        let place = self.words.iter().position(|word| word == runner);
        if let Some(place) = place.filter(|_| is_cargo && !self.words.iter().any(|word| word == OPTION)) {
            all.words.insert(place + 1, OPTION.to_owned());
        }
        all
    }

    /// The arguments after the program.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        self.words[1..].iter().map(OsString::from).collect()
    }
}

/// `NAME=value`, where the name can be one of a variable.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (starts && fits).then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would() {
        let check = |line: &str, expect: &[&str]| {
            assert_eq!(split(line).as_deref().ok(), Some(words(expect).as_slice()), "{line}");
        };
        check("cargo test  --workspace\t--locked ", &["cargo", "test", "--workspace", "--locked"]);
        check("cargo test -- 'a b' \"c \\\" d\"e", &["cargo", "test", "--", "a b", "c \" de"]);
        check(r"a\ b '' \'", &["a b", "", "'"]);
        check("sh -c 'a && b | c'", &["sh", "-c", "a && b | c"]);
        check(r#"x "\n""#, &["x", r"\n"]);
    }

    #[test]
    fn what_cannot_be_split_says_why() {
        let check = |line: &str, expect: SplitError| assert_eq!(split(line), Err(expect), "{line}");
        check("a 'b", SplitError::OpenQuote);
        check("a \"b", SplitError::OpenQuote);
        check("a \\", SplitError::OpenEscape);
        check("  ", SplitError::Empty);
        check("a && b", SplitError::Operator("&&"));
        assert_eq!(CommandLine::parse("A=1"), Err(SplitError::Empty));
    }

    #[test]
    fn variables_in_front_belong_to_the_environment() {
        let line = CommandLine::parse("RUSTFLAGS='-D warnings' A= cargo check x=y").expect("a command");
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(line.variables, [variable("RUSTFLAGS", "-D warnings"), variable("A", "")]);
        assert_eq!(line.words, words(&["cargo", "check", "x=y"]));
    }

    #[test]
    fn whatever_tests_is_for_testing() {
        let check = |line: &str, expect: Phase| {
            assert_eq!(CommandLine::parse(line).expect("a command").phase(), expect, "{line}");
        };
        check("cargo check --tests", Phase::Check);
        check("cargo clippy --all-targets -- -D warnings", Phase::Check);
        check("cargo test --workspace", Phase::Test);
        check("cargo nextest run", Phase::Test);
        check("just test", Phase::Test);
    }

    #[test]
    fn all_tests_run_when_asked_where_the_runner_has_an_option_for_it() {
        let check = |line: &str, expect: &str| {
            let all = CommandLine::parse(line).expect("a command").without_fail_fast();
            assert_eq!(all.words.join(" "), expect);
        };
        check("cargo test --locked -- --nocapture", "cargo test --no-fail-fast --locked -- --nocapture");
        check("cargo +nightly test", "cargo +nightly test --no-fail-fast");
        check("cargo nextest run -p a", "cargo nextest run --no-fail-fast -p a");
        check("cargo test --no-fail-fast", "cargo test --no-fail-fast");
        check("just test", "just test");
        check("cargo check", "cargo check");
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }
}

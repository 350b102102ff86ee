//! What the compiler and cargo say when something does not build: the first real errors, and the crates they name.

use std::collections::BTreeSet;

/// How many errors are shown.
const ERRORS: usize = 3;
/// How many lines of one error are shown.
const LINES: usize = 14;
/// How many errors are searched for names of crates.
const SEARCHED: usize = 50;

/// The errors of an output, each with the lines that belong to it; none when there is none.
pub(super) fn errors(output: &str) -> Vec<Vec<&str>> {
    let mut errors: Vec<Vec<&str>> = Vec::new();
    let mut state = State::Outside;
    for line in output.lines() {
        state = state.after(line);
        match state {
            State::Outside => {}
            State::Begins => errors.push(vec![line]),
            State::Inside | State::Cause => {
                if let Some(error) = errors.last_mut() {
                    error.push(line);
                }
            }
        }
    }
    for error in &mut errors {
        while error.last().is_some_and(|line| line.trim().is_empty()) {
            error.pop();
        }
    }
    errors
}

/// The first real errors; empty when there is none.
pub(super) fn excerpt(errors: &[Vec<&str>]) -> String {
    let real: Vec<_> = errors.iter().filter(|error| !is_closing(error[0])).collect();
    // Where there are only closing words, they are better than nothing.
    let shown = if real.is_empty() { errors.iter().collect() } else { real };
    let texts: Vec<_> = shown.into_iter().take(ERRORS).map(|error| shorten(error)).collect();
    texts.join("\n\n")
}

/// The crates of `names` that the errors mention, the likeliest first.
pub(super) fn suspects(errors: &[Vec<&str>], names: &BTreeSet<String>) -> Vec<String> {
    let mut weights: Vec<(&String, usize)> = Vec::new();
    let mut add = |name: Option<&'_ String>, weight: usize| {
        let Some(name) = name.and_then(|name| names.get(name)) else { return };
        match weights.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += weight,
            None => weights.push((name, weight)),
        }
    };
    for (index, line) in errors.iter().take(SEARCHED).flat_map(|error| error.iter().enumerate()) {
        let fails = index == 0 && (line.starts_with("error: could not compile") || line.contains("build command for"));
        let is_source = line.trim_start().starts_with(|character: char| character.is_ascii_digit());
        let mention = if fails {
            100
        } else if is_source {
            2
        } else {
            5
        };
        add(crate_of_path(line, names), 10);
        for word in line.split(|character: char| !is_name_character(character)).filter(|word| !word.is_empty()) {
            let quoted = line.contains(&format!("`{word}")) || line.contains(&format!("{word}::"));
            add(named(word, names).filter(|_| quoted), mention);
        }
    }
    weights.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    weights.into_iter().map(|(name, _)| name.clone()).collect()
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// In no error.
    Outside,
    /// At the first line of an error.
    Begins,
    /// In an error.
    Inside,
    /// In the causes that cargo adds to an error: blank lines do not end them.
    Cause,
}

impl State {
    fn after(self, line: &str) -> Self {
        let begins = line.starts_with("error: ") || line.starts_with("error[");
        let open = self != Self::Outside;
        match line {
            _ if begins => Self::Begins,
            "Caused by:" if open => Self::Cause,
            _ if self == Self::Cause && (line.is_empty() || line.starts_with("  ")) && !is_progress(line) => {
                Self::Cause
            }
            // The causes stand after a blank line: it belongs to the error, and whatever else follows does not.
            "" if open => Self::Inside,
            _ if open && (line.starts_with("warning") || line.starts_with("For more information")) => Self::Outside,
            _ if open && !is_progress(line) => Self::Inside,
            _ => Self::Outside,
        }
    }
}

/// Whether a line is a status of cargo: a word, right-aligned in twelve columns.
fn is_progress(line: &str) -> bool {
    let Some((verb, _)) = line.trim_start().split_once(' ') else { return false };
    let indent = line.len() - line.trim_start().len();
    indent + verb.len() == 12 && verb.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Whether an error only says that there were errors.
fn is_closing(line: &str) -> bool {
    const CLOSINGS: [&str; 5] = [
        "error: could not compile",
        "error: aborting due to",
        "error: test failed",
        "error: doctest failed",
        "error: build failed",
    ];
    CLOSINGS.iter().any(|closing| line.starts_with(closing))
}

/// An error with its middle left out where it is long: build scripts say at the end what went wrong.
fn shorten(error: &[&str]) -> String {
    if error.len() <= LINES {
        return error.join("\n");
    }
    let (head, tail) = (LINES / 2, LINES - LINES / 2 - 1);
    let mut lines = error[..head].to_vec();
    lines.push("  …");
    lines.extend(&error[error.len() - tail..]);
    lines.join("\n")
}

/// The crate of a path into cargo's registry or git checkouts: `…/registry/src/<index>/<name>-<version>/…`.
fn crate_of_path<'a>(line: &str, names: &'a BTreeSet<String>) -> Option<&'a String> {
    let folder = line.split("/registry/src/").nth(1)?.split('/').nth(1)?;
    let fits = |name: &&String| {
        let version = folder.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('-'));
        version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    };
    names.iter().filter(fits).max_by_key(|name| name.len())
}

/// The crate of this name, or of this name in code.
fn named<'a>(word: &str, names: &'a BTreeSet<String>) -> Option<&'a String> {
    names.get(word).or_else(|| names.get(&word.replace('_', "-")))
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSTC: &str = "    Checking app v0.1.0 (/app)
warning: unused import: `std::fs`
 --> src/main.rs:1:5

error[E0425]: cannot find function `thread_rng` in crate `rand`
 --> src/main.rs:6:23
  |
6 |     let mut r = rand::thread_rng();
  |                       ^^^^^^^^^^ not found in `rand`

error[E0308]: mismatched types
 --> src/main.rs:9:5
note: `http::HeaderMap` is defined here
   --> /home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-json-1.0.2/src/lib.rs:3:1

Some errors have detailed explanations: E0308, E0425.
For more information about an error, try `rustc --explain E0308`.
warning: `app` (bin \"app\") generated 1 warning
error: could not compile `app` (bin \"app\") due to 2 previous errors; 1 warning emitted
";

    const BUILD_SCRIPT: &str = "   Compiling openssl-sys v0.9.1
error: failed to run custom build command for `openssl-sys v0.9.1`

Caused by:
  process didn't exit successfully: `/t/build-script-main` (exit status: 101)
  --- stderr
  could not find openssl

  thread 'main' panicked at build.rs:1:1
warning: build failed, waiting for other jobs to finish...
";

    #[test]
    fn the_excerpt_is_the_first_real_errors() {
        let check = |output: &str, expect: &[&str], not: &[&str]| {
            let text = excerpt(&errors(output));
            expect.iter().for_each(|part| assert!(text.contains(part), "{part:?} in {text}"));
            not.iter().for_each(|part| assert!(!text.contains(part), "{part:?} not in {text}"));
        };
        check(
            RUSTC,
            &["error[E0425]", "6 |     let mut r", "error[E0308]", "serde-json-1.0.2"],
            &["Checking", "unused import", "could not compile", "For more"],
        );
        check(BUILD_SCRIPT, &["could not find openssl", "panicked at build.rs"], &["waiting", "Compiling"]);
        check("error: could not compile `x`\n", &["could not compile `x`"], &[]);
        check("all is well\n", &[], &["well"]);
    }

    #[test]
    fn the_crates_that_errors_mention_are_suspects() {
        let names = ["rand", "http", "serde", "serde-json", "openssl-sys", "app-core"].map(str::to_owned).into();
        let check = |output: &str, expect: &[&str]| assert_eq!(suspects(&errors(output), &names), expect);
        check(RUSTC, &["rand", "serde-json", "http"]);
        check(BUILD_SCRIPT, &["openssl-sys"]);
        check("error[E0433]: use of unresolved module or unlinked crate `app_core`\n", &["app-core"]);
        check("error: could not compile `http` (lib)\nerror[E0]: `rand` `rand`\n", &["http", "rand"]);
    }

    #[test]
    fn a_long_error_loses_its_middle() {
        let output = format!("error: x\n{}", "  line\n".repeat(60));
        assert_eq!(excerpt(&errors(&output)).lines().count(), LINES);
    }
}

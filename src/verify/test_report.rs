//! The failing tests of an output, by name and with their own words: libtest, doc-tests, nextest.

use std::collections::{BTreeMap, BTreeSet};

/// How many lines of one failing test are shown.
const LINES: usize = 12;
/// How many failing tests are shown with their words.
const SHOWN: usize = 3;

/// A failing test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailedTest {
    /// `program: path::of::test`; the program alone where it ended without saying which.
    pub(super) name: String,
    /// Its panic, as far as it could be found.
    words: Vec<String>,
}

/// The failing tests of an output, in its order.
pub(super) fn failing(output: &str) -> Vec<FailedTest> {
    let mut failing = libtest(output);
    failing.extend(nextest(output));
    let mut known = BTreeSet::new();
    failing.retain(|test| known.insert(test.name.clone()));
    failing
}

/// The words of the first of these tests that have a name in `names`.
pub(super) fn excerpt(tests: &[FailedTest], names: &BTreeSet<String>) -> String {
    let shown = tests.iter().filter(|test| names.contains(&test.name));
    let texts = shown.clone().take(SHOWN).map(|test| {
        let words = test.words.iter().take(LINES).map(|line| format!("\n    {line}"));
        format!("{}{}", test.name, words.collect::<String>())
    });
    let mut text = texts.collect::<Vec<_>>().join("\n\n");
    let more = shown.count().saturating_sub(SHOWN);
    if more > 0 {
        text.push_str(&format!("\n\nand {more} more"));
    }
    text
}

/// A part of the output of `cargo test`: what one test program wrote.
struct Section<'a> {
    label: String,
    lines: Vec<&'a str>,
}

fn libtest(output: &str) -> Vec<FailedTest> {
    sections(output).iter().flat_map(failing_in).collect()
}

/// Splits an output where cargo says that it starts a program. Programs of one name (`tests/cli.rs` of two packages)
/// are numbered: cargo runs them in the same order every time.
fn sections(output: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = vec![Section { label: "tests".to_owned(), lines: Vec::new() }];
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in output.lines() {
        if let Some(label) = label(line) {
            let times = seen.entry(label.clone()).or_default();
            *times += 1;
            let label = if *times > 1 { format!("{label} ({times})") } else { label };
            sections.push(Section { label, lines: Vec::new() });
        } else if let Some(section) = sections.last_mut() {
            section.lines.push(line);
        }
    }
    sections
}

/// The program's name in `     Running tests/cli.rs (target/debug/deps/cli-0123456789abcdef)` or `   Doc-tests app`.
fn label(line: &str) -> Option<String> {
    if let Some(krate) = line.strip_prefix("   Doc-tests ") {
        return Some(format!("{krate} (doc)"));
    }
    let rest = line.strip_prefix("     Running ")?;
    let path = rest.rsplit_once(" (").map_or(rest, |(_, path)| path.trim_end_matches(')'));
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path).trim_end_matches(".exe");
    let stem = match file.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => stem,
        _ => file,
    };
    Some(stem.to_owned())
}

/// The failing tests of one program: those of the list that stands before its result. A program that ends before its
/// result, or has none (`harness = false`), is a failing test itself where cargo says that it failed.
fn failing_in(section: &Section<'_>) -> Vec<FailedTest> {
    let Section { label, lines } = section;
    let last = |line: &str, until: usize| lines[..until].iter().rposition(|other| other.starts_with(line));
    let result = last("test result: FAILED", lines.len());
    if let Some(end) = result {
        let start = last("failures:", end).map_or(end, |start| start + 1);
        let names = lines[start..end].iter().filter_map(|line| line.strip_prefix("    "));
        return names.map(|name| failed_test(label, name, &lines[..start])).collect();
    }
    let failed = |line: &&str| line.starts_with("error: test failed") || line.starts_with("error: doctest failed");
    let Some(end) = lines.iter().position(failed) else { return Vec::new() };
    let words = lines[end.saturating_sub(LINES / 2)..].iter().take(LINES);
    vec![FailedTest { name: label.clone(), words: words.map(ToString::to_string).collect() }]
}

fn failed_test(label: &str, name: &str, lines: &[&str]) -> FailedTest {
    let title = format!("---- {name} stdout ----");
    let block = lines.iter().position(|line| *line == title).map_or(&[][..], |start| &lines[start + 1..]);
    let ends = |line: &&&str| !(line.starts_with("---- ") || **line == "failures:");
    let words = block.iter().take_while(ends).filter(|line| is_telling(line));
    FailedTest { name: format!("{label}: {name}"), words: words.map(|line| line.trim_end().to_owned()).collect() }
}

/// The failing tests of nextest, which says them again after its summary.
fn nextest(output: &str) -> Vec<FailedTest> {
    let lines: Vec<_> = output.lines().collect();
    let summary = lines.iter().rposition(|line| line.trim_start().starts_with("Summary ["));
    let Some(start) = summary else { return Vec::new() };
    let names = lines[start..].iter().filter_map(|line| nextest_name(line));
    names
        .map(|(binary, test)| FailedTest { name: format!("{binary}: {test}"), words: panic_of(&lines, test) })
        .collect()
}

/// The program and the test in `        FAIL [   0.005s] (2/3) app::cli nested::test`; signals and time-outs too.
fn nextest_name(line: &str) -> Option<(&str, &str)> {
    let (status, rest) = line.split_once('[')?;
    let status = status.trim();
    let last = status.rsplit(' ').next().unwrap_or(status);
    let fails = matches!(last, "FAIL" | "TIMEOUT" | "ABORT" | "XFAIL") || last.starts_with("SIG");
    let (_, name) = rest.split_once(']')?;
    let name = name.trim_start();
    let name = match name.strip_prefix('(') {
        Some(counted) => counted.split_once(')')?.1.trim_start(),
        None => name,
    };
    name.split_once(' ').map(|(binary, test)| (binary, test.trim())).filter(|_| fails)
}

/// The lines of a test's panic.
fn panic_of(lines: &[&str], test: &str) -> Vec<String> {
    let thread = format!("thread '{test}'");
    let start = lines.iter().position(|line| line.contains(&thread) && line.contains("panicked at"));
    let block = start.map_or(&[][..], |start| &lines[start..]);
    let words = block.iter().take_while(|line| !line.trim().is_empty()).filter(|line| is_telling(line));
    words.map(|line| line.trim().to_owned()).collect()
}

fn is_telling(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim_start().starts_with("note: run with `RUST_BACKTRACE")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBTEST: &str = "     Running unittests src/lib.rs (target/debug/deps/app-0123456789abcdef)

running 2 tests
test tests::good ... ok
test tests::bad ... FAILED

failures:

---- tests::bad stdout ----

thread 'tests::bad' (12) panicked at src/lib.rs:7:9:
assertion `left == right` failed
  left: 4
 right: 5
failures:
    printed by the test
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace


failures:
    tests::bad

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: test failed, to rerun pass `-p app --lib`
     Running tests/cli.rs (target/debug/deps/cli-0123456789abcdef)

running 1 test
error: test failed, to rerun pass `-p app --test cli`

Caused by:
  process didn't exit successfully: `/t/cli` (signal: 6, SIGABRT: process abort signal)
     Running tests/cli.rs (target/debug/deps/cli-fedcba9876543210)

running 1 test
test works ... FAILED

failures:

failures:
    works

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests app

running 1 test
test src/lib.rs - add (line 3) ... FAILED

failures:

---- src/lib.rs - add (line 3) stdout ----
error[E0425]: cannot find function `ad` in this scope

failures:
    src/lib.rs - add (line 3)

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

    const NEXTEST: &str = "    Starting 3 tests across 2 binaries
        FAIL [   0.004s] (1/3) app tests::bad
  stdout ───

    running 1 test
  stderr ───

    thread 'tests::bad' (12) panicked at src/lib.rs:7:9:
    no luck
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

  TRY 1 FAIL [   0.004s] (2/3) app::cli recovers
────────────
     Summary [   0.010s] 3 tests run: 1 passed, 2 failed, 0 skipped
        FAIL [   0.004s] (1/3) app tests::bad
  TRY 2 SIGABRT [   0.004s] (3/3) app::cli dies
error: test run failed
";

    #[test]
    fn failing_tests_have_names_that_tell_them_apart() {
        let check = |output: &str, expect: &[&str]| {
            let names: Vec<_> = failing(output).into_iter().map(|test| test.name).collect();
            assert_eq!(names, expect);
        };
        check(LIBTEST, &["app: tests::bad", "cli", "cli (2): works", "app (doc): src/lib.rs - add (line 3)"]);
        check(NEXTEST, &["app: tests::bad", "app::cli: dies"]);
        check("test result: ok. 1 passed\n", &[]);
        check("error: could not compile `app`\n", &[]);
    }

    #[test]
    fn the_excerpt_is_what_the_tests_said() {
        let check = |output: &str, expect: &[&str], not: &[&str]| {
            let tests = failing(output);
            let text = excerpt(&tests, &tests.iter().map(|test| test.name.clone()).collect());
            expect.iter().for_each(|part| assert!(text.contains(part), "{part:?} in {text}"));
            not.iter().for_each(|part| assert!(!text.contains(part), "{part:?} not in {text}"));
        };
        check(
            LIBTEST,
            &["src/lib.rs:7:9", "right: 5", "signal: 6", "cli (2): works", "and 1 more"],
            &["RUST_BACKTRACE"],
        );
        check(NEXTEST, &["app: tests::bad\n", "no luck"], &["RUST_BACKTRACE", "Summary"]);
    }
}

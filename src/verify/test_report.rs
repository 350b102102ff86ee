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
    let words = block.iter().take_while(ends).take_while(|line| !is_trace(line)).filter(|line| is_telling(line));
    FailedTest { name: format!("{label}: {name}"), words: words.map(|line| line.trim_end().to_owned()).collect() }
}

/// The failing tests of nextest, which says them again after its summary.
fn nextest(output: &str) -> Vec<FailedTest> {
    let lines: Vec<_> = output.lines().collect();
    let summary = lines.iter().rposition(|line| line.trim_start().starts_with("Summary ["));
    let Some(end) = summary else { return Vec::new() };
    let (details, summary) = lines.split_at(end);
    let named = summary.iter().filter_map(|line| nextest_line(line)).filter(NextestLine::fails);
    named
        .map(|line| FailedTest { name: format!("{}: {}", line.binary, line.test), words: line.words(details) })
        .collect()
}

/// A line of nextest about one test: `        FAIL [   0.005s] (2/3) app::cli nested::test`.
#[derive(Clone, Copy)]
struct NextestLine<'a> {
    status: &'a str,
    binary: &'a str,
    test: &'a str,
}

fn nextest_line(line: &str) -> Option<NextestLine<'_>> {
    let (status, rest) = line.split_once('[')?;
    let (time, name) = rest.split_once(']')?;
    let name = name.trim_start();
    let name = name.strip_prefix('(').and_then(|counted| counted.split_once(')')).map_or(name, |(_, name)| name);
    let (binary, test) = name.trim().split_once(' ')?;
    // `TRY 2 FAIL` where tests are tried again.
    let status = status.split_whitespace().next_back().filter(|_| time.ends_with('s'))?;
    Some(NextestLine { status, binary, test: test.trim() })
}

impl NextestLine<'_> {
    fn fails(&self) -> bool {
        matches!(self.status, "FAIL" | "TIMEOUT" | "ABORT") || self.status.starts_with("SIG")
    }

    /// What this test wrote: from the line that says it failed to the line about another test.
    fn words(&self, details: &[&str]) -> Vec<String> {
        let is_this =
            |line: &&str| nextest_line(line).is_some_and(|it| (it.binary, it.test) == (self.binary, self.test));
        let start = details.iter().position(is_this).map_or(details.len(), |start| start + 1);
        let block = details[start..].iter().take_while(|line| nextest_line(line).is_none()).map(|line| line.trim());
        let block = block.take_while(|line| !is_trace(line));
        block.filter(|line| is_telling(line) && !self.is_frame(line)).map(str::to_owned).collect()
    }

    /// Whether a line is what libtest and nextest write around every failing test.
    fn is_frame(&self, line: &str) -> bool {
        const FRAMES: [&str; 7] = ["stdout ─", "stderr ─", "---", "running 1 test", "failures:", "test result:", "─"];
        line == self.test || FRAMES.iter().any(|frame| line.starts_with(frame)) || line.ends_with("... FAILED")
    }
}

fn is_telling(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim_start().starts_with("note: run with `RUST_BACKTRACE")
}

/// Whether a backtrace begins, of which nothing is shown.
fn is_trace(line: &str) -> bool {
    line == "stack backtrace:"
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

    const NEXTEST: &str = "────────────
    Starting 3 tests across 2 binaries
        FAIL [   0.220s] (1/3) app tests::bad
  stdout ───

    running 1 test
    hello
    test tests::bad ... FAILED

    failures:

    failures:
        tests::bad

    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.20s

  stderr ───

    thread 'tests::bad' (13395) panicked at src/lib.rs:5:64:
    no luck
    stack backtrace:
       0: __rustc::rust_begin_unwind

  TRY 1 FAIL [   0.004s] (2/3) app::cli recovers
  stderr ───
    Error: \"other\"

     SIGABRT [   0.005s] (3/3) app::cli dies
  stdout ───

    running 1 test

    (test aborted with signal 6: SIGABRT)

────────────
     Summary [   0.221s] 3 tests run: 1 passed, 2 failed, 0 skipped
        FAIL [   0.220s] (1/3) app tests::bad
     SIGABRT [   0.005s] (3/3) app::cli dies
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
        check(
            NEXTEST,
            &["app: tests::bad\n    hello\n", "    no luck\n", "signal 6"],
            &["rust_begin", "other", "result"],
        );
    }
}

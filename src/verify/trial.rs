//! From the commands of a repository to a verdict: what counts as failing, and what is tried again.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::command::CommandLine;
use super::lock::Lock;
use super::test_report::{self, FailedTest};
use super::{Bench, Toolbox, compiler, text};
use crate::model::{CommandRun, Failure, Phase, Verdict};
use crate::process::{self, Exit, Finished};

/// How many lines of an output without recognised errors are shown.
const LINES: usize = 25;

/// What is the same for all commands of a verification.
pub(super) struct Trial<'a> {
    pub(super) toolbox: &'a Toolbox,
    pub(super) bench: &'a Bench,
    pub(super) folder: &'a Path,
    pub(super) limit: Duration,
    pub(super) compare: Option<&'a BTreeSet<String>>,
}

/// One configured command while it is tried.
struct Attempt<'a> {
    trial: &'a Trial<'a>,
    command: &'a str,
    line: CommandLine,
    took: Duration,
}

/// One run of a command that did not succeed.
struct Red {
    status: Exit,
    output: String,
    tests: Vec<FailedTest>,
}

/// A command after all its runs.
struct Passed {
    took: Duration,
    red_before: BTreeSet<String>,
}

impl Trial<'_> {
    /// Runs the commands in order until one fails.
    pub(super) async fn run(&self, commands: &[String]) -> Verdict {
        let mut runs = Vec::new();
        let mut red_before = BTreeSet::new();
        for command in commands {
            let line = match CommandLine::parse(command) {
                Ok(line) => line,
                Err(error) => return Verdict::Fail(failure(Phase::Check, command, error.to_string())),
            };
            let phase = line.phase();
            match (Attempt { trial: self, command, line, took: Duration::ZERO }).run().await {
                Ok(passed) => {
                    runs.push(CommandRun { phase, command: command.clone(), took: passed.took });
                    red_before.extend(passed.red_before);
                }
                Err(failure) => return Verdict::Fail(*failure),
            }
        }
        Verdict::Pass { runs, red_before: red_before.into_iter().collect() }
    }
}

impl Attempt<'_> {
    /// Runs the command until it is clear whether it passes: a failing test is believed when it fails twice, and so is a
    /// command that the system killed, or a part of it, as it does when memory is short.
    async fn run(mut self) -> Result<Passed, Box<Failure>> {
        let all = self.line.without_fail_fast();
        // Where red tests are known, a run that stops at the first would say nothing about the others.
        let line = if self.trial.compare.is_some() { all.clone() } else { self.line.clone() };
        let Some(mut first) = self.once(&line).await? else { return Ok(self.passed(BTreeSet::new())) };
        if first.tests.is_empty() && first.was_killed() {
            let Some(again) = self.once(&line).await? else { return Ok(self.passed(BTreeSet::new())) };
            first = again;
        }
        if first.tests.is_empty() {
            return Err(self.failed(&first, &BTreeSet::new()));
        }
        let Some(mut second) = self.once(&all).await? else { return Ok(self.passed(BTreeSet::new())) };
        let (once, again) = (first.names(), second.names());
        let readable = !again.is_empty();
        second.tests.extend(first.tests.into_iter().filter(|test| !again.contains(&test.name)));
        let Some(compare) = self.trial.compare.filter(|_| readable) else {
            let seen = once.union(&again).cloned().collect();
            return Err(self.failed(&second, &seen));
        };
        let (red_before, new): (BTreeSet<_>, BTreeSet<_>) = again.into_iter().partition(|name| compare.contains(name));
        let confirmed: BTreeSet<_> = new.intersection(&once).cloned().collect();
        if confirmed.is_empty() { Ok(self.passed(red_before)) } else { Err(self.failed(&second, &confirmed)) }
    }

    /// One run; `None` when it succeeds, an error when it cannot be repeated with sense.
    async fn once(&mut self, line: &CommandLine) -> Result<Option<Red>, Box<Failure>> {
        let Trial { toolbox, bench, folder, limit, .. } = self.trial;
        let job = toolbox.untrusted(bench, folder, line, *limit);
        let finished = match process::run(job).await {
            Ok(finished) => finished,
            Err(error) => return Err(Box::new(failure(self.line.phase(), self.command, error.to_string()))),
        };
        self.took += finished.took;
        let Finished { status, stdout, .. } = finished;
        let output = text::portable(&text::plain(&stdout), &bench.root, &bench.target);
        let is_test = self.line.phase() == Phase::Test;
        let tests = if is_test { test_report::failing(&output) } else { Vec::new() };
        match status {
            Exit::Code(0) => Ok(None),
            Exit::Code(_) => Ok(Some(Red { status, output, tests })),
            // What it said of tests before it was killed is not all: a list cut short could pass for one without news.
            Exit::Signal(_) => Ok(Some(Red { status, output, tests: Vec::new() })),
            Exit::TimedOut(_) => Err(self.failed(&Red { status, output, tests: Vec::new() }, &BTreeSet::new())),
        }
    }

    fn passed(&self, red_before: BTreeSet<String>) -> Passed {
        Passed { took: self.took, red_before }
    }

    /// The failure of the command because of these tests, or, without tests, because of what else it says.
    fn failed(&self, red: &Red, tests: &BTreeSet<String>) -> Box<Failure> {
        let errors = compiler::errors(&red.output);
        let names = Lock::read(self.trial.folder).unwrap_or_default().names();
        let excerpt = match red.status {
            Exit::Code(_) if !tests.is_empty() => test_report::excerpt(&red.tests, tests),
            Exit::Code(_) => {
                Some(compiler::excerpt(&errors)).filter(|text| !text.is_empty()).unwrap_or_else(|| red.tail())
            }
            Exit::Signal(_) | Exit::TimedOut(_) => red.tail(),
        };
        Box::new(Failure {
            tests: tests.iter().cloned().collect(),
            suspects: compiler::suspects(&errors, &names),
            timed_out: match red.status {
                Exit::TimedOut(limit) => Some(limit),
                Exit::Code(_) | Exit::Signal(_) => None,
            },
            ..failure(self.line.phase(), self.command, excerpt)
        })
    }
}

impl Red {
    /// Whether it was killed itself, or cargo says that a process it started was.
    fn was_killed(&self) -> bool {
        matches!(self.status, Exit::Signal(_)) || self.output.contains("(signal: 9, SIGKILL")
    }

    fn names(&self) -> BTreeSet<String> {
        self.tests.iter().map(|test| test.name.clone()).collect()
    }

    /// How it ended, and its last lines.
    fn tail(&self) -> String {
        format!("{}\n{}", self.status, text::last_lines(&self.output, LINES))
    }
}

fn failure(phase: Phase, command: &str, excerpt: String) -> Failure {
    let (tests, suspects) = (Vec::new(), Vec::new());
    Failure { phase, command: command.to_owned(), excerpt, tests, suspects, timed_out: None }
}

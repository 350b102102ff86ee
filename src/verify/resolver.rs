//! What cargo says when it does not resolve: the words that matter, and the crates it names.

use std::collections::BTreeSet;
use std::path::Path;

use super::text;
use crate::model::{CrateName, Failure, Phase};
use crate::process::{Exit, Finished};

/// How many lines of cargo's words are shown.
const LINES: usize = 40;

/// The failure of a command that resolves in `folder`; `names` are the crates of the lock.
pub(super) fn failure(command: String, finished: &Finished, folder: &Path, names: &BTreeSet<String>) -> Failure {
    // Pull requests quote it: paths of this machine are nobody's business there. Resolving has no target folder.
    let output = text::portable(&text::plain(&finished.stderr), folder, Path::new(""));
    let excerpt = match finished.status {
        Exit::Code(_) => words(&output),
        Exit::Signal(_) | Exit::TimedOut(_) => format!("{}\n{}", finished.status, text::last_lines(&output, LINES)),
    };
    let timed_out = match finished.status {
        Exit::TimedOut(limit) => Some(limit),
        Exit::Code(_) | Exit::Signal(_) => None,
    };
    let suspects = suspects(&excerpt, names);
    Failure { phase: Phase::Resolve, command, excerpt, tests: Vec::new(), suspects, timed_out }
}

/// A failure that was found by looking at the lock.
pub(super) fn own_failure(excerpt: String, krate: &CrateName) -> Failure {
    let suspects = vec![krate.to_string()];
    let command = "cargo update".to_owned();
    Failure { phase: Phase::Resolve, command, excerpt, tests: Vec::new(), suspects, timed_out: None }
}

/// From the first error on: what stands before it is progress.
fn words(output: &str) -> String {
    let start = output.lines().position(|line| line.starts_with("error")).unwrap_or(0);
    let lines: Vec<_> = output.lines().skip(start).take(LINES).collect();
    lines.join("\n").trim_end().to_owned()
}

/// The crates that stand in backticks, in the order of the message: cargo names the one it cannot select first.
fn suspects(excerpt: &str, names: &BTreeSet<String>) -> Vec<String> {
    let mut suspects = Vec::new();
    for quoted in excerpt.split('`').skip(1).step_by(2) {
        let name = quoted.split([' ', '@', '=']).next().unwrap_or_default();
        if names.contains(name) && !suspects.iter().any(|known| known == name) {
            suspects.push(name.to_owned());
        }
    }
    suspects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_that_cargo_names_are_suspects_in_its_order() {
        let output = "    Updating index\nerror: failed to select a version for `hyper`.\n    ... required by package \
                      `app v0.1.0 (/app)`\nversions that meet the requirements `^2` are: 2.0.0\n\npackage `app` depends \
                      on `hyper`, with features: `tcp` but `hyper` does not have these features.\n    `tower v0.4.0`\n";
        let names = ["hyper", "tower", "tcp-stream"].map(str::to_owned).into();
        let excerpt = words(output);
        assert!(excerpt.starts_with("error: failed to select"), "{excerpt}");
        assert_eq!(suspects(&excerpt, &names), ["hyper", "tower"]);
    }
}

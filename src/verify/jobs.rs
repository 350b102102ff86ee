//! The two kinds of jobs: cargo that resolves, with credentials, and commands that build or test, without.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::command::CommandLine;
use super::{Bench, Toolbox, environment, sandbox};
use crate::process::{Job, Output};

/// How long cargo may take to resolve and download.
const RESOLVE_LIMIT: Duration = Duration::from_secs(15 * 60);
/// How much of the answer of `cargo metadata` is kept, in bytes: large workspaces have tens of megabytes.
const ANSWER_LIMIT: usize = 512 * 1024 * 1024;
/// How much of the output of a build or test is kept, in bytes.
const OUTPUT_LIMIT: usize = 8 * 1024 * 1024;

impl Toolbox {
    /// A call of cargo that runs no code of packages: even to resolve, cargo asks the compiler about itself, and a
    /// repository's `.cargo/config.toml` may name a program of its own for that. It would get the credentials.
    pub(super) fn resolving(&self, folder: &Path, arguments: &[&str]) -> Job {
        let mut variables = environment::for_resolving(&self.environment);
        let mut set = |name: &str, value: &str| variables.insert(name.into(), value.into());
        set("CARGO_TERM_COLOR", "never");
        set("RUSTC", "rustc");
        // Empty is none, whatever a configuration says.
        set("RUSTC_WRAPPER", "");
        set("RUSTC_WORKSPACE_WRAPPER", "");
        // Nobody is there to answer.
        set("GIT_TERMINAL_PROMPT", "0");
        Job {
            program: self.cargo.clone().into_os_string(),
            arguments: arguments.iter().map(OsString::from).collect(),
            folder: folder.to_path_buf(),
            environment: variables,
            time_limit: RESOLVE_LIMIT,
            output: Output::Separate,
            output_limit: ANSWER_LIMIT,
            listener: None,
        }
    }

    /// A command that runs code of packages.
    pub(super) fn untrusted(&self, bench: &Bench, folder: &Path, line: &CommandLine, limit: Duration) -> Job {
        let mut variables = environment::for_untrusted(&self.environment);
        let mut set = |name: &str, value: OsString| variables.insert(name.into(), value);
        set("CARGO_TARGET_DIR", bench.target.clone().into_os_string());
        set("CARGO_TERM_COLOR", "never".into());
        // A candidate differs in its dependencies: what depends on them is compiled anew in any case.
        set("CARGO_INCREMENTAL", "0".into());
        if let Some(jobs) = self.jobs {
            set("CARGO_BUILD_JOBS", jobs.to_string().into());
        }
        for (name, value) in &line.variables {
            set(name, value.into());
        }
        let is_cargo = line.words[0] == "cargo";
        let program = if is_cargo { self.cargo.clone().into_os_string() } else { OsString::from(&line.words[0]) };
        sandbox::contain(Job {
            program,
            arguments: line.arguments(),
            folder: folder.to_path_buf(),
            environment: variables,
            time_limit: limit,
            output: Output::Merged,
            output_limit: OUTPUT_LIMIT,
            listener: bench.listener.clone(),
        })
    }
}

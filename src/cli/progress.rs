//! How a run looks while it runs: one line for each repository at work on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::GlobalArgs;
use super::output::Output;
use crate::model::{Outcome, PullRequestState, Rejection, RepoName, RepositoryStatus, RepositorySummary, Settlement};
use crate::run::{Progress, ProgressSink, Stage};

/// Shows progress on standard error. Clones show the same.
#[derive(Clone)]
pub(super) struct Bars {
    multi: MultiProgress,
    mode: Mode,
    coloured: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bars that move.
    Bars,
    /// A line for each change.
    Lines,
    /// Nothing.
    Quiet,
}

#[derive(Default)]
struct State {
    head: Option<ProgressBar>,
    repositories: BTreeMap<RepoName, ProgressBar>,
    told: BTreeMap<RepoName, (Stage, bool)>,
}

impl Bars {
    pub(super) fn new(global: &GlobalArgs, output: &Output) -> Self {
        let mode = match (global.quiet, io::stderr().is_terminal()) {
            (true, _) => Mode::Quiet,
            (false, true) => Mode::Bars,
            (false, false) => Mode::Lines,
        };
        let target =
            if mode == Mode::Bars { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let multi = MultiProgress::with_draw_target(target);
        Self { multi, mode, coloured: output.is_coloured(), state: Arc::default() }
    }

    /// Takes what a run tells.
    pub(super) fn sink(&self) -> ProgressSink {
        let bars = self.clone();
        Arc::new(move |progress| bars.show(&progress))
    }

    /// Takes what one thing that has no fleet tells.
    pub(super) fn teller(&self) -> impl Fn(String) + Send + Sync + use<> {
        let bars = self.clone();
        move |text| match bars.mode {
            Mode::Bars => {
                let head = bars.head_bar();
                head.set_message(text);
            }
            Mode::Lines => bars.line(&text),
            Mode::Quiet => {}
        }
    }

    /// Removes all bars.
    pub(super) fn finish(&self) {
        if let Ok(mut state) = self.state.lock() {
            if let Some(head) = state.head.take() {
                head.finish_and_clear();
            }
            std::mem::take(&mut state.repositories).into_values().for_each(|bar| bar.finish_and_clear());
        }
    }

    /// Writes log lines above the bars.
    pub(super) fn log_writer(&self) -> impl Write + use<> {
        LogWriter { bars: self.clone(), line: Vec::new() }
    }

    fn show(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Fleet { stage, count } => self.fleet(*stage, *count),
            Progress::FleetStep => self.with_head(|head| head.inc(1)),
            Progress::Wave { number, of, count } => self.wave(*number, *of, *count),
            Progress::Repository { repo, stage, detail } => self.repository(repo, *stage, detail),
            Progress::Settled { summary } => self.settled(summary),
        }
    }

    fn fleet(&self, stage: Stage, count: usize) {
        let text = match stage {
            Stage::Sync => format!("fetching {}", counted(count, "repository", "repositories")),
            Stage::LookUp => format!("looking up {}", counted(count, "crate", "crates")),
            other => format!("{other}: {count}"),
        };
        self.head(&text, if stage == Stage::Sync { count } else { 0 });
    }

    fn wave(&self, number: usize, of: usize, count: usize) {
        let repositories = counted(count, "repository", "repositories");
        let text =
            if of > 1 { format!("wave {number} of {of}: {repositories}") } else { format!("upgrading {repositories}") };
        self.head(&text, count);
    }

    fn head(&self, text: &str, count: usize) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(text),
            Mode::Bars => {
                let head = self.head_bar();
                head.set_length(count as u64);
                head.set_position(0);
                head.set_style(if count > 0 { head_style() } else { plain_style() });
                head.set_message(text.to_owned());
            }
        }
    }

    fn head_bar(&self) -> ProgressBar {
        let Ok(mut state) = self.state.lock() else { return ProgressBar::hidden() };
        state
            .head
            .get_or_insert_with(|| {
                let bar = self.multi.insert(0, ProgressBar::new(0).with_style(plain_style()));
                bar.enable_steady_tick(Duration::from_millis(120));
                bar
            })
            .clone()
    }

    fn with_head(&self, change: impl Fn(&ProgressBar)) {
        if let Ok(state) = self.state.lock()
            && let Some(head) = &state.head
        {
            change(head);
        }
    }

    fn repository(&self, repo: &RepoName, stage: Stage, detail: &str) {
        let is_new = self.is_news(repo, stage, detail);
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines if is_new && detail.is_empty() => self.line(&format!("{repo}: {stage}")),
            Mode::Lines if is_new => self.line(&format!("{repo}: {stage}: {detail}")),
            Mode::Lines => {}
            Mode::Bars => {
                let text = if detail.is_empty() { stage.to_string() } else { format!("{stage}: {detail}") };
                self.repository_bar(repo).set_message(text);
            }
        }
    }

    /// Whether a plain line is worth it: a new stage, or something that depbot itself says about it.
    fn is_news(&self, repo: &RepoName, stage: Stage, detail: &str) -> bool {
        let own_words = !detail.starts_with(|c: char| c.is_ascii_uppercase());
        let Ok(mut state) = self.state.lock() else { return false };
        let before = state.told.insert(repo.clone(), (stage, own_words));
        own_words && (before.is_none_or(|(told, _)| told != stage) || detail.starts_with("building"))
    }

    fn repository_bar(&self, repo: &RepoName) -> ProgressBar {
        let Ok(mut state) = self.state.lock() else { return ProgressBar::hidden() };
        let new = || {
            let bar = self.multi.add(ProgressBar::new_spinner().with_style(repository_style()));
            bar.set_prefix(repo.to_string());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        };
        state.repositories.entry(repo.clone()).or_insert_with(new).clone()
    }

    fn settled(&self, summary: &RepositorySummary) {
        if let Ok(mut state) = self.state.lock()
            && let Some(bar) = state.repositories.remove(&summary.repo)
        {
            bar.finish_and_clear();
            self.multi.remove(&bar);
        }
        self.with_head(|head| head.inc(1));
        if matches!(summary.status, RepositoryStatus::Planned { .. }) {
            return;
        }
        let (mark, colour) = match &summary.status {
            RepositoryStatus::Failed { .. } | RepositoryStatus::RedBefore(_) => ("✗", "\x1b[31m"),
            RepositoryStatus::Waiting => ("●", "\x1b[33m"),
            _ => ("✓", "\x1b[32m"),
        };
        let (colour, plain) = if self.coloured { (colour, "\x1b[0m") } else { ("", "") };
        self.line(&format!("{colour}{mark}{plain} {}", settled_text(summary)));
    }

    fn line(&self, text: &str) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => {
                let _ = writeln!(io::stderr(), "{text}");
            }
            Mode::Bars => {
                let _ = self.multi.println(text);
            }
        }
    }
}

/// How a repository ended, in one line.
fn settled_text(summary: &RepositorySummary) -> String {
    let repo = &summary.repo;
    let mut parts = Vec::new();
    match &summary.status {
        RepositoryStatus::Failed { stage, message } => {
            let first = message.lines().next().unwrap_or_default();
            return format!("{repo}: failed at {stage}: {first}");
        }
        RepositoryStatus::RedBefore(failure) => {
            return format!(
                "{repo}: its main branch fails by itself ({}), so that nothing can be proved",
                failure.phase
            );
        }
        RepositoryStatus::UpToDate => parts.push("up to date".to_owned()),
        RepositoryStatus::Planned { updates } => parts.push(counted(*updates, "update", "updates")),
        RepositoryStatus::Merged | RepositoryStatus::Waiting => {}
    }
    for pull_request in &summary.pull_requests {
        let (number, title) = (pull_request.number, &pull_request.title);
        parts.push(match (pull_request.state, &pull_request.waits_for) {
            (PullRequestState::Merged, _) => format!("merged {number} \"{title}\""),
            (_, Some(reason)) => format!("{number} \"{title}\" waits: {reason}"),
            (state, None) => format!("{number} \"{title}\" is {state}"),
        });
    }
    parts.extend(summary.released.iter().map(|tag| format!("released {tag}")));
    parts.extend(breaking(summary));
    format!("{repo}: {}", parts.join("; "))
}

/// The updates that were tried and break the repository, by name where they are few.
fn breaking(summary: &RepositorySummary) -> Option<String> {
    let refused = |settlement: &Settlement| match &settlement.outcome {
        Outcome::Updated { refused, .. } | Outcome::NotUpdated { refused } => {
            let culprit = refused.iter().find(|it| matches!(it.rejection, Rejection::Culprit { .. }))?;
            Some(format!("{} {}", settlement.krate, culprit.version.as_ref()?))
        }
        Outcome::UpToDate => None,
    };
    let mut names: Vec<String> = summary.settlements.iter().filter_map(refused).collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} breaks it")),
        few if few.len() <= 3 => Some(format!("{} break it", few.join(", "))),
        many => Some(format!("{} updates break it", many.len())),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn head_style() -> ProgressStyle {
    style("{spinner:.cyan} {msg} {wide_bar:.cyan/dim} {pos}/{len} {elapsed}")
}

fn plain_style() -> ProgressStyle {
    style("{spinner:.cyan} {wide_msg} {elapsed}")
}

fn repository_style() -> ProgressStyle {
    style("  {spinner:.dim} {prefix:16!} {wide_msg:.dim} {elapsed:.dim}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Collects a log line and writes it above the bars.
struct LogWriter {
    bars: Bars,
    line: Vec<u8>,
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.bars.multi.suspend(|| {
                let _ = io::stderr().write_all(&line);
            });
        }
    }
}

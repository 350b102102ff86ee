//! Everything that a job started, and its end.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// The environment variable that marks every process of a job.
pub(super) const MARK_VARIABLE: &str = "DEPBOT_JOB";

/// How long a sweep goes on while killed processes are still there.
const SWEEP_LIMIT: Duration = Duration::from_secs(2);
/// How long a sweep gives the system to take away what it killed before it looks again.
const SWEEP_PAUSE: Duration = Duration::from_millis(2);

/// A value that no other job of this machine has: `<owner>/<serial>-<random>`, where the owner is this process.
pub(super) struct Mark(String);

/// Kills what the jobs of depbot processes left that were killed themselves, so that nothing of them holds a lock. Only
/// Linux shows which processes these are; elsewhere nothing is done.
pub fn end_orphans() {
    for (process, mark) in marked_processes() {
        if mark.split_once('/').is_some_and(|(owner, _)| !is_running(owner)) {
            // Gone by itself is as good.
            let _ = kill(process, Signal::SIGKILL);
        }
    }
}

impl Mark {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        let random = RandomState::new().build_hasher().finish();
        let id = std::process::id();
        Self(format!("{}/{serial}-{random:016x}", owner(&id.to_string()).unwrap_or_default()))
    }

    pub(super) fn value(&self) -> &str {
        &self.0
    }
}

/// The processes of a job. Dropped before [`Tree::end`], it kills them at once.
pub(super) struct Tree {
    group: Option<Pid>,
    mark: Mark,
}

impl Tree {
    /// The tree of a group leader; `leader` is its process id.
    pub(super) fn new(leader: Option<u32>, mark: Mark) -> Self {
        // Group 1 and below have special meanings for kill(2); no child of ours has such an id.
        let group = leader.and_then(|id| i32::try_from(id).ok()).filter(|id| *id > 1).map(Pid::from_raw);
        Self { group, mark }
    }

    /// Asks all of them to end (SIGTERM).
    pub(super) fn ask(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Kills what is left, and returns when it is gone.
    pub(super) async fn end(self) {
        // Dropping kills; on a thread of its own, because it may wait for the system. When the runtime is shutting
        // down, the closure is dropped and kills all the same.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    /// Sends a signal to the group and to all that carry the mark; says whether any of these was there.
    fn signal(&self, signal: Signal) -> bool {
        if let Some(group) = self.group {
            // There may be nobody left to receive it, which is what is wanted.
            let _ = killpg(group, signal);
        }
        let marked = marked(&self.mark);
        for process in &marked {
            let _ = kill(*process, signal);
        }
        !marked.is_empty()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let started = Instant::now();
        while self.signal(Signal::SIGKILL) && started.elapsed() < SWEEP_LIMIT {
            std::thread::sleep(SWEEP_PAUSE);
        }
    }
}

/// The processes of one job, daemons that left its group and session included.
fn marked(mark: &Mark) -> Vec<Pid> {
    marked_processes().into_iter().filter(|(_, other)| *other == mark.0).map(|(process, _)| process).collect()
}

/// The processes that carry a mark in their environment. One that was killed and is not yet gone has no environment any
/// more, so it is not among them; on systems other than Linux none is.
fn marked_processes() -> Vec<(Pid, String)> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = processes.flatten().filter_map(|process| process.file_name().to_str()?.parse::<i32>().ok());
    ids.filter_map(|id| Some((Pid::from_raw(id), mark_of(id)?))).collect()
}

fn mark_of(id: i32) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{id}/environ")).ok()?;
    let value = |variable: &[u8]| {
        let value = variable.strip_prefix(MARK_VARIABLE.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    };
    environment.split(|byte| *byte == 0).find_map(value)
}

/// A process for all time: its namespace, id and start, `<namespace>.<id>.<start>`.
///
/// Format: proc_pid_stat(5), field 22; the fields after the name in parentheses begin with the third.
fn owner(id: &str) -> Option<String> {
    let namespace = std::fs::read_link(format!("/proc/{id}/ns/pid")).ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let started = stat.rsplit_once(')')?.1.split_whitespace().nth(22 - 3)?;
    Some(format!("{}.{id}.{started}", namespace.display()))
}

/// Whether the owner of a mark is running. Whose owner is in another namespace, or is not told, is left alone.
fn is_running(mark_owner: &str) -> bool {
    let mut parts = mark_owner.split('.');
    let (Some(namespace), Some(id)) = (parts.next(), parts.next()) else { return true };
    let here = std::fs::read_link("/proc/self/ns/pid").is_ok_and(|link| link.display().to_string() == namespace);
    !here || owner(id).as_deref() == Some(mark_owner)
}

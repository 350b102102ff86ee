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

/// A value that no other job of this machine has.
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        let random = RandomState::new().build_hasher().finish();
        Self(format!("{}-{serial}-{random:016x}", std::process::id()))
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

/// The processes that carry a mark in their environment, daemons that left the group and the session included.
/// A process that exists but was already killed has no environment any more, so it is not among them.
#[cfg(target_os = "linux")]
fn marked(mark: &Mark) -> Vec<Pid> {
    let entry = format!("{MARK_VARIABLE}={}", mark.0).into_bytes();
    let carries = |pid: i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == entry)
    };
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = processes.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok());
    ids.filter(|pid| carries(*pid)).map(Pid::from_raw).collect()
}

/// Elsewhere the environment of other processes cannot be read: only the group is ended.
#[cfg(not(target_os = "linux"))]
fn marked(_mark: &Mark) -> Vec<Pid> {
    Vec::new()
}

//! An aid for tests: ends this process as `kill -9` would, at a chosen one of the moments that matter.
//!
//! [`pass`] stands after every step that is seen elsewhere: an event appended, a branch pushed, a pull request opened,
//! merged or closed. Tests kill a run at each of them and prove that the next run finishes it. `DEPBOT_KILL_AT=3` kills
//! at the third; without it a moment costs one read of a number.

use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How many moments are left to live through, that of the kill included; 0 when there is to be none.
static LEFT: AtomicU64 = AtomicU64::new(0);

/// Kills this process at the moment number `count`, the first being 1.
pub fn arm(count: u64) {
    LEFT.store(count, Ordering::SeqCst);
}

/// One of the moments.
pub fn pass() {
    if LEFT.load(Ordering::Relaxed) != 0 && LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
        // A signal to oneself is delivered before kill(2) returns.
        let _ = kill(Pid::this(), Signal::SIGKILL);
    }
}

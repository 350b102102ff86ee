//! When to ask again: pauses that grow, how long a call waits in all, and what holds for all calls together.

use std::sync::Mutex;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How often something is asked again after the first try.
const RETRIES: usize = 4;
/// Requests at the same time; GitHub documents a limit of 100 for everybody who shares the credentials.
const IN_FLIGHT: usize = 24;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long one request may take.
    pub timeout: Duration,
    /// The pause before something is asked the second time; those after it grow.
    pub retry_delay: Duration,
    /// How long one call waits in all before it gives up; limits that last longer are an error at once.
    pub patience: Duration,
    /// The time between two writes that create something. GitHub documents a limit of 80 a minute.
    pub creation_gap: Duration,
}

/// The pauses of one call.
pub(super) struct Pauses {
    backoff: ExponentialBackoff,
    left: Duration,
}

/// What all calls of a forge have to keep to.
pub(super) struct Limits {
    in_flight: Semaphore,
    blocked_until: Mutex<Option<Instant>>,
    next_creation: Mutex<Option<Instant>>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            retry_delay: Duration::from_secs(1),
            patience: Duration::from_secs(60),
            creation_gap: Duration::from_millis(750),
        }
    }
}

impl Timing {
    /// The pauses of a call that begins now.
    pub(super) fn pauses(&self) -> Pauses {
        let backoff =
            ExponentialBuilder::default().with_min_delay(self.retry_delay).with_max_times(RETRIES).with_jitter();
        Pauses { backoff: backoff.build(), left: self.patience }
    }
}

impl Pauses {
    /// How long to wait before the next try, at least as `wanted`; `None` when there is none.
    pub(super) fn next(&mut self, wanted: Option<Duration>) -> Option<Duration> {
        let pause = self.backoff.next()?.max(wanted.unwrap_or_default());
        self.left = self.left.checked_sub(pause)?;
        Some(pause)
    }

    /// Waits before the next try; `false` when there is none.
    pub(super) async fn wait(&mut self) -> bool {
        match self.next(None) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            None => false,
        }
    }
}

impl Limits {
    pub(super) fn new() -> Self {
        Self { in_flight: Semaphore::new(IN_FLIGHT), blocked_until: Mutex::new(None), next_creation: Mutex::new(None) }
    }

    /// A place among the requests in flight.
    pub(super) async fn enter(&self) -> SemaphorePermit<'_> {
        self.in_flight.acquire().await.expect("nobody closes the semaphore")
    }

    /// How long nothing is to be asked any more, because an answer said so.
    pub(super) fn blocked_for(&self) -> Option<Duration> {
        let until = (*self.blocked_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner))?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }

    /// From now on nothing is asked for as long as this.
    pub(super) fn block(&self, wait: Duration) {
        let until = Instant::now().checked_add(wait);
        let mut blocked = self.blocked_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *blocked = (*blocked).max(until);
    }

    /// Waits until something may be created.
    pub(super) async fn creation(&self, gap: Duration) {
        let turn = {
            let mut next = self.next_creation.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = turn.checked_add(gap);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_no_longer_than_its_patience() {
        let timing = Timing { retry_delay: Duration::from_millis(1), ..Timing::default() };
        assert_eq!(timing.pauses().next(Some(Duration::from_secs(59))), Some(Duration::from_secs(59)));
        assert_eq!(timing.pauses().next(Some(Duration::from_secs(61))), None);
        let mut pauses = timing.pauses();
        assert!(pauses.next(Some(Duration::from_secs(40))).is_some());
        assert_eq!(pauses.next(Some(Duration::from_secs(40))), None);
        let mut pauses = timing.pauses();
        assert_eq!(std::iter::from_fn(|| pauses.next(None)).count(), RETRIES);
    }

    #[tokio::test]
    async fn what_one_answer_forbids_holds_for_all_calls() {
        let limits = Limits::new();
        assert_eq!(limits.blocked_for(), None);
        limits.block(Duration::from_secs(30));
        limits.block(Duration::from_secs(3));
        assert!(limits.blocked_for().is_some_and(|wait| wait > Duration::from_secs(20)));
    }
}

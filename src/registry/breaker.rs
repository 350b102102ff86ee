//! When to stop asking a source that does not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts failures in a row. Open, it says why.
#[derive(Debug)]
pub(super) struct Breaker {
    patience: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: usize,
    message: Option<String>,
}

impl Breaker {
    /// One that opens after so many failures in a row, each after its retries.
    pub(super) fn after(patience: usize) -> Self {
        Self { patience, state: Mutex::default() }
    }

    /// Why the source is not to be asked any more, if so.
    pub(super) fn verdict(&self) -> Option<String> {
        self.state().message.clone()
    }

    /// The source answered something.
    pub(super) fn answered(&self) {
        self.state().failures = 0;
    }

    /// The source did not answer, whatever was tried.
    pub(super) fn failed(&self, message: &str) {
        let mut state = self.state();
        state.failures += 1;
        if state.failures >= self.patience && state.message.is_none() {
            state.message = Some(message.to_owned());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_stays_open() {
        let breaker = Breaker::after(3);
        for _ in 1..3 {
            breaker.failed("one");
        }
        breaker.answered();
        for _ in 1..3 {
            breaker.failed("two");
        }
        assert_eq!(breaker.verdict(), None);
        breaker.failed("three");
        breaker.answered();
        breaker.failed("four");
        assert_eq!(breaker.verdict().as_deref(), Some("three"));
    }
}

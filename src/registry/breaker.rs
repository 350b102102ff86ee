//! When to stop asking a source that does not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many failures in a row, each after its retries, end the patience with a source.
const PATIENCE: usize = 3;

/// Counts failures in a row. Open, it says why.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: usize,
    message: Option<String>,
}

impl Breaker {
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
        if state.failures >= PATIENCE && state.message.is_none() {
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
        let breaker = Breaker::default();
        for _ in 1..PATIENCE {
            breaker.failed("one");
        }
        breaker.answered();
        for _ in 1..PATIENCE {
            breaker.failed("two");
        }
        assert_eq!(breaker.verdict(), None);
        breaker.failed("three");
        breaker.answered();
        breaker.failed("four");
        assert_eq!(breaker.verdict().as_deref(), Some("three"));
    }
}

//! Answers that are none: what a refusal, a limit or a broken connection means for the request.

use std::error::Error;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use octocrab::GitHubError;
use reqwest::header::HeaderMap;

use super::failure::{Failure, Refusal};

/// The wait that GitHub documents for limits that do not say how long they last.
const UNTOLD_WAIT: Duration = Duration::from_secs(60);

/// Why a request has no answer this time.
pub(super) enum Setback {
    /// Asking again would not help.
    Final(Failure),
    /// GitHub has a limit.
    Limited { wait: Duration },
    /// It may work the next time.
    Passing { message: String, wait: Option<Duration>, taken: Taken },
}

/// Whether GitHub may have done what was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    No,
    Perhaps,
}

/// A setback that asking again does not help.
pub(super) fn hopeless(message: &str) -> Setback {
    Setback::Final(Failure::Unavailable { message: message.to_owned() })
}

/// Where a redirect leads; empty when it does not say.
pub(super) fn redirect(error: &GitHubError) -> Option<&str> {
    let is_one = matches!(error.status_code.as_u16(), 301 | 302 | 307 | 308);
    is_one.then(|| error.headers.as_ref().and_then(|headers| header_text(headers, "location")).unwrap_or_default())
}

/// What an answer that is no success means, read at `now`.
pub(super) fn refused(error: &GitHubError, now: Timestamp) -> Setback {
    let status = error.status_code.as_u16();
    if let Some(wait) = limit(error, now) {
        return Setback::Limited { wait };
    }
    let refusal = Refusal::new(status, &error.message, error.errors.as_deref().unwrap_or_default());
    match status {
        401 => Setback::Final(Failure::Unauthorized),
        408 | 500.. => Setback::Passing {
            message: format!("it answers {status}"),
            wait: error.headers.as_ref().and_then(retry_after),
            taken: Taken::Perhaps,
        },
        _ => Setback::Final(Failure::Refused(refusal)),
    }
}

/// How long to wait, if the answer is that there were too many requests.
///
/// Rules: "Rate limits for the REST API", exceeding the rate limit. A secondary limit may come without any header; its
/// documentation is what tells it from another 403 then.
fn limit(error: &GitHubError, now: Timestamp) -> Option<Duration> {
    let status = error.status_code.as_u16();
    if !matches!(status, 403 | 429) {
        return None;
    }
    let headers = error.headers.as_ref()?;
    if let Some(wait) = retry_after(headers) {
        return Some(wait);
    }
    if header_text(headers, "x-ratelimit-remaining") == Some("0")
        && let Some(reset) = header_text(headers, "x-ratelimit-reset").and_then(|text| text.parse().ok())
        && let Ok(reset) = Timestamp::from_second(reset)
    {
        // The limit ends within that second.
        let left = reset.duration_since(now).saturating_add(SignedDuration::from_secs(1));
        return Some(left.try_into().unwrap_or(Duration::ZERO));
    }
    let documented = error.documentation_url.as_deref().is_some_and(|url| url.contains("rate-limit"));
    (status == 429 || documented).then_some(UNTOLD_WAIT)
}

pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// GitHub writes seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    header_text(headers, "retry-after")?.parse().ok().map(Duration::from_secs)
}

/// What a request that got no whole answer means.
pub(super) fn broken(error: &octocrab::Error) -> Setback {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<reqwest::Error>() {
            return unreached(error);
        }
        cause = current.source();
    }
    Setback::Passing { message: root_cause(error), wait: None, taken: Taken::Perhaps }
}

fn unreached(error: &reqwest::Error) -> Setback {
    let root = root_cause(error);
    if error.is_builder() {
        return Setback::Final(Failure::Unavailable { message: root });
    }
    let (message, taken) = match (error.is_connect(), error.is_timeout()) {
        (true, _) => (format!("no connection: {root}"), Taken::No),
        (false, true) => ("no answer in time".to_owned(), Taken::Perhaps),
        (false, false) => (format!("the connection broke: {root}"), Taken::Perhaps),
    };
    Setback::Passing { message, wait: None, taken }
}

/// The innermost cause: what is outside of it names addresses and says little.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

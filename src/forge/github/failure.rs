//! How GitHub says no, and what that is in the words of the port.

use jiff::Timestamp;
use serde_json::Value;

use super::ForgeError;

/// The longest message of GitHub that is passed on, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Why a call has no answer, after everything that may help was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// GitHub refuses.
    Refused(Refusal),
    /// GitHub does not accept the credentials.
    Unauthorized,
    /// Too many requests.
    Limited { until: Timestamp },
    /// A write that must not be done twice may have been done: look.
    Uncertain { message: String },
    /// It did not work, and nothing was done.
    Unavailable { message: String },
}

/// An answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// GitHub's sentence, as one line without a full stop.
    pub(super) message: String,
    /// The fields that are wrong, where it says so.
    pub(super) fields: Vec<String>,
}

impl Failure {
    /// The same for the port's callers, about `what` of the forge at `host`.
    pub(super) fn about(self, host: &str, what: &str) -> ForgeError {
        match self {
            Self::Refused(Refusal { status: 404 | 410, .. }) => ForgeError::NotFound { what: what.to_owned() },
            Self::Refused(Refusal { message, .. }) => {
                ForgeError::NotAllowed { reason: format!("{host} refuses a request for {what}: {message}") }
            }
            Self::Unauthorized => ForgeError::Unauthorized { forge: host.to_owned() },
            Self::Limited { until } => ForgeError::RateLimited { until },
            Self::Uncertain { message } | Self::Unavailable { message } => {
                ForgeError::Unavailable { message: format!("{host} cannot be asked about {what}: {message}") }
            }
        }
    }

    /// The status with which GitHub refused.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Unauthorized => Some(401),
            Self::Limited { .. } | Self::Uncertain { .. } | Self::Unavailable { .. } => None,
        }
    }
}

impl Refusal {
    /// Reads a refusal: its status, its message and the list of what is wrong.
    ///
    /// Format: "Troubleshooting the REST API", validation failures. An error is an object with `field`, `code` and at
    /// times `message`, or a bare text.
    pub(super) fn new(status: u16, message: &str, errors: &[Value]) -> Self {
        let text = |error: &Value, key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
        let described = |error: &Value| match (text(error, "message"), text(error, "field"), text(error, "code")) {
            (Some(message), ..) => Some(message),
            (None, Some(field), Some(code)) => Some(format!("{field} is {}", code.replace('_', " "))),
            _ => error.as_str().map(str::to_owned),
        };
        let details: Vec<String> = errors.iter().filter_map(described).collect();
        let whole = match details[..] {
            [] => message.to_owned(),
            [..] => format!("{}: {}", message.trim_end_matches('.'), details.join("; ")),
        };
        Self {
            status,
            message: one_line(&whole, status),
            fields: errors.iter().filter_map(|error| text(error, "field")).collect(),
        }
    }
}

/// A message as one line for people; pages of HTML and the like are not one.
fn one_line(message: &str, status: u16) -> String {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_end_matches('.');
    if words.is_empty() || words.contains('<') || words.starts_with('{') {
        return format!("it answers {status}");
    }
    match words.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_is_told_in_one_line() {
        let check = |message: &str, errors: Value, expect: &str| {
            let errors = errors.as_array().cloned().unwrap_or_default();
            assert_eq!(Refusal::new(422, message, &errors).message, expect);
        };
        check("Not Found", json!([]), "Not Found");
        check("Merging\nis blocked.", json!([]), "Merging is blocked");
        check("Validation Failed", json!([{"field": "head", "code": "invalid"}]), "Validation Failed: head is invalid");
        check(
            "Validation Failed",
            json!([{"resource": "PullRequest", "code": "custom", "message": "No commits between main and x"}]),
            "Validation Failed: No commits between main and x",
        );
        check(
            "Validation Failed",
            json!(["Could not resolve to a node"]),
            "Validation Failed: Could not resolve to a node",
        );
        check("<html><body>502", json!([]), "it answers 422");
        check("", json!([]), "it answers 422");
        check(&"ä".repeat(400), json!([]), &format!("{}…", "ä".repeat(300)));
    }
}

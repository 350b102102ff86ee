//! One GET at a time over HTTP: what is sent, what the answers mean, when to ask again.

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url, redirect};

use super::access::{Access, Login};
use super::cache::Validator;
use super::{RegistryError, RegistryOptions};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often something is asked again after the first try.
const RETRIES: usize = 3;
/// The longest wait that a server may ask for; it is not asked again if it wants more.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const MOST_REDIRECTS: usize = 5;
/// The largest answer in bytes; the largest index file of crates.io has about five million.
const LARGEST_ANSWER: usize = 256 << 20;

/// What was sent and received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests, retries included.
    pub requests: u64,
    /// Answers that said that the kept file is still right.
    pub not_modified: u64,
    /// Bytes of the bodies received, after decompression.
    pub bytes: u64,
}

/// The HTTP client with its counters.
pub(super) struct Http {
    client: Client,
    retry_delay: Duration,
    requests: AtomicU64,
    not_modified: AtomicU64,
    bytes: AtomicU64,
}

/// One GET.
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    /// What the server recognises the kept answer by.
    pub(super) validator: &'a Validator,
    /// The index's access, and whether its token is sent.
    pub(super) access: &'a Access,
    pub(super) with_token: bool,
}

/// An answer.
pub(super) enum Fetched {
    NotModified,
    Body { validator: Validator, body: Vec<u8> },
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FetchError {
    /// The server says that there is no such file.
    NotFound,
    /// The server wants to know who asks.
    Unauthorized,
    /// The server did not answer this time.
    Passing { message: String, retry_after: Option<Duration> },
    /// The server cannot be reached, and asking again would not help.
    Unreachable { message: String },
    /// The server answered what cannot be used.
    Final { message: String },
}

impl Http {
    pub(super) fn new(options: &RegistryOptions) -> Result<Self, RegistryError> {
        use_ring();
        let client = Client::builder()
            .user_agent(options.user_agent.as_str())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(options.timeout)
            .pool_max_idle_per_host(options.concurrency)
            .http2_initial_stream_window_size(1 << 20)
            .http2_initial_connection_window_size(16 << 20)
            .gzip(true)
            .redirect(redirect::Policy::custom(follow))
            .build()
            .map_err(|error| RegistryError::Http { message: described(error) })?;
        Ok(Self {
            client,
            retry_delay: options.retry_delay,
            requests: AtomicU64::new(0),
            not_modified: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            not_modified: self.not_modified.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// Asks, and asks again while that may help and `patient` says so.
    pub(super) async fn get(&self, request: &Request<'_>, patient: impl Fn() -> bool) -> Result<Fetched, FetchError> {
        let backoff =
            ExponentialBuilder::default().with_min_delay(self.retry_delay).with_max_times(RETRIES).with_jitter();
        (|| self.get_once(request))
            .retry(backoff)
            .when(|error| matches!(error, FetchError::Passing { .. }) && patient())
            .adjust(|error, delay| match error {
                FetchError::Passing { retry_after: Some(wanted), .. } => {
                    delay.filter(|_| *wanted <= LONGEST_WAIT).map(|delay| delay.max(*wanted))
                }
                _ => delay,
            })
            .await
    }

    async fn get_once(&self, request: &Request<'_>) -> Result<Fetched, FetchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response =
            self.client.get(request.url.clone()).headers(headers_of(request)?).send().await.map_err(transport_error)?;
        match response.status() {
            StatusCode::OK => {
                let validator = validator_of(response.headers());
                let body = self.body_of(response).await?;
                Ok(Fetched::Body { validator, body })
            }
            StatusCode::NOT_MODIFIED => {
                self.not_modified.fetch_add(1, Ordering::Relaxed);
                Ok(Fetched::NotModified)
            }
            _ => Err(status_error(&response)),
        }
    }

    async fn body_of(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
            self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(FetchError::Final { message: format!("its answer has more than {LARGEST_ANSWER} bytes") });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Makes ring the provider of TLS for the process; whoever does so first wins, and everybody here wants ring.
pub(super) fn use_ring() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Follows redirects but never out of TLS; the client itself drops credentials when the host or port changes.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let leaves_tls = |previous: &Url| previous.scheme() == "https" && attempt.url().scheme() != "https";
    if attempt.previous().len() > MOST_REDIRECTS || attempt.previous().last().is_some_and(leaves_tls) {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

fn headers_of(request: &Request<'_>) -> Result<HeaderMap, FetchError> {
    let mut headers = HeaderMap::new();
    let (name, value) = match request.validator {
        Validator::Etag(value) => (header::IF_NONE_MATCH, value.as_str()),
        Validator::LastModified(value) => (header::IF_MODIFIED_SINCE, value.as_str()),
        Validator::None => (header::IF_NONE_MATCH, ""),
    };
    if let Some(value) = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty()) {
        headers.insert(name, value);
    }
    if let Some(value) = authorization(request) {
        let invalid = |_| FetchError::Final { message: "its token has characters that cannot be sent".to_owned() };
        let mut value = HeaderValue::from_str(&value).map_err(invalid)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The token as it is, as cargo sends it; else the login of the URL.
fn authorization(request: &Request<'_>) -> Option<String> {
    match (&request.access.token, &request.access.login) {
        (Some(token), _) if request.with_token => Some(token.reveal().to_owned()),
        (_, Some(Login { user, password })) => {
            Some(format!("Basic {}", base64(format!("{user}:{}", password.reveal()).as_bytes())))
        }
        (_, None) => None,
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_usize, |word, byte| (word << 8) | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * digit)) & 63];
            text.push(if digit <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

fn validator_of(headers: &HeaderMap) -> Validator {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let etag = value(header::ETAG).map(Validator::Etag);
    etag.or_else(|| value(header::LAST_MODIFIED).map(Validator::LastModified)).unwrap_or(Validator::None)
}

fn status_error(response: &Response) -> FetchError {
    let status = response.status();
    let message = format!("the server answers {status}");
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => FetchError::NotFound,
        StatusCode::UNAUTHORIZED => FetchError::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            FetchError::Passing { message, retry_after: retry_after(response.headers()) }
        }
        _ if status.is_server_error() => FetchError::Passing { message, retry_after: retry_after(response.headers()) },
        _ => FetchError::Final { message },
    }
}

/// The wait that a server asks for: seconds, or a date, which is read against the server's own clock.
///
/// Format: RFC 9110, section 10.2.3.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let wanted = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = wanted.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| jiff::fmt::rfc2822::parse(text).ok();
    let wait = date(wanted)?.timestamp().duration_since(date(text(header::DATE)?)?.timestamp());
    Some(wait.try_into().unwrap_or(Duration::ZERO))
}

fn transport_error(error: reqwest::Error) -> FetchError {
    if error.is_builder() || error.is_redirect() {
        return FetchError::Final { message: described(error) };
    }
    if is_certificate_error(&error) {
        return FetchError::Unreachable { message: described(error) };
    }
    FetchError::Passing { message: described(error), retry_after: None }
}

/// Whether the server's certificate was refused: it will be the same next time.
fn is_certificate_error(error: &reqwest::Error) -> bool {
    let is_one = |error: &(dyn std::error::Error + 'static)| {
        matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
    };
    causes(error).any(is_one)
}

/// What made an error happen, the nearest cause first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut cause = error.source();
    std::iter::from_fn(move || {
        let current = cause?;
        // An `io::Error` passes over the error that it wraps when it is asked for its source.
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = wrapped.map(|error| error as _).or_else(|| current.source());
        Some(current)
    })
}

/// An error with its causes, without its URL.
fn described(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    for words in causes(&error).map(ToString::to_string) {
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        let check = |text: &str, expect: &str| assert_eq!(base64(text.as_bytes()), expect);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("bob:s@cret", "Ym9iOnNAY3JldA==");
    }

    #[test]
    fn a_server_may_ask_for_a_wait() {
        let check = |wanted: &'static str, expect: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(wanted));
            assert_eq!(retry_after(&headers), expect.map(Duration::from_secs), "{wanted}");
        };
        check("7", Some(7));
        check("Sun, 06 Nov 1994 08:49:47 GMT", Some(10));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        check("soon", None);
    }
}

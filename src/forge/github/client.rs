//! One call at a time through octocrab: what is sent, what the answers mean, when to ask again.
//!
//! octocrab does not retry here: its own retries come at once and repeat writes whose answer was lost. A write that
//! must not be done twice ([`Safety::Once`]) is sent again only when GitHub did not take it; otherwise it is
//! [`Failure::Uncertain`], and whoever made it looks before it makes it again.

use std::backtrace::Backtrace;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use octocrab::secrecy::{ExposeSecret as _, SecretString};
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, GitHubError, Octocrab, OctocrabBuilder};
use reqwest::header::{self, HeaderValue};
use reqwest::redirect;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::app::App;
use super::credentials::Kind;
use super::failure::Failure;
use super::place::{Place, Site};
use super::retry::{Limits, Timing};
use super::setback::{self, Setback, Taken};
use super::{ForgeError, GitHubOptions};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 3;
/// What a list gives at most in one answer.
const PAGE: usize = 100;

/// The way to GitHub's API.
pub(super) struct Client {
    pub(super) site: Site,
    identity: Identity,
    http: reqwest::Client,
    user_agent: HeaderValue,
    /// Made in the first call: it needs the runtime.
    octocrab: OnceCell<Octocrab>,
    clock: fn() -> Timestamp,
    pub(super) timing: Timing,
    limits: Limits,
    requests: AtomicU64,
}

enum Identity {
    Token(SecretString),
    App(Box<App>),
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    route: String,
    body: Option<Value>,
    safety: Safety,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Safety {
    /// Doing it twice is the same as doing it once.
    Repeatable,
    /// Doing it twice makes a second thing.
    Once,
}

/// A list.
pub(super) struct Pages<P> {
    pub(super) pages: Vec<P>,
    /// Whether these are all pages of it.
    pub(super) complete: bool,
}

/// An answer, and whether a page follows.
struct Answer {
    text: String,
    more: bool,
}

impl Call {
    pub(super) fn get(route: String) -> Self {
        Self { method: Method::Get, route, body: None, safety: Safety::Repeatable }
    }

    pub(super) fn post(route: String, body: &impl Serialize, safety: Safety) -> Self {
        Self::write(Method::Post, route, body, safety)
    }

    pub(super) fn put(route: String, body: &impl Serialize, safety: Safety) -> Self {
        Self::write(Method::Put, route, body, safety)
    }

    pub(super) fn patch(route: String, body: &impl Serialize) -> Self {
        Self::write(Method::Patch, route, body, Safety::Repeatable)
    }

    pub(super) fn delete(route: String) -> Self {
        Self { method: Method::Delete, route, body: None, safety: Safety::Repeatable }
    }

    fn write(method: Method, route: String, body: &impl Serialize, safety: Safety) -> Self {
        let body = serde_json::to_value(body).expect("depbot's own bodies have only texts as keys");
        Self { method, route, body: Some(body), safety }
    }
}

impl Client {
    pub(super) fn new(options: GitHubOptions) -> Result<Self, ForgeError> {
        // Whoever sets the provider first wins, and everybody here wants ring.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(options.timing.timeout)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| ForgeError::Unavailable { message: setback::root_cause(&error) })?;
        let user_agent = HeaderValue::from_str(&options.user_agent)
            .map_err(|_| ForgeError::NotAllowed { reason: "the user agent cannot be sent in a header".to_owned() })?;
        Ok(Self {
            site: Site::new(&options.api_url)?,
            identity: match options.credentials.0 {
                Kind::Token(token) => Identity::Token(sendable(token)?),
                Kind::App { id, private_key } => Identity::App(Box::new(App::new(&id, &private_key)?)),
            },
            http,
            user_agent,
            octocrab: OnceCell::new(),
            clock: options.clock,
            timing: options.timing,
            limits: Limits::new(),
            requests: AtomicU64::new(0),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// How many requests were sent until now.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The token that opens a repository.
    pub(super) async fn token(&self, place: &Place) -> Result<SecretString, Failure> {
        match &self.identity {
            Identity::Token(token) => Ok(token.clone()),
            Identity::App(app) => Box::pin(app.token(self, place)).await,
        }
    }

    /// The token that opens everything; `None` for an App, which has one for each owner.
    pub(super) fn only_token(&self) -> Option<&SecretString> {
        match &self.identity {
            Identity::Token(token) => Some(token),
            Identity::App(_) => None,
        }
    }

    /// Asks about a repository.
    pub(super) async fn call<T: DeserializeOwned>(&self, place: &Place, call: &Call) -> Result<T, Failure> {
        Ok(self.page(place, call).await?.0)
    }

    /// Asks for a list, all pages of it, or the first `most` of them.
    pub(super) async fn list<P: DeserializeOwned>(
        &self,
        place: &Place,
        route: &str,
        most: usize,
    ) -> Result<Pages<P>, Failure> {
        let mut pages = Vec::new();
        for number in 1..=most {
            let mark = if route.contains('?') { '&' } else { '?' };
            let call = Call::get(format!("{route}{mark}per_page={PAGE}&page={number}"));
            let (page, more) = self.page(place, &call).await?;
            pages.push(page);
            if !more {
                return Ok(Pages { pages, complete: true });
            }
        }
        Ok(Pages { pages, complete: false })
    }

    /// Asks for one page, and says whether another follows.
    async fn page<T: DeserializeOwned>(&self, place: &Place, call: &Call) -> Result<(T, bool), Failure> {
        let token = self.token(place).await?;
        match (self.ask(&token, call).await, &self.identity) {
            (Err(Failure::Unauthorized), Identity::App(app)) => {
                app.forget(place).await;
                let token = self.token(place).await?;
                self.ask(&token, call).await
            }
            (answer, _) => answer,
        }
    }

    /// Asks with a token of the caller's.
    pub(super) async fn call_as<T: DeserializeOwned>(&self, token: &SecretString, call: &Call) -> Result<T, Failure> {
        Ok(self.ask(token, call).await?.0)
    }

    /// Asks, and asks again while that may help.
    async fn ask<T: DeserializeOwned>(&self, token: &SecretString, call: &Call) -> Result<(T, bool), Failure> {
        let mut pauses = self.timing.pauses();
        loop {
            let setback = match self.ask_once(token, call).await {
                Ok(answer) => return Ok(answer),
                Err(setback) => setback,
            };
            let (failure, wait) = match setback {
                Setback::Final(failure) => return Err(failure),
                Setback::Limited { wait } => (Failure::Limited { until: self.after(wait) }, Some(wait)),
                Setback::Passing { message, taken: Taken::Perhaps, .. } if call.safety == Safety::Once => {
                    return Err(Failure::Uncertain { message });
                }
                Setback::Passing { message, wait, .. } => (Failure::Unavailable { message }, wait),
            };
            let Some(pause) = pauses.next(wait) else { return Err(failure) };
            tracing::debug!(route = call.route, "asked again in {pause:?}: {failure:?}");
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask_once<T: DeserializeOwned>(&self, token: &SecretString, call: &Call) -> Result<(T, bool), Setback> {
        if let Some(wait) = self.limits.blocked_for() {
            return Err(Setback::Limited { wait });
        }
        if call.safety == Safety::Once {
            self.limits.creation(self.timing.creation_gap).await;
        }
        let answer = self.follow(token, call).await?;
        let text = if answer.text.trim().is_empty() { "null" } else { &answer.text };
        match serde_json::from_str(text) {
            Ok(value) => Ok((value, answer.more)),
            Err(error) => Err(Setback::Passing {
                message: format!("its answer cannot be understood: {error}"),
                wait: None,
                taken: Taken::Perhaps,
            }),
        }
    }

    /// Sends a request, and sends it where GitHub says that its repository is now.
    async fn follow(&self, token: &SecretString, call: &Call) -> Result<Answer, Setback> {
        let _place = self.limits.enter().await;
        let mut route = call.route.clone();
        for _ in 0..=MOST_REDIRECTS {
            match self.send(token, call, &route).await {
                Ok(answer) => return Ok(answer),
                Err(octocrab::Error::GitHub { source, .. }) => route = self.refused(&source)?,
                Err(error) => return Err(setback::broken(&error)),
            }
        }
        Err(setback::hopeless("it redirects in a circle"))
    }

    async fn send(&self, token: &SecretString, call: &Call, route: &str) -> octocrab::Result<Answer> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let octocrab =
            self.octocrab.get_or_try_init(|| async { self.build() }).await?.user_access_token(token.clone())?;
        let body = call.body.as_ref();
        let response = match call.method {
            Method::Get => octocrab._get(route).await?,
            Method::Post => octocrab._post(route, body).await?,
            Method::Put => octocrab._put(route, body).await?,
            Method::Patch => octocrab._patch(route, body).await?,
            Method::Delete => octocrab._delete(route, body).await?,
        };
        tracing::debug!(method = ?call.method, route, status = response.status().as_u16(), "asked");
        let response = octocrab::map_github_error(response).await?;
        let more = setback::header_text(response.headers(), "link").is_some_and(has_next);
        Ok(Answer { text: octocrab.body_to_string(response).await?, more })
    }

    fn build(&self) -> octocrab::Result<Octocrab> {
        let backtrace = Backtrace::disabled();
        let base = self.site.api.parse().map_err(|source| octocrab::Error::Uri { source, backtrace })?;
        let accept = HeaderValue::from_static("application/vnd.github+json");
        let headers = vec![(header::USER_AGENT, self.user_agent.clone()), (header::ACCEPT, accept)];
        let built = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(self.http.clone()))
            .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
            .with_layer(&BaseUriLayer::new(base))
            .with_auth(AuthState::None)
            .build();
        match built {
            Ok(octocrab) => Ok(octocrab),
            Err(never) => match never {},
        }
    }

    /// What an answer that is no success means; a redirect to where the repository is now is followed.
    fn refused(&self, error: &GitHubError) -> Result<String, Setback> {
        if let Some(location) = setback::redirect(error) {
            return self.site.route(location).ok_or_else(|| setback::hopeless("it redirects to an address elsewhere"));
        }
        let setback = setback::refused(error, self.now());
        if let Setback::Limited { wait } = setback {
            self.limits.block(wait);
        }
        Err(setback)
    }

    fn after(&self, wait: Duration) -> Timestamp {
        self.now().checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// A token as it can be sent.
fn sendable(token: SecretString) -> Result<SecretString, ForgeError> {
    let refuse = |problem: &str| Err(ForgeError::NotAllowed { reason: format!("the token for GitHub {problem}") });
    match token.expose_secret() {
        "" => refuse("is empty"),
        text if text.chars().all(|c| c.is_ascii_graphic()) => Ok(token),
        _ => refuse("has characters that no token has"),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api", &self.site.api).finish_non_exhaustive()
    }
}

/// Whether a `Link` header names a next page, RFC 8288.
fn has_next(link: &str) -> bool {
    link.split(',').any(|part| part.split(';').skip(1).any(|field| field.trim() == r#"rel="next""#))
}

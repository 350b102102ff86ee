//! Git's smart HTTP protocol for libgit2, over reqwest.
//!
//! Written after gitprotocol-http(5): references by `GET …/info/refs?service=…`, everything else by `POST …/<program>`.
//! Access is first tried without credentials; a 401 is answered once with the token of that host. Only the first request
//! follows redirects, and each host gets its own token only.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use git2::transport::{Service, SmartSubtransport};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{RequestBuilder, Response, StatusCode, Url};

use super::address::percent_decoded;
use super::session::Session;
use super::transport::{Stream, program};
use super::{GitError, redact};

/// As many redirects as git itself follows are plenty.
const MAX_REDIRECTS: usize = 10;

/// Hosts such as GitHub speak git's protocol only to a client that is called `git/…`.
const USER_AGENT: &str = concat!("git/2.0 (depbot ", env!("CARGO_PKG_VERSION"), ")");

/// The client that all sessions of one `Git` share; `Err` says why there is none.
pub(super) fn new_client() -> Result<reqwest::Client, String> {
    // Somebody else may have chosen a provider before: theirs is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| describe(&error))
}

/// The connection of one remote.
pub(super) struct HttpTransport {
    session: Arc<Session>,
    place: Mutex<Option<Place>>,
}

/// Where the repository was found, after redirects, and what opens it.
#[derive(Clone)]
struct Place {
    base: Url,
    /// What it was opened with; nothing where it is open to everybody.
    login: Option<Login>,
    /// What there is to open it with.
    key: Option<Login>,
}

#[derive(Clone)]
struct Login {
    user: String,
    password: String,
}

impl HttpTransport {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session, place: Mutex::new(None) }
    }

    /// Lists references; finds out on the way where the repository is and what opens it.
    fn list(&self, url: &str, program: &str) -> Result<Response, GitError> {
        let (mut base, embedded) = split_login(url)?;
        let mut login = None;
        for _ in 0..=MAX_REDIRECTS {
            let target = endpoint(&base, &format!("info/refs?service={program}"))?;
            let request = client(&self.session, url)?.get(target.clone()).header(ACCEPT, "*/*");
            let response = send(&self.session, url, authorized(request, login.as_ref()))?;
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && login.is_none() {
                login =
                    Some(self.login(&base, embedded.as_ref()).ok_or_else(|| denied(&base, "it asks for credentials"))?);
            } else if status.is_redirection() {
                base = redirected(&target, response.headers(), program)?;
                login = None;
            } else {
                let response = accepted(response, &base, &format!("application/x-{program}-advertisement"))?;
                *self.place.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Place { key: self.login(&base, embedded.as_ref()), base, login });
                return Ok(response);
            }
        }
        Err(GitError::Unreachable { url: redact(url), reason: "it redirects in circles".to_owned() })
    }

    /// What opens `base`: the token of its host, or else what stood in the address itself, for its own host only.
    fn login(&self, base: &Url, embedded: Option<&(Url, Login)>) -> Option<Login> {
        let token = self.session.options.credentials.token(base);
        token
            .map(|token| Login { user: "x-access-token".to_owned(), password: token.to_owned() })
            .or_else(|| embedded.filter(|(own, _)| own.origin() == base.origin()).map(|(_, login)| login.clone()))
    }
}

impl SmartSubtransport for HttpTransport {
    fn action(&self, url: &str, service: Service) -> Result<Stream, git2::Error> {
        let (program, lists) = program(service);
        let body = if lists {
            let response = self.list(url, program).map_err(|error| self.session.fail(error))?;
            Exchange::Answer(Answer::new(response))
        } else {
            let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let place = place.ok_or_else(|| git2::Error::from_str("a request comes before the list of references"))?;
            Exchange::Request { place, program, body: Vec::new() }
        };
        Ok(Box::new(HttpStream { session: Arc::clone(&self.session), exchange: body }))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// One request and its answer.
struct HttpStream {
    session: Arc<Session>,
    exchange: Exchange,
}

enum Exchange {
    /// Being written; sent when libgit2 begins to read.
    Request { place: Place, program: &'static str, body: Vec<u8> },
    /// Being read.
    Answer(Answer),
}

struct Answer {
    response: Response,
    chunk: Vec<u8>,
    read: usize,
}

impl Answer {
    fn new(response: Response) -> Self {
        Self { response, chunk: Vec::new(), read: 0 }
    }
}

impl HttpStream {
    /// Sends a request; a server that only now asks for credentials gets them once.
    fn post(&self, place: &Place, program: &str, body: Vec<u8>) -> Result<Response, GitError> {
        let url = place.base.as_str();
        let mut login = place.login.clone();
        loop {
            let request = client(&self.session, url)?
                .post(endpoint(&place.base, program)?)
                .header(CONTENT_TYPE, format!("application/x-{program}-request"))
                .header(ACCEPT, format!("application/x-{program}-result"))
                .body(body.clone());
            let response = send(&self.session, url, authorized(request, login.as_ref()))?;
            if response.status() == StatusCode::UNAUTHORIZED && login.is_none() && place.key.is_some() {
                login.clone_from(&place.key);
                continue;
            }
            return accepted(response, &place.base, &format!("application/x-{program}-result"));
        }
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, GitError> {
        if let Exchange::Request { place, program, body } = &mut self.exchange {
            let (place, program, body) = (place.clone(), *program, std::mem::take(body));
            self.exchange = Exchange::Answer(Answer::new(self.post(&place, program, body)?));
        }
        let Exchange::Answer(answer) = &mut self.exchange else { return Ok(0) };
        while answer.read == answer.chunk.len() {
            let url = answer.response.url().to_string();
            let chunk = self.session.wait(&url, answer.response.chunk())?;
            let chunk = chunk.map_err(|error| GitError::Unreachable { url: redact(&url), reason: describe(&error) })?;
            let Some(chunk) = chunk else { return Ok(0) };
            (answer.chunk, answer.read) = (chunk.to_vec(), 0);
        }
        let count = buffer.len().min(answer.chunk.len() - answer.read);
        buffer[..count].copy_from_slice(&answer.chunk[answer.read..answer.read + count]);
        answer.read += count;
        Ok(count)
    }
}

impl Read for HttpStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next(buffer).map_err(|error| self.session.fail_io(error))
    }
}

impl Write for HttpStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.exchange {
            Exchange::Request { body, .. } => body.write(data),
            Exchange::Answer(_) => Err(io::Error::other("a request is written after its answer has begun")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn client<'s>(session: &'s Session, url: &str) -> Result<&'s reqwest::Client, GitError> {
    let no_client = |reason: &String| GitError::Unreachable { url: redact(url), reason: reason.clone() };
    session.http.as_ref().map_err(no_client)
}

fn send(session: &Session, url: &str, request: RequestBuilder) -> Result<Response, GitError> {
    let sent = session.wait(url, request.send())?;
    sent.map_err(|error| GitError::Unreachable { url: redact(url), reason: describe(&error) })
}

/// The address without user and password, and these with the host they are for.
fn split_login(url: &str) -> Result<(Url, Option<(Url, Login)>), GitError> {
    let refuse = |reason: String| GitError::Address { url: redact(url), reason };
    let mut base = Url::parse(url).map_err(|error| refuse(error.to_string()))?;
    base.set_query(None);
    base.set_fragment(None);
    let password = percent_decoded(base.password().unwrap_or_default());
    let login = Login { user: percent_decoded(base.username()), password };
    // Both only fail for addresses without a host, which http does not have.
    let _ = base.set_username("");
    let _ = base.set_password(None);
    let embedded = (!login.user.is_empty() || !login.password.is_empty()).then(|| (base.clone(), login));
    Ok((base, embedded))
}

fn endpoint(base: &Url, tail: &str) -> Result<Url, GitError> {
    let text = format!("{}/{tail}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|error| GitError::Address { url: redact(base.as_str()), reason: error.to_string() })
}

fn authorized(request: RequestBuilder, login: Option<&Login>) -> RequestBuilder {
    match login {
        Some(login) => request.basic_auth(&login.user, Some(&login.password)),
        None => request,
    }
}

/// The base that a redirect of `info/refs` leads to, never from https to http.
fn redirected(from: &Url, headers: &HeaderMap, program: &str) -> Result<Url, GitError> {
    let refuse = |reason: &str| GitError::Unreachable { url: redact(from.as_str()), reason: reason.to_owned() };
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let target = from.join(location.ok_or_else(|| refuse("it redirects to nowhere"))?);
    let target = target.map_err(|_| refuse("it redirects to something that is no address"))?;
    if !matches!((from.scheme(), target.scheme()), ("http", "http" | "https") | ("https", "https")) {
        return Err(refuse("it redirects to a connection that is not encrypted"));
    }
    let asked = target.query().is_some_and(|query| query.split('&').any(|pair| pair == format!("service={program}")));
    let path = target.path().strip_suffix("/info/refs").filter(|_| asked).map(str::to_owned);
    let path = path.ok_or_else(|| refuse("it redirects to something that is not a git repository"))?;
    let mut base = target;
    base.set_path(&path);
    base.set_query(None);
    base.set_fragment(None);
    let _ = base.set_username("");
    let _ = base.set_password(None);
    Ok(base)
}

/// The answer, when it is one in git's protocol.
fn accepted(response: Response, base: &Url, kind: &str) -> Result<Response, GitError> {
    let status = response.status();
    let url = redact(base.as_str());
    match status.as_u16() {
        200 if response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == kind.as_bytes()) => {
            Ok(response)
        }
        200 => Err(GitError::NotFound {
            what: format!("repository {url}"),
            reason: "what is there does not speak git's protocol".to_owned(),
        }),
        401 => Err(denied(base, "the credentials are refused")),
        403 => Err(denied(base, "the credentials are not enough (403)")),
        404 | 410 => Err(GitError::NotFound {
            what: format!("repository {url}"),
            reason: format!("{status}, which can also mean that the credentials do not open it"),
        }),
        _ => Err(GitError::Unreachable { url, reason: format!("it answers {status}") }),
    }
}

fn denied(base: &Url, reason: &str) -> GitError {
    GitError::Unauthorized { url: redact(base.as_str()), reason: reason.to_owned() }
}

/// The error with its causes, without the address, which may hold a secret.
fn describe(error: &reqwest::Error) -> String {
    let mut text = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push(error.to_string());
        cause = error.source();
    }
    text.dedup();
    if text.is_empty() { "the request fails".to_owned() } else { text.join(": ") }
}

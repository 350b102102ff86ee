//! Bare repositories in a folder, served over git's smart HTTP by git's own `http-backend`.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;

/// A running server; it ends with the test's runtime.
pub struct GitHttp {
    address: SocketAddr,
    site: Arc<Site>,
}

/// One request as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, path and query.
    pub line: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

struct Site {
    root: PathBuf,
    token: Option<String>,
    redirects: Mutex<HashMap<String, String>>,
    answers: Mutex<HashMap<String, StatusCode>>,
    requests: Mutex<Vec<Request>>,
    stalls: Mutex<bool>,
    open_lists: Mutex<bool>,
}

impl GitHttp {
    /// Serves the repositories below `root`; with a token, only to those who show it as a password.
    pub async fn start(root: &Path, token: Option<&str>) -> Self {
        let site = Arc::new(Site {
            root: root.to_owned(),
            token: token.map(str::to_owned),
            redirects: Mutex::default(),
            answers: Mutex::default(),
            requests: Mutex::default(),
            stalls: Mutex::default(),
            open_lists: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(serve).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&site));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, site }
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address of the repository `name`.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Sends whoever asks below `/from` to the address `to`.
    pub fn redirect(&self, from: &str, to: &str) {
        self.site.redirects.lock().unwrap().insert(format!("/{from}"), to.to_owned());
    }

    /// Answers everything below `/name` with `status`.
    pub fn answer(&self, name: &str, status: u16) {
        self.site.answers.lock().unwrap().insert(format!("/{name}"), StatusCode::from_u16(status).unwrap());
    }

    /// From now on takes requests and never answers.
    pub fn stall(&self) {
        *self.site.stalls.lock().unwrap() = true;
    }

    /// From now on asks for the token only when something is sent.
    pub fn open_lists(&self) {
        *self.site.open_lists.lock().unwrap() = true;
    }

    /// All requests until now.
    pub fn requests(&self) -> Vec<Request> {
        self.site.requests.lock().unwrap().clone()
    }
}

async fn serve(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    let authorization = headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    let request = Request { line: format!("{method} {uri}"), authorization: authorization.clone() };
    site.requests.lock().unwrap().push(request);
    if *site.stalls.lock().unwrap() {
        std::future::pending::<()>().await;
    }
    if let Some(status) = below(&site.answers.lock().unwrap(), uri.path()).map(|(_, status)| status) {
        return plain(status);
    }
    if let Some((from, to)) = below(&site.redirects.lock().unwrap(), uri.path()) {
        let rest = uri.to_string().strip_prefix(&from).unwrap().to_owned();
        let answer = Response::builder().status(301).header(LOCATION, format!("{to}{rest}"));
        return answer.body(axum::body::Body::empty()).unwrap();
    }
    if let Some(token) = &site.token
        && !(*site.open_lists.lock().unwrap() && method == Method::GET)
        && authorization.as_deref() != Some(&basic(token))
    {
        let answer = Response::builder().status(401).header(WWW_AUTHENTICATE, "Basic realm=\"git\"");
        return answer.body(axum::body::Body::empty()).unwrap();
    }
    backend(&site, &method, &uri, &headers, &body).await
}

fn below<T: Clone>(table: &HashMap<String, T>, path: &str) -> Option<(String, T)> {
    table.iter().find(|(from, _)| path.starts_with(from.as_str())).map(|(from, to)| (from.clone(), to.clone()))
}

fn plain(status: StatusCode) -> Response<axum::body::Body> {
    Response::builder().status(status).body(axum::body::Body::from("secret of the server")).unwrap()
}

/// The header that shows `token` as git hosts take it.
pub fn basic(token: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for chunk in format!("x-access-token:{token}").as_bytes().chunks(3) {
        let number = chunk.iter().chain([0, 0].iter()).take(3).fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = char::from(DIGITS[number >> (18 - 6 * place) & 63]);
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

/// Runs `git http-backend` as a web server would, see git-http-backend(1).
async fn backend(
    site: &Site,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<axum::body::Body> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "the real git is the server of these tests")]
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &site.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "http.receivepack")
        .env("GIT_CONFIG_VALUE_0", "true")
        .env("REMOTE_USER", "depbot")
        .env("REQUEST_METHOD", method.as_str())
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", text(CONTENT_TYPE))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", text(CONTENT_ENCODING))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = body.to_owned();
    let writing = tokio::spawn(async move { input.write_all(&body).await });
    let output = child.wait_with_output().await.unwrap().stdout;
    let _ = writing.await;
    let split = output.windows(4).position(|window| window == b"\r\n\r\n").expect("a CGI program writes headers");
    let mut answer = Response::builder();
    for line in String::from_utf8_lossy(&output[..split]).lines() {
        let (name, value) = line.split_once(':').unwrap();
        answer = match name {
            "Status" => answer.status(value.trim().split(' ').next().unwrap()),
            _ => answer.header(name, value.trim()),
        };
    }
    answer.body(axum::body::Body::from(output[split + 4..].to_vec())).unwrap()
}

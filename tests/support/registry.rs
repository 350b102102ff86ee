//! A real registry on loopback: a sparse index with ETags, downloads, publishing by cargo, tokens, faults on demand.
//!
//! It runs on a thread of its own until it is dropped, so that tests without a runtime and child processes can use it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::package::{Package, gzipped, hex};

/// The server. Everything published is there until it is dropped.
pub struct TestRegistry {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, without a body.
    Status(u16),
    /// This status, and the seconds after which to ask again.
    RetryAfter(u16, u64),
    /// The right answer, but late.
    Delay(Duration),
    /// Half of the right answer, then the connection ends.
    Truncate,
    /// No answer at all, for as long as the client waits.
    Hang,
    /// A redirect to this URL, followed by the path inside the index.
    Redirect(String),
    /// A page of something that is no registry.
    Garbage,
}

#[derive(Default)]
struct Shelf {
    address: String,
    /// Index lines by crate name, lower-cased.
    lines: BTreeMap<String, Vec<Value>>,
    archives: BTreeMap<(String, String), Vec<u8>>,
    token: Option<String>,
    auth_announced: bool,
    faults: Vec<(String, usize, Fault)>,
    requests: BTreeMap<String, usize>,
    authorizations: Vec<(String, Option<String>)>,
}

impl TestRegistry {
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a socket");
        let shelf = Arc::new(Mutex::new(Shelf { address: address.to_string(), ..Shelf::default() }));
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().fallback(answer).with_state(shelf.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    _ = stopped => {}
                    result = axum::serve(listener, router).into_future() => result.expect("a server"),
                }
            });
        });
        Self { address, shelf, stop: Some(stop), thread: Some(thread) }
    }

    /// Publishes a package, without asking for a token.
    pub fn publish(&self, package: Package) {
        let archive = package.archive();
        let line = package.index_line(&archive);
        self.shelf().put(package.name, package.version, line, archive);
    }

    pub fn yank(&self, name: &str, version: &str) {
        self.shelf().set_yanked(name, version, true);
    }

    /// Adds a line to a crate's index file as it is.
    pub fn publish_line(&self, name: &str, line: Value) {
        self.shelf().lines.entry(name.to_lowercase()).or_default().push(line);
    }

    /// From now on every request needs this token, and `config.json` says so.
    pub fn require_token(&self, token: &str) {
        let mut shelf = self.shelf();
        shelf.token = Some(token.to_owned());
        shelf.auth_announced = true;
    }

    /// From now on index files and downloads need this token, but `config.json` is open and does not say so.
    pub fn require_token_silently(&self, token: &str) {
        self.shelf().token = Some(token.to_owned());
    }

    /// The next `count` requests whose path contains `path` go wrong.
    pub fn fail_next(&self, count: usize, path: &str, fault: Fault) {
        self.shelf().faults.push((path.to_owned(), count, fault));
    }

    /// Every request whose path contains `path` goes wrong.
    pub fn fail_always(&self, path: &str, fault: Fault) {
        self.fail_next(usize::MAX, path, fault);
    }

    /// Everything works again.
    pub fn heal(&self) {
        self.shelf().faults.clear();
    }

    /// How often each path was asked for since [`Self::forget_requests`].
    pub fn requests(&self) -> BTreeMap<String, usize> {
        self.shelf().requests.clone()
    }

    /// The `Authorization` headers seen, by path, in order.
    pub fn authorizations(&self) -> Vec<(String, Option<String>)> {
        self.shelf().authorizations.clone()
    }

    pub fn forget_requests(&self) {
        let mut shelf = self.shelf();
        shelf.requests.clear();
        shelf.authorizations.clear();
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `sparse+http://127.0.0.1:PORT/index/`.
    pub fn index_url(&self) -> String {
        format!("sparse+{}/index/", self.url())
    }

    /// Cargo configuration in which this is crates.io, and the registry `test` as well.
    pub fn cargo_config(&self) -> String {
        format!(
            "[source.crates-io]\nreplace-with = \"test-registry\"\n\n[source.test-registry]\nregistry = {:?}\n\n{}",
            self.index_url(),
            self.named_cargo_config("test")
        )
    }

    /// Cargo configuration in which this is the registry `name`, with a token from file or environment if it needs one.
    pub fn named_cargo_config(&self, name: &str) -> String {
        format!("[registries.{name}]\nindex = {:?}\ncredential-provider = \"cargo:token\"\n", self.index_url())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.shelf)
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shelf {
    fn put(&mut self, name: String, version: String, line: Value, archive: Vec<u8>) {
        let lines = self.lines.entry(name.to_lowercase()).or_default();
        lines.retain(|known| known["vers"] != version.as_str());
        lines.push(line);
        self.archives.insert((name, version), archive);
    }

    fn set_yanked(&mut self, name: &str, version: &str, yanked: bool) -> bool {
        let lines = self.lines.get_mut(&name.to_lowercase());
        let line = lines.and_then(|lines| lines.iter_mut().find(|line| line["vers"] == version));
        line.map(|line| line["yanked"] = yanked.into()).is_some()
    }

    fn index_file(&self, path: &str) -> Option<Vec<u8>> {
        if path == "config.json" {
            let mut config =
                json!({ "dl": format!("http://{}/dl", self.address), "api": format!("http://{}", self.address) });
            if self.auth_announced {
                config["auth-required"] = true.into();
            }
            return Some(config.to_string().into_bytes());
        }
        let name = path.rsplit('/').next()?;
        let lines = self.lines.get(name).filter(|_| path == index_path(name))?;
        Some(lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes())
    }

    fn next_fault(&mut self, path: &str) -> Option<Fault> {
        let (_, left, fault) =
            self.faults.iter_mut().find(|(part, left, _)| *left > 0 && path.contains(part.as_str()))?;
        *left = left.saturating_sub(usize::from(*left != usize::MAX));
        Some(fault.clone())
    }

    fn admits(&self, path: &str, authorization: Option<&str>) -> bool {
        let open = path == "/index/config.json" && !self.auth_announced;
        open || self.token.is_none() || self.token.as_deref() == authorization
    }
}

async fn answer(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path();
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (fault, admitted) = {
        let mut shelf = lock(&shelf);
        *shelf.requests.entry(path.to_owned()).or_default() += 1;
        shelf.authorizations.push((path.to_owned(), authorization.map(str::to_owned)));
        (shelf.next_fault(path), shelf.admits(path, authorization))
    };
    match fault {
        Some(Fault::Status(status)) => return status_of(status).into_response(),
        Some(Fault::RetryAfter(status, seconds)) => {
            return (status_of(status), [(header::RETRY_AFTER, seconds.to_string())]).into_response();
        }
        Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
        Some(Fault::Truncate) => return truncated(&right_answer(&shelf, &method, path, &headers, &body)),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Redirect(to)) => {
            let to = format!("{to}{}", path.trim_start_matches("/index/"));
            return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
        }
        Some(Fault::Garbage) => return "<html>\n<p>Please log in.\n</html>\n".into_response(),
        None => {}
    }
    if !admitted {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Cargo")]).into_response();
    }
    match right_answer(&shelf, &method, path, &headers, &body) {
        Some(found) if path.starts_with("/index/") => index_response(&headers, &found),
        Some(found) => found.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn right_answer(
    shelf: &Mutex<Shelf>,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Vec<u8>> {
    let mut shelf = lock(shelf);
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (method, &parts[..]) {
        (&Method::GET, ["index", ..]) => shelf.index_file(path.strip_prefix("/index/")?),
        (&Method::GET, ["dl", name, version, "download"]) => {
            shelf.archives.get(&((*name).to_owned(), (*version).to_owned())).cloned()
        }
        (&Method::PUT, ["api", "v1", "crates", "new"]) => {
            headers.get(header::AUTHORIZATION)?;
            shelf
                .publish(body)
                .map(|()| br#"{"warnings":{"invalid_categories":[],"invalid_badges":[],"other":[]}}"#.to_vec())
        }
        (&Method::DELETE, ["api", "v1", "crates", name, version, "yank"]) => {
            shelf.set_yanked(name, version, true).then(|| br#"{"ok":true}"#.to_vec())
        }
        (&Method::PUT, ["api", "v1", "crates", name, version, "unyank"]) => {
            shelf.set_yanked(name, version, false).then(|| br#"{"ok":true}"#.to_vec())
        }
        _ => None,
    }
}

impl Shelf {
    /// What `cargo publish` sends. Format: the Cargo book, "Registry Web API", "Publish".
    fn publish(&mut self, body: &[u8]) -> Option<()> {
        let (metadata, rest) = sized(body)?;
        let (archive, _) = sized(rest)?;
        let metadata: Value = serde_json::from_slice(metadata).ok()?;
        let text = |key: &str| metadata[key].as_str().map(str::to_owned);
        let (name, version) = (text("name")?, text("vers")?);
        let dependencies: Vec<Value> = metadata["deps"].as_array()?.iter().map(index_dependency).collect();
        let line = json!({
            "name": name, "vers": version, "deps": dependencies, "cksum": hex(&Sha256::digest(archive)),
            "features": {}, "features2": metadata["features"], "yanked": false, "links": metadata["links"],
            "rust_version": metadata["rust_version"], "pubtime": "2020-01-01T00:00:00Z", "v": 2,
        });
        self.put(name, version, line, archive.to_vec());
        Some(())
    }
}

/// In the index, `name` is the key and `package` the name; in what cargo sends it is the other way round.
fn index_dependency(sent: &Value) -> Value {
    let mut dependency = sent.clone();
    dependency["req"] = sent["version_req"].clone();
    if let Some(key) = sent["explicit_name_in_toml"].as_str() {
        dependency["package"] = sent["name"].clone();
        dependency["name"] = key.into();
    }
    dependency
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn index_response(headers: &HeaderMap, file: &[u8]) -> Response {
    let etag = format!("\"{}\"", hex(&Sha256::digest(file)[..8]));
    let asked =
        |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok()).unwrap_or_default();
    if asked(header::IF_NONE_MATCH) == etag {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    if asked(header::ACCEPT_ENCODING).contains("gzip") {
        return ([(header::ETAG, etag), (header::CONTENT_ENCODING, "gzip".to_owned())], gzipped(file)).into_response();
    }
    ([(header::ETAG, etag)], file.to_vec()).into_response()
}

fn truncated(whole: &Option<Vec<u8>>) -> Response {
    let whole = whole.as_deref().unwrap_or_default();
    let half = Bytes::copy_from_slice(&whole[..whole.len() / 2]);
    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Body::from_stream(futures_util::stream::iter([Ok(half), Err(end)])).into_response()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status between 100 and 999")
}

fn index_path(name: &str) -> String {
    match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

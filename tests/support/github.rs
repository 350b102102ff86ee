//! A GitHub for tests: its REST API as far as depbot speaks it, with state, on top of real bare repositories.
//!
//! Branches, heads and merges are git's own. Answers have the fields and the habits of GitHub's documentation, version
//! 2022-11-28: pages with `Link`, refusals with `errors`, limits with headers. [`Fault`]s make it fail on purpose.

mod address;
pub mod claim;
mod pulls;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use address::{pairs, segments};
use claim::claim_of;
use pulls::{delete_branch, list_pulls, of_pull, open_pull};

/// The token that opens everything.
pub const TOKEN: &str = "ghp_testtokenthatmustneverbeshown";

const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// A running server; it ends with the test's runtime.
pub struct GitHub {
    address: SocketAddr,
    base: String,
    world: Arc<Mutex<World>>,
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers, and nothing is done.
    Status(u16, Vec<(&'static str, String)>, Value),
    /// Nothing is done and nothing is ever answered.
    Silent,
    /// Nothing is done and the connection breaks in the middle of the answer.
    Reset,
    /// It is done and the connection breaks in the middle of the answer.
    Lost,
    /// It is done, and the answer is half of its JSON.
    Truncated,
    /// It is done, and the answer is this status.
    DoneBut(u16),
}

/// Everything that the server knows.
pub struct World {
    base: String,
    host: String,
    pub token: String,
    /// The key of an App (public, DER), which is asked for its claim and given the token.
    pub app_key: Option<Vec<u8>>,
    pub claims: Vec<Value>,
    pub repositories: BTreeMap<String, Repository>,
    pub moved: BTreeMap<String, String>,
    pub requests: Vec<String>,
    faults: Vec<(Method, String, Fault)>,
    seconds: i64,
}

/// A repository.
pub struct Repository {
    id: u64,
    bare: PathBuf,
    pub pulls: Vec<Pull>,
    pub labels: Vec<String>,
    /// Whether adding a label that does not exist makes it.
    pub makes_labels: bool,
    pub collaborators: Vec<String>,
    pub check_runs: Vec<(String, Value)>,
    pub statuses: Vec<(String, Value)>,
    pub merge_methods: Vec<&'static str>,
    /// Branches that cannot be deleted.
    pub protected: Vec<String>,
    /// Why nothing can be merged, whatever its state.
    pub blocked: Option<&'static str>,
    /// How often it is asked before it has found out whether something can be merged.
    pub thinks: usize,
}

/// A pull request.
#[derive(Clone)]
pub struct Pull {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub head: String,
    pub base: String,
    pub sha: String,
    pub labels: Vec<String>,
    pub reviewers: Vec<String>,
    pub comments: Vec<(String, String)>,
    pub open: bool,
    pub merged: Option<String>,
    pub from_fork: bool,
    pub created: String,
    pub updated: String,
    pub closed: Option<String>,
}

impl GitHub {
    /// Serves at the root, as github.com does.
    pub async fn start() -> Self {
        Self::start_at("").await
    }

    /// Serves below `base`, as Enterprise Server does below `/api/v3`.
    pub async fn start_at(base: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(Mutex::new(World {
            base: base.to_owned(),
            host: address.to_string(),
            token: TOKEN.to_owned(),
            app_key: None,
            claims: vec![],
            repositories: BTreeMap::new(),
            moved: BTreeMap::new(),
            requests: vec![],
            faults: vec![],
            seconds: 1_795_000_000,
        }));
        let router = Router::new().fallback(serve).with_state(Arc::clone(&world));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, base: base.to_owned(), world }
    }

    /// The base address of the API.
    pub fn api_url(&self) -> String {
        format!("http://{}{}", self.address, self.base)
    }

    /// The address that `owner/name` is cloned from.
    pub fn clone_url(&self, name: &str) -> String {
        format!("http://{}/{name}.git", self.address)
    }

    /// The server's state.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Adds the bare repository as `owner/name`.
    pub fn add(&self, name: &str, bare: &Path) {
        let mut world = self.world();
        let id = 1000 + world.repositories.len() as u64;
        world.repositories.insert(name.to_owned(), Repository::new(id, bare));
    }

    /// Makes the next request with this method, and a path that ends like this, go wrong.
    pub fn fault(&self, method: Method, ending: &str, fault: Fault) {
        self.world().faults.push((method, ending.to_owned(), fault));
    }

    /// The requests until now, as `METHOD path?query`, without the base; and forgets them.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.world().requests)
    }
}

impl Repository {
    fn new(id: u64, bare: &Path) -> Self {
        Self {
            id,
            bare: bare.to_owned(),
            pulls: vec![],
            labels: vec![],
            makes_labels: true,
            collaborators: vec![],
            check_runs: vec![],
            statuses: vec![],
            merge_methods: vec!["merge", "squash", "rebase"],
            protected: vec![],
            blocked: None,
            thinks: 0,
        }
    }

    /// The pull request with this number.
    pub fn pull(&mut self, number: u64) -> &mut Pull {
        self.pulls.iter_mut().find(|pull| pull.number == number).unwrap()
    }

    fn tip(&self, branch: &str) -> Option<String> {
        git(&self.bare, &["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")]).ok()
    }

    /// Heads of open pull requests follow their branches.
    fn follow_branches(&mut self) {
        let format = "--format=%(objectname) %(refname:lstrip=2)";
        let branches = git(&self.bare, &["for-each-ref", format, "refs/heads"]).unwrap();
        let tips: BTreeMap<&str, &str> =
            branches.lines().filter_map(|line| line.split_once(' ')).map(|(tip, branch)| (branch, tip)).collect();
        for pull in self.pulls.iter_mut().filter(|pull| pull.open && !pull.from_fork) {
            if let Some(tip) = tips.get(pull.head.as_str()) {
                pull.sha = (*tip).to_owned();
            }
        }
    }

    fn merged_tree(&self, pull: &Pull) -> Result<String, String> {
        let base = self.tip(&pull.base).ok_or("no base")?;
        git(&self.bare, &["merge-tree", "--write-tree", &base, &pull.sha])
    }
}

struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

fn reply(status: u16, body: Value) -> Reply {
    Reply { status, headers: vec![], body: Some(body) }
}

fn refuse(status: u16, message: &str) -> Reply {
    reply(status, json!({ "message": message, "documentation_url": DOCUMENTATION, "status": status.to_string() }))
}

fn invalid(errors: Value) -> Reply {
    let mut reply = refuse(422, "Validation Failed");
    reply.body.as_mut().unwrap()["errors"] = errors;
    reply
}

async fn serve(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let answer = taken(&mut world.lock().unwrap(), method, &uri, &headers, &body);
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

/// What is answered, if anything.
fn taken(world: &mut World, method: Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Option<Response<Body>> {
    let Some(path) = uri.path().strip_prefix(&world.base).map(str::to_owned) else {
        return Some(plain(refuse(404, "Not Found")));
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    world.requests.push(format!("{method} {path}{query}"));
    let fault = world.take_fault(&method, &path);
    match fault {
        Some(Fault::Silent) => return None,
        Some(Fault::Status(status, headers, body)) => return Some(plain(Reply { status, headers, body: Some(body) })),
        Some(Fault::Reset) => return Some(broken(Reply { status: 200, headers: vec![], body: Some(json!({})) })),
        _ => {}
    }
    let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() };
    let request = Request { method, segments: segments(&path), query: pairs(uri.query()), path, body };
    let answer = match headers_problem(headers) {
        Some(problem) => refuse(400, problem),
        None => world.answer(&request, headers),
    };
    Some(match fault {
        Some(Fault::Lost) => broken(answer),
        Some(Fault::Truncated) => truncated(&answer),
        Some(Fault::DoneBut(status)) => plain(refuse(status, "<html>Unicorn!</html>")),
        _ => plain(answer),
    })
}

fn headers_problem(headers: &HeaderMap) -> Option<&'static str> {
    let all = |name: &str| headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    if all("user-agent") != ["depbot/test"] {
        return Some("Request forbidden by administrative rules: one User-Agent");
    }
    if all("accept") != ["application/vnd.github+json"] || all("x-github-api-version") != ["2022-11-28"] {
        return Some("not the documented media type or version");
    }
    None
}

fn plain(reply: Reply) -> Response<Body> {
    let text = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    head(&reply).body(Body::from(text)).unwrap()
}

fn truncated(reply: &Reply) -> Response<Body> {
    let text = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    head(reply).body(Body::from(text[..text.len() / 2].to_owned())).unwrap()
}

/// Sends half of the body and closes the connection.
fn broken(reply: Reply) -> Response<Body> {
    let text = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    let half = Bytes::from(text[..text.len() / 2].to_owned());
    let parts = [Ok(half), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
    head(&reply).body(Body::from_stream(futures_util::stream::iter(parts))).unwrap()
}

fn head(reply: &Reply) -> axum::http::response::Builder {
    let mut head = Response::builder().status(StatusCode::from_u16(reply.status).unwrap());
    head = head.header("content-type", "application/json; charset=utf-8");
    for (name, value) in &reply.headers {
        head = head.header(*name, value);
    }
    head
}

struct Request {
    method: Method,
    path: String,
    segments: Vec<String>,
    query: BTreeMap<String, String>,
    body: Value,
}

impl Request {
    fn text(&self, key: &str) -> String {
        self.body[key].as_str().unwrap_or_default().to_owned()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let items = self.body[key].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    fn take_fault(&mut self, method: &Method, path: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|(on, ending, _)| on == method && path.ends_with(ending.as_str()))?;
        Some(self.faults.remove(at).2)
    }

    fn now(&mut self) -> String {
        self.seconds += 1;
        jiff::Timestamp::from_second(self.seconds).unwrap().to_string()
    }

    fn answer(&mut self, request: &Request, headers: &HeaderMap) -> Reply {
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        if let (["repos", _, _, "installation"] | ["app", ..], Some(key)) = (&segments[..], &self.app_key) {
            let Some(claim) = claim_of(authorization, key) else {
                return refuse(401, "A JSON web token could not be decoded");
            };
            self.claims.push(claim);
            return match segments[..] {
                ["app", "installations", "77", "access_tokens"] => {
                    reply(201, json!({ "token": self.token, "expires_at": "2099-01-01T00:00:00Z", "permissions": {} }))
                }
                ["repos", ..] => reply(200, json!({ "id": 77, "app_id": 7 })),
                _ => refuse(404, "Not Found"),
            };
        }
        if authorization != format!("Bearer {}", self.token) {
            return refuse(401, "Bad credentials");
        }
        let ["repos", owner, name, rest @ ..] = &segments[..] else { return refuse(404, "Not Found") };
        let full = format!("{owner}/{name}");
        if let Some(to) = self.moved.get(&full) {
            let rest = request.path.strip_prefix(&format!("/repos/{full}")).unwrap();
            let query = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&");
            let location = format!("http://{}{}/repos/{to}{rest}?{query}", self.host, self.base);
            let mut reply = refuse(307, "Temporary Redirect");
            reply.headers.push(("location", location));
            return reply;
        }
        let Some(mut repository) = self.repositories.remove(&full) else { return refuse(404, "Not Found") };
        repository.follow_branches();
        let mut reply = self.in_repository(&full, &mut repository, request, rest);
        self.repositories.insert(full, repository);
        if let (Some(link), true) = (self.link(request, &reply), reply.status == 200) {
            reply.headers.push(("link", link));
        }
        page(request, &mut reply);
        reply
    }

    fn in_repository(&mut self, full: &str, repository: &mut Repository, request: &Request, rest: &[&str]) -> Reply {
        let now = self.now();
        match (request.method.as_str(), rest) {
            ("GET", ["pulls"]) => list_pulls(&self.host, full, repository, request),
            ("POST", ["pulls"]) => open_pull(&self.host, full, repository, request, now),
            ("POST", ["labels"]) => {
                let name = request.text("name");
                if repository.labels.contains(&name) {
                    return invalid(json!([{ "resource": "Label", "code": "already_exists", "field": "name" }]));
                }
                repository.labels.push(name.clone());
                reply(201, json!({ "id": 1, "name": name, "color": request.text("color") }))
            }
            ("GET", ["commits", sha, "check-runs"]) => {
                if git(&repository.bare, &["cat-file", "-e", sha]).is_err() {
                    return refuse(422, &format!("No commit found for SHA: {sha}"));
                }
                let runs: Vec<&Value> =
                    repository.check_runs.iter().filter(|(of, _)| of == sha).map(|(_, run)| run).collect();
                reply(200, json!({ "total_count": runs.len(), "check_runs": runs }))
            }
            ("GET", ["commits", sha, "status"]) => {
                let statuses: Vec<&Value> =
                    repository.statuses.iter().filter(|(of, _)| of == sha).map(|(_, status)| status).collect();
                reply(
                    200,
                    json!({ "state": "pending", "sha": sha, "total_count": statuses.len(), "statuses": statuses }),
                )
            }
            ("DELETE", ["git", "refs", "heads", branch @ ..]) => delete_branch(repository, &branch.join("/")),
            ("GET", ["git", "ref", "heads", branch @ ..]) => match repository.tip(&branch.join("/")) {
                Some(sha) => {
                    reply(200, json!({ "ref": format!("refs/heads/{}", branch.join("/")), "object": { "sha": sha } }))
                }
                None => refuse(404, "Not Found"),
            },
            (_, ["pulls" | "issues", number, what @ ..]) => {
                let number: u64 = number.parse().unwrap();
                if !repository.pulls.iter().any(|pull| pull.number == number) {
                    return refuse(404, "Not Found");
                }
                of_pull(&self.host, full, repository, number, request, what, now)
            }
            _ => refuse(404, "Not Found"),
        }
    }

    /// The links to other pages, as GitHub writes them.
    fn link(&self, request: &Request, reply: &Reply) -> Option<String> {
        let (page, size) = page_of(request);
        let pages = items(reply.body.as_ref()?)?.len().div_ceil(size);
        let address = |page: usize| {
            let others =
                request.query.iter().filter(|(key, _)| *key != "page").map(|(key, value)| format!("{key}={value}&"));
            format!("<http://{}{}{}?{}page={page}>", self.host, self.base, request.path, others.collect::<String>())
        };
        (page < pages).then(|| format!("{}; rel=\"next\", {}; rel=\"last\"", address(page + 1), address(pages)))
    }
}

fn page_of(request: &Request) -> (usize, usize) {
    let number = |key: &str| request.query.get(key).and_then(|value| value.parse().ok());
    (number("page").unwrap_or(1), number("per_page").unwrap_or(30).min(100))
}

/// The list in an answer: it is one, or has one.
fn items(body: &Value) -> Option<&Vec<Value>> {
    body.as_array().or_else(|| body.get("check_runs")?.as_array()).or_else(|| body.get("statuses")?.as_array())
}

fn page(request: &Request, reply: &mut Reply) {
    let (page, size) = page_of(request);
    let Some(body) = reply.body.as_mut().filter(|_| request.method == Method::GET && reply.status == 200) else {
        return;
    };
    let key = ["check_runs", "statuses"].into_iter().find(|key| body.get(key).is_some());
    let list = match key {
        Some(key) => &mut body[key],
        None => body,
    };
    if let Some(items) = list.as_array_mut() {
        *items = items.drain(..).skip((page - 1) * size).take(size).collect();
    }
}

/// What git prints; an error is what it prints too.
#[expect(clippy::disallowed_methods, reason = "the real git is the ground of this server")]
fn git(bare: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(bare)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "GitHub"), ("GIT_AUTHOR_EMAIL", "noreply@github.com")])
        .envs([("GIT_COMMITTER_NAME", "GitHub"), ("GIT_COMMITTER_EMAIL", "noreply@github.com")])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap().trim_end().to_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}

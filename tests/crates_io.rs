//! What crates.io says about crates, asked of a server on loopback that speaks TLS as `crates.io`.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use depbot::model::CrateName;
use depbot::registry::{CratePage, CratesIo, CratesIoOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::tls::TlsListener;

/// The server: it has `serde` and `tokio`.
#[derive(Default)]
struct Desk {
    requests: Vec<String>,
    user_agents: Vec<String>,
    status: Option<u16>,
    is_silent: bool,
}

struct Server {
    desk: Arc<Mutex<Desk>>,
    options: CratesIoOptions,
    cache: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let listener = TlsListener::new("crates.io").await;
        let cache = tempfile::tempdir().expect("a folder");
        let mut options = CratesIoOptions::new(cache.path(), "depbot-test (https://depbot.example)");
        options.address = Some(listener.address());
        options.root_certificate = Some(listener.certificate());
        options.interval = Duration::ZERO;
        let desk = Arc::new(Mutex::new(Desk::default()));
        let app = Router::new().fallback(answer).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { desk, options, cache }
    }

    fn client(&self) -> CratesIo {
        CratesIo::new(self.options.clone()).expect("a client")
    }

    fn set(&self, change: impl Fn(&mut Desk)) {
        change(&mut self.desk.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.desk.lock().unwrap_or_else(PoisonError::into_inner).requests)
    }
}

async fn answer(State(desk): State<Arc<Mutex<Desk>>>, uri: Uri, headers: HeaderMap) -> Response {
    let (status, is_silent) = {
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.requests.push(uri.to_string());
        desk.user_agents.extend(headers.get("user-agent").and_then(|value| value.to_str().ok()).map(str::to_owned));
        (desk.status, desk.is_silent)
    };
    if is_silent {
        std::future::pending::<()>().await;
    }
    if let Some(status) = status {
        return StatusCode::from_u16(status).expect("a status").into_response();
    }
    let asked =
        |name: &str| uri.query().is_some_and(|query| query.split('&').any(|pair| pair.ends_with(&format!("={name}"))));
    let crates: Vec<Value> = ["serde", "tokio"].into_iter().filter(|name| asked(name)).map(krate).collect();
    Json(json!({ "meta": { "total": crates.len(), "next_page": null }, "crates": crates })).into_response()
}

/// A crate in the form that the API has.
fn krate(name: &str) -> Value {
    json!({
        "id": name, "name": name, "description": "words", "documentation": format!("https://docs.rs/{name}"), "homepage": null,
        "repository": format!("https://git.example/{name}"), "downloads": 900_000_000_u64, "recent_downloads": 100_000,
        "max_version": "1.0.0", "max_stable_version": "1.0.0", "newest_version": "1.0.0", "exact_match": false,
        "categories": null, "keywords": null, "versions": null, "badges": [], "yanked": false, "a_new_field": {},
        "created_at": "2014-12-05T20:20:39.487502Z", "updated_at": "2026-11-20T10:00:00.123456Z",
        "links": {
            "owner_team": "/o", "owner_user": "/o", "owners": "/o", "reverse_dependencies": "/r", "version_downloads": "/d",
            "versions": "/v"
        }
    })
}

fn names(names: &[&str]) -> Vec<CrateName> {
    names.iter().map(|name| CrateName::new(*name).expect("a name")).collect()
}

fn now() -> Timestamp {
    "2026-11-23T04:00:00Z".parse().expect("a time")
}

fn found(pages: &BTreeMap<CrateName, CratePage>) -> Vec<&str> {
    pages.keys().map(CrateName::as_str).collect()
}

#[tokio::test]
async fn many_crates_are_asked_for_with_one_request_that_says_who_asks() {
    let server = Server::start().await;
    let pages = server.client().pages(&names(&["tokio", "serde", "gone", "serde"]), now()).await;
    assert_eq!(found(&pages), ["serde", "tokio"]);
    let expect = CratePage {
        repository: Some("https://git.example/serde".into()),
        homepage: None,
        documentation: Some("https://docs.rs/serde".into()),
        downloads_recent: Some(100_000),
    };
    assert_eq!(pages[&names(&["serde"])[0]], expect);
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with("/api/v1/crates?"), "{asked:?}");
    assert_eq!(asked[0].matches("ids%5B%5D=").count(), 3, "{asked:?}");
    let desk = server.desk.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(desk.user_agents, ["depbot-test (https://depbot.example)"]);
}

#[tokio::test]
async fn answers_are_kept_for_a_day_also_that_there_is_none() {
    let server = Server::start().await;
    let crates = names(&["serde", "gone"]);
    let after = |hours| now() + SignedDuration::from_hours(hours);
    server.client().pages(&crates, now()).await;
    assert_eq!(server.asked().len(), 1);
    assert_eq!(found(&server.client().pages(&crates, after(23)).await), ["serde"]);
    assert_eq!(server.asked().len(), 0);
    assert_eq!(found(&server.client().pages(&crates, after(24)).await), ["serde"]);
    assert_eq!(server.asked().len(), 1);
    server.client().pages(&crates, after(-1)).await;
    assert_eq!(server.asked().len(), 1, "an answer from the future is not trusted");
    server.set(|desk| desk.status = Some(500));
    assert_eq!(
        found(&server.client().pages(&crates, after(100)).await),
        ["serde"],
        "an old answer is better than none"
    );
}

#[tokio::test]
async fn damaged_answers_on_disk_are_asked_for_again() {
    let server = Server::start().await;
    let crates = names(&["serde"]);
    server.client().pages(&crates, now()).await;
    let file = server.cache.path().join("crates.io-api/serde.json");
    for damaged in [
        "",
        "{}",
        "{\"format\":1,\"checked\":\"never\",\"page\":null}",
        "{\"format\":9,\"checked\":\"2026-11-23T04:00:00Z\",\"page\":null}",
    ] {
        std::fs::write(&file, damaged).expect("written");
        server.asked();
        assert_eq!(found(&server.client().pages(&crates, now()).await), ["serde"], "{damaged}");
        assert_eq!(server.asked().len(), 1, "{damaged}");
    }
}

#[tokio::test]
async fn requests_keep_their_distance_also_after_an_error() {
    let mut server = Server::start().await;
    server.options.interval = Duration::from_millis(60);
    server.set(|desk| desk.status = Some(404));
    let (client, started) = (server.client(), Instant::now());
    let (one, two, three) = (names(&["serde"]), names(&["tokio"]), names(&["gone"]));
    let all = tokio::join!(client.pages(&one, now()), client.pages(&two, now()), client.pages(&three, now()));
    assert!(all.0.is_empty() && all.1.is_empty() && all.2.is_empty());
    assert_eq!(server.asked().len(), 3);
    assert!(started.elapsed() >= Duration::from_millis(120), "{:?}", started.elapsed());
}

#[tokio::test]
async fn it_is_not_asked_again_after_two_failures_in_a_row() {
    let server = Server::start().await;
    let crates = names(&["serde"]);
    for status in [500, 429, 403] {
        server.set(|desk| desk.status = Some(status));
        let client = server.client();
        for _ in 0..4 {
            assert!(client.pages(&crates, now()).await.is_empty());
        }
        assert_eq!(server.asked().len(), 2, "{status}");
    }
    let client = server.client();
    for (status, krate) in [(Some(500), "a"), (None, "b"), (Some(500), "c")] {
        server.set(|desk| desk.status = status);
        client.pages(&names(&[krate]), now()).await;
    }
    server.set(|desk| desk.status = None);
    assert_eq!(found(&client.pages(&crates, now()).await), ["serde"], "an answer in between counts");
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_the_same_as_nothing_known() {
    let crates = names(&["serde"]);
    let mut server = Server::start().await;
    server.options.timeout = Duration::from_millis(50);
    server.set(|desk| desk.is_silent = true);
    assert!(server.client().pages(&crates, now()).await.is_empty());
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    server.options.address = port.local_addr().ok();
    drop(port);
    let client = server.client();
    for _ in 0..3 {
        assert!(client.pages(&crates, now()).await.is_empty());
    }
    assert_eq!(std::fs::read_dir(server.cache.path()).map(Iterator::count).unwrap_or_default(), 0, "nothing is kept");
}

#[tokio::test]
async fn a_server_that_is_not_crates_io_is_not_trusted() {
    let mut server = Server::start().await;
    server.options.root_certificate = Some(TlsListener::new("crates.io").await.certificate());
    assert!(server.client().pages(&names(&["serde"]), now()).await.is_empty());
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn who_asks_is_required() {
    for user_agent in ["", "  ", "a\nb"] {
        assert!(CratesIo::new(CratesIoOptions::new(Path::new("unused"), user_agent)).is_err(), "{user_agent:?}");
    }
}

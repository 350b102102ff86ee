//! A sparse index on loopback for measurements: it asks the real one for what it does not have yet, keeps the answers in a
//! folder, and serves them from then on with a delay of its own.
//!
//! `recorded_index FOLDER PORT DELAY_MS [UPSTREAM]`; without an upstream, what is not in the folder is not there. Every
//! file of the upstream is asked for once, also one that is missing; files are kept compressed, as PATH.gz. `GET /-/requests` says how many requests there were.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tokio::net::TcpListener;

/// What `main` fails with.
type Failure = Box<dyn std::error::Error>;

/// An answer that is kept for a file which the upstream does not have.
const MISSING: &[u8] = b"";

struct Index {
    folder: PathBuf,
    delay: Duration,
    upstream: Option<String>,
    client: reqwest::Client,
    /// Answers ready to be sent; `None` for what is missing.
    ready: Mutex<HashMap<String, Option<Arc<Ready>>>>,
    requests: AtomicU64,
}

struct Ready {
    etag: HeaderValue,
    compressed: Vec<u8>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, port, delay, upstream @ ..] = &arguments[..] else {
        return Err("recorded_index FOLDER PORT DELAY_MS [UPSTREAM]".into());
    };
    drop(rustls::crypto::ring::default_provider().install_default());
    let index = Arc::new(Index {
        folder: PathBuf::from(folder),
        delay: Duration::from_millis(delay.parse()?),
        upstream: upstream.first().cloned(),
        client: reqwest::Client::builder().user_agent("depbot-bench").build()?,
        ready: Mutex::default(),
        requests: AtomicU64::new(0),
    });
    let count = index.load(&index.folder)?;
    let app = Router::new()
        .route("/-/requests", get(|State(index): State<Arc<Index>>| async move { index.count() }))
        .route("/{*path}", get(answer))
        .with_state(index);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse()?)).await?;
    println!("{count} files at sparse+http://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn answer(State(index): State<Arc<Index>>, UrlPath(path): UrlPath<String>, headers: HeaderMap) -> Response {
    index.requests.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(index.delay).await;
    match index.find(&path).await {
        Ok(Some(ready)) => respond(&ready, &headers).unwrap_or_else(|error| broken(&error)),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => broken(&error),
    }
}

fn broken(error: &impl ToString) -> Response {
    (StatusCode::BAD_GATEWAY, error.to_string()).into_response()
}

fn respond(ready: &Ready, headers: &HeaderMap) -> std::io::Result<Response> {
    if headers.get(header::IF_NONE_MATCH) == Some(&ready.etag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let etag = (header::ETAG, ready.etag.clone());
    let takes_gzip = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if takes_gzip.is_some_and(|value| value.contains("gzip")) {
        let encoding = (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return Ok(([etag, encoding], ready.compressed.clone()).into_response());
    }
    let mut plain = Vec::new();
    GzDecoder::new(&ready.compressed[..]).read_to_end(&mut plain)?;
    Ok(([etag], plain).into_response())
}

impl Index {
    fn count(&self) -> String {
        self.requests.load(Ordering::Relaxed).to_string()
    }

    /// Takes all files below `folder` into memory: how fast the disk is must not matter.
    fn load(&self, folder: &Path) -> Result<usize, Failure> {
        let mut count = 0;
        std::fs::create_dir_all(folder)?;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                count += self.load(&path)?;
            } else {
                let name = path.strip_prefix(&self.folder)?.to_string_lossy();
                if let Some(name) = name.strip_suffix(".gz") {
                    self.remember(name, std::fs::read(&path)?)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    async fn find(&self, path: &str) -> Result<Option<Arc<Ready>>, Failure> {
        if path.split('/').any(|part| part.starts_with('.')) {
            return Ok(None);
        }
        let known = self.ready.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let Some(upstream) = &self.upstream else { return Ok(None) };
        let response = self.client.get(format!("{upstream}/{path}")).send().await?;
        let body = match response.status() {
            StatusCode::OK => compressed(&response.bytes().await?)?,
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => MISSING.to_vec(),
            status => return Err(format!("the upstream answers {status}").into()),
        };
        let file = self.folder.join(format!("{path}.gz"));
        std::fs::create_dir_all(file.parent().unwrap_or(&self.folder))?;
        std::fs::write(file, &body)?;
        self.remember(path, body)
    }

    fn remember(&self, path: &str, body: Vec<u8>) -> Result<Option<Arc<Ready>>, Failure> {
        let ready = if body == MISSING { None } else { Some(Arc::new(ready(body)?)) };
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), ready.clone());
        Ok(ready)
    }
}

fn compressed(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn ready(compressed: Vec<u8>) -> Result<Ready, Failure> {
    // FNV-1a: an answer's own checksum is its validator.
    let sum = compressed
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    Ok(Ready { etag: HeaderValue::from_str(&format!("\"{sum:016x}\""))?, compressed })
}

//! One sparse index: its files over HTTP or from the cache, and the token where it wants one.
//!
//! Protocol: the Cargo book, "Registry Index", "Sparse Protocol" and "Registry Authentication".

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use reqwest::Url;
use semver::Version;
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell, Semaphore};

use super::access::Access;
use super::breaker::Breaker;
use super::cache::{self, Cached, Validator};
use super::http::{FetchError, Fetched, Http, Request};
use super::{Answer, RegistryOptions, index, unreadable};
use crate::model::{CrateName, LookupFailure, Release};

/// How many failures in a row, each after its retries, end the patience with an index.
const PATIENCE: usize = 3;

/// What the URL of a sparse index begins with.
pub(super) const SCHEME: &str = "sparse+";

/// An index during one look-up of many crates.
pub(super) struct SparseIndex {
    root: Url,
    access: Arc<Access>,
    http: Arc<Http>,
    folder: PathBuf,
    offline: bool,
    fresh_since: Option<SystemTime>,
    permits: Semaphore,
    breaker: Breaker,
    /// Held by the first request: the others then find its connection instead of each opening one.
    first: Mutex<()>,
    connected: AtomicBool,
    /// Whether the index said that it wants the token, asked once if there is a token.
    auth_required: OnceCell<bool>,
    unauthorized: AtomicBool,
}

#[derive(Deserialize)]
struct IndexConfig {
    #[serde(default, rename = "auth-required")]
    auth_required: bool,
}

impl SparseIndex {
    /// The index at `url`, or why it is not one that can be read.
    pub(super) fn new(
        url: &str,
        access: Arc<Access>,
        http: Arc<Http>,
        options: &RegistryOptions,
    ) -> Result<Self, LookupFailure> {
        let failure = |message: &str| unreadable(&access.source_name, message);
        let http_url = url.strip_prefix(SCHEME).unwrap_or(url);
        let slash = if http_url.ends_with('/') { "" } else { "/" };
        let root = Url::parse(&format!("{http_url}{slash}")).map_err(|_| failure("its index has no valid URL"))?;
        if !matches!(root.scheme(), "http" | "https") {
            return Err(failure("its index is not reached by http or https"));
        }
        let folder = cache::folder_of(&options.cache, root.as_str());
        Ok(Self {
            root,
            access,
            http,
            folder,
            offline: options.offline,
            fresh_since: options.fresh_since,
            permits: Semaphore::new(options.concurrency.max(1)),
            breaker: Breaker::after(PATIENCE),
            first: Mutex::new(()),
            connected: AtomicBool::new(false),
            auth_required: OnceCell::new(),
            unauthorized: AtomicBool::new(false),
        })
    }

    /// The releases of `krate` that are not older than `floor`.
    pub(super) async fn releases(&self, krate: &CrateName, floor: Option<Version>) -> Answer {
        let _permit = self.permits.acquire().await.map_err(|_| self.failure("the look-up ended early"))?;
        let path = index::path_of(krate);
        let file = self.folder.join(&path);
        let kept = self
            .blocking({
                let file = file.clone();
                move || cache::read(&file)
            })
            .await?;
        if self.offline {
            let Cached { body, .. } = kept.ok_or_else(|| self.failure("not asked before, and this run is offline"))?;
            return self.parsed(krate, floor, body, None).await;
        }
        let kept = match kept {
            Some(kept) if self.is_fresh(&kept) => return self.parsed(krate, floor, kept.body, None).await,
            kept => kept,
        };
        let validator = kept.as_ref().map_or(&Validator::None, |kept| &kept.validator);
        match (self.get(&path, validator).await.map_err(|error| self.explained(error))?, kept) {
            (Fetched::NotModified, Some(kept)) => {
                // Written again, it counts as checked now; that matters only to those who do not always ask.
                let keep = self.fresh_since.map(|_| (file, kept.validator));
                self.parsed(krate, floor, kept.body, keep).await
            }
            (Fetched::NotModified, None) => Err(self.failure("the server answers 304 Not Modified to a first request")),
            (Fetched::Body { validator, body }, _) => self.parsed(krate, floor, body, Some((file, validator))).await,
        }
    }

    fn is_fresh(&self, kept: &Cached) -> bool {
        self.fresh_since.zip(kept.checked).is_some_and(|(since, checked)| checked >= since)
    }

    /// Reads a file, and keeps it if asked to; one that cannot be kept is asked for again next time.
    async fn parsed(
        &self,
        krate: &CrateName,
        floor: Option<Version>,
        body: Vec<u8>,
        keep: Option<(PathBuf, Validator)>,
    ) -> Answer {
        let name = krate.clone();
        let parsed = self
            .blocking(move || {
                let releases = index::parse(&name, &body, floor.as_ref())?;
                if let Some((file, validator)) = keep
                    && let Err(error) = cache::write(&file, &validator, &body)
                {
                    tracing::warn!(file = %file.display(), %error, "an index file cannot be kept");
                }
                Ok::<Arc<[Release]>, index::NotAnIndexFile>(releases.into())
            })
            .await?;
        parsed.map_err(|error| self.failure(&error.to_string()))
    }

    /// Asks for a file of the index, with the token where the index wants it.
    async fn get(&self, path: &str, validator: &Validator) -> Result<Fetched, FetchError> {
        let turn = match self.connected.load(Ordering::Acquire) {
            true => None,
            false => Some(self.first.lock().await).filter(|_| !self.connected.load(Ordering::Acquire)),
        };
        let with_token = self.wants_token().await;
        let answer = match self.get_with(path, validator, with_token).await {
            Err(FetchError::Unauthorized) if !with_token && self.access.token.is_some() => {
                self.unauthorized.store(true, Ordering::Release);
                self.get_with(path, validator, true).await
            }
            answer => answer,
        };
        self.connected.store(true, Ordering::Release);
        drop(turn);
        answer
    }

    async fn get_with(&self, path: &str, validator: &Validator, with_token: bool) -> Result<Fetched, FetchError> {
        if let Some(message) = self.breaker.verdict() {
            return Err(FetchError::Final { message });
        }
        let url = self.root.join(path).map_err(|_| FetchError::NotFound)?;
        let request = Request { url: &url, validator, access: &self.access, with_token };
        let answer = self.http.get(&request, || self.breaker.verdict().is_none()).await;
        match &answer {
            Err(FetchError::Passing { message, .. } | FetchError::Unreachable { message }) => {
                self.breaker.failed(message);
            }
            Err(FetchError::NotFound | FetchError::Unauthorized | FetchError::Final { .. }) | Ok(_) => {
                self.breaker.answered();
            }
        }
        answer
    }

    /// Whether the token is sent: `config.json` says so, or an earlier answer was 401.
    async fn wants_token(&self) -> bool {
        if self.access.token.is_none() {
            return false;
        }
        self.unauthorized.load(Ordering::Acquire)
            || *self
                .auth_required
                .get_or_init(|| async {
                    match self.get_with("config.json", &Validator::None, false).await {
                        Ok(Fetched::Body { body, .. }) => {
                            serde_json::from_slice::<IndexConfig>(&body).is_ok_and(|config| config.auth_required)
                        }
                        Err(FetchError::Unauthorized) => true,
                        Ok(Fetched::NotModified) | Err(_) => false,
                    }
                })
                .await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, LookupFailure> {
        tokio::task::spawn_blocking(work).await.map_err(|_| self.failure("the look-up ended early"))
    }

    fn explained(&self, error: FetchError) -> LookupFailure {
        match error {
            FetchError::NotFound => LookupFailure::NotFound { source_name: self.access.source_name.clone() },
            FetchError::Unauthorized if self.access.token.is_some() => self.failure("it refuses the configured token"),
            FetchError::Unauthorized => self.failure("it wants a token, and none is configured"),
            FetchError::Passing { message, .. }
            | FetchError::Unreachable { message }
            | FetchError::Final { message } => self.failure(&message),
        }
    }

    fn failure(&self, message: &str) -> LookupFailure {
        unreadable(&self.access.source_name, message)
    }
}

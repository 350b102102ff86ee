//! What crates.io says about crates for people: links and how much they are used. Everything works without it.
//!
//! API: <https://crates.io/data-access>; its rules are kept here: one request a second at most, and a `User-Agent` that
//! names who asks. Answers are kept on disk for a day; a crates.io that does not answer is not asked again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crates_io_api::{AsyncClient, Crate, CratesQuery, Error};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::RegistryError;
use super::breaker::Breaker;
use super::http::use_ring;
use crate::model::CrateName;

/// Failures in a row after which crates.io is not asked any more.
const PATIENCE: usize = 2;
/// How many crates one request asks for.
const BATCH: usize = 50;
/// How long an answer is taken from the disk without asking.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The format of kept answers.
const FORMAT: u32 = 1;

/// The client of crates.io's API.
pub struct CratesIo {
    client: AsyncClient,
    cache: PathBuf,
    interval: Duration,
    /// When the last request began; held while one is under way. The library's own limiter forgets that after an error.
    last: Mutex<Option<Instant>>,
    breaker: Breaker,
}

/// How crates.io is asked.
#[derive(Clone, Debug)]
pub struct CratesIoOptions {
    /// The folder for answers; processes may share it, also with indexes.
    pub cache: PathBuf,
    /// The `User-Agent` header: who asks, and where to reach them. crates.io refuses those that send none.
    pub user_agent: String,
    /// How long one answer may take, its body included.
    pub timeout: Duration,
    /// The shortest time from one request to the next.
    pub interval: Duration,
    /// Where to connect instead of to crates.io's own address.
    pub address: Option<SocketAddr>,
    /// A certificate (DER) that is trusted beside the system's.
    pub root_certificate: Option<Vec<u8>>,
}

/// What crates.io says about a crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CratePage {
    /// Where its source is.
    pub repository: Option<String>,
    /// Its page.
    pub homepage: Option<String>,
    /// Its documentation.
    pub documentation: Option<String>,
    /// Downloads of all its versions in the last 90 days.
    pub downloads_recent: Option<u64>,
}

/// A kept answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    checked: String,
    /// `None` for a crate that crates.io does not have.
    page: Option<WirePage>,
}

#[derive(Serialize, Deserialize)]
struct WirePage {
    repository: Option<String>,
    homepage: Option<String>,
    documentation: Option<String>,
    downloads_recent: Option<u64>,
}

/// A kept answer as it was read.
struct Known {
    page: Option<CratePage>,
    is_fresh: bool,
}

impl CratesIoOptions {
    /// What crates.io asks for: one request a second; three seconds for an answer.
    pub fn new(cache: impl Into<PathBuf>, user_agent: impl Into<String>) -> Self {
        Self {
            cache: cache.into(),
            user_agent: user_agent.into(),
            timeout: Duration::from_secs(3),
            interval: Duration::from_secs(1),
            address: None,
            root_certificate: None,
        }
    }
}

impl CratesIo {
    /// A client with these options. Proxies are those of the environment, certificate roots those of the system.
    pub fn new(options: CratesIoOptions) -> Result<Self, RegistryError> {
        let client = http_client(&options).map_err(|message| RegistryError::Http { message })?;
        Ok(Self {
            client: AsyncClient::with_http_client(client, Duration::ZERO),
            cache: options.cache.join("crates.io-api"),
            interval: options.interval,
            last: Mutex::new(None),
            breaker: Breaker::after(PATIENCE),
        })
    }

    /// What is known about each of `crates`; nothing about those that crates.io does not have or does not answer for.
    ///
    /// Answers of the last day are not asked for again. It may be dropped at any time. Must run inside tokio.
    pub async fn pages(&self, crates: &[CrateName], now: Timestamp) -> BTreeMap<CrateName, CratePage> {
        let mut pages = BTreeMap::new();
        let mut wanted = Vec::new();
        for krate in crates {
            let known = self.kept(krate, now);
            if !known.as_ref().is_some_and(|known| known.is_fresh) {
                wanted.push(krate.clone());
            }
            if let Some(page) = known.and_then(|known| known.page) {
                pages.insert(krate.clone(), page);
            }
        }
        wanted.sort();
        wanted.dedup();
        for batch in wanted.chunks(BATCH) {
            let Some(mut answer) = self.ask(batch).await else { break };
            for krate in batch {
                let page = answer.remove(krate.as_str());
                self.keep(krate, page.as_ref(), now);
                match page {
                    Some(page) => pages.insert(krate.clone(), page),
                    None => pages.remove(krate),
                };
            }
        }
        pages
    }

    /// Asks for some crates with one request, when it is time for one.
    async fn ask(&self, crates: &[CrateName]) -> Option<BTreeMap<String, CratePage>> {
        let mut last = self.last.lock().await;
        if self.breaker.verdict().is_some() {
            return None;
        }
        if let Some(last) = *last {
            tokio::time::sleep_until(last + self.interval).await;
        }
        *last = Some(Instant::now());
        let names = crates.iter().map(ToString::to_string).collect();
        let query = CratesQuery::builder().ids(names).page_size(BATCH as u64).build();
        match self.client.crates(query).await {
            Ok(answer) => {
                self.breaker.answered();
                Some(answer.crates.into_iter().map(page_of).collect())
            }
            Err(error) => {
                self.note(&error);
                None
            }
        }
    }

    fn note(&self, error: &Error) {
        tracing::debug!(%error, "crates.io does not answer about crates");
        match error {
            Error::NotFound(_) | Error::Api(_) | Error::JsonDecode(_) => self.breaker.answered(),
            // Transport, 429 and 5xx; 403 is for those that it does not want to be asked by.
            _ => self.breaker.failed(&error.to_string()),
        }
    }

    fn kept(&self, krate: &CrateName, now: Timestamp) -> Option<Known> {
        let kept: Kept = serde_json::from_slice(&fs::read(self.file_of(krate)).ok()?).ok()?;
        let checked: Timestamp = kept.checked.parse().ok()?;
        let age = now.duration_since(checked);
        let is_fresh = age >= SignedDuration::ZERO && age < KEPT;
        (kept.format == FORMAT).then(|| Known { page: kept.page.map(CratePage::from), is_fresh })
    }

    /// Keeps an answer where that is possible.
    fn keep(&self, krate: &CrateName, page: Option<&CratePage>, now: Timestamp) {
        let kept = Kept { format: FORMAT, checked: now.to_string(), page: page.cloned().map(WirePage::from) };
        let Ok(json) = serde_json::to_vec(&kept) else { return };
        if let Err(error) = write(&self.cache, &self.file_of(krate), &json) {
            tracing::debug!(%error, "what crates.io says about crates cannot be kept");
        }
    }

    fn file_of(&self, krate: &CrateName) -> PathBuf {
        self.cache.join(format!("{}.json", krate.as_str().to_ascii_lowercase()))
    }
}

/// The client that the library is given: the library itself sets neither time limits nor certificate roots.
fn http_client(options: &CratesIoOptions) -> Result<reqwest12::Client, String> {
    if options.user_agent.trim().is_empty() {
        return Err("crates.io wants to know who asks, and the User-Agent is empty".to_owned());
    }
    use_ring();
    let mut builder = reqwest12::Client::builder()
        .user_agent(options.user_agent.as_str())
        .connect_timeout(options.timeout)
        .timeout(options.timeout)
        .https_only(true);
    if let Some(address) = options.address {
        builder = builder.resolve("crates.io", address).no_proxy();
    }
    if let Some(der) = &options.root_certificate {
        let certificate = reqwest12::Certificate::from_der(der).map_err(|error| error.to_string())?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| error.to_string())
}

fn page_of(krate: Crate) -> (String, CratePage) {
    let page = CratePage {
        repository: krate.repository,
        homepage: krate.homepage,
        documentation: krate.documentation,
        downloads_recent: krate.recent_downloads,
    };
    (krate.name, page)
}

/// Writes beside the place and renames.
fn write(folder: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.persist(file)?;
    Ok(())
}

impl From<WirePage> for CratePage {
    fn from(page: WirePage) -> Self {
        let WirePage { repository, homepage, documentation, downloads_recent } = page;
        Self { repository, homepage, documentation, downloads_recent }
    }
}

impl From<CratePage> for WirePage {
    fn from(page: CratePage) -> Self {
        let CratePage { repository, homepage, documentation, downloads_recent } = page;
        Self { repository, homepage, documentation, downloads_recent }
    }
}

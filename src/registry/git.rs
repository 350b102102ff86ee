//! Sources that are git repositories: tags, and indexes of the git protocol.
//!
//! What git reads is handed in as functions, so that nothing here knows how; what it means is decided here.

use futures_util::future::BoxFuture;

use super::access::split_login;
use super::{Answer, Wanted, index, tags, unreadable};
use crate::model::{CrateKey, LookupFailure};

/// How the names of a repository's tags are read: given its URL.
pub type TagSource = Box<dyn Fn(String) -> BoxFuture<'static, Result<Vec<String>, LookupFailure>> + Send + Sync>;

/// How files of a git index are read: given its URL and paths in it, the files at the head of its default branch, in
/// the order of the paths; `None` for one that is not there.
pub type GitIndexSource =
    Box<dyn Fn(String, Vec<String>) -> BoxFuture<'static, Result<Vec<Option<Vec<u8>>>, LookupFailure>> + Send + Sync>;

/// The answers for crates whose releases are the tags of the repository at `url`.
pub(super) fn tag_answers(
    source: Option<&TagSource>,
    url: String,
    group: Vec<(CrateKey, Wanted)>,
) -> BoxFuture<'static, Vec<(CrateKey, Answer)>> {
    let Some(source) = source else { return not_read(&public(&url), "its tags are not read here", group) };
    let tags = source(url);
    Box::pin(async move {
        let tags = match tags.await {
            Ok(tags) => tags,
            Err(failure) => return failed(&failure, group),
        };
        let answer = |(key, wanted): (CrateKey, Wanted)| {
            let releases = tags::releases(&key.krate, &tags, wanted.floor.as_ref());
            (key, Ok(releases.into()))
        };
        group.into_iter().map(answer).collect()
    })
}

/// The answers for crates of the git index at `url`.
///
/// Format: the Cargo book, "Registry Index", "Git Protocol": the files are those of the sparse protocol.
pub(super) fn index_answers(
    source: Option<&GitIndexSource>,
    url: String,
    group: Vec<(CrateKey, Wanted)>,
) -> BoxFuture<'static, Vec<(CrateKey, Answer)>> {
    let source_name = group.first().map_or_else(|| public(&url), |(_, wanted)| wanted.access.source_name.clone());
    let Some(source) = source else {
        return not_read(&source_name, "it is a git index, and only sparse indexes are read here", group);
    };
    let files = source(url, group.iter().map(|(key, _)| index::path_of(&key.krate)).collect());
    Box::pin(async move {
        let files = match files.await {
            Ok(files) => files,
            Err(failure) => return failed(&failure, group),
        };
        let parsed =
            move || group.into_iter().zip(files.into_iter().chain(std::iter::repeat(None))).map(parsed).collect();
        // A lost task leaves its crates without an answer; the look-up then says so for each.
        tokio::task::spawn_blocking(parsed).await.unwrap_or_default()
    })
}

fn parsed(((key, wanted), file): ((CrateKey, Wanted), Option<Vec<u8>>)) -> (CrateKey, Answer) {
    let source_name = &wanted.access.source_name;
    let answer = match file {
        None => Err(LookupFailure::NotFound { source_name: source_name.clone() }),
        Some(file) => match index::parse(&key.krate, &file, wanted.floor.as_ref()) {
            Ok(releases) => Ok(releases.into()),
            Err(error) => Err(unreadable(source_name, error.to_string())),
        },
    };
    (key, answer)
}

fn not_read(
    source_name: &str,
    message: &str,
    group: Vec<(CrateKey, Wanted)>,
) -> BoxFuture<'static, Vec<(CrateKey, Answer)>> {
    Box::pin(std::future::ready(failed(&unreadable(source_name, message), group)))
}

pub(super) fn failed(failure: &LookupFailure, group: Vec<(CrateKey, Wanted)>) -> Vec<(CrateKey, Answer)> {
    group.into_iter().map(|(key, _)| (key, Err(failure.clone()))).collect()
}

fn public(url: &str) -> String {
    split_login(url).0
}

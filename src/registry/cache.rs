//! Index files kept on disk, each with what its server wants to see to say "not modified".
//!
//! A file is written beside its place and renamed, so that processes may share the folder. What cannot be read whole is
//! treated as absent. First line: format, length and checksum of the rest; second: the validator; then the body.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a server recognises an answer by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Validator {
    /// The `ETag` header, word for word.
    Etag(String),
    /// The `Last-Modified` header, word for word.
    LastModified(String),
    /// It named none: the answer can only be used without a network.
    None,
}

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cached {
    pub(super) validator: Validator,
    pub(super) body: Vec<u8>,
    /// When it was last known to be right, if the file system says so.
    pub(super) checked: Option<SystemTime>,
}

const FORMAT: &str = "depbot-index-1";

/// The folder of an index below `cache`: its host for people, and a hash of its whole URL.
pub(super) fn folder_of(cache: &Path, index_url: &str) -> PathBuf {
    let host = index_url.split_once("://").map_or(index_url, |(_, rest)| rest);
    let readable: String = host.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    cache.join(format!("{readable}-{:016x}", checksum(index_url.as_bytes())))
}

/// The answer kept in `file`, if there is one that can be read whole.
pub(super) fn read(file: &Path) -> Option<Cached> {
    let bytes = fs::read(file).ok()?;
    let (head, rest) = split_line(&bytes)?;
    if head != head_of(rest).as_bytes() {
        return None;
    }
    let (validator, body) = split_line(rest)?;
    let validator = match std::str::from_utf8(validator).ok()?.split_once(' ') {
        Some(("etag", value)) => Validator::Etag(value.to_owned()),
        Some(("last-modified", value)) => Validator::LastModified(value.to_owned()),
        Some(_) | None => Validator::None,
    };
    let checked = fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
    Some(Cached { validator, body: body.to_vec(), checked })
}

/// Keeps an answer in `file`.
pub(super) fn write(file: &Path, validator: &Validator, body: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut rest = match validator {
        Validator::Etag(value) => format!("etag {value}\n"),
        Validator::LastModified(value) => format!("last-modified {value}\n"),
        Validator::None => "none\n".to_owned(),
    }
    .into_bytes();
    rest.extend_from_slice(body);
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(format!("{}\n", head_of(&rest)).as_bytes())?;
    temporary.write_all(&rest)?;
    temporary.persist(file)?;
    Ok(())
}

fn head_of(rest: &[u8]) -> String {
    format!("{FORMAT} {} {:016x}", rest.len(), checksum(rest))
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// A checksum against torn and damaged files; nobody who can write here needs to be kept out by it.
fn checksum(bytes: &[u8]) -> u64 {
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let mut chunks = bytes.chunks_exact(8);
    let sum = chunks.by_ref().fold(bytes.len() as u64, |sum, chunk| {
        mix(sum, chunk.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)))
    });
    chunks.remainder().iter().fold(sum, |sum, byte| mix(sum, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_unless_it_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("se/rd/serde");
        for validator in [Validator::Etag("W/\"x y\"".into()), Validator::LastModified("then".into()), Validator::None]
        {
            write(&file, &validator, b"one\ntwo\n").expect("written");
            let kept = read(&file).map(|kept| (kept.validator, kept.body));
            assert_eq!(kept, Some((validator, b"one\ntwo\n".to_vec())));
        }
        let whole = fs::read(&file).expect("a file");
        for damaged in [&whole[..whole.len() - 1], &whole[..5], b"", &[&whole[..], b"x"].concat()] {
            fs::write(&file, damaged).expect("written");
            assert_eq!(read(&file), None);
        }
        assert_eq!(read(&folder.path().join("none")), None);
    }

    #[test]
    fn every_index_has_a_folder_of_its_own() {
        let folder = |url| folder_of(Path::new("/c"), url);
        assert_ne!(folder("https://a.example/x/"), folder("https://a.example/y/"));
        assert!(folder("https://a.example/x/").to_string_lossy().starts_with("/c/a.example-"));
    }
}

//! The only file that reads the clock, the environment and the current folder.

#![expect(clippy::disallowed_methods, reason = "this is their home")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

/// The moment: what the system says, or what `DEPBOT_NOW` (RFC 3339) says, for tests and for looking back.
pub(super) fn now() -> Timestamp {
    let fixed = std::env::var("DEPBOT_NOW").ok().and_then(|text| text.parse().ok());
    fixed.unwrap_or_else(Timestamp::now)
}

/// The moment at which the process is to kill itself, for tests: `DEPBOT_KILL_AT` (see `process::failpoint`).
pub(super) fn kill_at() -> Option<u64> {
    std::env::var("DEPBOT_KILL_AT").ok()?.parse().ok()
}

/// The whole environment, less what is not Unicode.
pub(super) fn environment() -> BTreeMap<String, String> {
    let unicode = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((key.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(unicode).collect()
}

/// Cargo's home folder: `CARGO_HOME`, or `.cargo` in the user's home.
pub(super) fn cargo_home() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").filter(|value| !value.is_empty()).map_or_else(home, PathBuf::from)
}

/// The folder that relative paths start from.
pub(super) fn current_folder() -> std::io::Result<PathBuf> {
    std::env::current_dir()
}

/// Whether the user asked for no colour (<https://no-color.org>).
pub(super) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

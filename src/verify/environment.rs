//! What a command gets to see of depbot's environment: allow-lists, never deny-lists.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Variables that every command gets, by name.
const SHARED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "CARGO_HOME",
    "CARGO_BUILD_JOBS",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_CHECK_REVOKE",
    "CARGO_HTTP_MULTIPLEXING",
    "CARGO_HTTP_TIMEOUT",
    "CARGO_REGISTRY_DEFAULT",
    "RUSTUP_HOME",
    "RUSTUP_AUTO_INSTALL",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NO_PROXY",
    "no_proxy",
    // Where compilers and native libraries are.
    "CC",
    "CXX",
    "AR",
    "PKG_CONFIG_PATH",
    "LIBCLANG_PATH",
    "OPENSSL_DIR",
    "OPENSSL_LIB_DIR",
    "OPENSSL_INCLUDE_DIR",
];

/// URLs that every command gets, unless there are credentials in them.
const SHARED_URLS: &[&str] =
    &["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "CARGO_HTTP_PROXY"];

/// Variables that only commands get which run no code of packages: they read registries and git repositories.
const RESOLVING: &[&str] = &[
    "SSH_AUTH_SOCK",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "XDG_CONFIG_HOME",
    "GH_TOKEN",
    "GITHUB_TOKEN",
];

/// Prefixes of such variables.
const RESOLVING_PREFIXES: &[&str] = &[
    "CARGO_RESOLVER_",
    "CARGO_REGISTRY_",
    "CARGO_REGISTRIES_",
    "CARGO_CREDENTIAL_ALIAS_",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
];

/// Set by rustup's proxies for what they start, so that a toolchain that they chose is told from one a person chose.
const RUSTUP_RECURSION: &str = "RUST_RECURSION_COUNT";

/// The environment of cargo while it resolves and downloads: with credentials, because it runs no code of packages.
pub(super) fn for_resolving(all: &BTreeMap<String, String>) -> BTreeMap<OsString, OsString> {
    select(all, |name, value| {
        is_shared(name, value)
            || SHARED_URLS.contains(&name)
            || RESOLVING.contains(&name)
            || RESOLVING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// The environment of whatever builds or tests: nothing that opens a door.
pub(super) fn for_untrusted(all: &BTreeMap<String, String>) -> BTreeMap<OsString, OsString> {
    select(all, is_shared)
}

fn select(all: &BTreeMap<String, String>, fits: impl Fn(&str, &str) -> bool) -> BTreeMap<OsString, OsString> {
    let by_person = !all.contains_key(RUSTUP_RECURSION);
    let chosen = |name: &str, value: &str| fits(name, value) || (by_person && name == "RUSTUP_TOOLCHAIN");
    let kept = all.iter().filter(|(name, value)| chosen(name, value));
    kept.map(|(name, value)| (name.into(), value.into())).collect()
}

fn is_shared(name: &str, value: &str) -> bool {
    let is_index = name.starts_with("CARGO_REGISTRIES_") && name.ends_with("_INDEX");
    SHARED.contains(&name)
        || name.starts_with("LC_")
        || name.starts_with("CARGO_NET_")
        || ((is_index || SHARED_URLS.contains(&name)) && !has_credentials(value))
}

/// Whether a URL, or what may stand for one (`user:password@host:port`), has a password or a token in it.
fn has_credentials(url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // `ssh://git@host` names a user as everybody does; elsewhere a lone user name can be a token.
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') || !scheme.ends_with("ssh"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_packages_sees_no_secret() {
        let check = |name: &str, value: &str, resolving: bool, untrusted: bool| {
            let all = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(for_resolving(&all).contains_key(&OsString::from(name)), resolving, "resolving: {name}={value}");
            assert_eq!(for_untrusted(&all).contains_key(&OsString::from(name)), untrusted, "untrusted: {name}={value}");
        };
        check("PATH", "/usr/bin", true, true);
        check("LC_ALL", "C.UTF-8", true, true);
        check("CARGO_NET_RETRY", "5", true, true);
        check("CARGO_REGISTRIES_ACME_INDEX", "sparse+https://crates.acme.dev/", true, true);
        check("CARGO_REGISTRIES_ACME_INDEX", "ssh://git@acme.dev/index", true, true);
        check("CARGO_REGISTRIES_ACME_INDEX", "https://u:p@acme.dev/index", true, false);
        check("CARGO_REGISTRIES_ACME_TOKEN", "t", true, false);
        check("CARGO_REGISTRIES_ACME_CREDENTIAL_PROVIDER", "cargo:token", true, false);
        check("CARGO_REGISTRY_TOKEN", "t", true, false);
        check("GITHUB_TOKEN", "t", true, false);
        check("SSH_AUTH_SOCK", "/run/agent", true, false);
        check("https_proxy", "http://proxy:3128", true, true);
        check("https_proxy", "http://me:secret@proxy:3128", true, false);
        check("https_proxy", "me:secret@proxy:3128", true, false);
        check("DEPBOT_GITHUB_TOKEN", "t", false, false);
        check("DEPBOT_JOB", "1", false, false);
        check("AWS_SECRET_ACCESS_KEY", "t", false, false);
        check("RUSTUP_TOOLCHAIN", "stable", true, true);
    }

    #[test]
    fn a_toolchain_that_rustup_chose_for_depbot_is_not_forced_on_others() {
        let variables = [("RUSTUP_TOOLCHAIN", "stable"), (RUSTUP_RECURSION, "1")];
        let all = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert!(for_untrusted(&all).is_empty());
    }
}

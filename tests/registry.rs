//! Looking crates up, through the real client against a real registry on loopback, which cargo itself can use as well.

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use depbot::model::{
    CrateKey, CrateName, LookupFailure, LookupSource, Registry as RegistryOfManifest, RegistryName, RepoPath,
};
use depbot::registry::{Access, CargoConfig, Environment, Query};
use support::lookup::{Client, above, cached_files, query, query_at, registry_with, versions, with_token};
use support::package::{Package, PackageDependency};
use support::registry::{Fault, TestRegistry};

#[tokio::test]
async fn a_crate_is_asked_for_once_whoever_wants_it() {
    let registry = registry_with(&[("serde", "0.9.0"), ("serde", "1.0.0"), ("serde", "1.1.0"), ("log", "0.4.0")]);
    let client = Client::new();
    let wanted = vec![
        above(query(&registry, "serde"), "1.1.0"),
        query(&registry, "log"),
        above(query(&registry, "serde"), "1.0.0"),
        query(&registry, "gone"),
    ];
    let releases = client.look_up(wanted).await;
    let found: Vec<_> = releases.values().map(|releases| releases.as_ref().ok().map(|found| versions(found))).collect();
    assert_eq!(found, [None, Some(vec!["0.4.0".into()]), Some(vec!["1.0.0".into(), "1.1.0".into()])]);
    let not_found = LookupFailure::NotFound { source_name: "the test registry".into() };
    assert_eq!(releases.values().next(), Some(&Err(not_found)));
    let requests: Vec<_> = registry.requests().into_iter().collect();
    let once = |path: &str| (format!("/index/{path}"), 1);
    assert_eq!(requests, [once("3/l/log"), once("go/ne/gone"), once("se/rd/serde")]);
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let registry = registry_with(&[("serde", "1.0.0"), ("log", "0.4.0")]);
    let client = Client::new();
    let both = || vec![query(&registry, "serde"), query(&registry, "log")];
    let cold = client.look_up(both()).await;
    let bytes = client.registry.traffic().bytes;
    let Client { cache, .. } = client;
    let client = Client::in_folder(cache, |_| {});
    assert_eq!(client.look_up(both()).await, cold);
    let traffic = client.registry.traffic();
    assert_eq!((traffic.requests, traffic.not_modified, traffic.bytes), (2, 2, 0));
    assert!(bytes > 0);
    registry.publish(Package::new("log", "0.4.1"));
    registry.yank("serde", "1.0.0");
    let fresh = client.look_up(both()).await;
    assert_ne!(fresh, cold);
    assert_eq!(client.versions(query(&registry, "log")).await.expect("releases"), ["0.4.0", "0.4.1"]);
}

#[tokio::test]
async fn a_broken_cache_file_is_ignored() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    let client = Client::new();
    client.versions(query(&registry, "serde")).await.expect("releases");
    let file = cached_files(client.cache.path()).pop().expect("a kept file");
    let whole = std::fs::read(&file).expect("a file");
    for broken in [&whole[..whole.len() - 3], b"", b"depbot-index-1 0 0\n"] {
        std::fs::write(&file, broken).expect("written");
        assert_eq!(client.versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0"]);
        assert_eq!(std::fs::read(&file).expect("a file"), whole, "it is whole again");
    }
    assert_eq!(client.registry.traffic().not_modified, 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_only_the_cache() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    let client = Client::with(|options| options.cache = "/dev/null/cache".into());
    assert_eq!(client.versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0"]);
}

#[tokio::test]
async fn offline_only_the_cache_is_read() {
    let registry = registry_with(&[("serde", "1.0.0"), ("log", "0.4.0")]);
    let client = Client::new();
    client.versions(query(&registry, "serde")).await.expect("releases");
    let client = Client::in_folder(client.cache, |options| options.offline = true);
    assert_eq!(client.versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0"]);
    assert_eq!(
        client.failure(query(&registry, "log")).await,
        "the test registry cannot be read: not asked before, and this run is offline"
    );
    assert_eq!(client.registry.traffic().requests, 0);
}

#[tokio::test]
async fn what_was_checked_lately_is_not_asked_for_where_that_is_wanted() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    let client = Client::new();
    client.versions(query(&registry, "serde")).await.expect("releases");
    let file = cached_files(client.cache.path()).pop().expect("a kept file");
    let checked = || std::fs::metadata(&file).and_then(|metadata| metadata.modified()).expect("a time");
    let since = checked();
    let client = Client::in_folder(client.cache, |options| options.fresh_since = Some(since));
    assert_eq!(client.versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0"]);
    assert_eq!(client.registry.traffic().requests, 0);
    let yesterday = since - Duration::from_secs(24 * 60 * 60);
    std::fs::File::options().append(true).open(&file).and_then(|file| file.set_modified(yesterday)).expect("a time");
    for not_modified in [1, 1] {
        assert_eq!(client.versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0"]);
        assert_eq!(client.registry.traffic().not_modified, not_modified, "asked once, then fresh again");
    }
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    for (fault, count) in
        [(Fault::Status(503), 3), (Fault::Status(500), 1), (Fault::RetryAfter(429, 0), 2), (Fault::Truncate, 2)]
    {
        let client = Client::new();
        registry.fail_next(count, "serde", fault.clone());
        registry.forget_requests();
        let found = client.versions(query(&registry, "serde")).await;
        assert_eq!(found.expect("releases"), ["1.0.0"], "{fault:?}");
        assert_eq!(registry.requests()["/index/se/rd/serde"], count + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    registry.fail_next(1, "serde", Fault::Hang);
    let client = Client::with(|options| options.timeout = Duration::from_millis(200));
    assert_eq!(client.versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0"]);
    assert!(registry.requests()["/index/se/rd/serde"] >= 2);
}

#[tokio::test]
async fn what_does_not_pass_is_said() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    for (fault, requests, message) in [
        (Fault::Status(503), 4, "the server answers 503 Service Unavailable"),
        (Fault::RetryAfter(503, 3600), 1, "the server answers 503 Service Unavailable"),
        (Fault::Status(403), 1, "the server answers 403 Forbidden"),
        (Fault::Garbage, 1, "its answer is not an index file"),
        (Fault::Status(401), 1, "it wants a token, and none is configured"),
        (Fault::Redirect("http://127.0.0.1:1/index/".into()), 4, "error sending request"),
    ] {
        let client = Client::new();
        registry.heal();
        registry.fail_always("serde", fault.clone());
        registry.forget_requests();
        let words = client.failure(query(&registry, "serde")).await;
        assert!(words.starts_with(&format!("the test registry cannot be read: {message}")), "{words}");
        assert_eq!(registry.requests()["/index/se/rd/serde"], requests, "{fault:?}");
        registry.heal();
        assert_eq!(
            client.versions(query(&registry, "serde")).await.expect("releases"),
            ["1.0.0"],
            "nothing bad is kept"
        );
    }
    for status in [404, 410, 451] {
        registry.fail_next(1, "serde", Fault::Status(status));
        let failure = Client::new().versions(query(&registry, "serde")).await.expect_err("a failure");
        assert!(matches!(failure, LookupFailure::NotFound { .. }), "{status}");
    }
}

#[tokio::test]
async fn a_dead_registry_fails_only_its_own_crates_and_soon() {
    let alive = registry_with(&[("serde", "1.0.0")]);
    let dead = TestRegistry::start();
    dead.fail_always("", Fault::Status(502));
    let client = Client::with(|options| options.concurrency = 8);
    let mut queries: Vec<Query> = (0..700).map(|number| query(&dead, &format!("crate-{number}"))).collect();
    queries.push(query(&alive, "serde"));
    let mut releases = client.look_up(queries).await;
    assert_eq!(releases.len(), 701);
    let alive = releases.remove(&query(&alive, "serde").key).expect("an answer");
    assert_eq!(versions(&alive.expect("releases")), ["1.0.0"]);
    let expect = Err(LookupFailure::Unreadable {
        source_name: "the test registry".into(),
        message: "the server answers 502 Bad Gateway".into(),
    });
    assert!(releases.values().all(|answer| *answer == expect));
    assert!(dead.requests().values().sum::<usize>() <= 4 * 10, "{:?}", dead.requests());
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_named() {
    let index = {
        let gone = TestRegistry::start();
        gone.index_url()
    };
    let words = Client::new().failure(query_at(&index, "serde")).await;
    assert!(words.starts_with("the test registry cannot be read: error sending request: "), "{words}");
    assert!(words.to_lowercase().contains("connection refused"), "{words}");
}

#[tokio::test]
async fn a_token_is_sent_where_it_is_wanted() {
    let check = async |prepare: fn(&TestRegistry), token: Option<&str>, expect: Result<&str, &str>, sent: usize| {
        let registry = registry_with(&[("serde", "1.0.0")]);
        prepare(&registry);
        let query = query(&registry, "serde");
        let query = if let Some(token) = token { with_token(query, token) } else { query };
        match (Client::new().versions(query).await, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, [expect]),
            (Err(failure), Err(expect)) => {
                assert_eq!(failure.to_string(), format!("the test registry cannot be read: {expect}"));
            }
            (found, _) => panic!("{found:?}"),
        }
        let tokens = registry.authorizations().into_iter().filter(|(_, token)| token.is_some()).count();
        assert_eq!(tokens, sent);
    };
    check(|_| {}, Some("hunter2"), Ok("1.0.0"), 0).await;
    check(|registry| registry.require_token("hunter2"), Some("hunter2"), Ok("1.0.0"), 1).await;
    check(|registry| registry.require_token_silently("hunter2"), Some("hunter2"), Ok("1.0.0"), 1).await;
    check(|registry| registry.require_token("hunter2"), None, Err("it wants a token, and none is configured"), 0).await;
    check(|registry| registry.require_token("hunter2"), Some("wrong"), Err("it refuses the configured token"), 1).await;
    check(|registry| registry.require_token("x"), Some("a\nb"), Err("its token has characters that cannot be sent"), 0)
        .await;
}

#[tokio::test]
async fn a_token_never_reaches_another_host() {
    let other = registry_with(&[("serde", "1.0.0")]);
    let registry = registry_with(&[]);
    registry.require_token("hunter2");
    registry.fail_always("serde", Fault::Redirect(format!("{}/index/", other.url())));
    let found = Client::new().versions(with_token(query(&registry, "serde"), "hunter2")).await;
    assert_eq!(found.expect("releases"), ["1.0.0"], "a signed URL elsewhere needs no token");
    assert!(registry.authorizations().contains(&("/index/se/rd/serde".into(), Some("hunter2".into()))));
    assert_eq!(other.authorizations(), [("/index/se/rd/serde".into(), None)]);
}

#[tokio::test]
async fn lines_of_a_newer_format_are_left_out() {
    let registry = registry_with(&[("serde", "1.0.0")]);
    registry.publish(Package::new("serde", "2.0.0").format(3));
    registry.publish_line("serde", serde_json::json!({ "name": "serde", "vers": "not a version" }));
    registry.publish_line("serde", serde_json::json!({ "name": "serde", "vers": "1.1.0", "news": { "x": [] } }));
    assert_eq!(Client::new().versions(query(&registry, "serde")).await.expect("releases"), ["1.0.0", "1.1.0"]);
}

#[tokio::test]
async fn a_git_index_is_read_where_somebody_can_read_git() {
    let index = "https://git.example/index";
    assert_eq!(
        Client::new().failure(query_at(index, "serde")).await,
        "the test registry cannot be read: it is a git index, and only sparse indexes are read here"
    );
    let client = Client::new();
    let registry = client.registry.with_git_indexes(Box::new(|url, paths| {
        assert_eq!((url.as_str(), paths), ("https://git.example/index", vec!["3/l/log".into(), "se/rd/serde".into()]));
        let file = br#"{"name": "serde", "vers": "1.0.0"}"#.to_vec();
        Box::pin(async { Ok(vec![None, Some(file)]) })
    }));
    let releases = registry.look_up(vec![query_at(index, "serde"), query_at(index, "log")]).await;
    let found: Vec<_> = releases.values().map(|releases| releases.as_ref().map(|found| versions(found))).collect();
    let not_found = LookupFailure::NotFound { source_name: "the test registry".into() };
    assert_eq!(found, [Err(&not_found), Ok(vec!["1.0.0".into()])]);
}

#[tokio::test]
async fn tags_are_read_once_for_all_crates_of_a_repository() {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = asked.clone();
    let client = Client::new();
    let registry = client.registry.with_tags(Box::new(move |url| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(url, "https://git.example/acme");
        Box::pin(async { Ok(vec!["core-v1.0.0".to_owned(), "v0.3.0".to_owned()]) })
    }));
    let query = |krate: &str| {
        let source = LookupSource::GitTags("https://git.example/acme".into());
        let key = CrateKey { source, krate: CrateName::new(krate).expect("a valid name") };
        Query { key, floor: None, access: Arc::new(Access::anonymous("acme")) }
    };
    let releases = registry.look_up(vec![query("core"), query("other")]).await;
    let tags: Vec<_> =
        releases.values().flatten().flat_map(|found| found.iter()).map(|found| found.tag.clone()).collect();
    assert_eq!(tags, [Some("core-v1.0.0".into()), Some("v0.3.0".into())]);
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
}

/// A package that cargo works on, with a `$CARGO_HOME` of its own.
struct Workplace {
    folder: tempfile::TempDir,
}

impl Workplace {
    fn new(config: &str, manifest: &str, main: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().expect("a folder") };
        place.write("home/config.toml", config);
        place.write("package/Cargo.toml", manifest);
        place.write("package/src/main.rs", main);
        place
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    fn lock(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("package/Cargo.lock")).expect("a lock")
    }

    /// Runs cargo; its output if it succeeds.
    #[expect(clippy::disallowed_methods, reason = "the test is about what cargo itself does")]
    fn cargo(&self, arguments: &[&str], token: Option<&str>) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).current_dir(self.folder.path().join("package"));
        command.env("CARGO_HOME", self.folder.path().join("home")).env_remove("CARGO_TARGET_DIR");
        if let Some(token) = token {
            command.env("CARGO_REGISTRIES_TEST_TOKEN", token);
        }
        let output = command.output().expect("cargo runs");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(text) } else { Err(text) }
    }
}

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n";

#[test]
fn cargo_builds_and_updates_from_it() {
    let registry = registry_with(&[]);
    registry.publish(Package::new("leaf", "1.0.0").lib("pub const NUMBER: u32 = 1;"));
    registry.publish(
        Package::new("top", "1.0.0")
            .dependency(PackageDependency::new("leaf", "1").renamed("leaf1").optional())
            .dependency(PackageDependency::new("leaf", "1").dev())
            .feature("numbers", &["dep:leaf1"])
            .links("top")
            .rust_version("1.60")
            .lib("pub fn number() -> u32 { leaf1::NUMBER }"),
    );
    registry.publish(Package::new("top", "1.9.0").format(3));
    let manifest = format!("{MANIFEST}top = {{ version = \"1\", features = [\"numbers\"] }}\n");
    let place = Workplace::new(&registry.cargo_config(), &manifest, "fn main() { assert_eq!(top::number(), 1); }");
    place.cargo(&["run", "--quiet"], None).expect("it builds");
    registry.publish(Package::new("leaf", "1.1.0"));
    registry.publish(Package::new("leaf", "1.2.0"));
    registry.yank("leaf", "1.2.0");
    place.cargo(&["update"], None).expect("it updates");
    assert!(place.lock().contains("name = \"leaf\"\nversion = \"1.1.0\""), "{}", place.lock());
}

#[tokio::test]
async fn cargo_publishes_to_it_with_a_token_and_depbot_finds_it_as_cargo_is_configured() {
    let registry = registry_with(&[]);
    registry.require_token("hunter2");
    registry.publish(Package::new("leaf", "1.0.0"));
    let config = registry.named_cargo_config("test");
    let manifest = MANIFEST.replace("edition", "description = \"x\"\nlicense = \"MIT\"\nedition")
        + "l = { package = \"leaf\", version = \"1\", registry = \"test\" }\n";
    let place = Workplace::new(&config, &manifest, "fn main() {}");
    let publish = ["publish", "--registry", "test", "--no-verify"];
    place.cargo(&publish, Some("wrong")).expect_err("the token is refused");
    place.cargo(&publish, Some("hunter2")).expect("it publishes");

    let vars = BTreeMap::from([("CARGO_REGISTRIES_TEST_TOKEN".to_owned(), "hunter2".to_owned())]);
    let environment = Environment { vars, cargo_home: place.folder.path().join("home") };
    let config = CargoConfig::read(&BTreeMap::new(), &RepoPath::root(), &[], &environment).expect("a configuration");
    let named = RegistryOfManifest::Named(RegistryName::new("test").expect("a valid name"));
    let (source, access) = config.index_of(&named, &BTreeMap::new()).expect("an index");
    let key = CrateKey { source, krate: CrateName::new("app").expect("a valid name") };
    let releases = Client::new().look_up(vec![Query { key: key.clone(), floor: None, access }]).await;
    let releases = releases[&key].clone().expect("releases");
    assert_eq!(versions(&releases), ["0.1.0"]);
    assert_eq!(releases[0].dependencies[0].krate.as_str(), "leaf");
    place.cargo(&["yank", "--registry", "test", "--version", "0.1.0", "app"], Some("hunter2")).expect("it yanks");
    let again = query(&registry, "app");
    let releases = Client::new().look_up(vec![with_token(again.clone(), "hunter2")]).await;
    assert!(releases[&again.key].as_ref().expect("releases")[0].yanked);
}

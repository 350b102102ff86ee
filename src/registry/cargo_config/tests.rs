//! What cargo's configuration says, as tables of cases.

use super::*;

struct World {
    files: BTreeMap<RepoPath, Vec<u8>>,
    home: tempfile::TempDir,
    vars: BTreeMap<String, String>,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let path = |text: &str| RepoPath::new(text).expect("a valid path");
        let files = files.iter().map(|(file, text)| (path(file), text.as_bytes().to_vec())).collect();
        Self { files, home: tempfile::tempdir().expect("a folder"), vars: BTreeMap::new() }
    }

    fn home_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.home.path().join(name), text).expect("written");
        self
    }

    fn var(mut self, key: &str, value: &str) -> Self {
        self.vars.insert(key.to_owned(), value.to_owned());
        self
    }

    fn read(&self, folder: &str) -> Result<CargoConfig, CargoConfigError> {
        let environment = Environment { vars: self.vars.clone(), cargo_home: self.home.path().to_owned() };
        CargoConfig::read(&self.files, &RepoPath::new(folder).expect("a valid path"), &[], &environment)
    }

    /// The index of a registry as seen from the folder `a/b`, with its token and login.
    fn index(&self, registry: &str) -> Result<(String, Option<String>, Access), Rejection> {
        let registry = match registry {
            "" => Registry::CratesIo,
            url if url.contains("://") => Registry::Index(url.to_owned()),
            name => Registry::Named(RegistryName::new(name).expect("a valid name")),
        };
        let extra = BTreeMap::from([(
            RegistryName::new("extra").expect("a valid name"),
            "sparse+https://extra.example".into(),
        )]);
        let (source, access) = self.read("a/b").expect("a configuration").index_of(&registry, &extra)?;
        let LookupSource::Index(url) = source else { panic!("an index") };
        Ok((url, access.token.as_ref().map(|token| token.reveal().to_owned()), (*access).clone()))
    }

    fn url(&self, registry: &str) -> String {
        self.index(registry).map_or_else(|rejection| rejection.to_string(), |(url, _, _)| url)
    }

    fn token(&self, registry: &str) -> Option<String> {
        self.index(registry).expect("an index").1
    }
}

const ACME: &str = "[registries.acme]\nindex = 'sparse+https://acme.example/i'\n";

#[test]
fn crates_io_is_asked_where_nothing_is_configured() {
    let world = World::new(&[]);
    assert_eq!(world.url(""), "sparse+https://index.crates.io/");
    assert_eq!(world.url("https://github.com/rust-lang/crates.io-index"), "sparse+https://index.crates.io/");
    assert_eq!(world.index("").expect("an index").2.source_name, "crates.io");
    assert_eq!(world.url("nobody"), "the registry \"nobody\" is not configured");
    assert_eq!(world.url("crates-io"), "sparse+https://index.crates.io/");
    assert_eq!(world.url("extra"), "sparse+https://extra.example/");
}

#[test]
fn the_nearest_file_wins_and_the_environment_wins_over_all() {
    let far = "[registries]\nacme.index = 'sparse+https://far.example/'\nother.index = 'sparse+https://other.example/'";
    let near = "[registries]\nacme.index = 'sparse+https://near.example/'";
    let world =
        World::new(&[(".cargo/config.toml", far), ("a/.cargo/config.toml", near), ("c/.cargo/config.toml", "x = 1")])
            .home_file(
                "config.toml",
                "[registries]\nother.index = 'sparse+https://home.example/'\nhome.index = 'sparse+https://h.example/'",
            );
    assert_eq!(world.url("acme"), "sparse+https://near.example/");
    assert_eq!(world.url("other"), "sparse+https://other.example/");
    assert_eq!(world.url("home"), "sparse+https://h.example/");
    let world = world
        .var("CARGO_REGISTRIES_ACME_INDEX", "sparse+https://env.example/")
        .var("CARGO_REGISTRIES_MY_REG_INDEX", "sparse+https://my.example/");
    assert_eq!(world.url("acme"), "sparse+https://env.example/");
    assert_eq!(world.url("my-reg"), "sparse+https://my.example/");
}

#[test]
fn the_file_without_toml_wins() {
    let world = World::new(&[
        ("a/.cargo/config.toml", "[registries]\nacme.index = 'sparse+https://one.example/'"),
        ("a/.cargo/config", "[registries]\nacme.index = 'sparse+https://two.example/'"),
    ]);
    assert_eq!(world.url("acme"), "sparse+https://two.example/");
}

#[test]
fn included_files_count_less_than_the_file_that_includes_them() {
    let index = |name: &str, at: &str| format!("[registries]\n{name}.index = 'sparse+https://{at}.example/'\n");
    let main = format!(
        "include = ['one.toml', {{ path = '../two.toml' }}, 'gone.toml', '../../../x', '/x']\n{}",
        index("a", "main")
    );
    let one = index("a", "one") + "b.index = 'sparse+https://one.example/'\nc.index = 'sparse+https://one.example/'";
    let world = World::new(&[
        ("a/.cargo/config.toml", main.as_str()),
        ("a/.cargo/one.toml", one.as_str()),
        ("a/two.toml", index("b", "two").as_str()),
    ])
    .home_file("config.toml", "include = 'more.toml'")
    .home_file("more.toml", &index("d", "home"));
    for (name, at) in [("a", "main"), ("b", "two"), ("c", "one"), ("d", "home")] {
        assert_eq!(world.url(name), format!("sparse+https://{at}.example/"), "{name}");
    }
    let circle =
        World::new(&[(".cargo/config.toml", "include = 'x.toml'"), (".cargo/x.toml", "include = 'config.toml'")]);
    let error = circle.read("").err().expect("an error").to_string();
    assert_eq!(error, ".cargo/config.toml:1: it includes itself");
}

#[test]
fn replaced_sources_are_followed() {
    let check = |config: &str, registry: &str, expect: &str| {
        assert_eq!(World::new(&[(".cargo/config.toml", config)]).url(registry), expect, "{config}");
    };
    let mirror = "[source.crates-io]\nreplace-with = 'm'\n[source.m]\nregistry = 'sparse+https://m.example/i/'";
    check(mirror, "", "sparse+https://m.example/i/");
    check(mirror, "https://github.com/rust-lang/crates.io-index.git", "sparse+https://m.example/i/");
    check(&format!("{ACME}[source.crates-io]\nreplace-with = 'acme'"), "", "sparse+https://acme.example/i/");
    check(
        &[
            ACME,
            "[source.x]\nregistry = 'sparse+https://acme.example/i/'\nreplace-with = 'y'\n",
            "[source.y]\nregistry = 'https://git.example/y'",
        ]
        .concat(),
        "acme",
        "https://git.example/y",
    );
    check(
        "[source.crates-io]\nreplace-with = 'a'\n[source.a]\nreplace-with = 'crates-io'",
        "",
        "crates.io cannot be read: its replacements go round in a circle at the source \"crates-io\"",
    );
    check(
        "[source.crates-io]\nreplace-with = 'v'\n[source.v]\ndirectory = 'vendor'",
        "",
        "crates.io cannot be read: it is vendored in \"vendor\", which offers no releases",
    );
    check(
        "[source.crates-io]\nreplace-with = 'v'\n[source.v]\nlocal-registry = 'l'",
        "",
        "crates.io cannot be read: it is replaced with the local registry \"l\", which offers no releases",
    );
    check(
        "[source.crates-io]\nreplace-with = 'gone'",
        "",
        "crates.io cannot be read: it is replaced with the source \"gone\", which is not configured",
    );
}

#[test]
fn tokens_are_found_where_cargo_finds_them() {
    let check = |world: World, expect: Option<&str>| assert_eq!(world.token("acme").as_deref(), expect);
    let world = || World::new(&[(".cargo/config.toml", ACME)]);
    check(world(), None);
    check(world().home_file("config.toml", "[registries.acme]\ntoken = 'config'"), Some("config"));
    check(world().home_file("credentials.toml", "[registries.acme]\ntoken = 'file'"), Some("file"));
    check(world().home_file("credentials", "[registries.acme]\ntoken = 'legacy'"), Some("legacy"));
    check(
        world()
            .home_file("credentials.toml", "[registries.acme]\ntoken = 'file'")
            .var("CARGO_REGISTRIES_ACME_TOKEN", "env"),
        Some("env"),
    );
    check(world().home_file("credentials.toml", "[registry]\ntoken = 'crates.io'"), None);
}

#[test]
fn a_token_belongs_to_the_index_and_not_to_a_name() {
    let token = "CARGO_REGISTRIES_ACME_TOKEN";
    let stolen = World::new(&[(".cargo/config.toml", "[registries.acme]\nindex = 'sparse+https://evil.example/'")]);
    let stolen = stolen.var(token, "secret").home_file("config.toml", ACME);
    assert_eq!(stolen.token("acme"), None, "$CARGO_HOME says where acme is");
    let by_url = World::new(&[]).var(token, "secret").home_file("config.toml", ACME);
    assert_eq!(by_url.token("sparse+https://acme.example/i/").as_deref(), Some("secret"));
    assert_eq!(by_url.token("sparse+https://acme.example/other/"), None);
    let extra = World::new(&[]).var("CARGO_REGISTRIES_EXTRA_TOKEN", "secret");
    assert_eq!(extra.token("extra").as_deref(), Some("secret"));
    assert_eq!(extra.var("CARGO_REGISTRY_TOKEN", "publish").token(""), None);
}

#[test]
fn a_login_leaves_the_url() {
    let config = "[registries.acme]\nindex = 'sparse+https://bob:hunter2@acme.example/i/'";
    let (url, _, access) = World::new(&[(".cargo/config.toml", config)]).index("acme").expect("an index");
    assert_eq!(
        (url.as_str(), access.source_name.as_str()),
        ("sparse+https://acme.example/i/", "https://acme.example/i/")
    );
    assert_eq!(access.login.as_ref().map(|login| login.user.as_str()), Some("bob"));
    assert!(!format!("{access:?}").contains("hunter2"));
}

#[test]
fn a_broken_file_is_named_with_its_line_and_without_its_text() {
    let world = World::new(&[(".cargo/config.toml", "[registries.acme]\ntoken = secret-text")]);
    let error = world.read("a").err().expect("an error").to_string();
    assert!(error.starts_with(".cargo/config.toml:2: "), "{error}");
    assert!(!error.contains("secret-text"), "{error}");
}

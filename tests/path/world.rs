//! A sealed world: registries on loopback, a Cargo home that uses them, a tree, the real binary, and what it comes to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::catalogue;
use crate::support::registry::TestRegistry;

/// The registries that all cases read: the one in the place of crates.io, and a private one.
pub struct Registries {
    pub public: TestRegistry,
    pub private: TestRegistry,
}

/// What the private registry wants to see.
pub const TOKEN: &str = "Bearer secret-of-acme";

/// The registries; they live as long as the tests.
pub fn registries() -> &'static Registries {
    static REGISTRIES: OnceLock<Registries> = OnceLock::new();
    REGISTRIES.get_or_init(catalogue::open)
}

/// A manifest of a package `app` with this text after its `[package]`.
pub fn app(rest: &str) -> String {
    named("app", rest)
}

/// A manifest of a package of this name with this text after its `[package]`.
pub fn named(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
}

/// One tree, what is run on it, and what must come of it.
pub struct Case {
    name: String,
    files: BTreeMap<String, Vec<u8>>,
    expected: BTreeMap<String, Vec<u8>>,
    changing: Vec<String>,
    locked: Vec<(String, String)>,
    said: Vec<String>,
    not_said: Vec<String>,
    arguments: Vec<String>,
    folder: String,
    code: i32,
    /// Folders in which cargo must resolve afterwards.
    workspaces: Vec<String>,
    prepare: Option<fn(&Path)>,
    examine: Option<fn(&Path)>,
}

impl Case {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            files: BTreeMap::new(),
            expected: BTreeMap::new(),
            changing: Vec::new(),
            locked: Vec::new(),
            said: Vec::new(),
            not_said: Vec::new(),
            arguments: Vec::new(),
            folder: String::new(),
            code: 0,
            workspaces: vec![String::new()],
            prepare: None,
            examine: None,
        }
    }

    /// A package `app` whose manifest goes from `before` to `after` below its `[package]`.
    pub fn app(name: &str, before: &str, after: &str) -> Self {
        Self::new(name).becomes("Cargo.toml", app(before), app(after)).file("src/lib.rs", "")
    }

    /// A package `app` whose manifest stays.
    pub fn stays(name: &str, text: &str) -> Self {
        Self::app(name, text, text)
    }

    /// A file that must not change.
    pub fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.to_owned(), text.as_ref().to_vec());
        self
    }

    /// A file that must change.
    pub fn becomes(mut self, path: &str, before: impl AsRef<[u8]>, after: impl AsRef<[u8]>) -> Self {
        self.expected.insert(path.to_owned(), after.as_ref().to_vec());
        self.file(path, before)
    }

    /// A member `path` whose manifest goes from `before` to `after` below its `[package]`.
    pub fn member(self, path: &str, before: &str, after: &str) -> Self {
        let name = path.rsplit('/').next().unwrap();
        self.becomes(&format!("{path}/Cargo.toml"), named(name, before), named(name, after))
            .file(&format!("{path}/src/lib.rs"), "")
    }

    /// A lock at the root: for each package its name, version and dependencies. It must hold `locked` afterwards.
    pub fn lock(self, packages: &[(&str, &str, &[&str])]) -> Self {
        self.lock_at("Cargo.lock", packages)
    }

    /// The same, at another path.
    pub fn lock_at(mut self, path: &str, packages: &[(&str, &str, &[&str])]) -> Self {
        self.files.insert(path.to_owned(), catalogue::lock(4, packages).into_bytes());
        self
    }

    /// A lock at the root that must stay as it is.
    pub fn keeps_lock(self, packages: &[(&str, &str, &[&str])]) -> Self {
        let lock = catalogue::lock(4, packages);
        self.becomes("Cargo.lock", &lock, &lock)
    }

    /// The lock at the root must hold this package at this version afterwards, and at no other unless named too.
    pub fn locks(mut self, name: &str, version: &str) -> Self {
        self.locked.push((name.to_owned(), version.to_owned()));
        self
    }

    /// Standard output or error has these words.
    pub fn says(mut self, words: &str) -> Self {
        self.said.push(words.to_owned());
        self
    }

    pub fn never_says(mut self, words: &str) -> Self {
        self.not_said.push(words.to_owned());
        self
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// The folder of the tree that is named on the command line.
    pub fn at(mut self, folder: &str) -> Self {
        self.folder = folder.to_owned();
        self
    }

    pub fn exits(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Cargo must resolve in these folders afterwards; by default at the root.
    pub fn resolves_in(mut self, folders: &[&str]) -> Self {
        self.workspaces = folders.iter().map(ToString::to_string).collect();
        self
    }

    /// A file that must change, looked at afterwards.
    pub fn changes(mut self, path: &str, examine: fn(&Path)) -> Self {
        self.changing.push(path.to_owned());
        self.examined(examine)
    }

    /// Done to the tree before.
    pub fn prepared(mut self, prepare: fn(&Path)) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// Looked at in the tree afterwards.
    pub fn examined(mut self, examine: fn(&Path)) -> Self {
        self.examine = Some(examine);
        self
    }

    /// What is wrong with what came of it.
    fn problems(&self) -> Vec<String> {
        let world = World::new();
        for (path, bytes) in &self.files {
            world.write(path, bytes);
        }
        if let Some(prepare) = self.prepare {
            prepare(&world.tree);
        }
        let before = snapshot(&world.tree);
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let output = world.depbot(&self.folder, &arguments);
        let words = said(&output);
        let mut problems = Vec::new();
        if output.status.code() != Some(self.code) {
            problems.push(format!("exit code {:?}, not {}", output.status.code(), self.code));
        }
        problems.extend(self.said.iter().filter(|it| !words.contains(*it)).map(|it| format!("does not say {it:?}")));
        problems.extend(self.not_said.iter().filter(|it| words.contains(*it)).map(|it| format!("says {it:?}")));
        self.compare_files(&before, &snapshot(&world.tree), &mut problems);
        self.compare_lock(&world, &mut problems);
        for folder in &self.workspaces {
            let resolved = world.resolve(folder);
            if !resolved.status.success() {
                problems.push(format!("cargo does not resolve in {folder:?}: {}", said(&resolved)));
            }
        }
        if let Some(examine) = self.examine {
            examine(&world.tree);
        }
        if !problems.is_empty() {
            problems.push(format!("it said:\n{words}"));
        }
        problems
    }

    fn compare_files(&self, before: &Snapshot, after: &Snapshot, problems: &mut Vec<String>) {
        for (path, (bytes, mode)) in after {
            let Some((old, old_mode)) = before.get(path) else {
                problems.push(format!("{path} is new"));
                continue;
            };
            if mode != old_mode {
                problems.push(format!("{path} has mode {mode:o}, not {old_mode:o}"));
            }
            let is_lock = path.ends_with("Cargo.lock") || self.changing.contains(path);
            let expected = self.expected.get(path).unwrap_or(old);
            if bytes != expected && (!is_lock || self.expected.contains_key(path)) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                problems.push(format!("{path} is\n{:?}\nnot\n{:?}", text(bytes), text(expected)));
            }
        }
        problems.extend(before.keys().filter(|path| !after.contains_key(*path)).map(|path| format!("{path} is gone")));
    }

    fn compare_lock(&self, world: &World, problems: &mut Vec<String>) {
        if self.locked.is_empty() {
            return;
        }
        let lock = fs::read_to_string(world.tree.join("Cargo.lock")).unwrap_or_default();
        for (name, _) in &self.locked {
            let wanted: Vec<&str> =
                self.locked.iter().filter(|(other, _)| other == name).map(|(_, version)| version.as_str()).collect();
            let found = catalogue::locked(&lock, name);
            if found != wanted {
                problems.push(format!("the lock has {name} at {found:?}, not {wanted:?}"));
            }
        }
    }
}

/// Runs cases, and fails with everything that is wrong with any of them.
pub fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in &cases {
        let problems = case.problems();
        if !problems.is_empty() {
            wrong.push(format!("── {} ──\n{}", case.name, problems.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

/// The files of a tree, with their permissions.
type Snapshot = BTreeMap<String, (Vec<u8>, u32)>;

fn snapshot(folder: &Path) -> Snapshot {
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Snapshot) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if metadata.is_dir() {
            collect(root, &path, files);
        } else if metadata.is_symlink() {
            files.insert(format!("{name} → {}", fs::read_link(&path).unwrap().display()), Default::default());
        } else {
            files.insert(name, (fs::read(&path).unwrap(), metadata.permissions().mode()));
        }
    }
}

/// Everything that is said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A tree with a Cargo home of its own.
pub struct World {
    _folder: TempDir,
    pub tree: PathBuf,
    home: PathBuf,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("path-").tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let (home, tree) = (root.join("home"), root.join("around/tree"));
        fs::create_dir_all(home.join("cargo")).unwrap();
        fs::create_dir_all(&tree).unwrap();
        let Registries { public, private } = registries();
        let config = format!("{}\n{}", public.cargo_config(), private.named_cargo_config("acme"));
        fs::write(home.join("cargo/config.toml"), config).unwrap();
        Self { _folder: folder, tree, home }
    }

    /// Writes a file of the tree; `../` leads out of it.
    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.tree.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// `depbot upgrade --path … --no-verify` in a folder of the tree.
    pub fn depbot(&self, folder: &str, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_depbot"))
            .args(["upgrade", "--no-verify", "--path"])
            .arg(self.tree.join(folder))
            .args(arguments)
            .current_dir(&self.home)
            .output()
            .unwrap()
    }

    /// Whether cargo resolves: as locked where there is a lock.
    pub fn resolve(&self, folder: &str) -> Output {
        let folder = self.tree.join(folder);
        let mut command = self.command("cargo");
        command.args(["metadata", "--format-version", "1", "--all-features"]).current_dir(&folder);
        if folder.join("Cargo.lock").exists() {
            command.arg("--locked");
        }
        command.output().unwrap()
    }

    /// A program in a cleared environment. The toolchain's own programs are used, without rustup's proxies.
    pub fn command(&self, program: &str) -> Command {
        let toolchain = Path::new(env!("CARGO")).parent().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the real programs are what is tested")]
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", toolchain.display()))
            .env("HOME", &self.home)
            .env("CARGO_HOME", self.home.join("cargo"))
            .env("CARGO_REGISTRIES_ACME_TOKEN", TOKEN)
            .env("CARGO_TERM_COLOR", "never");
        command
    }
}

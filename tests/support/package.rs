//! A package as a registry has it: its index line and its `.crate` file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A package to publish. Without files it is an empty library.
#[derive(Clone, Debug)]
pub struct Package {
    pub name: String,
    pub version: String,
    dependencies: Vec<PackageDependency>,
    features: BTreeMap<String, Vec<String>>,
    rust_version: Option<String>,
    links: Option<String>,
    published: Option<String>,
    proc_macro: bool,
    files: BTreeMap<String, String>,
    format: u32,
}

/// What a package depends on; `PackageDependency::new("b", "1")` and then what is special about it.
#[derive(Clone, Debug)]
pub struct PackageDependency {
    key: String,
    package: Option<String>,
    requirement: String,
    kind: &'static str,
    optional: bool,
    target: Option<String>,
    features: Vec<String>,
    default_features: bool,
    registry: Option<String>,
}

impl Package {
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            dependencies: Vec::new(),
            features: BTreeMap::new(),
            rust_version: None,
            links: None,
            published: Some("2020-01-01T00:00:00Z".to_owned()),
            proc_macro: false,
            files: BTreeMap::from([("src/lib.rs".to_owned(), String::new())]),
            format: 1,
        }
    }

    /// A normal dependency.
    pub fn dep(self, name: &str, requirement: &str) -> Self {
        self.dependency(PackageDependency::new(name, requirement))
    }

    pub fn dependency(mut self, dependency: PackageDependency) -> Self {
        self.dependencies.push(dependency);
        self
    }

    pub fn feature(mut self, name: &str, values: &[&str]) -> Self {
        self.features.insert(name.to_owned(), values.iter().map(ToString::to_string).collect());
        self
    }

    pub fn rust_version(mut self, rust_version: &str) -> Self {
        self.rust_version = Some(rust_version.to_owned());
        self
    }

    /// The native library it links; it then has a build script.
    pub fn links(mut self, library: &str) -> Self {
        self.links = Some(library.to_owned());
        self.file("build.rs", "fn main() {}\n")
    }

    /// When it was published, as `2020-01-01T00:00:00Z` (the default); `None` for a registry that does not say.
    pub fn published<'a>(mut self, time: impl Into<Option<&'a str>>) -> Self {
        self.published = time.into().map(str::to_owned);
        self
    }

    pub fn proc_macro(mut self) -> Self {
        self.proc_macro = true;
        self
    }

    /// A file of it, `src/lib.rs` for example.
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The text of `src/lib.rs`.
    pub fn lib(self, text: &str) -> Self {
        self.file("src/lib.rs", text)
    }

    /// The format its index line claims to have (`v`).
    pub fn format(mut self, format: u32) -> Self {
        self.format = format;
        self
    }

    /// The `.crate` file.
    pub fn archive(&self) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut files = self.files.clone();
        files.entry("Cargo.toml".to_owned()).or_insert_with(|| self.manifest());
        for (path, text) in &files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            let path = format!("{}-{}/{path}", self.name, self.version);
            archive.append_data(&mut header, path, text.as_bytes()).expect("written to memory");
        }
        archive.into_inner().and_then(GzEncoder::finish).expect("written to memory")
    }

    /// The index line for this `.crate` file.
    pub fn index_line(&self, archive: &[u8]) -> Value {
        json!({
            "name": self.name,
            "vers": self.version,
            "deps": self.dependencies.iter().map(PackageDependency::index_entry).collect::<Vec<_>>(),
            "cksum": hex(&Sha256::digest(archive)),
            "features": {},
            "features2": self.features,
            "yanked": false,
            "links": self.links,
            "rust_version": self.rust_version,
            "pubtime": self.published,
            "v": self.format.max(2),
        })
    }

    fn manifest(&self) -> String {
        let mut text = format!("[package]\nname = {:?}\nversion = {:?}\nedition = \"2021\"\n", self.name, self.version);
        text += "description = \"a package of a test\"\nlicense = \"MIT\"\n";
        if let Some(rust_version) = &self.rust_version {
            writeln!(text, "rust-version = {rust_version:?}").expect("written to memory");
        }
        if let Some(links) = &self.links {
            writeln!(text, "links = {links:?}").expect("written to memory");
        }
        if self.proc_macro {
            text += "\n[lib]\nproc-macro = true\n";
        }
        text += "\n[features]\n";
        for (name, values) in &self.features {
            writeln!(text, "{name} = {values:?}").expect("written to memory");
        }
        for dependency in &self.dependencies {
            text += &dependency.manifest_table();
        }
        text
    }
}

impl PackageDependency {
    pub fn new(name: &str, requirement: &str) -> Self {
        Self {
            key: name.to_owned(),
            package: None,
            requirement: requirement.to_owned(),
            kind: "normal",
            optional: false,
            target: None,
            features: Vec::new(),
            default_features: true,
            registry: None,
        }
    }

    /// The same package under another key.
    pub fn renamed(mut self, key: &str) -> Self {
        self.package = Some(std::mem::replace(&mut self.key, key.to_owned()));
        self
    }

    pub fn dev(mut self) -> Self {
        self.kind = "dev";
        self
    }

    pub fn build(mut self) -> Self {
        self.kind = "build";
        self
    }

    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub fn target(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    pub fn features(mut self, features: &[&str]) -> Self {
        self.features = features.iter().map(ToString::to_string).collect();
        self
    }

    pub fn no_default_features(mut self) -> Self {
        self.default_features = false;
        self
    }

    /// The URL of the index it comes from where that is another registry.
    pub fn registry(mut self, index: &str) -> Self {
        self.registry = Some(index.to_owned());
        self
    }

    fn index_entry(&self) -> Value {
        json!({
            "name": self.key,
            "package": self.package,
            "req": self.requirement,
            "features": self.features,
            "optional": self.optional,
            "default_features": self.default_features,
            "target": self.target,
            "kind": self.kind,
            "registry": self.registry,
        })
    }

    fn manifest_table(&self) -> String {
        let kind = match self.kind {
            "dev" => "dev-dependencies",
            "build" => "build-dependencies",
            _ => "dependencies",
        };
        let target = self.target.as_ref().map_or(String::new(), |target| format!("target.{target:?}."));
        let mut text = format!("\n[{target}{kind}.{}]\nversion = {:?}\n", self.key, self.requirement);
        if let Some(package) = &self.package {
            writeln!(text, "package = {package:?}").expect("written to memory");
        }
        if let Some(registry) = &self.registry {
            writeln!(text, "registry-index = {registry:?}").expect("written to memory");
        }
        writeln!(text, "features = {:?}\noptional = {}", self.features, self.optional).expect("written to memory");
        writeln!(text, "default-features = {}", self.default_features).expect("written to memory");
        text
    }
}

/// Compressed as a server does on the fly.
pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("written to memory")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! A registry in a folder, which cargo reads without a server and without git (`[source] local-registry`).
//!
//! Format: the Cargo book, "Source replacement", and the index format of registries.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A registry that takes the place of crates.io for the folders that use it.
pub(crate) struct LocalRegistry {
    root: PathBuf,
}

/// A release to publish.
#[derive(Clone, Copy)]
pub(crate) struct Published<'a> {
    /// The crate.
    pub(crate) name: &'a str,
    /// Its version.
    pub(crate) version: &'a str,
    /// Its dependencies and their requirements.
    pub(crate) dependencies: &'a [(&'a str, &'a str)],
    /// The text of its library.
    pub(crate) code: &'a str,
}

impl LocalRegistry {
    /// An empty registry in this folder.
    pub(crate) fn new(root: &Path) -> Self {
        fs::create_dir_all(root.join("index")).expect("a folder");
        Self { root: root.to_path_buf() }
    }

    /// Makes cargo use it in a folder and below.
    pub(crate) fn use_in(&self, folder: &Path) {
        let config = format!(
            "[source.crates-io]\nreplace-with = \"local\"\n[source.local]\nlocal-registry = '{}'\n",
            self.root.display()
        );
        fs::create_dir_all(folder.join(".cargo")).expect("a folder");
        fs::write(folder.join(".cargo/config.toml"), config).expect("a file");
    }

    /// Adds a release.
    pub(crate) fn publish(&self, release: &Published<'_>) {
        let Published { name, version, .. } = release;
        let package = package(release);
        let checksum: String = Sha256::digest(&package).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(self.root.join(format!("{name}-{version}.crate")), package).expect("a file");
        let dependency = |(name, requirement): &(&str, &str)| {
            json!({ "name": name, "req": requirement, "features": [], "optional": false, "default_features": true,
                    "target": null, "kind": "normal" })
        };
        let dependencies: Vec<_> = release.dependencies.iter().map(dependency).collect();
        let entry = json!({ "name": name, "vers": version, "deps": dependencies, "cksum": checksum, "features": {},
                            "yanked": false });
        let path = self.root.join("index").join(index_path(name));
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        let mut index = fs::File::options().create(true).append(true).open(path).expect("an index file");
        writeln!(index, "{entry}").expect("a line");
    }
}

/// The `.crate` file: a compressed tar with one folder.
fn package(release: &Published<'_>) -> Vec<u8> {
    let Published { name, version, dependencies, code } = release;
    let mut manifest = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n");
    manifest.push_str("[dependencies]\n");
    for (name, requirement) in *dependencies {
        manifest.push_str(&format!("{name} = \"{requirement}\"\n"));
    }
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", code)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, format!("{name}-{version}/{path}"), text.as_bytes()).expect("an entry");
    }
    tar.into_inner().and_then(GzEncoder::finish).expect("a compressed archive")
}

fn index_path(name: &str) -> String {
    match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

//! Repositories made by the real git, in a sealed environment.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A bare repository and a checkout to change it from.
pub struct Origin {
    root: PathBuf,
    name: String,
}

/// Runs git in `dir` and returns what it prints, without the last line end; it must succeed.
pub fn git(dir: &Path, arguments: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the real git is the judge of these tests")]
    let output = Command::new("git")
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.com")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.com")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?} in {}: {complaint}", dir.display());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

impl Origin {
    /// An empty bare repository `name` below `root`, whose default branch is `main`.
    pub fn empty(root: &Path, name: &str) -> Self {
        let origin = Self { root: root.to_owned(), name: name.to_owned() };
        git(root, &["init", "--quiet", "--bare", "--initial-branch=main", name]);
        git(root, &["init", "--quiet", "--initial-branch=main", &format!("{name}.checkout")]);
        git(&origin.checkout(), &["remote", "add", "origin", &origin.bare().display().to_string()]);
        origin
    }

    /// The same, with one commit of `Cargo.toml` and `src/lib.rs`.
    pub fn new(root: &Path, name: &str) -> Self {
        let origin = Self::empty(root, name);
        origin.commit(&[("Cargo.toml", "[package]\n"), ("src/lib.rs", "//! Code.\n")]);
        origin
    }

    /// The folder of the bare repository.
    pub fn bare(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    /// The folder of the checkout.
    pub fn checkout(&self) -> PathBuf {
        self.root.join(format!("{}.checkout", self.name))
    }

    /// Writes these files, commits everything to the checkout's branch, pushes it, and returns the commit.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, contents) in files {
            let path = self.checkout().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, contents).unwrap();
        }
        git(&self.checkout(), &["add", "--all", "--force"]);
        git(&self.checkout(), &["commit", "--quiet", "--allow-empty", "--message=change"]);
        self.push();
        git(&self.checkout(), &["rev-parse", "HEAD"])
    }

    /// Pushes the checkout's branch.
    pub fn push(&self) {
        git(&self.checkout(), &["push", "--quiet", "--force", "origin", "HEAD"]);
    }

    /// What git says in the bare repository.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.bare(), arguments)
    }
}

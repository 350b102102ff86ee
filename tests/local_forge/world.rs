//! A folder with bare repositories and the local forge on top of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use depbot::forge::local::LocalForge;
use depbot::forge::{Forge, RepoRef};
use depbot::model::{BranchName, CommitId, NewPullRequest, PullRequest, RepoName};
use jiff::Timestamp;

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) forge: LocalForge,
    pub(crate) repo: RepoRef,
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).expect("a time in 2026")
}

pub(crate) fn branch(name: &str) -> BranchName {
    BranchName::new(name).expect("a valid branch name")
}

pub(crate) fn new_pull_request(head: &str) -> NewPullRequest {
    NewPullRequest {
        title: format!("{head} is better"),
        body: "A table.\n\n<!-- a marker -->\n".to_owned(),
        head: branch(head),
        base: branch("main"),
        labels: vec!["dependencies".to_owned()],
        reviewers: vec![],
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("a fleet ").tempdir().expect("a temporary folder");
        let repo = make_repository(&folder.path().join("payments.git"), "payments", &["--bare"]);
        Self { folder, forge: LocalForge::new(now), repo }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn second_repository(&self, name: &str) -> RepoRef {
        make_repository(&self.folder().join(format!("{name}.git")), name, &["--bare"])
    }

    pub(crate) fn working_tree_repository(&self, name: &str) -> RepoRef {
        make_repository(&self.folder().join(name), name, &[])
    }

    /// Pushes a branch with a change, made on top of `main`.
    pub(crate) fn push(&self, branch: &str, files: &[(&str, &str)]) -> CommitId {
        self.push_to(&self.repo, branch, files)
    }

    pub(crate) fn push_to(&self, repo: &RepoRef, branch: &str, files: &[(&str, &str)]) -> CommitId {
        commit(&path_of(repo), Some("main"), branch, files)
    }

    /// Pushes one more commit to a branch.
    pub(crate) fn push_on_top(&self, branch: &str, files: &[(&str, &str)]) -> CommitId {
        commit(&path_of(&self.repo), Some(branch), branch, files)
    }

    /// Merges a branch into another with the git command line.
    pub(crate) fn merge_by_hand(&self, from: &str, into: &str) -> CommitId {
        let clone = Clone::of(&path_of(&self.repo), into);
        clone.git(&["merge", "--quiet", "--no-ff", "-m", "by hand", &format!("origin/{from}")]);
        clone.push(into)
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&path_of(&self.repo), arguments)
    }

    pub(crate) fn tip(&self, branch: &str) -> CommitId {
        commit_id(&self.git(&["rev-parse", &format!("refs/heads/{branch}")]))
    }

    pub(crate) fn has_branch(&self, branch: &str) -> bool {
        !self.git(&["for-each-ref", &format!("refs/heads/{branch}")]).is_empty()
    }

    pub(crate) fn files(&self, branch: &str) -> Vec<String> {
        self.git(&["ls-tree", "--name-only", branch]).lines().map(str::to_owned).collect()
    }

    /// The file that git makes while it moves a branch.
    pub(crate) fn lock_of(&self, branch: &str) -> PathBuf {
        path_of(&self.repo).join(format!("refs/heads/{branch}.lock"))
    }

    /// Does something to the file with the pull requests behind the forge's back.
    pub(crate) fn sql(&self, statement: &str) {
        let file = self.folder().join("pull-requests.sqlite");
        let connection = rusqlite::Connection::open(file).expect("it is there");
        connection.execute_batch(statement).expect("it is valid");
    }

    pub(crate) async fn open(&self, head: &str) -> PullRequest {
        self.forge.open(&self.repo, new_pull_request(head)).await.expect("it opens")
    }

    pub(crate) async fn list(&self) -> Vec<PullRequest> {
        self.forge.pull_requests(&self.repo, "depbot/").await.expect("the repository is there")
    }
}

/// A clone with a branch checked out, for as long as a change takes.
struct Clone(tempfile::TempDir);

impl Clone {
    fn of(repository: &Path, branch: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = repository.to_str().expect("a readable path");
        git(folder.path(), &["clone", "--quiet", "--branch", branch, source, "."]);
        Self(folder)
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.0.path(), arguments)
    }

    fn push(&self, branch: &str) -> CommitId {
        self.git(&["push", "--quiet", "--force", "origin", &format!("HEAD:refs/heads/{branch}")]);
        commit_id(&self.git(&["rev-parse", "HEAD"]))
    }
}

fn make_repository(path: &Path, name: &str, options: &[&str]) -> RepoRef {
    let text = path.to_str().expect("a readable path");
    let parent = path.parent().expect("it is in a folder");
    git(parent, &[&["init", "--quiet", "--initial-branch=main"], options, &[text]].concat());
    commit(path, None, "main", &[("Cargo.toml", "serde = \"1\"\n")]);
    RepoRef { name: RepoName::new(name).expect("a valid name"), url: text.to_owned() }
}

/// Makes a commit and points a branch at it, in one process: pushes would take most of the time of these tests.
fn commit(repository: &Path, from: Option<&str>, branch: &str, files: &[(&str, &str)]) -> CommitId {
    let data = |text: &str| format!("data {}\n{text}\n", text.len());
    let person = "A Person <person@example.com> 1795000000 +0000";
    let mut stream = format!("commit refs/heads/{branch}\nauthor {person}\ncommitter {person}\n{}", data(files[0].0));
    stream.extend(from.map(|from| format!("from refs/heads/{from}^0\n")));
    stream.extend(files.iter().map(|(name, text)| format!("M 100644 inline {name}\n{}", data(text))));
    git_fed(repository, &["fast-import", "--quiet", "--force"], &stream);
    commit_id(&git(repository, &["rev-parse", &format!("refs/heads/{branch}")]))
}

fn path_of(repo: &RepoRef) -> PathBuf {
    PathBuf::from(&repo.url)
}

fn commit_id(text: &str) -> CommitId {
    CommitId::new(text).expect("git prints a commit's id")
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    git_fed(folder, arguments, "")
}

#[expect(clippy::disallowed_methods, reason = "tests use the real git")]
fn git_fed(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "A Person"), ("GIT_AUTHOR_EMAIL", "person@example.com")])
        .envs([("GIT_COMMITTER_NAME", "A Person"), ("GIT_COMMITTER_EMAIL", "person@example.com")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git is installed");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("git reads its input");
    let output = child.wait_with_output().expect("git ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("git prints UTF-8").trim_end().to_owned()
}

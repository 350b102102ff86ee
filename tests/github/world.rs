//! A repository on GitHub, and the forge that speaks to it.

use std::time::Duration;

use depbot::forge::github::{GitHubCredentials, GitHubForge, GitHubOptions, Timing};
use depbot::forge::{CommitText, Forge, RepoRef};
use depbot::model::{BranchName, CommitId, NewPullRequest, PullRequest, RepoName};
use jiff::Timestamp;

use crate::support::git_repo::{Origin, git};
use crate::support::github::{GitHub, Repository, TOKEN};

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) server: GitHub,
    pub(crate) origin: Origin,
    pub(crate) forge: GitHubForge,
    pub(crate) repo: RepoRef,
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).expect("a time in 2026")
}

pub(crate) fn branch(name: &str) -> BranchName {
    BranchName::new(name).expect("a valid branch name")
}

pub(crate) fn options(server: &GitHub) -> GitHubOptions {
    GitHubOptions {
        api_url: server.api_url(),
        credentials: GitHubCredentials::token(TOKEN),
        clock: now,
        user_agent: "depbot/test".to_owned(),
        timing: Timing { retry_delay: Duration::from_millis(1), creation_gap: Duration::ZERO, ..Timing::default() },
    }
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

pub(crate) fn message() -> CommitText {
    CommitText { title: "deps: raise serde (#1)".to_owned(), body: "From 1.0.1 to 1.0.2.".to_owned() }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(GitHub::start().await)
    }

    pub(crate) fn at(server: GitHub) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let origin = Origin::new(folder.path(), "payments.git");
        server.add("acme/payments", &origin.bare());
        let forge = GitHubForge::new(options(&server)).expect("the address can be used");
        let name = RepoName::new("payments").expect("a valid name");
        let repo = RepoRef { name, url: server.clone_url("acme/payments") };
        Self { _folder: folder, server, origin, forge, repo }
    }

    /// Pushes a branch on top of `main` that sets a file's text.
    pub(crate) fn push(&self, branch: &str, text: &str) -> CommitId {
        git(&self.origin.checkout(), &["checkout", "--quiet", "-B", branch, "main"]);
        self.push_on_top(text)
    }

    /// Pushes one more commit to the branch that was pushed last.
    pub(crate) fn push_on_top(&self, text: &str) -> CommitId {
        CommitId::new(self.origin.commit(&[("Cargo.toml", text)])).expect("git prints a commit's id")
    }

    pub(crate) fn tip(&self, branch: &str) -> String {
        self.origin.git(&["rev-parse", &format!("refs/heads/{branch}")])
    }

    pub(crate) fn repository<T>(&self, act: impl FnOnce(&mut Repository) -> T) -> T {
        act(self.server.world().repositories.get_mut("acme/payments").expect("it is there"))
    }

    pub(crate) async fn open(&self, head: &str) -> PullRequest {
        self.forge.open(&self.repo, new_pull_request(head)).await.expect("it opens")
    }

    pub(crate) async fn list(&self) -> Vec<PullRequest> {
        self.forge.pull_requests(&self.repo, "depbot/").await.expect("the repository is there")
    }
}

//! Pull requests on github.com and GitHub Enterprise Server, over the REST API through octocrab.
//!
//! `client` sends one call and asks again where that helps; `pulls`, `marks`, `talk`, `checks` and `merging` are the
//! port's methods; `wire` is GitHub's JSON. octocrab's types stop in `client`.

mod app;
mod checks;
mod client;
mod credentials;
mod failure;
mod marks;
mod merging;
mod place;
mod pulls;
mod retry;
mod setback;
mod talk;
mod wire;

use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;

pub use credentials::GitHubCredentials;
pub use octocrab::secrecy::{ExposeSecret, SecretString};
pub use retry::Timing;

use super::{Answer, Checks, Comment, CommitText, Forge, ForgeError, PullRequestText, RepoRef};
use crate::config::MergeMethod;
use crate::git::Credentials;
use crate::model::{BranchName, CommitId, NewPullRequest, PullRequest, PullRequestNumber};
use client::Client;
use failure::Failure;
use place::Place;

/// Which GitHub, and who asks it.
#[derive(Clone, Debug)]
pub struct GitHubOptions {
    /// The base address of the REST API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server.
    pub api_url: String,
    /// Who asks.
    pub credentials: GitHubCredentials,
    /// What time it is.
    pub clock: fn() -> Timestamp,
    /// What GitHub reads in its logs: a name and a version.
    pub user_agent: String,
    /// How long things may take.
    pub timing: Timing,
}

/// GitHub as a forge. Cheap to clone; all clones share connections, limits and an App's tokens.
#[derive(Clone, Debug)]
pub struct GitHubForge {
    client: Arc<Client>,
}

/// A repository that is being asked about, and the way to it.
struct Desk<'a> {
    client: &'a Client,
    place: Place,
}

impl GitHubForge {
    /// The forge of `options`. Nothing is asked yet.
    ///
    /// An address, a user agent or a private key that cannot be used is [`ForgeError::NotAllowed`].
    pub fn new(options: GitHubOptions) -> Result<Self, ForgeError> {
        Ok(Self { client: Arc::new(Client::new(options)?) })
    }

    /// The host of the repositories, with its port where the address has one: `github.com`.
    pub fn host(&self) -> &str {
        &self.client.site.host
    }

    /// The same credentials for git over https; none for an App, see [`Self::git_token`].
    pub fn git_credentials(&self) -> Credentials {
        match self.client.only_token() {
            Some(token) => Credentials::none().with(self.host(), token.expose_secret()),
            None => Credentials::none(),
        }
    }

    /// The token that opens a repository for git over https; one that an App is given lasts five minutes more at least.
    pub async fn git_token(&self, repo: &RepoRef) -> Result<SecretString, ForgeError> {
        let desk = self.desk(repo)?;
        desk.client.token(&desk.place).await.map_err(|failure| desk.failed(failure))
    }

    /// How many requests were sent until now, retries included.
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }

    fn desk(&self, repo: &RepoRef) -> Result<Desk<'_>, ForgeError> {
        Ok(Desk { client: &self.client, place: self.client.site.place(repo)? })
    }
}

impl Desk<'_> {
    /// A failure about the repository itself.
    fn failed(&self, failure: Failure) -> ForgeError {
        failure.about(&self.client.site.host, &format!("the repository {}", self.place))
    }

    /// A failure about a pull request.
    fn pull_failed(&self, number: PullRequestNumber, failure: Failure) -> ForgeError {
        failure.about(&self.client.site.host, &format!("pull request {number} of {}", self.place))
    }
}

impl Forge for GitHubForge {
    fn pull_requests<'a>(&'a self, repo: &'a RepoRef, prefix: &'a str) -> Answer<'a, Vec<PullRequest>> {
        async move { pulls::list(&self.desk(repo)?, prefix).await }.boxed()
    }

    fn open<'a>(&'a self, repo: &'a RepoRef, new: NewPullRequest) -> Answer<'a, PullRequest> {
        async move { pulls::open(&self.desk(repo)?, &new).await }.boxed()
    }

    fn update<'a>(
        &'a self,
        repo: &'a RepoRef,
        number: PullRequestNumber,
        text: PullRequestText,
    ) -> Answer<'a, PullRequest> {
        async move { pulls::update(&self.desk(repo)?, number, &text).await }.boxed()
    }

    fn comments<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber) -> Answer<'a, Vec<Comment>> {
        async move { talk::comments(&self.desk(repo)?, number).await }.boxed()
    }

    fn comment<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber, text: &'a str) -> Answer<'a, ()> {
        async move { talk::comment(&self.desk(repo)?, number, text).await }.boxed()
    }

    fn close<'a>(&'a self, repo: &'a RepoRef, number: PullRequestNumber) -> Answer<'a, ()> {
        async move { pulls::close(&self.desk(repo)?, number).await }.boxed()
    }

    fn checks<'a>(&'a self, repo: &'a RepoRef, commit: &'a CommitId) -> Answer<'a, Checks> {
        async move { checks::of(&self.desk(repo)?, commit).await }.boxed()
    }

    fn merge<'a>(
        &'a self,
        repo: &'a RepoRef,
        number: PullRequestNumber,
        expected_head: &'a CommitId,
        method: MergeMethod,
        message: CommitText,
    ) -> Answer<'a, CommitId> {
        async move { merging::merge(&self.desk(repo)?, number, expected_head, method, &message).await }.boxed()
    }

    fn delete_branch<'a>(&'a self, repo: &'a RepoRef, branch: &'a BranchName) -> Answer<'a, ()> {
        async move { merging::delete_branch(&self.desk(repo)?, branch).await }.boxed()
    }
}

//! Mirrors and pushes against real git: over paths, smart HTTP and ssh.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use depbot::git::{
    CommitMessage, Credentials, Git, GitError, GitOptions, Identity, Lease, Merged, Mirror, PushError, TagPushed,
};
use depbot::model::{BranchName, CommitId, RepoPath};
use jiff::Timestamp;
use support::git_http::{GitHttp, basic};
use support::git_repo::{Origin, git};
use tempfile::TempDir;

struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn mirror(&self) -> PathBuf {
        self.root().join("mirrors/app.git")
    }
}

fn client(credentials: Credentials) -> Git {
    Git::new(GitOptions {
        credentials,
        ssh_command: None,
        hidden_variables: Vec::new(),
        timeout: Duration::from_secs(20),
    })
}

fn anonymous() -> Git {
    client(Credentials::none())
}

fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

fn id(text: &str) -> CommitId {
    CommitId::new(text).unwrap()
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn depbot() -> Identity {
    Identity { name: "depbot".to_owned(), email: "depbot@example.com".to_owned() }
}

fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

/// A commit on `base` in which `Cargo.toml` is `contents`.
fn change(mirror: &Mirror, base: &CommitId, contents: &str) -> CommitId {
    let changed = BTreeMap::from([(path("Cargo.toml"), contents.as_bytes().to_vec())]);
    let tree = mirror.tree_with(base, &changed).unwrap();
    let message = CommitMessage { subject: "Update serde".to_owned(), body: "To 1.2.3.".to_owned() };
    mirror.commit(&tree, base, &message, &depbot(), at()).unwrap()
}

fn head(mirror: &Mirror) -> CommitId {
    mirror.head(&mirror.default_branch().unwrap()).unwrap().unwrap()
}

#[tokio::test]
async fn a_mirror_follows_branches_and_tags_of_its_remote() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    origin.git(&["branch", "depbot/routine", "main"]);
    let url = origin.bare().display().to_string();
    let mirror = anonymous().sync(&world.mirror(), &url).await.unwrap();
    assert_eq!(mirror.default_branch().unwrap(), branch("main"));
    assert_eq!(mirror.branches_under("depbot/").unwrap().len(), 1);

    origin.git(&["branch", "--delete", "--force", "depbot/routine"]);
    origin.git(&["branch", "depbot/routine/deeper", "main"]);
    origin.git(&["tag", "v1", "main"]);
    origin.git(&["-c", "user.name=a", "-c", "user.email=a@b", "tag", "-m", "two", "v2", "main"]);
    let new = origin.commit(&[("README.md", "new\n")]);
    let mirror = anonymous().sync(&world.mirror(), &url).await.unwrap();
    assert_eq!(head(&mirror), id(&new));
    let names: Vec<_> = mirror.branches_under("").unwrap().into_iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["depbot/routine/deeper", "main"]);
    let old = id(&origin.git(&["rev-parse", "v1"]));
    let tags = vec![("v1".to_owned(), old.clone()), ("v2".to_owned(), old)];
    assert_eq!(mirror.tags().unwrap(), tags);
    assert_eq!(anonymous().remote_tags(&url).await.unwrap(), tags);
    assert_eq!(Mirror::open(&world.mirror()).unwrap().url(), format!("file://{url}"));
}

#[tokio::test]
async fn files_are_read_by_path_without_links_submodules_and_giants() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    std::os::unix::fs::symlink("Cargo.toml", origin.checkout().join("link.toml")).unwrap();
    let zero = "0".repeat(5 << 20);
    origin.commit(&[("crates/a/Cargo.toml", "a"), ("huge.toml", &zero), ("b.toml", "b")]);
    let mirror = anonymous().sync(&world.mirror(), &origin.bare().display().to_string()).await.unwrap();
    let files = mirror.files(&head(&mirror), |path| path.as_str().ends_with(".toml")).unwrap();
    let names: Vec<_> = files.keys().map(RepoPath::as_str).collect();
    assert_eq!(names, ["Cargo.toml", "b.toml", "crates/a/Cargo.toml"]);
    assert_eq!(files[&path("crates/a/Cargo.toml")], b"a");
}

#[tokio::test]
async fn a_mirror_of_a_path_is_whole_without_it() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    origin.git(&["gc", "--quiet"]);
    origin.commit(&[("README.md", "loose\n")]);
    let borrower = world.root().join("borrower");
    git(world.root(), &["clone", "--quiet", "--bare", "--shared", "app", "borrower"]);
    for source in [origin.bare(), origin.checkout(), borrower] {
        let place = world.root().join("mirrors").join(source.file_name().unwrap());
        let mirror = anonymous().sync(&place, &source.display().to_string()).await.unwrap();
        let hidden = world.root().join("hidden");
        fs::rename(&source, &hidden).unwrap();
        git(mirror.path(), &["fsck", "--full", "--strict"]);
        assert_eq!(git(mirror.path(), &["rev-list", "--count", "--all"]), "2");
        fs::rename(&hidden, &source).unwrap();
    }
}

#[tokio::test]
async fn an_empty_repository_and_one_without_its_default_branch_are_told_apart() {
    let world = World::new();
    let empty = Origin::empty(world.root(), "empty");
    let mirror = anonymous().sync(&world.mirror(), &empty.bare().display().to_string()).await.unwrap();
    assert!(matches!(mirror.default_branch(), Err(GitError::Empty { .. })));

    let gone = Origin::new(world.root(), "gone");
    gone.git(&["branch", "--move", "main", "trunk"]);
    gone.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    let mirror = anonymous().sync(&world.mirror(), &gone.bare().display().to_string()).await.unwrap();
    assert!(matches!(mirror.default_branch(), Err(GitError::NotFound { .. })), "{:?}", mirror.default_branch());
    assert!(mirror.head(&branch("trunk")).unwrap().is_some());
    assert_eq!(mirror.head(&branch("main")).unwrap(), None);

    gone.git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    let mirror = anonymous().sync(&world.mirror(), &gone.bare().display().to_string()).await.unwrap();
    assert_eq!(mirror.default_branch().unwrap(), branch("trunk"));
}

#[tokio::test]
async fn a_broken_mirror_is_made_anew() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let url = origin.bare().display().to_string();
    let place = world.mirror();
    let breaks: [fn(&Path); 5] = [
        |place| fs::remove_file(place.join("HEAD")).unwrap(),
        |place| fs::remove_dir_all(place.join("objects")).unwrap(),
        |place| fs::write(place.join("refs/heads/main"), "garbage\n").unwrap(),
        |place| fs::write(place.join("config"), "[core\n").unwrap(),
        |place| {
            fs::remove_dir_all(place).unwrap();
            fs::write(place, "no folder").unwrap();
        },
    ];
    let expect = head(&anonymous().sync(&place, &url).await.unwrap());
    for (index, break_it) in breaks.into_iter().enumerate() {
        break_it(&place);
        let mirror = anonymous().sync(&place, &url).await.unwrap_or_else(|error| panic!("break {index}: {error}"));
        assert_eq!(head(&mirror), expect, "break {index}");
    }
}

#[tokio::test]
async fn what_a_killed_sync_leaves_is_in_nobodys_way() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let url = origin.bare().display().to_string();
    let place = world.mirror();
    anonymous().sync(&place, &url).await.unwrap();
    for lock in ["HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock"] {
        fs::write(place.join(lock), "").unwrap();
    }
    fs::create_dir_all(place.with_file_name("app.git.new/objects")).unwrap();
    let new = origin.commit(&[("README.md", "new\n")]);
    let mirror = anonymous().sync(&place, &url).await.unwrap();
    assert_eq!(head(&mirror), id(&new));
    assert!(!place.with_file_name("app.git.new").exists());
}

#[tokio::test]
async fn commits_are_deterministic_and_keep_modes() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    git(&origin.checkout(), &["update-index", "--chmod=+x", "Cargo.toml"]);
    fs::set_permissions(origin.checkout().join("Cargo.toml"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    origin.commit(&[]);
    let mirror = anonymous().sync(&world.mirror(), &origin.bare().display().to_string()).await.unwrap();
    let base = head(&mirror);
    let commit = change(&mirror, &base, "[package]\nname = \"app\"\n");
    assert_eq!(change(&mirror, &base, "[package]\nname = \"app\"\n"), commit);
    let show = git(&world.mirror(), &["ls-tree", "-r", "--format=%(objectmode) %(path)", commit.as_str()]);
    assert_eq!(show, "100755 Cargo.toml\n100644 src/lib.rs");
    let info = mirror.commit_info(&commit).unwrap();
    assert_eq!(info.parents, std::slice::from_ref(&base));
    assert_eq!(info.message, "Update serde\n\nTo 1.2.3.\n");
    assert_eq!((info.committer_email.as_str(), info.time), ("depbot@example.com", at()));
    assert!(mirror.is_ancestor(&base, &commit).unwrap() && mirror.is_ancestor(&base, &base).unwrap());
    assert!(!mirror.is_ancestor(&commit, &base).unwrap());
    let expect = git(&world.mirror(), &["diff", "--no-color", "--abbrev=7", base.as_str(), commit.as_str()]);
    assert_eq!(mirror.diff(&base, &commit).unwrap().trim_end(), expect);
    git(&world.mirror(), &["fsck", "--strict"]);
}

#[tokio::test]
async fn lines_of_work_are_merged_or_their_conflicts_named() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let mirror = anonymous().sync(&world.mirror(), &origin.bare().display().to_string()).await.unwrap();
    let base = head(&mirror);
    let ours = change(&mirror, &base, "ours\n");
    let theirs = change(&mirror, &base, "theirs\n");
    assert_eq!(mirror.merge(&ours, &theirs).unwrap(), Merged::Conflicts(vec![path("Cargo.toml")]));
    let main = id(&origin.commit(&[("README.md", "new\n")]));
    anonymous().sync(&world.mirror(), &origin.bare().display().to_string()).await.unwrap();
    let Merged::Tree(tree) = mirror.merge(&main, &ours).unwrap() else { panic!("they do not conflict") };
    let message = CommitMessage { subject: "Merge".to_owned(), body: String::new() };
    let merge = mirror.commit_after(&tree, &[&main, &ours], &message, &depbot(), at()).unwrap();
    let files = git(&world.mirror(), &["ls-tree", "-r", "--name-only", merge.as_str()]);
    assert_eq!(files, "Cargo.toml\nREADME.md\nsrc/lib.rs");
    assert!(mirror.is_ancestor(&ours, &merge).unwrap() && mirror.is_ancestor(&main, &merge).unwrap());
}

/// The whole life of a branch and a tag, whatever the transport.
async fn pushes(git_client: &Git, url: &str, origin: &Origin, mirror_place: &Path) {
    let mirror = git_client.sync(mirror_place, url).await.unwrap();
    let base = head(&mirror);
    let (first, second) = (change(&mirror, &base, "1"), change(&mirror, &base, "2"));
    let routine = branch("depbot/routine");
    let remote_head = || origin.git(&["rev-parse", "refs/heads/depbot/routine"]);

    git_client.push(&mirror, &routine, &first, Lease::Absent).await.unwrap();
    assert_eq!(remote_head(), first.as_str());
    assert_eq!(mirror.head(&routine).unwrap(), Some(first.clone()));
    git_client.push(&mirror, &routine, &first, Lease::Absent).await.expect("a push can be made twice");

    let lost = git_client.push(&mirror, &routine, &second, Lease::Absent).await;
    let expect = PushError::LeaseLost { reference: "refs/heads/depbot/routine".to_owned(), found: Some(first.clone()) };
    assert_eq!(lost, Err(expect.clone()));
    assert_eq!(git_client.push(&mirror, &routine, &second, Lease::At(base.clone())).await, Err(expect.clone()));
    assert_eq!(remote_head(), first.as_str());
    git_client.push(&mirror, &routine, &second, Lease::At(first.clone())).await.unwrap();
    assert_eq!(remote_head(), second.as_str());

    let lost = git_client.delete_branch(&mirror, &routine, Lease::At(first.clone())).await;
    assert!(matches!(lost, Err(PushError::LeaseLost { found: Some(found), .. }) if found == second));
    git_client.delete_branch(&mirror, &routine, Lease::At(second.clone())).await.unwrap();
    git_client.delete_branch(&mirror, &routine, Lease::At(second.clone())).await.expect("a deletion can be made twice");
    assert_eq!(mirror.head(&routine).unwrap(), None);
    assert_eq!(origin.git(&["branch", "--list", "depbot/*"]), "");

    let tag = |commit: CommitId| {
        let mirror = mirror.clone();
        async move { git_client.push_tag(&mirror, "v1.2.3", &commit, "Release 1.2.3", &depbot(), at()).await }
    };
    assert_eq!(tag(base.clone()).await, Ok(TagPushed::Created));
    assert_eq!(tag(base.clone()).await, Ok(TagPushed::AlreadyThere));
    let expect = PushError::LeaseLost { reference: "refs/tags/v1.2.3".to_owned(), found: Some(base.clone()) };
    assert_eq!(tag(second).await, Err(expect));
    assert_eq!(origin.git(&["cat-file", "-t", "v1.2.3"]), "tag");
    assert_eq!(origin.git(&["tag", "--list", "--format=%(contents) %(taggername)"]).trim(), "Release 1.2.3\n depbot");
    assert_eq!(mirror.tags().unwrap(), [("v1.2.3".to_owned(), base)]);
    origin.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn branches_and_tags_are_pushed_to_a_path() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    pushes(&anonymous(), &format!("file://{}", origin.bare().display()), &origin, &world.mirror()).await;
}

#[tokio::test]
async fn branches_and_tags_are_pushed_over_http_with_a_token() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), Some("secret")).await;
    let client = client(Credentials::none().with(server.host(), "secret"));
    pushes(&client, &server.url("app"), &origin, &world.mirror()).await;
}

#[tokio::test]
async fn branches_and_tags_are_pushed_over_ssh() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let client = ssh(&world, "");
    pushes(&client, &format!("ssh://git@host:2222{}", origin.bare().display()), &origin, &world.mirror()).await;
    let arguments = fs::read_to_string(world.root().join("ssh.log")).unwrap();
    let first = arguments.lines().next().unwrap();
    let program = format!("git-upload-pack '{}'", origin.bare().display());
    assert_eq!(first, format!("-o BatchMode=yes -p 2222 git@host {program}"));
}

/// A client whose ssh notes its arguments, runs `first`, and then what it is asked for on this machine.
fn ssh(world: &World, first: &str) -> Git {
    let script = world.root().join("my ssh");
    let log = world.root().join("ssh.log");
    let text = format!("echo \"$*\" >> '{}'\n{first}\nfor last; do :; done\neval \"$last\"\n", log.display());
    fs::write(&script, text).unwrap();
    let ssh_command = Some(format!("sh '{}'", script.display()));
    Git::new(GitOptions {
        credentials: Credentials::none(),
        ssh_command,
        hidden_variables: vec!["CARGO_PKG_NAME".to_owned()],
        timeout: Duration::from_secs(20),
    })
}

#[tokio::test]
async fn ssh_does_not_get_the_variables_that_are_hidden_from_it() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let scp = format!("git@host:{}", origin.bare().display());
    // Cargo sets both for each test.
    let client = ssh(&world, "test -n \"$CARGO_PKG_VERSION\" && test -z \"$CARGO_PKG_NAME\" || exit 255");
    client.sync(&world.mirror(), &scp).await.expect("only one of them is hidden");
}

#[tokio::test]
async fn ssh_failures_say_what_ssh_says() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let client = ssh(&world, "");
    let scp = format!("git@host:{}", origin.bare().display());
    assert!(client.sync(&world.mirror(), &scp).await.is_ok());
    let missing = client.sync(&world.mirror(), "git@host:/nowhere").await.unwrap_err();
    assert!(matches!(&missing, GitError::NotFound { reason, .. } if reason.contains("nowhere")), "{missing}");
    let client = ssh(&world, "echo 'Permission denied (publickey).' >&2; exit 255");
    let denied = client.sync(&world.mirror(), &scp).await.unwrap_err();
    assert!(matches!(&denied, GitError::Unreachable { reason, .. } if reason.contains("publickey")), "{denied}");
}

#[tokio::test]
async fn http_is_tried_without_a_token_first_and_a_wrong_token_is_tried_once() {
    let world = World::new();
    Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), Some("secret")).await;
    let wrong = client(Credentials::none().with(server.host(), "wrong"));
    let error = wrong.sync(&world.mirror(), &server.url("app")).await.unwrap_err();
    assert!(matches!(error, GitError::Unauthorized { .. }), "{error}");
    assert!(!error.to_string().contains("wrong"), "{error}");
    let seen: Vec<_> = server.requests().into_iter().map(|request| request.authorization).collect();
    assert_eq!(seen, [None, Some(basic("wrong"))]);
    assert!(!world.mirror().exists());

    let none = anonymous().sync(&world.mirror(), &server.url("app")).await.unwrap_err();
    assert!(matches!(none, GitError::Unauthorized { .. }), "{none}");
    let host = server.host();
    let embedded = format!("http://x-access-token:secret@{host}/app");
    let mirror = anonymous().sync(&world.mirror(), &embedded).await.unwrap();
    assert_eq!(mirror.url(), server.url("app"));
    assert!(!fs::read_to_string(world.mirror().join("config")).unwrap().contains("secret"));
    assert!(!format!("{mirror:?}").contains("secret"));
}

#[tokio::test]
async fn redirects_are_followed_without_taking_the_token_along() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let (old, new) = (GitHttp::start(world.root(), None).await, GitHttp::start(world.root(), None).await);
    old.redirect("old-name", &new.url("app"));
    let client = client(Credentials::none().with(old.host(), "secret"));
    let embedded = format!("http://me:secret@{}/old-name", old.host());
    let mirror = client.sync(&world.mirror(), &embedded).await.unwrap();
    let commit = change(&mirror, &head(&mirror), "1");
    client.push(&mirror, &branch("depbot/routine"), &commit, Lease::Absent).await.unwrap();
    assert_eq!(origin.git(&["rev-parse", "depbot/routine"]), commit.as_str());
    assert!(new.requests().iter().all(|request| request.authorization.is_none()));
    assert!(new.requests().iter().any(|request| request.line.starts_with("POST /app/git-receive-pack")));

    old.redirect("circle", &old.url("circle"));
    let circle = client.sync(&world.mirror(), &old.url("circle")).await.unwrap_err();
    assert!(matches!(circle, GitError::Unreachable { .. }), "{circle}");
}

#[tokio::test]
async fn what_a_server_answers_becomes_a_decision() {
    let world = World::new();
    Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), None).await;
    let check = |name: &str, status: Option<u16>, expect: fn(&GitError) -> bool| {
        if let Some(status) = status {
            server.answer(name, status);
        }
        let (url, place) = (server.url(name), world.mirror());
        async move {
            let error = anonymous().sync(&place, &url).await.unwrap_err();
            assert!(expect(&error), "{status:?}: {error:?}");
            assert!(!error.to_string().contains("secret of the server"));
        }
    };
    check("nowhere", None, |error| matches!(error, GitError::NotFound { .. })).await;
    check("page", Some(200), |error| matches!(error, GitError::NotFound { .. })).await;
    check("gone", Some(410), |error| matches!(error, GitError::NotFound { .. })).await;
    check("forbidden", Some(403), |error| matches!(error, GitError::Unauthorized { .. })).await;
    check("broken", Some(500), |error| matches!(error, GitError::Unreachable { .. })).await;
    check("limited", Some(429), |error| matches!(error, GitError::Unreachable { .. })).await;
    let closed = anonymous().sync(&world.mirror(), "http://127.0.0.1:1/app").await.unwrap_err();
    assert!(matches!(closed, GitError::Unreachable { .. }), "{closed}");
    fs::create_dir(world.root().join("no repository")).unwrap();
    for name in ["nowhere", "no repository"] {
        let path = world.root().join(name).display().to_string();
        let missing = anonymous().sync(&world.mirror(), &path).await.unwrap_err();
        assert!(matches!(missing, GitError::NotFound { .. }), "{missing:?}");
    }
}

/// Makes the repository ask `script` before it moves a branch.
fn update_hook(origin: &Origin, script: &str) {
    let hook = origin.bare().join("hooks/update");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_person_who_pushes_at_the_same_moment_wins() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), None).await;
    let client = anonymous();
    let mirror = client.sync(&world.mirror(), &server.url("app")).await.unwrap();
    let base = head(&mirror);
    let commit = change(&mirror, &base, "1");
    update_hook(&origin, &format!("git update-ref \"$1\" {base}"));
    let lost = client.push(&mirror, &branch("depbot/routine"), &commit, Lease::Absent).await;
    let expect = PushError::LeaseLost { reference: "refs/heads/depbot/routine".to_owned(), found: Some(base.clone()) };
    assert_eq!(lost, Err(expect));
    assert_eq!(origin.git(&["rev-parse", "depbot/routine"]), base.as_str());
}

#[tokio::test]
async fn a_hook_that_refuses_is_a_rejection() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    update_hook(&origin, "exit 1");
    let server = GitHttp::start(world.root(), None).await;
    let client = anonymous();
    let mirror = client.sync(&world.mirror(), &server.url("app")).await.unwrap();
    let commit = change(&mirror, &head(&mirror), "1");
    let refused = client.push(&mirror, &branch("depbot/routine"), &commit, Lease::Absent).await.unwrap_err();
    assert!(matches!(&refused, PushError::Rejected { reason, .. } if reason.contains("hook")), "{refused:?}");
    assert_eq!(mirror.head(&branch("depbot/routine")).unwrap(), None);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_and_a_caller_can_give_up_at_once() {
    let world = World::new();
    Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), None).await;
    server.stall();
    let options = |timeout| GitOptions {
        credentials: Credentials::none(),
        ssh_command: None,
        hidden_variables: Vec::new(),
        timeout: Duration::from_millis(timeout),
    };
    let error = Git::new(options(50)).sync(&world.mirror(), &server.url("app")).await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
    let patient = Git::new(options(3_600_000));
    let (place, url) = (world.mirror(), server.url("app"));
    let waiting = tokio::time::timeout(Duration::from_millis(50), patient.sync(&place, &url)).await;
    // The runtime waits for its blocking threads at the end of this test: it would take an hour if they went on.
    assert!(waiting.is_err());
}

#[tokio::test]
async fn a_token_can_be_asked_for_as_late_as_at_the_push() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), Some("secret")).await;
    server.open_lists();
    let with_token = client(Credentials::none().with(server.host(), "secret"));
    pushes(&with_token, &server.url("app"), &origin, &world.mirror()).await;
    let place = world.root().join("other");
    let error = anonymous().sync(&place, &server.url("app")).await.unwrap_err();
    assert!(matches!(error, GitError::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn a_connection_that_cannot_be_trusted_is_no_connection() {
    let world = World::new();
    Origin::new(world.root(), "app");
    let server = GitHttp::start(world.root(), None).await;
    let client = client(Credentials::none().with(server.host(), "secret"));
    let plain = client.sync(&world.mirror(), &format!("https://{}/app", server.host())).await.unwrap_err();
    assert!(matches!(plain, GitError::Unreachable { .. }), "{plain}");
    assert!(server.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_mirrors_are_synced_at_once() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let expect = id(&origin.git(&["rev-parse", "main"]));
    let server = GitHttp::start(world.root(), Some("secret")).await;
    let client = client(Credentials::none().with(server.host(), "secret"));
    let syncs = (0..12).map(|index| {
        let (client, url, place) = (client.clone(), server.url("app"), world.root().join(format!("mirrors/{index}")));
        tokio::spawn(async move { client.sync(&place, &url).await })
    });
    for sync in syncs.collect::<Vec<_>>() {
        assert_eq!(head(&sync.await.unwrap().unwrap()), expect);
    }
}

#[tokio::test]
async fn a_head_without_a_branch_leads_to_a_branch_at_the_same_commit() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let commit = origin.git(&["rev-parse", "main"]);
    origin.git(&["update-ref", "--no-deref", "HEAD", &commit]);
    let server = GitHttp::start(world.root(), None).await;
    for url in [origin.bare().display().to_string(), server.url("app")] {
        let mirror = anonymous().sync(&world.mirror(), &url).await.unwrap();
        assert_eq!(mirror.default_branch().unwrap(), branch("main"));
    }
}

#[tokio::test]
async fn a_checkout_on_this_machine_takes_no_pushes() {
    let world = World::new();
    let origin = Origin::new(world.root(), "app");
    let client = anonymous();
    let mirror = client.sync(&world.mirror(), &origin.checkout().display().to_string()).await.unwrap();
    let commit = change(&mirror, &head(&mirror), "1");
    let refused = client.push(&mirror, &branch("depbot/routine"), &commit, Lease::Absent).await.unwrap_err();
    assert!(matches!(refused, PushError::Rejected { .. }), "{refused:?}");
}

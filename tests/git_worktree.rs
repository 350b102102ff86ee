//! Worktrees: what untrusted code may leave in one, and what the next reset makes of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use depbot::git::{Credentials, Git, GitError, GitOptions, Mirror, Worktree};
use depbot::model::{CommitId, RepoPath};
use support::git_repo::{Origin, git};
use tempfile::TempDir;

struct World {
    dir: TempDir,
    origin: Origin,
    mirror: Mirror,
    first: CommitId,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let origin = Origin::new(dir.path(), "app");
        fs::write(origin.checkout().join(".gitignore"), "*.log\n").unwrap();
        fs::write(origin.checkout().join("run.sh"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(origin.checkout().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("src/lib.rs", origin.checkout().join("link.rs")).unwrap();
        symlink("/etc", origin.checkout().join("outside")).unwrap();
        let first = CommitId::new(origin.commit(&[])).unwrap();
        origin.git(&["tag", "v1", "main"]);
        let options = GitOptions {
            credentials: Credentials::none(),
            ssh_command: None,
            hidden_variables: Vec::new(),
            timeout: Duration::from_secs(20),
        };
        let url = origin.bare().display().to_string();
        let mirror = Git::new(options).sync(&dir.path().join("mirror"), &url).await.unwrap();
        Self { dir, origin, mirror, first }
    }

    fn place(&self) -> PathBuf {
        self.dir.path().join("state/trees/app")
    }

    fn worktree(&self) -> Worktree {
        self.mirror.worktree(&self.place(), &self.first).unwrap()
    }
}

/// What is done to the worktree, with a folder of somebody else's.
type Deed = (&'static str, fn(&Path, &Path));

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// What the real git says of a worktree: what differs, and where it stands.
fn check_clean(dir: &Path, commit: &CommitId) {
    assert_eq!(git(dir, &["status", "--porcelain", "--ignored"]), "");
    assert_eq!(git(dir, &["rev-parse", "HEAD"]), commit.as_str());
}

#[tokio::test]
async fn git_sees_a_clean_checkout_with_tags() {
    let world = World::new().await;
    let worktree = world.worktree();
    check_clean(worktree.path(), &world.first);
    assert_eq!(git(worktree.path(), &["describe", "--tags", "--dirty"]), "v1");
    assert!(fs::metadata(worktree.path().join("run.sh")).unwrap().permissions().mode() & 0o111 != 0);
    assert_eq!(fs::read_link(worktree.path().join("link.rs")).unwrap(), Path::new("src/lib.rs"));
    git(worktree.path(), &["fsck"]);
}

#[tokio::test]
async fn a_reset_writes_what_differs_only() {
    let world = World::new().await;
    let worktree = world.worktree();
    let time = |name: &str| fs::metadata(worktree.path().join(name)).unwrap().modified().unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for name in ["Cargo.toml", "src/lib.rs", ".git/HEAD"] {
        fs::File::options().write(true).open(worktree.path().join(name)).unwrap().set_modified(old).unwrap();
    }
    worktree.write(&path("Cargo.toml"), b"[workspace]\n").unwrap();
    assert_eq!(worktree.read(&path("Cargo.toml")).unwrap(), b"[workspace]\n");
    worktree.reset(&world.first).unwrap();
    assert_eq!((time("src/lib.rs"), time(".git/HEAD")), (old, old));
    assert_ne!(time("Cargo.toml"), old);
    check_clean(worktree.path(), &world.first);
}

#[tokio::test]
async fn whatever_was_done_to_a_worktree_a_reset_undoes() {
    let world = World::new().await;
    let outside = world.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("lib.rs"), "precious").unwrap();
    let mirror_head = fs::read(world.mirror.path().join("HEAD")).unwrap();
    let deeds: &[Deed] = &[
        ("files are added", |dir, _| {
            fs::create_dir_all(dir.join("target/debug")).unwrap();
            fs::write(dir.join("target/debug/x.log"), "").unwrap();
            fs::write(dir.join("src/new.rs"), "").unwrap();
        }),
        ("a file is removed", |dir, _| fs::remove_file(dir.join("src/lib.rs")).unwrap()),
        ("a file is changed and keeps its size and time", |dir, _| {
            let time = fs::metadata(dir.join("src/lib.rs")).unwrap().modified().unwrap();
            fs::write(dir.join("src/lib.rs"), "//! Cude.\n").unwrap();
            fs::File::options().write(true).open(dir.join("src/lib.rs")).unwrap().set_modified(time).unwrap();
            git(dir, &["add", "--all"]);
        }),
        ("a mode is changed", |dir, _| {
            fs::set_permissions(dir.join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("a folder becomes a link", |dir, outside| {
            fs::remove_dir_all(dir.join("src")).unwrap();
            symlink(outside, dir.join("src")).unwrap();
        }),
        ("a file becomes a hard link", |dir, outside| {
            fs::remove_file(dir.join("src/lib.rs")).unwrap();
            fs::hard_link(outside.join("lib.rs"), dir.join("src/lib.rs")).unwrap();
        }),
        ("a file becomes a folder", |dir, _| {
            fs::remove_file(dir.join("Cargo.toml")).unwrap();
            fs::create_dir_all(dir.join("Cargo.toml/deep")).unwrap();
        }),
        ("a folder is closed", |dir, _| {
            fs::create_dir_all(dir.join("closed/deep")).unwrap();
            fs::write(dir.join("closed/deep/file"), "").unwrap();
            fs::set_permissions(dir.join("closed/deep"), fs::Permissions::from_mode(0o000)).unwrap();
            fs::set_permissions(dir.join("closed"), fs::Permissions::from_mode(0o500)).unwrap();
        }),
        ("a folder cannot be changed", |dir, _| {
            fs::remove_file(dir.join("src/lib.rs")).unwrap();
            fs::set_permissions(dir.join("src"), fs::Permissions::from_mode(0o500)).unwrap();
        }),
        ("a link leads elsewhere", |dir, outside| {
            fs::remove_file(dir.join("link.rs")).unwrap();
            symlink(outside.join("lib.rs"), dir.join("link.rs")).unwrap();
        }),
        ("commits, branches and hooks are made", |dir, _| {
            fs::write(dir.join("src/lib.rs"), "evil").unwrap();
            git(dir, &["commit", "--quiet", "--all", "--message=evil"]);
            git(dir, &["branch", "evil"]);
            fs::create_dir_all(dir.join(".git/hooks")).unwrap();
            fs::write(dir.join(".git/hooks/post-checkout"), "evil").unwrap();
        }),
        ("git's folder points at the mirror", |dir, outside| {
            fs::remove_dir_all(dir.join(".git")).unwrap();
            let mirror = outside.with_file_name("mirror");
            fs::write(dir.join(".git"), format!("gitdir: {}\n", mirror.display())).unwrap();
        }),
        ("git's folder is a link to the mirror", |dir, outside| {
            fs::remove_dir_all(dir.join(".git")).unwrap();
            symlink(outside.with_file_name("mirror"), dir.join(".git")).unwrap();
        }),
        ("git's configuration points elsewhere", |dir, outside| {
            let text = format!("[core]\nbare = false\nworktree = {}\nfsmonitor = /bin/false\n", outside.display());
            fs::write(dir.join(".git/config"), text).unwrap();
        }),
        ("a killed git left its lock", |dir, _| fs::write(dir.join(".git/index.lock"), "").unwrap()),
        ("everything is gone", |dir, _| fs::remove_dir_all(dir).unwrap()),
    ];
    for (name, deed) in deeds {
        let worktree = world.worktree();
        deed(worktree.path(), &outside);
        worktree.reset(&world.first).unwrap_or_else(|error| panic!("{name}: {error}"));
        check_clean(worktree.path(), &world.first);
        let code = fs::read_to_string(worktree.path().join("src/lib.rs")).unwrap();
        assert_eq!(code, "//! Code.\n", "{name}");
        assert_eq!(fs::read_to_string(outside.join("lib.rs")).unwrap(), "precious", "{name}");
        assert_eq!(fs::read(world.mirror.path().join("HEAD")).unwrap(), mirror_head, "{name}");
    }
    git(world.mirror.path(), &["fsck"]);
}

#[tokio::test]
async fn a_reset_moves_between_commits_with_files_and_folders_swapped() {
    let world = World::new().await;
    let checkout = world.origin.checkout();
    fs::remove_file(checkout.join("Cargo.toml")).unwrap();
    fs::remove_dir_all(checkout.join("src")).unwrap();
    let second = world.origin.commit(&[("Cargo.toml/inner", "x"), ("src", "y")]);
    let options = GitOptions {
        credentials: Credentials::none(),
        ssh_command: None,
        hidden_variables: Vec::new(),
        timeout: Duration::from_secs(20),
    };
    let url = world.origin.bare().display().to_string();
    Git::new(options).sync(world.mirror.path(), &url).await.unwrap();
    let (first, second) = (world.first.clone(), CommitId::new(second).unwrap());
    let worktree = world.worktree();
    for commit in [&second, &first, &second] {
        worktree.reset(commit).unwrap();
        check_clean(worktree.path(), commit);
    }
}

#[tokio::test]
async fn nothing_is_written_or_read_through_a_link_that_leads_out() {
    let world = World::new().await;
    let worktree = world.worktree();
    let place = world.dir.path().join("precious");
    fs::write(&place, "precious").unwrap();
    symlink(&place, worktree.path().join("evil")).unwrap();
    symlink(world.dir.path(), worktree.path().join("folder")).unwrap();
    symlink("nowhere", worktree.path().join("dangling")).unwrap();
    symlink(".git", worktree.path().join("inner")).unwrap();
    for name in ["evil", "folder/precious", "folder/new", "dangling", ".git/config", "inner/config", "outside/passwd"] {
        assert!(matches!(worktree.write(&path(name), b"x"), Err(GitError::Local { .. })), "{name}");
        assert!(worktree.read(&path(name)).is_err(), "{name}");
    }
    assert!(matches!(worktree.read(&path("missing/file")), Err(GitError::NotFound { .. })));
    assert!(matches!(worktree.read(&path("missing")), Err(GitError::NotFound { .. })));
    assert!(worktree.write(&RepoPath::root(), b"x").is_err() && worktree.write(&path("src"), b"x").is_err());
    assert_eq!(fs::read_to_string(&place).unwrap(), "precious");
    worktree.write(&path("link.rs"), b"through").unwrap();
    assert_eq!(worktree.read(&path("src/lib.rs")).unwrap(), b"through");
    worktree.write(&path("run.sh"), b"new").unwrap();
    assert!(fs::metadata(worktree.path().join("run.sh")).unwrap().permissions().mode() & 0o111 != 0);
}

#[tokio::test]
async fn a_folder_with_somebodys_files_is_never_taken_for_a_worktree() {
    let world = World::new().await;
    let place = world.dir.path().join("mine");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("thesis.txt"), "years").unwrap();
    assert!(matches!(world.mirror.worktree(&place, &world.first), Err(GitError::Local { .. })));
    assert_eq!(fs::read_to_string(place.join("thesis.txt")).unwrap(), "years");
}

#[tokio::test]
async fn a_commit_that_is_not_there_is_not_found() {
    let world = World::new().await;
    let missing = CommitId::new("0123456789012345678901234567890123456789").unwrap();
    assert!(matches!(world.mirror.worktree(&world.place(), &missing), Err(GitError::NotFound { .. })));
    assert!(matches!(world.mirror.commit_info(&missing), Err(GitError::NotFound { .. })));
}

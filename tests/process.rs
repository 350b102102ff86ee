//! Children: what they get, what is read from them, and that nothing of them is left.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use depbot::process::{Exit, Finished, Job, Listener, Output, ProcessError, run};

/// A limit that no test reaches.
const PLENTY: Duration = Duration::from_secs(60);

fn job(folder: &Path, program: &str, arguments: &[&str]) -> Job {
    Job {
        program: program.into(),
        arguments: arguments.iter().map(OsString::from).collect(),
        folder: folder.to_path_buf(),
        environment: BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]),
        time_limit: PLENTY,
        output: Output::Separate,
        output_limit: 1024,
        listener: None,
    }
}

fn shell(folder: &Path, script: &str) -> Job {
    job(folder, "sh", &["-c", script])
}

async fn finished(job: Job) -> Finished {
    run(job).await.expect("it runs")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[tokio::test]
async fn outputs_and_the_end_are_told_apart() {
    let check = async |script: &str, output: Output, expect: (Exit, &str, &str)| {
        let folder = folder();
        let finished = finished(Job { output, ..shell(folder.path(), script) }).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let got = (finished.status, text(&finished.stdout), text(&finished.stderr));
        assert_eq!((got.0, got.1.as_str(), got.2.as_str()), expect, "{script}");
    };
    check("echo a; echo b >&2; exit 3", Output::Separate, (Exit::Code(3), "a\n", "b\n")).await;
    check("echo a; echo b >&2; echo c", Output::Merged, (Exit::Code(0), "a\nb\nc\n", "")).await;
    check("kill -9 $$", Output::Merged, (Exit::Signal(9), "", "")).await;
    check("cat", Output::Separate, (Exit::Code(0), "", "")).await;
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let folder = folder();
    let error = run(job(folder.path(), "no-such-program", &[])).await.expect_err("no program");
    assert!(matches!(error, ProcessError::NotFound { .. }), "{error}");
    let error = run(job(&folder.path().join("gone"), "true", &[])).await.expect_err("no folder");
    assert!(matches!(error, ProcessError::NoFolder { .. }), "{error}");
}

#[tokio::test]
async fn nothing_is_inherited_from_the_environment() {
    let folder = folder();
    let finished = finished(job(folder.path(), "env", &[])).await;
    let text = String::from_utf8_lossy(&finished.stdout).into_owned();
    let names: Vec<_> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert_eq!(names, ["DEPBOT_JOB", "PATH"]);
}

#[tokio::test]
async fn endless_output_is_kept_within_its_bound() {
    let folder = folder();
    let finished = finished(shell(folder.path(), "echo first; yes | head -c 3000000; echo last")).await;
    let text = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(text.len() < 1100, "{}", text.len());
    assert!(text.starts_with("first\n") && text.ends_with("last\n"), "{text}");
}

#[tokio::test]
async fn lines_are_heard_while_they_are_written() {
    let folder = folder();
    let heard = folder.path().join("heard");
    let path = heard.clone();
    let listener = Some(Listener::new(move |line| std::fs::write(&path, line).expect("a file")));
    let script = "echo one; until [ -s heard ]; do :; done; cat heard";
    let finished = finished(Job { listener, ..shell(folder.path(), script) }).await;
    assert_eq!(finished.stdout, b"one\none");
}

#[cfg(target_os = "linux")]
mod trees {
    use super::*;

    use std::os::unix::process::ExitStatusExt as _;

    use depbot::process::end_orphans;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    /// Starts a daemon in a session of its own, outside the shell's children, that holds the outputs open and ignores
    /// SIGTERM; it tells its id through the pipe `pid`.
    const DAEMON: &str = "(setsid sh -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 1000; done' &)";

    fn is_alive(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    fn folder_with_pipe() -> tempfile::TempDir {
        let folder = folder();
        mkfifo(&folder.path().join("pid"), Mode::S_IRWXU).expect("a named pipe");
        folder
    }

    #[tokio::test]
    async fn a_daemon_ends_with_the_job_that_started_it() {
        let folder = folder_with_pipe();
        let finished = finished(shell(folder.path(), &format!("{DAEMON}; cat pid"))).await;
        let pid = String::from_utf8_lossy(&finished.stdout).into_owned();
        assert_eq!(finished.status, Exit::Code(0));
        assert!(pid.trim().parse::<u32>().is_ok(), "{pid:?}");
        assert!(!is_alive(&pid));
        assert!(finished.took < PLENTY / 4, "{:?}", finished.took);
    }

    #[tokio::test]
    async fn a_job_that_ignores_its_end_is_killed_after_its_limit() {
        let folder = folder_with_pipe();
        let limit = Duration::from_millis(300);
        let script = format!("trap '' TERM; {DAEMON}; cat pid; while :; do sleep 1000; done");
        let finished = finished(Job { time_limit: limit, ..shell(folder.path(), &script) }).await;
        let pid = String::from_utf8_lossy(&finished.stdout).into_owned();
        assert_eq!(finished.status, Exit::TimedOut(limit));
        assert!(!is_alive(&pid));
        assert!(finished.took < Duration::from_secs(5), "{:?}", finished.took);
    }

    #[tokio::test]
    async fn a_job_that_is_no_longer_wanted_ends_at_once() {
        let folder = folder_with_pipe();
        let pipe = folder.path().join("pid");
        let started = tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe));
        let pid = tokio::select! {
            _ = run(shell(folder.path(), &format!("{DAEMON}; sleep 1000"))) => panic!("it does not end by itself"),
            pid = started => pid.expect("no panic").expect("a readable pipe"),
        };
        assert!(!is_alive(&pid));
    }

    #[tokio::test]
    async fn what_a_killed_depbot_left_is_ended_and_nothing_else() {
        let folder = folder();
        // A process that is over stands for the depbot that was killed, its mark rewritten from a living one.
        let mark = finished(shell(folder.path(), "echo $DEPBOT_JOB")).await.stdout;
        let mark = String::from_utf8(mark).expect("text").trim().to_owned();
        let (owner, _) = mark.rsplit_once('/').expect("an owner");
        let left = |owner: &str| {
            #[expect(clippy::disallowed_methods, reason = "it must not be a job")]
            let mut command = std::process::Command::new("sleep");
            command.arg("1000").env("DEPBOT_JOB", format!("{owner}/0-0")).spawn().expect("it starts")
        };
        let (mut orphan, mut guarded) = (left(&format!("{owner}0")), left(owner));
        end_orphans();
        assert_eq!(orphan.wait().expect("it ends").signal(), Some(9));
        assert!(guarded.try_wait().expect("it can be asked").is_none());
        guarded.kill().expect("it can be killed");
        guarded.wait().expect("it ends");
    }
}

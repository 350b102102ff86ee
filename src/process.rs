//! Child processes: started with a complete environment, limited in time and output, ended with their whole tree.
//!
//! This is the only place that spawns, but for `ssh` in `git/ssh.rs`, which is a stream and not a command. What is run, and with which environment, is decided by the callers.

mod capture;
pub mod failpoint;
mod tree;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::process::{Child, ChildStderr, ChildStdout, Command};

pub use tree::end_orphans;

use capture::Capture;
use tree::Tree;

/// How long a time-out lets the processes end by themselves after SIGTERM.
const GRACE: Duration = Duration::from_millis(500);
/// How long output is read after everything was killed: only what escaped can still hold the pipe open then.
const DRAIN: Duration = Duration::from_secs(1);

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The program: a path, or a name that is looked up in the `PATH` of [`Job::environment`].
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// The complete environment: nothing is inherited.
    pub environment: BTreeMap<OsString, OsString>,
    /// When it and everything it started are ended.
    pub time_limit: Duration,
    /// How the two outputs are read.
    pub output: Output,
    /// How many bytes of each output are kept; beyond that the middle is left out.
    pub output_limit: usize,
    /// Who hears every line while it is written.
    pub listener: Option<Listener>,
}

/// Hears the lines that a job writes, while it writes them. It must not block.
#[derive(Clone)]
pub struct Listener(Arc<dyn Fn(&str) + Send + Sync>);

/// How the outputs of a job are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Each on its own.
    Separate,
    /// Both as [`Finished::stdout`], in the order they were written.
    Merged,
}

/// What came out of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub status: Exit,
    /// What it wrote to its output, the middle left out where there was too much.
    pub stdout: Vec<u8>,
    /// What it wrote to its error output, the middle left out where there was too much.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal, sent by somebody else.
    Signal(i32),
    /// By us, after this time limit.
    TimedOut(Duration),
}

/// Why a job could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("there is no program {}", program.display())]
    NotFound {
        /// Its name or path.
        program: OsString,
    },
    /// There is no such folder.
    #[error("there is no folder {}", folder.display())]
    NoFolder {
        /// Its path.
        folder: PathBuf,
    },
    /// The system does not start or watch it.
    #[error("{} cannot be run: {error}", program.display())]
    System {
        /// Its name or path.
        program: OsString,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
}

/// Runs a job to its end. When it ends, times out, or when the future is dropped, nothing that it started is left:
/// its process group, and on Linux every process that carries the job's mark in its environment.
pub async fn run(job: Job) -> Result<Finished, ProcessError> {
    let started = Instant::now();
    let (mut child, tree) = start(&job)?;
    let capture = || Capture::new(job.output_limit, job.listener.clone());
    let (stdout, stderr) = (capture(), capture());
    let ended = supervise(&mut child, tree, job.time_limit, &stdout, &stderr).await;
    let status = ended.map_err(|error| ProcessError::System { program: job.program, error })?;
    Ok(Finished { status, stdout: stdout.into_bytes(), stderr: stderr.into_bytes(), took: started.elapsed() })
}

/// Reads and waits until the child has ended, ends what it left behind, and reads what was still to come.
async fn supervise(
    child: &mut Child,
    tree: Tree,
    limit: Duration,
    stdout: &Capture,
    stderr: &Capture,
) -> io::Result<Exit> {
    let reading = read_both(child.stdout.take(), child.stderr.take(), stdout, stderr);
    tokio::pin!(reading);
    let mut open = true;
    let ended = {
        let waiting = wait(child, &tree, limit);
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                ended = &mut waiting => break ended,
                () = &mut reading, if open => open = false,
            }
        }
    };
    tree.end().await;
    if open {
        // Elapsed or not: what was read is what there is.
        let _ = tokio::time::timeout(DRAIN, reading).await;
    }
    ended
}

/// Starts the child as the leader of its own process group.
fn start(job: &Job) -> Result<(Child, Tree), ProcessError> {
    if !job.folder.is_dir() {
        return Err(ProcessError::NoFolder { folder: job.folder.clone() });
    }
    let system = |error| ProcessError::System { program: job.program.clone(), error };
    let mark = tree::Mark::new();
    #[expect(clippy::disallowed_methods, reason = "this is the place that spawns")]
    let mut command = Command::new(&job.program);
    command
        .args(&job.arguments)
        .current_dir(&job.folder)
        .env_clear()
        .envs(&job.environment)
        .env(tree::MARK_VARIABLE, mark.value())
        .stdin(Stdio::null())
        .process_group(0);
    let merged = match job.output {
        Output::Separate => {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            None
        }
        Output::Merged => {
            let (reader, writer) = io::pipe().map_err(system)?;
            command.stdout(writer.try_clone().map_err(system)?).stderr(writer);
            Some(reader)
        }
    };
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ProcessError::NotFound { program: job.program.clone() },
        _ => system(error),
    })?;
    // From here on the tree ends with `tree`, whatever happens. `command` holds the writing end of a merged pipe.
    let tree = Tree::new(child.id(), mark);
    drop(command);
    if let Some(reader) = merged {
        let reader = std::process::ChildStdout::from(OwnedFd::from(reader));
        child.stdout = Some(ChildStdout::from_std(reader).map_err(system)?);
    }
    Ok((child, tree))
}

/// Waits for the child's end; after the limit asks its tree to end, and leaves the rest to the caller.
async fn wait(child: &mut Child, tree: &Tree, limit: Duration) -> io::Result<Exit> {
    if let Ok(ended) = tokio::time::timeout(limit, child.wait()).await {
        return ended.map(exit_of);
    }
    tree.ask();
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        child.start_kill()?;
        child.wait().await?;
    }
    Ok(Exit::TimedOut(limit))
}

async fn read_both(out: Option<ChildStdout>, err: Option<ChildStderr>, to_out: &Capture, to_err: &Capture) {
    let out = async {
        if let Some(out) = out {
            to_out.read(out).await;
        }
    };
    let err = async {
        if let Some(err) = err {
            to_err.read(err).await;
        }
    };
    tokio::join!(out, err);
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Code(-1),
    }
}

impl Listener {
    /// A listener that is called with every line, without its end.
    pub fn new(hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    fn hear(&self, line: &str) {
        (self.0)(line);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Exit {
    /// Whether it ended by itself with code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut(limit) => write!(f, "ended by the time limit of {} s", limit.as_secs()),
        }
    }
}

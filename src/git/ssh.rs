//! Git's protocol over the user's own `ssh`, so that their keys, agent, jump hosts and known hosts apply.
//!
//! It never prompts: `BatchMode=yes`.

use std::io::{self, Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use git2::transport::{Service, SmartSubtransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::address::SshAddress;
use super::session::Session;
use super::transport::{Stream, program};
use super::{GitError, redact};

/// What ssh itself ends with when it does not get through; everything else comes from the other side.
const SSH_FAILED: i32 = 255;

/// How long the other side may take to end by itself once everything is said.
const FAREWELL: Duration = Duration::from_secs(2);

/// As much of what ssh says as a message can carry, in bytes.
const MAX_COMPLAINT: usize = 2000;

/// What ssh is never told, beside `GitOptions::hidden_variables`: depbot's secrets, and a version of git's protocol that libgit2
/// does not speak.
const WITHHELD: [&str; 6] = [
    "DEPBOT_GITHUB_TOKEN",
    "DEPBOT_GITHUB_APP_ID",
    "DEPBOT_GITHUB_APP_PRIVATE_KEY",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GIT_PROTOCOL",
];

/// The connection of one remote.
pub(super) struct SshTransport {
    session: Arc<Session>,
}

impl SshTransport {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    fn open(&self, url: &str, program: &str) -> Result<SshStream, GitError> {
        let address = SshAddress::parse(url)?;
        let command = command(&address, program, self.session.options.ssh_command.as_deref());
        let mut child =
            self.session.in_runtime(|| spawn(command, &self.session.options.hidden_variables)).map_err(|error| {
                GitError::Local { place: "ssh".to_owned(), reason: format!("it cannot be started: {error}") }
            })?;
        let complaint = child.stderr.take().map(|stderr| self.session.spawn(complaint(stderr)));
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let url = redact(url);
        Ok(SshStream { session: Arc::clone(&self.session), url, child, input, output, complaint, answered: false })
    }
}

impl SmartSubtransport for SshTransport {
    fn action(&self, url: &str, service: Service) -> Result<Stream, git2::Error> {
        let (program, _) = program(service);
        match self.open(url, program) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(self.session.fail(error)),
        }
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// A running ssh with the other side's program at its end.
struct SshStream {
    session: Arc<Session>,
    url: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    complaint: Option<JoinHandle<String>>,
    answered: bool,
}

impl SshStream {
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, GitError> {
        let Some(output) = &mut self.output else { return Ok(0) };
        let read = self.session.wait(&self.url, output.read(buffer))?.map_err(|error| self.broken(&error))?;
        if read == 0 && !self.answered && !buffer.is_empty() {
            return Err(self.refusal()?);
        }
        self.answered = true;
        Ok(read)
    }

    fn send(&mut self, data: &[u8]) -> Result<(), GitError> {
        let Some(input) = &mut self.input else { return Ok(()) };
        let written = self.session.wait(&self.url, async {
            input.write_all(data).await?;
            input.flush().await
        })?;
        written.map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &io::Error) -> GitError {
        GitError::Unreachable { url: self.url.clone(), reason: error.to_string() }
    }

    /// Why the other side ended without a word of git's protocol.
    fn refusal(&mut self) -> Result<GitError, GitError> {
        let status = self.session.wait(&self.url, self.child.wait())?.map_err(|error| self.broken(&error))?;
        let reason = match self.complaint.take() {
            Some(complaint) => self.session.wait(&self.url, complaint)?.unwrap_or_default(),
            None => String::new(),
        };
        Ok(if status.code() == Some(SSH_FAILED) || status.code().is_none() {
            GitError::Unreachable { url: self.url.clone(), reason }
        } else {
            GitError::NotFound { what: format!("repository {}", self.url), reason }
        })
    }
}

impl Read for SshStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next(buffer).map_err(|error| self.session.fail_io(error))
    }
}

impl Write for SshStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.send(data).map_err(|error| self.session.fail_io(error))?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SshStream {
    /// Lets the other side come to its end, hooks included; one that does not is killed with its `Child`.
    fn drop(&mut self) {
        self.input = None;
        self.output = None;
        if !self.session.has_failed() && !self.session.is_cancelled() {
            let _ = self.session.wait(&self.url, tokio::time::timeout(FAREWELL, self.child.wait()));
        }
    }
}

/// `ssh_command` is a line for the shell, as `GIT_SSH_COMMAND` is for git.
#[expect(
    clippy::disallowed_methods,
    reason = "git's ssh is a stream between two programs, not a command with a result"
)]
fn command(address: &SshAddress, program: &str, ssh_command: Option<&str>) -> Command {
    let mut command = match ssh_command {
        None => Command::new("ssh"),
        Some(line) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("{line} \"$@\"")).arg("ssh");
            shell
        }
    };
    command.args(["-o", "BatchMode=yes"]);
    if let Some(port) = address.port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg(&address.destination).arg(format!("{program} {}", quoted(&address.path)));
    command
}

fn spawn(mut command: Command, hidden: &[String]) -> io::Result<Child> {
    for name in WITHHELD.into_iter().chain(hidden.iter().map(String::as_str)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
}

/// One word for the shell on the other side.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''").replace('!', r"'\!'"))
}

/// Everything that ssh says, so that it never waits for a reader; the beginning of it is kept, in one line.
async fn complaint(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        let room = MAX_COMPLAINT.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(&buffer[..room]);
    }
    let text = String::from_utf8_lossy(&kept);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_the_other_sides_shell() {
        let check = |path: &str, expect: &str| assert_eq!(quoted(path), expect);
        check("/srv/app", "'/srv/app'");
        check("/srv/it's; rm -rf /", r"'/srv/it'\''s; rm -rf /'");
        check("a!b", r"'a'\!'b'");
    }
}

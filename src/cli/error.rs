//! What goes wrong in a command, with its exit code and what to do about it.

use std::path::Path;

/// `repos.toml` or the command line is wrong.
pub(super) const USAGE: u8 = 2;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(super) enum CliError {
    /// Some repositories failed; the rest is done.
    RepositoriesFailed,
    /// The command line asks for something that does not go.
    Usage { message: String, hint: Option<String> },
    /// repos.toml is wrong; its problems have been shown.
    Config { problems: usize, file: String },
    /// Something this machine lacks.
    Environment { message: String, hint: Option<String> },
    /// A command on one thing failed.
    Failed { message: String, hint: Option<String> },
    /// Ctrl-C.
    Interrupted,
}

impl CliError {
    /// The process's exit code (DESIGN: 1 some repository failed, 2 usage, 3 environment, 130 interrupted).
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::RepositoriesFailed | Self::Failed { .. } => 1,
            Self::Usage { .. } | Self::Config { .. } => USAGE,
            Self::Environment { .. } => 3,
            Self::Interrupted => 130,
        }
    }

    /// What happened, as one sentence; `None` when it has been told.
    pub(super) fn message(&self) -> Option<String> {
        match self {
            Self::RepositoriesFailed => None,
            Self::Usage { message, .. } | Self::Environment { message, .. } | Self::Failed { message, .. } => {
                Some(message.clone())
            }
            Self::Config { problems: 1, file } => Some(format!("{file} has a problem; nothing was done")),
            Self::Config { problems, file } => Some(format!("{file} has {problems} problems; nothing was done")),
            Self::Interrupted => Some("interrupted".to_owned()),
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<&str> {
        match self {
            Self::Usage { hint, .. } | Self::Environment { hint, .. } | Self::Failed { hint, .. } => hint.as_deref(),
            Self::Interrupted => Some("run the same command again: it goes on where this one ended"),
            Self::RepositoriesFailed | Self::Config { .. } => None,
        }
    }

    /// Wrong usage, with what to do instead.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// A failure, with what to do about it.
    pub(super) fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), hint: Some(hint.into()) }
    }

    /// Something this machine lacks, in the words of its cause.
    pub(super) fn environment(what: &str, cause: &dyn std::error::Error) -> Self {
        Self::Environment { message: format!("{what}: {cause}"), hint: None }
    }

    /// A file that cannot be read or written.
    pub(super) fn file(path: &Path, cause: &std::io::Error) -> Self {
        Self::Failed { message: format!("{}: {cause}", path.display()), hint: None }
    }
}

macro_rules! environment_errors {
    ($($error:ty => $what:literal),* $(,)?) => {
        $(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::environment($what, &error)
            }
        })*
    };
}

environment_errors! {
    crate::journal::JournalError => "the journal cannot be used",
    crate::run::FolderError => "depbot cannot work here",
    crate::registry::RegistryError => "registries cannot be reached",
}

impl From<crate::run::RunError> for CliError {
    fn from(error: crate::run::RunError) -> Self {
        match error {
            crate::run::RunError::Journal(error) => error.into(),
            error @ (crate::run::RunError::UnknownPackage { .. } | crate::run::RunError::UnknownRelease { .. }) => {
                Self::usage(error.to_string(), "`depbot plan --all` shows what is declared and what is newer")
            }
            error @ crate::run::RunError::UnknownRepository { .. } => {
                Self::usage(error.to_string(), "make a new plan with this configuration")
            }
        }
    }
}

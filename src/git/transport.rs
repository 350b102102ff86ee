//! The transports that libgit2 is taught: http and https over reqwest, ssh over the user's own `ssh`.

use std::sync::{Arc, OnceLock};

use git2::transport::{Service, SmartSubtransportStream, Transport, register};

use super::http::HttpTransport;
use super::session::Session;
use super::ssh::SshTransport;

/// Teaches libgit2 the transports, once in the life of the process.
pub(super) fn install() -> Result<(), git2::Error> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| register_all().map_err(|error| error.message().to_owned()));
    installed.clone().map_err(|message| git2::Error::from_str(&message))
}

#[expect(unsafe_code, reason = "git2 marks register as unsafe: no transport may be made meanwhile")]
fn register_all() -> Result<(), git2::Error> {
    // SAFETY: this runs once, inside `OnceLock::get_or_init`, and every use of a remote in this crate comes after
    // `install` has returned: nothing makes a transport at the same time.
    unsafe {
        for scheme in ["http", "https"] {
            register(scheme, |remote| Transport::smart(remote, true, HttpTransport::new(session()?)))?;
        }
        register("ssh", |remote| Transport::smart(remote, false, SshTransport::new(session()?)))
    }
}

fn session() -> Result<Arc<Session>, git2::Error> {
    Session::current().ok_or_else(|| git2::Error::from_str("a remote is used outside of a session"))
}

/// The git program that serves a request, and whether the request only lists references.
pub(super) fn program(service: Service) -> (&'static str, bool) {
    match service {
        Service::UploadPackLs => ("git-upload-pack", true),
        Service::UploadPack => ("git-upload-pack", false),
        Service::ReceivePackLs => ("git-receive-pack", true),
        Service::ReceivePack => ("git-receive-pack", false),
    }
}

/// A stream as libgit2 takes it.
pub(super) type Stream = Box<dyn SmartSubtransportStream>;

//! What goes to standard output, and how it looks there.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use super::args::{ColorArg, GlobalArgs};
use super::error::CliError;
use super::progress::Bars;
use super::world;
use crate::report::{Colour, Look};

/// The narrowest and the width without a terminal, in columns.
const WIDTHS: (u16, u16) = (60, 110);

/// Where results go, and how they look.
#[derive(Clone, Debug)]
pub(super) struct Output {
    quiet: bool,
    out: Colour,
    err: Colour,
}

impl Output {
    pub(super) fn new(global: &GlobalArgs) -> Self {
        let colour = |is_terminal: bool| match global.color {
            ColorArg::Always => Colour::Ansi,
            ColorArg::Never => Colour::None,
            ColorArg::Auto if is_terminal && !world::no_color() => Colour::Ansi,
            ColorArg::Auto => Colour::None,
        };
        let (out, err) = (colour(std::io::stdout().is_terminal()), colour(std::io::stderr().is_terminal()));
        Self { quiet: global.quiet, out, err }
    }

    /// How tables on standard output look.
    pub(super) fn look(&self) -> Look {
        let width = comfy_width().unwrap_or(WIDTHS.1).max(WIDTHS.0);
        Look { width, colour: self.out }
    }

    /// Whether standard error is coloured.
    pub(super) fn is_coloured(&self) -> bool {
        self.err == Colour::Ansi
    }

    /// A result: what the user asked for. A reader that has seen enough (`| head`) is no error.
    pub(super) fn result(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
        let _ = write!(out, "{text}{end}").and_then(|()| out.flush());
    }

    /// Something that is good to know, unless the user wants quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Tells an error, and gives its exit code.
    pub(super) fn fail(&self, error: &CliError) -> ExitCode {
        let (red, bold, plain) = if self.is_coloured() { ("\x1b[1;31m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        if let Some(message) = error.message() {
            let _ = writeln!(std::io::stderr(), "{red}error{plain}{bold}:{plain} {message}");
        }
        if let Some(hint) = error.hint() {
            let _ = writeln!(std::io::stderr(), "  {bold}help:{plain} {hint}");
        }
        ExitCode::from(error.code())
    }
}

/// The width of the terminal on standard output, where there is one.
fn comfy_width() -> Option<u16> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    comfy_table::Table::new().width()
}

/// Sends the program's own log to standard error, around the bars.
pub(super) fn start_log(global: &GlobalArgs, bars: &Bars) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "depbot=info,warn",
        (false, 2) => "depbot=debug,info",
        (false, _) => "trace",
    };
    let bars = bars.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(move || bars.log_writer())
        .with_target(false)
        .without_time()
        .with_ansi(false);
    let _ = subscriber.try_init();
}

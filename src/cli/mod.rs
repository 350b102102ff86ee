//! The `depbot` program: what is typed becomes a command, what a command comes to becomes an exit code.
//!
//! | file | owns |
//! |---|---|
//! | `args` | what can be typed |
//! | `world` | clock, environment, current folder |
//! | `load` | repos.toml, with its problems shown in place |
//! | `services` | the adapters of a run |
//! | `progress` | bars on a terminal, lines elsewhere |
//! | `output` | what goes to standard output |
//! | `error` | exit codes and hints |
//!
//! Every other file is one command.

mod args;
mod check;
mod demo;
mod error;
mod load;
mod output;
mod path;
mod plan;
mod pr;
mod progress;
mod report;
mod services;
mod shell;
mod status;
mod upgrade;
mod why;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use args::{Cli, Command};
use error::CliError;
use output::Output;
use progress::Bars;

/// What every command may use.
struct Context {
    global: args::GlobalArgs,
    output: Output,
    bars: Bars,
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let is_help = !error.use_stderr();
            let printed = error.print();
            return if is_help && printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(error::USAGE) };
        }
    };
    if let Some(moment) = world::kill_at() {
        crate::process::failpoint::arm(moment);
    }
    let output = Output::new(&cli.global);
    let bars = Bars::new(&cli.global, &output);
    output::start_log(&cli.global, &bars);
    let context = Context { global: cli.global, output, bars };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return context.output.fail(&CliError::environment("no threads can be started", &error)),
    };
    let result = runtime.block_on(interruptible(&context, cli.command));
    runtime.shutdown_timeout(Duration::from_millis(300));
    context.bars.finish();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => context.output.fail(&error),
    }
}

/// A command, which Ctrl-C (or a polite request to end) stops: its children die with it.
async fn interruptible(context: &Context, command: Command) -> Result<(), CliError> {
    tokio::select! {
        result = dispatch(context, command) => result,
        () = stop_signal() => {
            upgrade::note_interruption(context);
            Err(CliError::Interrupted)
        }
    }
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Upgrade(args) => upgrade::upgrade(context, args).await,
        Command::Plan(args) => plan::plan(context, args).await,
        Command::Pr(command) => pr::pr(context, command).await,
        Command::Why(args) => why::why(context, &args),
        Command::Status(args) => status::status(context, &args),
        Command::Report(args) => report::report(context, &args),
        Command::Check => check::check(context),
        Command::Schema(args) => shell::schema(context, &args),
        Command::Demo(args) => demo::demo(context, args).await,
        Command::Completions { shell } => shell::completions(context, shell),
        Command::Man { folder } => shell::man(&folder),
    }
}

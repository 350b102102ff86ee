//! depbot keeps a fleet of Rust repositories on the latest versions of everything they depend on.
//!
//! # One run
//!
//! 1. [`config`] reads `repos.toml`: the repositories, how each is upgraded, and what people hold back.
//! 2. [`git`] brings a mirror of each up to date; [`manifest`] and [`lockfile`] read what is declared and locked in it.
//! 3. [`fleet`] sees who publishes what for whom, and puts the repositories into waves.
//! 4. [`registry`] looks each crate up once for the whole fleet.
//! 5. [`policy`] decides for each dependency which release it moves to and why not to a newer one; [`plan`] couples what
//!    must move together into units, and gives each a lane.
//! 6. [`verify`] has cargo make the lock and runs the repository's commands; [`isolate`] says which set to try next, until
//!    what passes is known and the culprits of the rest are.
//! 7. [`reconcile`] compares what is proved with the pull requests there are; its actions go to [`git`] and the [`forge`].
//! 8. What policy allows is merged and tagged, and the next wave begins with it.
//! 9. Every step is an event in the [`journal`]; the summary folded from them becomes a [`report`].
//! 10. [`run`] drives all this, and [`cli`] makes a program of it.
//!
//! # Reading order
//!
//! [`model`] has the vocabulary, and the rest follows the list above: first what decides ([`config`], [`manifest`],
//! [`lockfile`], [`fleet`], [`policy`], [`plan`], [`isolate`], [`reconcile`], and [`wire`] and [`report`] for what leaves the
//! program), which knows no file, process, clock or network; then what touches the world ([`process`], [`database`], [`git`],
//! [`registry`], [`verify`], [`forge`], [`journal`]); then [`run`], the only module that knows both. Each uses only those
//! before it, which `tests/architecture.rs` sees to. `ARCHITECTURE.md` says what must stay true, and why.

pub mod cli;
pub mod config;
pub mod database;
pub mod fleet;
pub mod forge;
pub mod git;
pub mod isolate;
pub mod journal;
pub mod lockfile;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod policy;
pub mod process;
pub mod reconcile;
pub mod registry;
pub mod report;
pub mod run;
pub mod verify;
pub mod wire;

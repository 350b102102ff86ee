//! depbot keeps a fleet of Rust repositories on the latest versions of everything they depend on.

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

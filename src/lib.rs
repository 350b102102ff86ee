//! depbot keeps a fleet of Rust repositories on the latest versions of everything they depend on.
pub mod config;
pub mod lockfile;
pub mod manifest;
pub mod git;
pub mod fleet;
pub mod isolate;
pub mod model;
pub mod plan;
pub mod registry;
pub mod process;
pub mod verify;
pub mod wire;

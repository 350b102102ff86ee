//! `depbot upgrade --path … --no-verify`: the real binary and the real cargo on awkward trees, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
#![allow(unreachable_pub, reason = "the modules of one test")]

mod catalogue;
mod files;
mod locks;
mod requirements;
mod sources;
mod spellings;
#[path = "../support/mod.rs"]
mod support;
mod workspaces;
mod world;

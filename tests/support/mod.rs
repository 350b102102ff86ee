//! Real servers for tests, on loopback: `mod support;` in a test gives them.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

pub mod git_http;
pub mod git_repo;
pub mod github;
pub mod lookup;
pub mod package;
pub mod registry;
pub mod tls;

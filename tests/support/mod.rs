//! What the end-to-end tests share: `mod support;` in a test gives it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod package;
pub mod registry;

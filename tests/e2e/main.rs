//! The real program, end to end, in a sealed world: real git, real cargo, a registry on loopback.

#[path = "../support/mod.rs"]
mod support;

mod killed;
mod lanes;
mod world;

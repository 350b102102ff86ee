//! The real program, end to end, in a sealed world: real git, real cargo, a registry on loopback.

#[path = "../support/mod.rs"]
mod support;

mod baselines;
mod commands;
mod interrupted;
mod killed;
mod lanes;
mod layouts;
mod people;
mod plans;
mod releases;
mod world;

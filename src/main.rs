//! The `depbot` program.

fn main() {}

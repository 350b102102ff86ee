//! How long the graph of a large fleet takes.
fn main() {}

//! Says that it is alive.

use std::time::Instant;

lazy_static::lazy_static! {
    static ref STARTED: Instant = Instant::now();
}

fn main() {
    println!("alive for {} ms", STARTED.elapsed().as_millis());
}

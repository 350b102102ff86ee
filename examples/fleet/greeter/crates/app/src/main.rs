//! Greets people in an order that nobody can foresee.

use tally::Tally;

fn main() {
    let mut names = ["ada", "grace", "edith"];
    fastrand::shuffle(&mut names);
    let mut tally = Tally::default();
    for name in names {
        println!("{}", greeter_core::greeting(name));
        tally.add(name);
    }
    print!("{}", tally.table());
}

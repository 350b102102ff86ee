//! Counts things, and prints them in columns.

use indexmap::IndexMap;

/// Counts by name, in the order in which the names came first.
#[derive(Default)]
pub struct Tally {
    counts: IndexMap<String, u64>,
}

impl Tally {
    /// Counts one more `name`.
    pub fn add(&mut self, name: &str) {
        *self.counts.entry(name.to_owned()).or_insert(0) += 1;
    }

    /// A line a name.
    pub fn table(&self) -> String {
        let mut buffer = itoa::Buffer::new();
        self.counts.iter().map(|(name, count)| format!("{}{}\n", textkit::pad(name, 12), buffer.format(*count))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use either::Either;

    #[test]
    fn names_keep_their_order() {
        let mut tally = Tally::default();
        let names: Either<[&str; 3], [&str; 1]> = Either::Left(["b", "a", "b"]);
        names.left().into_iter().flatten().for_each(|name| tally.add(name));
        assert_eq!(tally.table(), "b           2\na           1\n");
    }
}

//! Who is greeted, and how.

use heck::ToTitleCase;

/// A greeting for the person called `name`.
pub fn greeting(name: &str) -> String {
    format!("Hello, {}!", textkit::clip(&name.to_title_case(), 20))
}

/// How many people a comma-separated list names.
pub fn people(list: &str) -> usize {
    memchr::memchr_iter(b',', list.as_bytes()).count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_capitalised() {
        assert_eq!(greeting("ada lovelace"), "Hello, Ada Lovelace!");
    }

    #[test]
    fn commas_separate_people() {
        assert_eq!(people("ada,grace,edith"), 3);
    }
}

//! What a person may have meant: the nearest known word, the right place for a key.

/// The keys that people are likely to put into a wrong section, by the right one.
const HOMES: [(&str, &[&str]); 2] = [
    ("[fleet]", &["forge", "api-url"]),
    (
        "[defaults] or a [[repo]]",
        &[
            "strategy",
            "requirement",
            "pins",
            "cooldown",
            "msrv",
            "verify",
            "verify-timeout",
            "baseline",
            "sandbox",
            "network",
            "automerge",
            "merge-when",
            "merge-method",
            "labels",
            "reviewers",
        ],
    ),
];

/// The candidate that `text` is most likely a slip of, if any is near enough.
pub(super) fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let text = text.to_lowercase().replace('_', "-");
    let limit = (text.chars().count() / 4).clamp(1, 3);
    let distances = candidates.iter().map(|candidate| (distance(&text, candidate), *candidate));
    distances.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, near)| near)
}

/// The key of another section that `text` is or is most likely a slip of, with that section.
pub(super) fn elsewhere(text: &str) -> Option<(&'static str, &'static str)> {
    HOMES.iter().find_map(|(home, keys)| Some((nearest(text, keys)?, *home)))
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn one_of(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    match (words.pop(), words.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} or {last}", words.join(", ")),
    }
}

/// How many characters must be put in, taken out, replaced, or swapped with their neighbour to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_does_not() {
        let known = ["strategy", "verify", "verify-timeout", "repos", "url"];
        let check = |text, expect| assert_eq!(nearest(text, &known), expect, "{text}");
        check("stratgy", Some("strategy"));
        check("startegy", Some("strategy"));
        check("verify_timeout", Some("verify-timeout"));
        check("URL", Some("url"));
        check("repo", Some("repos"));
        check("colour", None);
        check("", None);
    }

    #[test]
    fn distance_counts_a_swap_as_one() {
        let check = |a, b, expect| assert_eq!(distance(a, b), expect, "{a} {b}");
        check("", "", 0);
        check("abc", "", 3);
        check("ab", "ba", 1);
        check("kitten", "sitting", 3);
    }
}

//! Text for terminals.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns `text` takes.
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` filled up with spaces to at least `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The first `count` characters as a reader counts them.
pub fn clip(text: &str, count: usize) -> String {
    text.graphemes(true).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("雨"), 2);
        assert_eq!(pad("雨", 4), "雨  ");
    }

    #[test]
    fn clipping_keeps_characters_whole() {
        assert_eq!(clip("e\u{301}te\u{301}", 1), "e\u{301}");
    }
}

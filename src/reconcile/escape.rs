//! Untrusted text in Markdown: it neither formats, links, mentions, nor ends what it stands in.

/// Follows `@`, `#` and `:` where forges would make a mention or a link of them; it has no width.
pub(super) const BREAK: char = '\u{200b}';

/// `text` as plain words on one line.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let text = one_line(text);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' | '#' => out.extend([c, BREAK]),
            ':' if rest.peek() == Some(&'/') => out.extend([c, BREAK]),
            _ => out.push(c),
        }
    }
    out
}

/// `text` as code within a line.
pub(crate) fn code_span(text: &str) -> String {
    let text = one_line(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// `text` as a block of code, in a fence longer than any inside.
pub(super) fn fence(text: &str) -> String {
    fence_of(text, "text")
}

/// The same, in a language.
pub(super) fn fence_of(text: &str, language: &str) -> String {
    let ticks = "`".repeat((longest_run(text) + 1).max(3));
    let lines: Vec<String> = text.trim_end().lines().map(|line| visible(line).collect()).collect();
    format!("{ticks}{language}\n{}\n{ticks}", lines.join("\n"))
}

/// Markdown of one line as a cell of a table.
pub(crate) fn cell(markdown: &str) -> String {
    markdown.replace('|', "\\|")
}

/// A number with its noun: `1 update`, `2 updates`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// At most `limit` characters of Markdown, cut between lines and then ended with `note`, on one line; a fence or
/// `<details>` that is open there is closed.
pub(super) fn cut(markdown: &str, limit: usize, note: &str) -> String {
    const RESERVE: usize = 160;
    if markdown.chars().count() <= limit {
        return markdown.to_owned();
    }
    let mut kept = String::new();
    let mut length = 0;
    let mut fence: Option<&str> = None;
    let mut details = 0_usize;
    for line in markdown.lines() {
        length += line.chars().count() + 1;
        if length + RESERVE > limit {
            break;
        }
        match fence {
            Some(ticks) if line.trim_end() == ticks => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(&line[..line.len() - line.trim_start_matches('`').len()]),
            None => {
                details += line.matches("<details>").count();
                details = details.saturating_sub(line.matches("</details>").count());
            }
        }
        kept.push_str(line);
        kept.push('\n');
    }
    if let Some(ticks) = fence {
        kept.push_str(ticks);
        kept.push('\n');
    }
    for _ in 0..details.min(8) {
        kept.push_str("\n</details>\n");
    }
    kept.push('\n');
    kept.push_str(note);
    kept
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// `text` on one line, without what steers a terminal or reorders what people see.
pub(crate) fn one_line(text: &str) -> String {
    visible(text.trim()).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

/// Without control characters (colours of terminals) and without characters that reorder what people see.
pub(super) fn visible(text: &str) -> impl Iterator<Item = char> {
    let reorders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars().filter(move |c| !(c.is_control() && !c.is_whitespace() || reorders(*c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_neither_format_nor_mention_nor_link() {
        let check = |text: &str, expect: &str| assert_eq!(markdown(text), expect);
        check("plain", "plain");
        check("ask @alice, see #12", "ask @\u{200b}alice, see #\u{200b}12");
        check("<script>", "&lt;script&gt;");
        check("a *b* [c](http://d)", "a \\*b\\* \\[c\\](http:\u{200b}//d)");
        check("two\nlines \u{1b}[31mred", "two lines \\[31mred");
        check("\u{202e}reversed", "reversed");
    }

    #[test]
    fn code_cannot_be_left() {
        let check = |text: &str, expect: &str| assert_eq!(code_span(text), expect);
        check("a", "`a`");
        check("a`b", "``a`b``");
        check("`a", "`` `a ``");
        assert_eq!(fence("x\n````\n@all\n"), "`````text\nx\n````\n@all\n`````");
    }

    #[test]
    fn a_cut_closes_what_is_open() {
        let long =
            format!("intro\n<details><summary>s</summary>\n\n```text\n{}\n```\n</details>", "line\n".repeat(500));
        let cut = cut(&long, 1_000, "*Cut here.*");
        assert!(cut.chars().count() <= 1_000);
        assert!(cut.contains("\n```\n\n</details>\n\n*Cut here"), "{cut}");
        assert_eq!(super::cut("short", 10, "*Cut here.*"), "short");
    }
}

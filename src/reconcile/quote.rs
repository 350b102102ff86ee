//! Markdown that a stranger wrote, made harmless: it keeps its looks, but nobody is mentioned, nothing is referred to or
//! closed, and no HTML of it is HTML.
//!
//! A character without width is put where a forge would begin to see more than text. That holds wherever the place is,
//! in code as well, so it does not depend on reading Markdown as the forge does. Rules: the GitHub Flavored Markdown
//! spec, and GitHub Docs, "Basic writing and formatting syntax" and "Autolinked references and URLs".

use super::changelog::{Fences, after_bullet};
use super::escape::{BREAK, fence_of, visible};

/// Languages whose colours are worth keeping; others might be drawn (`mermaid`), or be offered as a change (`suggestion`).
const LANGUAGES: &[&str] = &["rust", "rs", "toml", "sh", "bash", "console", "json", "diff"];
/// Named character references that stay: what they stand for is harmless.
const ENTITIES: &[&str] = &["lt", "gt", "amp", "quot", "apos", "nbsp"];
/// The longest line in characters; what is behind is cut off.
const LONGEST_LINE: usize = 2_000;
/// Where GitHub looks for links to its issues and pull requests, to note there that they were linked to.
const GITHUB: &str = "github.com/";
/// A host of GitHub that leads to the same page and is not looked for.
const GITHUB_UNNOTED: &str = "redirect.github.com/";

/// `markdown` for a place within depbot's own text.
pub(super) fn quoted(markdown: &str) -> String {
    let lines: Vec<&str> = markdown.lines().collect();
    let mut fences = Fences::default();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if let Some(count) = fences.code_at(&lines, at) {
            out.push(code(&lines[at..at + count]));
            at += count;
            continue;
        }
        if is_paragraph(lines[at]) && lines.get(at + 1).is_some_and(|next| is_underline(next)) {
            out.push(heading(&line(lines[at].trim())));
            at += 2;
        } else {
            out.push(text_line(lines[at]));
            at += 1;
        }
    }
    out.join("\n")
}

/// Fenced code, in a fence of ours that ends where we say: at the margin, and longer than what is in it.
fn code(lines: &[&str]) -> String {
    let opening = after_bullet(lines[0].trim_start());
    let indent = lines[0].len() - opening.len();
    let language = opening.trim_start_matches(['`', '~']).trim();
    let language = language.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let language = if LANGUAGES.contains(&language) { language } else { "text" };
    let inside: Vec<&str> = lines[1..lines.len() - 1].iter().map(|line| without_indent(line, indent)).collect();
    fence_of(&inside.join("\n"), language)
}

fn without_indent(line: &str, indent: usize) -> &str {
    let blank = line.len() - line.trim_start_matches(' ').len();
    &line[blank.min(indent)..]
}

fn text_line(text: &str) -> String {
    let trimmed = text.trim();
    if text.len() - text.trim_start().len() < 4
        && let Some(title) = heading_text(trimmed)
    {
        return heading(&line(title));
    }
    if is_definition(trimmed) || is_underline(text) {
        return String::new();
    }
    line(text)
}

/// The words of `## words ##`, and of `##1.2.3`.
fn heading_text(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('#');
    let is_version = |text: &str| {
        let text = text.trim_start_matches(['[', 'v', 'V']);
        text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('.')
    };
    let is_heading = (1..=6).contains(&(text.len() - rest.len()))
        && (rest.is_empty() || rest.starts_with([' ', '\t']) || is_version(rest));
    is_heading.then(|| rest.trim().trim_end_matches('#').trim_end())
}

/// All headings are small ones, below those of the text around them.
fn heading(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("##### {text}") }
}

/// `[word]: url`: it would hold for the whole text around.
fn is_definition(text: &str) -> bool {
    text.starts_with('[') && text.contains("]:")
}

fn is_paragraph(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty() && !["- ", "* ", "+ ", ">", "#"].iter().any(|start| text.starts_with(start))
}

/// What makes a heading of the line before it.
fn is_underline(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty()
        && (line.bytes().all(|byte| byte == b'=') || line.bytes().all(|byte| byte == b'-') && line.len() > 1)
}

/// One line that is not code.
fn line(text: &str) -> String {
    let text: String =
        visible(text).take(LONGEST_LINE).map(|c| if c == '\t' || !c.is_whitespace() { c } else { ' ' }).collect();
    let text = unnoted(&text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut run = 0;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        run = if c == before { run + 1 } else { 1 };
        // Three of these might open a fence that nothing closes.
        let opens_fence = matches!(c, '`' | '~') && run % 2 == 0 && rest.starts_with(c);
        out.push(c);
        if opens_fence || is_special(before, c, rest) {
            out.push(BREAK);
        }
        before = c;
    }
    out
}

/// With links to GitHub's pages on a host where they are not noted.
fn unnoted(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in lower.match_indices(GITHUB) {
        let host = lower[..at].strip_suffix("www.").map_or(at, str::len);
        if host >= done && (host < at || lower[..host].ends_with("//")) {
            out.push_str(&text[done..host]);
            out.push_str(GITHUB_UNNOTED);
            done = at + GITHUB.len();
        }
    }
    out + &text[done..]
}

/// Whether a forge would begin to see more than text at `c`.
fn is_special(before: char, c: char, rest: &str) -> bool {
    let next = rest.chars().next().unwrap_or(' ');
    match c {
        '@' => next.is_alphanumeric() || matches!(next, '-' | '_'),
        '#' => next.is_ascii_digit(),
        // `GH-12`.
        '-' => before.eq_ignore_ascii_case(&'h') && next.is_ascii_digit(),
        '<' => next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'),
        '&' => is_entity(rest),
        // Images, task lists, footnotes.
        '!' => next == '[',
        '[' => next == '^' || ["] ", "x] ", "X] ", " ] "].iter().any(|mark| rest.starts_with(mark)),
        _ => false,
    }
}

/// Whether a character reference begins here that may stand for a character that matters.
fn is_entity(rest: &str) -> bool {
    if rest.starts_with('#') {
        return true;
    }
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    !name.is_empty() && !ENTITIES.contains(&name) && rest[name.len()..].starts_with(';')
}

#[cfg(test)]
mod tests;

//! Why a crate is where it is in one repository: every site, its outcome, everything that was refused.

use std::fmt::Write as _;

use super::{Colour, Look};
use crate::model::{CrateName, Outcome, Rejection, RepositoryStatus, RepositorySummary, Settlement};
use crate::reconcile::one_line;

/// Every site of a crate in a repository, with how it ends and everything that was refused; `None` where the repository
/// does not declare it.
pub fn why_text(repository: &RepositorySummary, krate: &CrateName, look: Look) -> Option<String> {
    let settlements: Vec<&Settlement> = repository.settlements.iter().filter(|one| one.krate == *krate).collect();
    if settlements.is_empty() {
        return None;
    }
    let mut text = format!("{} in {}\n", paint(look, Paint::Bold, krate.as_str()), repository.repo);
    for settlement in settlements {
        text.push('\n');
        text.push_str(&site(settlement, look));
    }
    if let RepositoryStatus::RedBefore(failure) = &repository.status {
        write(&mut text, format_args!("\n{} fails on the main branch:\n", one_line(&failure.command)));
        write_excerpt(&mut text, &failure.excerpt, look);
    }
    Some(text)
}

fn site(settlement: &Settlement, look: Look) -> String {
    let requirement = settlement.requirement.as_ref().map(|text| format!(" {text:?}")).unwrap_or_default();
    let mut text = format!("{}\n", one_line(&format!("{}{requirement}", settlement.site)));
    let known = |version: &Option<semver::Version>| version.as_ref().map_or("unknown".to_owned(), ToString::to_string);
    let (current, latest) = (known(&settlement.current), known(&settlement.latest));
    write(&mut text, format_args!("  {current} now, {latest} newest on {}\n", one_line(&settlement.source)));
    let refused = match &settlement.outcome {
        Outcome::UpToDate => {
            write(&mut text, format_args!("  {}\n", paint(look, Paint::Green, "up to date")));
            return text;
        }
        Outcome::Updated { to, lane, refused } => {
            write(&mut text, format_args!("  {}\n", paint(look, Paint::Green, &format!("moves to {to} in {lane}"))));
            refused
        }
        Outcome::NotUpdated { refused } => {
            write(&mut text, format_args!("  {}\n", paint(look, Paint::Yellow, "stays")));
            refused
        }
    };
    for refusal in refused {
        for line in wrapped(&one_line(&refusal.to_string()), usize::from(look.width.max(40)) - 6) {
            let lead = if line.first { "  - " } else { "    " };
            write(&mut text, format_args!("{lead}{}\n", line.text));
        }
        if let Rejection::Culprit { excerpt, .. } | Rejection::BlockedBy { excerpt, .. } = &refusal.rejection {
            write_excerpt(&mut text, excerpt, look);
        }
    }
    text
}

/// The words of a tool, line by line.
fn write_excerpt(text: &mut String, excerpt: &str, look: Look) {
    for line in excerpt.lines() {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        write(text, format_args!("      {}\n", paint(look, Paint::Dim, line.trim_end())));
    }
}

struct Line {
    first: bool,
    text: String,
}

/// Words in lines of at most `width` characters; a longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.text.chars().count() + 1 + word.chars().count() <= width => {
                line.text.push(' ');
                line.text.push_str(word);
            }
            last => {
                let first = last.is_none();
                lines.push(Line { first, text: word.to_owned() });
            }
        }
    }
    lines
}

#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Dim,
    Green,
    Yellow,
}

/// SGR sequences of ECMA-48, which every terminal knows.
fn paint(look: Look, paint: Paint, text: &str) -> String {
    let code = match paint {
        Paint::Bold => 1,
        Paint::Dim => 2,
        Paint::Green => 32,
        Paint::Yellow => 33,
    };
    match look.colour {
        Colour::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        Colour::None => text.to_owned(),
    }
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}

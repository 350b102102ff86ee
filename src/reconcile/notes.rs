//! What packages say about themselves, in a body: links, and extracts of changelogs within the room that there is.

use super::body::{BodyUpdate, Origin, details, html};
use super::escape::{counted, cut, markdown};
use super::quote::quoted;

/// The most characters of one changelog: enough for a year of a busy crate.
const LONGEST: usize = 12_000;
/// The fewest characters that are worth a place.
const SHORTEST: usize = 300;
/// What stands around one changelog beside its title, in characters.
const FRAME: usize = 64;
/// What stands around all of them, in characters.
const HEAD: usize = 100;
/// Ends a changelog that is too long.
const CUT: &str = "*Cut here: this is not the whole of it.*";
/// The longest URL that is linked to.
const LONGEST_URL: usize = 300;

/// The links of an update, as Markdown on one line.
pub(super) fn links(update: &BodyUpdate) -> String {
    let facts = update.facts.as_ref();
    let documentation = facts.and_then(|facts| safe_url(facts.documentation.as_deref()?));
    let repository = facts.and_then(|facts| safe_url(facts.repository.as_deref()?));
    let (origin, documentation) = match &update.origin {
        Origin::CratesIo => (None, Some(format!("https://docs.rs/{}/{}", update.krate, update.to))),
        Origin::Other(source) => (Some(markdown(source)), documentation.map(str::to_owned)),
    };
    let link = |text: &str, url: String| format!("[{text}]({url})");
    let links = [
        origin.filter(|text| !text.is_empty()),
        documentation.map(|url| link("docs", url)),
        repository.map(|url| link("source", url.to_owned())),
    ];
    links.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Extracts of the updates' changelogs in at most `room` characters: all of them get the same share, what some do not need
/// is for the others. Where that is too little to be read, the last ones are left out.
pub(super) fn changelogs(updates: &[BodyUpdate], room: usize) -> String {
    let mut notes = notes(updates);
    let count = notes.len();
    let share = loop {
        let frames: usize = notes.iter().map(|note| note.title.chars().count() + FRAME).sum();
        let lengths: Vec<usize> = notes.iter().map(|note| note.text.chars().count().min(LONGEST)).collect();
        let share = share(&lengths, room.saturating_sub(HEAD + frames));
        if share >= SHORTEST || notes.pop().is_none() {
            break share.min(LONGEST);
        }
    };
    let extracts = notes.iter().map(|note| details(&note.title, &cut(&note.text, share, CUT)));
    let left_out = match count - notes.len() {
        _ if notes.is_empty() => None,
        0 => None,
        left => Some(format!("*{} no place here.*", counted(left, "more changelog has", "more changelogs have"))),
    };
    let sections: Vec<String> = extracts.chain(left_out).collect();
    if sections.is_empty() { String::new() } else { format!("### Changelogs\n\n{}", sections.join("\n\n")) }
}

/// What a changelog says about an update.
#[derive(PartialEq, Eq)]
struct Note {
    /// HTML.
    title: String,
    /// Markdown.
    text: String,
}

/// All of them, each once, in the order of the updates.
fn notes(updates: &[BodyUpdate]) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for update in updates {
        let changelog = update.facts.as_ref().and_then(|facts| facts.changelog.as_deref());
        let text = quoted(changelog.unwrap_or_default()).trim_matches('\n').to_owned();
        let title = html(&format!("{} {} → {}", update.krate, update.from, update.to));
        let note = Note { title, text };
        if !note.text.trim().is_empty() && !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The largest length that all may have so that they fit into `room` together.
fn share(lengths: &[usize], room: usize) -> usize {
    let mut lengths = lengths.to_vec();
    lengths.sort_unstable();
    let (mut room, mut left) = (room, lengths.len());
    for length in lengths {
        if length * left > room {
            return room / left;
        }
        room -= length;
        left -= 1;
    }
    usize::MAX
}

/// `url` if it can be linked to as it is: on the web, without credentials, without a character that means something in
/// Markdown or HTML.
fn safe_url(url: &str) -> Option<&str> {
    let url = url.trim();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#&=%+,;@".contains(&byte);
    let is_safe =
        url.len() <= LONGEST_URL && !authority.is_empty() && !authority.contains('@') && url.bytes().all(fits);
    is_safe.then_some(url)
}

#[cfg(test)]
mod tests;

//! What packages say about themselves, in a body: links, and extracts of changelogs within the room that there is.

use super::body::{BodyUpdate, Origin, details, html};
use super::escape::{counted, cut, markdown};
use super::quote::quoted;

/// The most characters of one changelog: enough for a year of a busy crate.
const LONGEST: usize = 12_000;
/// The fewest characters that are worth a place.
const SHORTEST: usize = 300;
/// What stands around one changelog in its place, in characters.
const FRAME: usize = 300;
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
/// is for the others.
pub(super) fn changelogs(updates: &[BodyUpdate], room: usize) -> String {
    let mut notes: Vec<(String, String)> = Vec::new();
    for update in updates {
        let changelog = update.facts.as_ref().and_then(|facts| facts.changelog.as_deref());
        let Some(text) = changelog.map(quoted).filter(|text| !text.trim().is_empty()) else { continue };
        let note = (format!("{} {} → {}", update.krate, update.from, update.to), text);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let lengths: Vec<usize> = notes.iter().map(|(_, text)| text.chars().count().min(LONGEST)).collect();
    if notes.is_empty() {
        return String::new();
    }
    let share = share(&lengths, room.saturating_sub(FRAME + notes.len() * FRAME));
    if share < SHORTEST && lengths.iter().any(|length| *length > share) {
        let left_out = counted(notes.len(), "changelog has", "changelogs have");
        return if room < FRAME {
            String::new()
        } else {
            format!("*{left_out} no place here, because pull requests have a size limit.*")
        };
    }
    let note = "*Cut here: this is not the whole of it.*";
    let extracts = notes
        .iter()
        .map(|(title, text)| details(&html(title), &cut(text.trim_matches('\n'), share.min(LONGEST), note)));
    format!("### Changelogs\n\n{}", extracts.collect::<Vec<_>>().join("\n\n"))
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

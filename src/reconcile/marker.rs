//! The hidden marker in a pull request's body: how depbot recognizes its own pull requests, on any machine.
//!
//! A body is `<!-- depbot:text -->`, depbot's text, and `<!-- depbot: {json} -->` on a line of its own. What people write
//! before the first and after the last stays. The JSON is one line and has no `<` and no `>`, so no value can end the
//! comment. Readers ignore keys they do not know.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::escape;
use crate::model::{CommitId, CrateName, Lane, ProposedUpdate, TreeId};

/// The format that [`write()`] makes.
pub const VERSION: u32 = 1;

/// The most characters a body may have; GitHub refuses longer ones.
pub const BODY_LIMIT: usize = 65_536;

/// Ends a text that was too long.
const CUT: &str = "*Cut here, because pull requests have a size limit. The report of the run has the rest.*";

const BEGIN: &str = "<!-- depbot:text -->";
const OPEN: &str = "<!-- depbot: ";
const CLOSE: &str = " -->";

/// What a pull request says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// What it carries.
    pub lane: Lane,
    /// The head that depbot pushed, or was about to push.
    pub head: CommitId,
    /// The head that one replaces or replaced.
    pub previous: Option<CommitId>,
    /// The tree that is proposed.
    pub tree: TreeId,
    /// What is updated; empty when only the lock is refreshed.
    pub updates: Vec<ProposedUpdate>,
    /// Whether depbot closes or closed it; a pull request closed without this was closed by a person.
    pub closed_by_depbot: bool,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    version: u32,
    lane: String,
    head: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    tree: String,
    #[serde(default)]
    updates: Vec<WireUpdate>,
    #[serde(default)]
    closed_by_depbot: bool,
}

#[derive(Serialize, Deserialize)]
struct WireUpdate {
    #[serde(rename = "crate")]
    krate: String,
    to: String,
}

impl Marker {
    /// Whether depbot pushed `head`, as far as this pull request says.
    pub fn knows(&self, head: &CommitId) -> bool {
        self.head == *head || self.previous.as_ref() == Some(head)
    }

    /// The updates in an order that does not depend on who listed them.
    pub fn update_set(&self) -> Vec<&ProposedUpdate> {
        sorted(&self.updates)
    }
}

/// `updates` ordered, for comparison as a set.
pub(super) fn sorted(updates: &[ProposedUpdate]) -> Vec<&ProposedUpdate> {
    let mut updates: Vec<_> = updates.iter().collect();
    updates.sort();
    updates.dedup();
    updates
}

/// The whole body: `text`, cut where it is too long, with its marker.
pub fn write(text: &str, marker: &Marker) -> String {
    framed("", text, "", marker)
}

/// The whole body for a pull request whose body is `existing`: depbot's text and marker are replaced, what people wrote
/// before and after them stays.
pub fn rewrite(existing: &str, text: &str, marker: &Marker) -> String {
    let existing = existing.replace("\r\n", "\n");
    let Some((start, line)) = find(&existing) else { return write(text, marker) };
    let after = &existing[start + line.len()..];
    let before = existing[..start].rfind(BEGIN).map_or("", |begin| &existing[..begin]);
    framed(before, text, after, marker)
}

/// Depbot's own text in a body, without marker and what people wrote around it.
pub fn text(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let Some((start, _)) = find(&body) else { return body };
    let own = &body[..start];
    own.rfind(BEGIN).map_or(own, |begin| &own[begin + BEGIN.len()..]).trim().to_owned()
}

/// The marker of a body; `None` when there is none that can be read. The last one counts: whatever depbot quotes in its
/// text stands before it.
pub fn read(body: &str) -> Option<Marker> {
    let body = body.replace("\r\n", "\n");
    let (_, line) = find(&body)?;
    parse(line)
}

fn framed(before: &str, text: &str, after: &str, marker: &Marker) -> String {
    let line = line_of(marker);
    let room = |kept: usize| BODY_LIMIT.saturating_sub(kept + line.chars().count() + BEGIN.len() + 8);
    let people = before.chars().count() + after.chars().count();
    let (before, after, room) = if room(people) < 4_096 { ("", "", room(0)) } else { (before, after, room(people)) };
    let text = escape::cut(text.trim(), room, CUT);
    format!("{before}{BEGIN}\n{text}\n\n{line}{after}")
}

fn line_of(marker: &Marker) -> String {
    let updates = marker.updates.iter();
    let wire = Wire {
        version: VERSION,
        lane: marker.lane.as_str().to_owned(),
        head: marker.head.to_string(),
        previous: marker.previous.as_ref().map(ToString::to_string),
        tree: marker.tree.to_string(),
        updates: updates.map(|one| WireUpdate { krate: one.krate.to_string(), to: one.to.to_string() }).collect(),
        closed_by_depbot: marker.closed_by_depbot,
    };
    let json = serde_json::to_string(&wire).expect("strings, numbers and lists always serialize");
    format!("{OPEN}{}{CLOSE}", json.replace('<', "\\u003c").replace('>', "\\u003e"))
}

/// The last line that is a readable marker: where it starts, and the line.
fn find(body: &str) -> Option<(usize, &str)> {
    let mut starts: Vec<usize> = body.match_indices(OPEN).map(|(start, _)| start).collect();
    starts.reverse();
    starts.into_iter().find_map(|start| {
        let end = body[start..].find(CLOSE)? + CLOSE.len();
        let line = &body[start..start + end];
        parse(line).map(|_| (start, line))
    })
}

fn parse(line: &str) -> Option<Marker> {
    let json = line.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let wire: Wire = serde_json::from_str(json).ok()?;
    let lanes = [Lane::Security, Lane::Routine, Lane::Review];
    let update = |one: WireUpdate| {
        Some(ProposedUpdate { krate: CrateName::new(one.krate).ok()?, to: Version::parse(&one.to).ok()? })
    };
    Some(Marker {
        lane: lanes.into_iter().find(|lane| lane.as_str() == wire.lane)?,
        head: CommitId::new(wire.head).ok()?,
        previous: match wire.previous {
            Some(previous) => Some(CommitId::new(previous).ok()?),
            None => None,
        },
        tree: TreeId::new(wire.tree).ok()?,
        updates: wire.updates.into_iter().map(update).collect::<Option<_>>()?,
        closed_by_depbot: wire.closed_by_depbot,
    })
}

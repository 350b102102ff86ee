//! Comments on pull requests.

use serde::de::IgnoredAny;
use serde_json::json;

use super::client::{Call, Pages, Safety};
use super::failure::Failure;
use super::wire::{self, time, unreadable};
use super::{Comment, Desk, ForgeError};
use crate::model::PullRequestNumber;

/// Pages of comments that are read at most.
const PAGES: usize = 100;

/// All comments, oldest first.
pub(super) async fn comments(desk: &Desk<'_>, number: PullRequestNumber) -> Result<Vec<Comment>, ForgeError> {
    all(desk, number).await.map_err(|failure| desk.pull_failed(number, failure))
}

/// Adds a comment once: after a lost answer it is looked for before it is added again.
pub(super) async fn comment(desk: &Desk<'_>, number: PullRequestNumber, text: &str) -> Result<(), ForgeError> {
    let failed = |failure| desk.pull_failed(number, failure);
    let call = Call::post(route(desk, number), &json!({ "body": text }), Safety::Once);
    let mut pauses = desk.client.timing.pauses();
    loop {
        match desk.client.call::<IgnoredAny>(&desk.place, &call).await {
            Ok(_) => return Ok(()),
            Err(failure @ Failure::Uncertain { .. }) => {
                let said = all(desk, number).await.map_err(failed)?;
                if said.iter().any(|comment| is_same(&comment.text, text)) {
                    return Ok(());
                }
                if !pauses.wait().await {
                    return Err(failed(failure));
                }
            }
            Err(failure) => return Err(failed(failure)),
        }
    }
}

async fn all(desk: &Desk<'_>, number: PullRequestNumber) -> Result<Vec<Comment>, Failure> {
    let list: Pages<Vec<wire::Comment>> = desk.client.list(&desk.place, &route(desk, number), PAGES).await?;
    let read = |comment: wire::Comment| {
        let at = time(&comment.created_at).ok_or_else(|| unreadable("time", &comment.created_at))?;
        Ok(Comment { text: comment.body.unwrap_or_default().replace("\r\n", "\n"), at })
    };
    list.pages.into_iter().flatten().map(read).collect()
}

fn route(desk: &Desk<'_>, number: PullRequestNumber) -> String {
    desk.place.route(&format!("issues/{}/comments", number.0))
}

/// GitHub may change the line ends and the space around a text.
fn is_same(one: &str, other: &str) -> bool {
    one.trim().lines().map(str::trim_end).eq(other.trim().lines().map(str::trim_end))
}

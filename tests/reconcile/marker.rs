//! The marker: whatever is in it and around it, it is read back as it was written.

use depbot::model::{Lane, ProposedUpdate};
use depbot::reconcile::{Marker, marker};
use proptest::prelude::*;

use crate::world::{commit, marker_of, tree, update, wanted};

fn markers() -> impl Strategy<Value = Marker> {
    let lanes = prop_oneof![Just(Lane::Security), Just(Lane::Routine), Just(Lane::Review)];
    let digit = || proptest::char::range('a', 'f');
    let updates = proptest::collection::vec(("[a-z_][a-z0-9_-]{0,12}", 0_u64..9, 0_u64..99), 0..6);
    let updates = updates.prop_map(|all| {
        let update = |(name, major, minor)| update(&format!("{name} {major}.{minor}.0-rc--.1+b--"));
        all.into_iter().map(update).collect::<Vec<ProposedUpdate>>()
    });
    (lanes, digit(), proptest::option::of(digit()), digit(), updates, any::<bool>()).prop_map(
        |(lane, head, previous, tree_digit, updates, closed_by_depbot)| Marker {
            lane,
            head: commit(head),
            previous: previous.map(commit),
            tree: tree(tree_digit),
            updates,
            closed_by_depbot,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(marker in markers(), text in "\\PC{0,200}", before in "\\PC{0,40}", after in "\\PC{0,40}") {
        let body = marker::write(&text, &marker);
        prop_assert_eq!(marker::read(&body), Some(marker.clone()));
        prop_assert_eq!(marker::text(&body), text.trim());
        let edited = format!("{before}\r\n{}\r\n{after}", body.replace('\n', "\r\n"));
        prop_assert_eq!(marker::read(&edited), Some(marker.clone()));
        let again = marker::rewrite(&edited, &text, &marker);
        prop_assert_eq!(marker::rewrite(&again, &text, &marker), again);
    }

    #[test]
    fn any_body_can_be_read_and_rewritten(body in "(<!-- depbot|: |\\{\"version\":1| -->|<!-- depbot:text -->|\\PC|\r\n){0,30}", marker in markers()) {
        let _ = marker::read(&body);
        prop_assert_eq!(marker::read(&marker::rewrite(&body, "text", &marker)), Some(marker));
    }
}

#[test]
fn a_marker_has_one_line_and_cannot_be_left() {
    let marker = marker_of(&wanted(Lane::Routine, 'a', &["serde 1.0.220"]));
    let body = marker::write("Text.", &marker);
    insta::assert_snapshot!(body);
    let comment = body.lines().last().unwrap_or_default();
    assert_eq!(comment.matches("-->").count(), 1);
    assert_eq!(comment.matches('<').count(), 1);
}

#[test]
fn a_marker_quoted_in_the_text_is_not_taken_for_the_marker() {
    let quoted = marker::write("evil", &marker_of(&wanted(Lane::Security, 'b', &["openssl 0.0.1"])));
    let ours = marker_of(&wanted(Lane::Routine, 'a', &["serde 1.0.220"]));
    let body = marker::write(&format!("A test said:\n{quoted}\nand failed."), &ours);
    assert_eq!(marker::read(&body), Some(ours));
}

#[test]
fn unknown_keys_are_no_reason_to_lose_a_pull_request() {
    let ours = marker_of(&wanted(Lane::Routine, 'a', &["serde 1.0.220"]));
    let newer = marker::write("Text.", &ours).replace("\"version\":1,", "\"version\":2,\"mood\":\"good\",");
    assert_eq!(marker::read(&newer), Some(ours));
    for broken in ["", "no marker", "<!-- depbot: {} -->", "<!-- depbot: nonsense -->", "<!-- depbot: {\"version\":1"] {
        assert_eq!(marker::read(broken), None, "{broken}");
    }
}

#[test]
fn a_body_is_never_longer_than_forges_allow() {
    let many: Vec<String> = (0..300).map(|index| format!("some-long-crate-name-{index} 1.0.{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let marker = marker_of(&wanted(Lane::Routine, 'a', &many));
    let text =
        format!("# Title\n\n<details><summary>s</summary>\n\n```text\n{}```\n</details>\n", "é line\n".repeat(20_000));
    let body = marker::write(&text, &marker);
    assert!(body.chars().count() <= marker::BODY_LIMIT, "{}", body.chars().count());
    assert_eq!(marker::read(&body), Some(marker.clone()));
    assert!(body.contains("</details>") && body.contains("Cut here"));

    let essay = format!("{}\n{body}", "Long words of a person. ".repeat(4_000));
    let body = marker::rewrite(&essay, "Short.", &marker);
    assert!(body.chars().count() <= marker::BODY_LIMIT);
    assert_eq!(marker::read(&body), Some(marker));
}

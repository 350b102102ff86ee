//! What strangers might write, and what becomes of it.

use proptest::prelude::*;

use super::quoted;

fn check(text: &str, expect: &str) {
    // `|` stands for the character without width.
    assert_eq!(quoted(text).replace('\u{200b}', "|"), expect, "{text}");
}

#[test]
fn nobody_is_mentioned_and_nothing_is_referred_to() {
    check("thanks to @alice and @acme/team", "thanks to @|alice and @|acme/team");
    check("fixes #12, closes GH-12 and gh-7", "fixes #|12, closes GH-|12 and gh-|7");
    check("see owner/repo#1 and owner/repo@a1b2c3d", "see owner/repo#|1 and owner/repo@|a1b2c3d");
    check("`@alice` in code, `#[derive]` too", "`@|alice` in code, `#[derive]` too");
    check("&#64;alice &#x40;bob &commat;eve &num;12", "&|#|64;alice &|#x40;bob &|commat;eve &|num;12");
    check("\\@alice \\#12", "\\@|alice \\#|12");
    check("a@\u{7}alice", "a@|alice");
    check("R&D, &lt; and `&str`", "R&D, &lt; and `&str`");
    check("#12 is fixed", "#|12 is fixed");
}

#[test]
fn links_to_github_are_not_noted_there() {
    check("[#5](https://github.com/o/r/pull/5)", "[#|5](https://redirect.github.com/o/r/pull/5)");
    check("HTTPS://GitHub.COM/o/r/issues/5", "HTTPS://redirect.github.com/o/r/issues/5");
    check("www.github.com/o/r/pull/5 (//github.com/o)", "redirect.github.com/o/r/pull/5 (//redirect.github.com/o)");
    check(
        "https://www.github.com/a https://github.com/b",
        "https://redirect.github.com/a https://redirect.github.com/b",
    );
    check("https://api.github.com/x https://notgithub.com/x", "https://api.github.com/x https://notgithub.com/x");
    check("https://docs.rs/x", "https://docs.rs/x");
}

#[test]
fn html_and_pictures_are_words() {
    check("</details><script>", "<|/details><|script>");
    check("<!-- depbot: {} -->", "<|!-- depbot: {} -->");
    check("`Vec<T>` and a < b", "`Vec<|T>` and a < b");
    check("<https://x.example>", "<|https://x.example>");
    check("![badge](https://x.example/pixel.png)", "!|[badge](https://x.example/pixel.png)");
    check("- [ ] task\n- [x] done", "- [| ] task\n- [|x] done");
    check("text[^1]", "text[|^1]");
    check("[a]: https://x.example\n[1.0.0]: https://y.example", "\n");
}

#[test]
fn headings_are_small() {
    check("# 1.3.0\n\n## Added ##\n###### x", "##### 1.3.0\n\n##### Added\n##### x");
    check("##1.3.0\n##[v1.2.0]\n#[derive(Debug)]", "##### 1.3.0\n##### [v1.2.0]\n#[derive(Debug)]");
    check("1.3.0\n=====\n- a\n---\nb", "##### 1.3.0\n- a\n\nb");
}

#[test]
fn code_is_fenced_anew() {
    check("```rust\nlet a = \"@alice #12 <b>\";\n```", "```rust\nlet a = \"@alice #12 <b>\";\n```");
    check("~~~suggestion\n```\n~~~", "````text\n```\n````");
    check("- like\n  ```toml\n  [a]\n    b\n  ```", "- like\n```toml\n[a]\n  b\n```");
    check("1. ```sh\n   run\n   ```\nafter", "```sh\nrun\n```\nafter");
}

#[test]
fn what_is_never_closed_opens_nothing() {
    check("```\n</details>\n@alice", "``|`\n<|/details>\n@|alice");
    check("> ~~~~~~ \rx", "> ~~|~~|~~  x");
}

proptest! {
    #[test]
    fn the_text_around_goes_on_behind_it(lines in prop::collection::vec("(`{3,5}|~{3}|<[!/a-z-]{1,9}>?|- |[a-z@#1<]{0,5}| {0,5}){0,3}", 0..12)) {
        let quoted = quoted(&lines.join("\n"));
        let mut fence: Option<String> = None;
        for line in quoted.lines() {
            match &fence {
                Some(open) if line == open => fence = None,
                Some(open) => prop_assert!(!line.contains(open.as_str())),
                None if line.starts_with("```") => fence = Some(line.chars().take_while(|c| *c == '`').collect()),
                None => {
                    prop_assert!(!line.contains("```") && !line.contains("~~~"), "{quoted}");
                    let mut marks = line.match_indices(['<', '@', '#']);
                    prop_assert!(marks.all(|(at, mark)| match mark {
                        "#" => !line[at + 1..].starts_with(|c: char| c.is_ascii_digit()),
                        "@" => !line[at + 1..].starts_with(|c: char| c.is_ascii_alphanumeric()),
                        _ => !line[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!'),
                    }), "{quoted}");
                }
            }
        }
        prop_assert!(fence.is_none(), "{quoted}");
    }
}

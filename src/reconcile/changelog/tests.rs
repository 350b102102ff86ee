//! Changelogs as people write them, and what is taken out of them.

use proptest::prelude::*;
use semver::Version;

use super::section;

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

/// From 1.2.0 to 1.3.0; `expect` is what is taken, nothing when it is empty.
fn check(changelog: &str, expect: &str) {
    let found = section(changelog, &version("1.2.0"), &version("1.3.0"));
    assert_eq!(found.as_deref().unwrap_or_default(), expect, "in:\n{changelog}");
}

#[test]
fn keep_a_changelog_without_what_is_not_released() {
    check(
        "# Changelog\nAll notable changes.\n\n## [Unreleased]\n\n### Added\n- not yet\n\n## [1.3.0] - 2026-05-01\n\n### Added\n\
         - retries\n\n### Fixed\n- a leak\n\n## [1.2.1] - 2026-04-01\n### Fixed\n- a panic\n\n## [1.2.0] - 2026-03-01\n- old\n\n\
         [Unreleased]: https://x.example/compare\n[1.3.0]: https://x.example/1.3.0\n",
        "## [1.3.0] - 2026-05-01\n\n### Added\n- retries\n\n### Fixed\n- a leak\n\n## [1.2.1] - 2026-04-01\n### Fixed\n- a panic",
    );
}

#[test]
fn versions_are_found_however_their_headings_are_written() {
    for (wanted, other) in [
        ("# v1.3.0", "# v1.2.0"),
        ("# 1.3.0 (2026-05-01)", "# 1.2.0 (2026-03-01)"),
        ("## 1.3.0 (May 1st, 2026)", "## 1.2.0 (March 1st, 2026)"),
        ("## 1.3.0", "## 1.2.0"),
        ("## 1.3", "## 1.2"),
        ("## 1.3 - 2026-05-01", "## 1.2 - 2026-03-01"),
        ("### Version 1.3.0", "### Version 1.2.0"),
        ("## Release 1.3.0 ##", "## Release 1.2.0 ##"),
        ("## v 1.3.0", "## v 1.2.0"),
        ("##1.3.0", "##1.2.0"),
        ("## `1.3.0`", "## `1.2.0`"),
        ("## **1.3.0**", "## **1.2.0**"),
        ("## [v1.3.0](https://x.example/v1.3.0) (2026-05-01)", "## [v1.2.0](https://x.example/v1.2.0) (2026-03-01)"),
        ("## [1.3.0]( https://x.example ) — 2026-05-01", "## [1.2.0]"),
        ("## acme-core 1.3.0", "## acme-core 1.2.0"),
        ("## acme-core-v1.3.0 - 2026-05-01", "## acme-core-v1.2.0 - 2026-03-01"),
        ("## `acme_core` 1.3.0", "## `acme_core` 1.2.0"),
        ("## acme-core@1.3.0", "## acme-core@1.2.0"),
        ("## [acme-core-1.3.0]", "## [acme-core-1.2.0]"),
        ("## <a name=\"1.3.0\"></a>1.3.0", "## <a name=\"1.2.0\"></a>1.2.0"),
        ("## 1.3.0 / 2026-05-01", "## 1.2.0 / 2026-03-01"),
        ("## 1.3.0: the one with retries", "## 1.2.0: the one before"),
        ("## 🎉 1.3.0", "## 🎉 1.2.0"),
        ("1.3.0 (2026-05-01)\n==================", "1.2.0 (2026-03-01)\n=================="),
        ("Version 1.3.0\n-------------", "Version 1.2.0\n-------------"),
        ("v1.3.0\n--", "v1.2.0\n--"),
        ("**1.3.0**", "**1.2.0**"),
        ("**v1.3.0** (2026-05-01)", "**v1.2.0** (2026-03-01)"),
        ("__1.3.0__", "__1.2.0__"),
        ("# Release acme-core 1.3.0 (2026-05-01)", "# Release acme-core 1.2.0 (2026-03-01)"),
        ("## `acme_core` - [1.3.0](https://x.example) - 2026-05-01", "## `acme_core` - [1.2.0](https://x.example)"),
        ("1.3.0", "1.2.0"),
        ("- 1.3.0", "- 1.2.0"),
        ("- 1.3.0 - 2026-05-01", "- 1.2.0 - 2026-03-01"),
        ("v1.3.0 (2026-05-01)", "v1.2.0 (2026-03-01)"),
        ("Version 1.3.0, 1 May 2026:", "Version 1.2.0, 1 March 2026:"),
    ] {
        let (head, tail) = ("Changes of this crate\n\n", format!("\n\n{other}\n\n- old\n"));
        check(&format!("{head}{wanted}\n\n- retries{tail}"), &format!("{wanted}\n\n- retries"));
    }
}

#[test]
fn the_newest_may_stand_last() {
    check(
        "## 1.1.0\n- a\n## 1.2.0\n- b\n## 1.2.1\n- c\n## 1.3.0\n- d\n## 1.4.0\n- e\n",
        "## 1.2.1\n- c\n## 1.3.0\n- d",
    );
}

#[test]
fn patches_may_have_deeper_headings_than_minors_and_the_same_as_their_parts() {
    check(
        "## [1.3.0](https://x.example) (2026-05-01)\n\n### Features\n\n* retries\n\n### [1.2.1](https://x.example)\n\n### Bug Fixes\n\n\
         * a leak\n\n## [1.2.0](https://x.example)\n\n### Bug Fixes\n\n* old\n",
        "## [1.3.0](https://x.example) (2026-05-01)\n\n### Features\n\n* retries\n\n### [1.2.1](https://x.example)\n\n### Bug Fixes\n\n\
         * a leak",
    );
}

#[test]
fn what_comes_next_is_left_out_however_it_is_called() {
    for next in
        ["Unreleased", "[Unreleased]", "Unreleased - ReleaseDate", "Next", "NEXT (2026-06-01)", "HEAD", "`main`"]
    {
        check(&format!("# Changes\n\n## {next}\n- not yet\n\n## 1.3.0\n- retries\n"), "## 1.3.0\n- retries");
        check(&format!("## 1.3.0\n- retries\n\n## {next}\n- not yet\n"), "## 1.3.0\n- retries");
    }
}

#[test]
fn code_is_not_taken_for_headings() {
    check(
        "## 1.3.0\n\n```sh\n# 1.2.0 is what was before\nrun\n```\n\n- done\n\n~~~\n## 1.1.0\n```\n~~~\n\n## 1.2.0\n- old\n",
        "## 1.3.0\n\n```sh\n# 1.2.0 is what was before\nrun\n```\n\n- done\n\n~~~\n## 1.1.0\n```\n~~~",
    );
    check(
        "## 1.3.0\n\n- like this:\n  ```toml\n  # 1.0.0\n  ```\n\n## 1.2.0\n",
        "## 1.3.0\n\n- like this:\n  ```toml\n  # 1.0.0\n  ```",
    );
    check("## 1.3.0\n\n    # 1.2.0\n\n## 1.2.0\n- old\n", "## 1.3.0\n\n    # 1.2.0");
}

#[test]
fn a_fence_that_nothing_closes_does_not_swallow_the_rest() {
    check("## 1.3.0\n\n```\nforgotten\n\n## 1.2.0\n- old\n", "## 1.3.0\n\n```\nforgotten");
}

#[test]
fn code_in_a_list_ends_with_the_list() {
    check(
        "## 1.3.0\n\n- like this:\n  ```rust\n  code\n  ``` ([#5](https://x.example))\n\n## 1.2.0\n- old\n  ```\n  x\n  ```\n",
        "## 1.3.0\n\n- like this:\n  ```rust\n  code\n  ``` ([#5](https://x.example))",
    );
}

#[test]
fn comments_and_anchors_are_not_seen() {
    check(
        "<!--\n## 1.3.0\n- a template\n-->\n<!-- next-header -->\n<a name=\"v1.3.0\"></a>\n## 1.3.0\n- retries\n<!-- note to self -->\n\
         \n<a id=\"v1.2.0\"></a>\n## 1.2.0\n- old\n",
        "## 1.3.0\n- retries",
    );
    check("## 1.3.0\n- retries\n<!-- never closed\n## 1.2.0\n- old\n", "## 1.3.0\n- retries\n<!-- never closed");
}

#[test]
fn headings_that_speak_of_versions_do_not_end_a_section() {
    for heading in [
        "### Upgrading from 1.2.0",
        "### MSRV is 1.85.0",
        "### 1.0 compatibility",
        "### Migration",
        "## Breaking in 1.1.0",
    ] {
        check(
            &format!("## 1.3.0\n\n{heading}\n\n- read this\n\n## 1.2.0\n- old\n"),
            &format!("## 1.3.0\n\n{heading}\n\n- read this"),
        );
    }
    check("## 1.3.0\n\n**1.2.0** was slow.\n\n1.1.0\n\n## 1.2.0\n- old\n", "## 1.3.0\n\n**1.2.0** was slow.\n\n1.1.0");
    check("## 1.3.0\n#12 is fixed\n## 1.2.0\n- old\n", "## 1.3.0\n#12 is fixed");
}

#[test]
fn a_heading_above_the_versions_ends_a_section() {
    check("## 1.3.0\n- retries\n\n# Older versions\n\nSee elsewhere.\n", "## 1.3.0\n- retries");
}

#[test]
fn bold_versions_may_have_headings_below_them() {
    check("**1.3.0**\n\n### Added\n\n- retries\n\n**1.2.0**\n\n- old\n", "**1.3.0**\n\n### Added\n\n- retries");
}

#[test]
fn pre_releases_and_build_metadata_have_their_place_in_the_order() {
    check(
        "## 1.3.0+build.5\n- a\n## 1.3.0-rc.1\n- b\n## 1.2.0-rc.1\n- c\n## 1.2.0+other\n- d\n",
        "## 1.3.0+build.5\n- a\n## 1.3.0-rc.1\n- b",
    );
}

#[test]
fn windows_line_ends_become_plain_ones() {
    check("## 1.3.0\r\n- retries\r\n\r\n## 1.2.0\r\n- old\r\n", "## 1.3.0\n- retries");
}

#[test]
fn nothing_is_said_where_nothing_is_written() {
    for changelog in [
        "",
        "# Changelog\n\nSee the releases page.\n",
        "## 1.3.0\n\n## 1.2.0\n- old\n",
        "## 1.4.0\n- newer\n## 1.2.0\n- old\n",
        "## [Unreleased]\n- not yet\n",
        "This crate needs 1.3.0 of another.\n\n1.3.0 is what it needs at least, says the author\n",
        "```\n## 1.3.0\n- code\n```\n",
    ] {
        check(changelog, "");
    }
}

/// Pieces that changelogs are made of, and that parsers stumble over.
fn line() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "## 1.3.0",
        "## [1.2.1] - 2026-01-01",
        "# v1.2.0",
        "## Unreleased",
        "1.3.0",
        "====",
        "--",
        "**1.2.5**",
        "```",
        "~~~~",
        "````rust",
        "<!--",
        "-->",
        "<!-- x -->",
        "<a name=\"x\"></a>",
        "- text",
        "",
        "   ",
        "\t",
        "#",
        "##",
        "[",
        "é",
        "### 1.",
        "## 99999999999999999999.0.0",
        "**",
        "__",
        "> ```",
        "## v",
        "## 1.2.3-",
        "## <",
        "\u{feff}## 1.3.0",
    ]);
    prop_oneof![pieces.prop_map(str::to_owned), "\\PC{0,30}", "[#*_`~<>!\\[\\]().0-9v -]{0,20}"]
}

proptest! {
    #[test]
    fn only_lines_of_the_changelog_come_out_in_their_order(lines in prop::collection::vec(line(), 0..40), ends in "\r?\n") {
        let changelog = lines.join(&ends);
        let found = section(&changelog, &version("1.2.0"), &version("1.3.0")).unwrap_or_default();
        let mut rest = changelog.lines();
        for line in found.lines() {
            prop_assert!(rest.any(|other| other == line), "{line:?} of\n{changelog}");
        }
    }
}

//! What requirements become: a table of cases, and the laws over generated ones.

use depbot::config::RequirementStyle::{self, Bump, IfNeeded};
use depbot::manifest::{Rewrite, rewrite};
use depbot::model::Requirement;
use proptest::prelude::*;
use semver::{Comparator, Op, Version};

use crate::support::version;

const LOST: &str = "(form lost)";

/// What a requirement is after a rewrite.
fn rewritten(requirement: &str, target: &str, style: RequirementStyle) -> String {
    let parsed = Requirement::parse(requirement).unwrap_or_else(|error| panic!("{error}"));
    match rewrite(&parsed, &version(target), style) {
        Ok(Rewrite::Keep) => requirement.to_owned(),
        Ok(Rewrite::To(text)) => {
            assert_ne!(text, requirement, "a rewrite to the same text is a keep");
            text
        }
        Err(_) => LOST.to_owned(),
    }
}

fn check(style: RequirementStyle, cases: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(requirement, target, expect)| {
            let result = rewritten(requirement, target, style);
            (result != *expect).then(|| format!("{requirement:?} for {target}: {result:?}, expected {expect:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bump_names_the_release_as_precisely_as_it_was_written() {
    check(
        Bump,
        &[
            ("1", "1.5.2", "1"),
            ("1", "2.1.0", "2"),
            ("^1", "2.1.7", "^2"),
            ("1.2", "1.5.2", "1.5"),
            ("1.2", "2.1.0", "2.1"),
            ("^1.2", "2.0.7", "^2.0"),
            ("1.2.3", "2.1.7", "2.1.7"),
            ("1.2.3", "1.2.3", "1.2.3"),
            ("1.0.0", "1.1.0", "1.1.0"),
            ("1.0", "1.1.1", "1.1"),
            ("^1.0", "1.1.0", "^1.1"),
            ("^1.0.0", "2.0.0", "^2.0.0"),
            ("0.1", "1.5.0", "1.5"),
            ("0.5", "0.6.1", "0.6"),
            ("0.5.2", "0.6.1", "0.6.1"),
            ("0.0.3", "0.0.4", "0.0.4"),
            ("0", "0.9.0", "0"),
            ("0", "1.0.0", "1"),
            ("~1", "1.1.7", "~1"),
            ("~1", "2.0.0", "~2"),
            ("~1.0", "1.1.0", "~1.1"),
            ("~1.0.0", "1.1.1", "~1.1.1"),
            ("~0.7", "0.8.5", "~0.8"),
            ("~1.2.3", "1.3.4", "~1.3.4"),
            ("=1", "2.0.0", "=2"),
            ("=1.0", "1.1.1", "=1.1"),
            ("=1.0.0", "1.1.0", "=1.1.0"),
            ("= 1.0.0", "1.1.0", "= 1.1.0"),
            ("   =1.0.0", "1.1.0", "   =1.1.0"),
            ("=1.2.3", "1.5.0", "=1.5.0"),
        ],
    );
}

#[test]
fn wildcards_keep_their_form() {
    check(
        Bump,
        &[
            ("*", "1.1.0", "*"),
            ("  * ", "1.1.0", "  * "),
            ("x", "1.1.0", "x"),
            ("1.*", "1.1.0", "1.*"),
            ("1.*", "2.1.0", "2.*"),
            ("1.0.*", "1.0.9", "1.0.*"),
            ("1.0.*", "1.1.0", "1.1.*"),
            ("1.0.*", "2.0.0", "2.0.*"),
            ("1.*.*", "2.1.0", "2.*.*"),
            ("^0.*.*", "1.5.0", "^1.*.*"),
            ("1.x", "2.1.0", "2.x"),
            ("1.2.X", "2.1.0", "2.1.X"),
            ("=1.2.*", "1.3.0", "=1.3.*"),
            ("~1.*", "2.3.0", "~2.*"),
            ("*", "1.1.0-rc.1", LOST),
            ("1.*", "2.0.0-rc.1", LOST),
        ],
    );
}

#[test]
fn ranges_keep_their_open_side_and_open_their_closed_side() {
    check(
        Bump,
        &[
            (">=1.2", "2.5.0", ">=1.2"),
            (">=1.2.3", "1.2.3", ">=1.2.3"),
            (">1.2.3", "2.0.0", ">1.2.3"),
            (">=1.2, <2", "1.5.0", ">=1.2, <2"),
            (">=1.2, <2", "2.5.0", ">=1.2, <3"),
            (">=1.2,<2", "2.5.0", ">=1.2,<3"),
            (">= 1.2 , < 2", "2.5.0", ">= 1.2 , < 3"),
            ("<2, >=1.2", "2.5.0", "<3, >=1.2"),
            ("<1.3.4", "1.5.0", "<1.5.1"),
            ("< 1.3.4", "1.5.0", "< 1.5.1"),
            ("< 1.2.0", "1.5.0", "< 1.6.0"),
            ("<2.0.0", "2.5.3", "<3.0.0"),
            ("<2.0", "2.5.3", "<3.0"),
            ("<1.2", "1.5.0", "<1.6"),
            ("<1", "1.0.0", "<2"),
            ("<0.2", "0.2.1", "<0.3"),
            ("<=1.3.4", "1.5.0", "<=1.5.0"),
            ("<=1.3", "1.5.0", "<=1.5"),
            ("<=1", "2.5.0", "<=2"),
            ("<=1.5", "1.5.9", "<=1.5"),
            ("<1.*", "2.5.0", "<3.*"),
            ("> 1.0.0, < 1.2.0", "1.5.0", "> 1.0.0, < 1.6.0"),
            ("> 1.0.0, < 1.7.0", "1.5.0", "> 1.0.0, < 1.7.0"),
            ("> 1.0, < 1.2", "1.5.0", "> 1.0, < 1.6"),
            ("> 1.0.0, <= 1.2.0", "1.5.0", "> 1.0.0, <= 1.5.0"),
            ("> 1.0, <= 1.2", "1.5.0", "> 1.0, <= 1.5"),
            (">=1.2.0, <=1.4.0-dev", "1.5.0", ">=1.2.0, <=1.5.0"),
            (">=1.2.0, <1.4.0-dev", "1.5.0", ">=1.2.0, <1.6.0-dev"),
            (">=1.0.0, <2.0.0-0", "2.5.0", ">=1.0.0, <3.0.0-0"),
            ("^1.2, <1.4", "1.5.0", "^1.5, <1.6"),
            ("1.2, 1.3", "2.5.0", "2.5, 2.5"),
            ("^1.2,  ~1.2.7", "1.3.0", "^1.3,  ~1.3.0"),
            (">=1, >=1.2.3, <2", "3.0.1", ">=1, >=1.2.3, <4"),
        ],
    );
}

#[test]
fn pre_releases_are_written_in_full() {
    check(
        Bump,
        &[
            ("1.2.3-rc.1", "1.2.3", "1.2.3"),
            ("1.2.3-rc.1", "1.2.3-rc.2", "1.2.3-rc.2"),
            ("1.2.3-rc.1", "1.3.0-rc.2", "1.3.0-rc.2"),
            ("1.2.3-beta", "1.2.3-beta.2", "1.2.3-beta.2"),
            ("^1.2.3-rc1", "1.5.0", "^1.5.0"),
            ("0.2.3-rc1", "1.5.0", "1.5.0"),
            ("~0.6.1", "0.7.0-rc.2", "~0.7.0-rc.2"),
            ("0.6", "0.7.0-rc.2", "0.7.0-rc.2"),
            ("1", "2.0.0-alpha", "2.0.0-alpha"),
            ("=1.2", "1.3.0-a.b-c.1", "=1.3.0-a.b-c.1"),
            (">=1.2.0-rc.1", "1.2.0-rc.2", ">=1.2.0-rc.1"),
            (">=1.2.0-rc.1", "1.3.0-rc.1", ">=1.3.0-rc.1"),
            (">=1.2.0-rc.1, <2", "1.3.0-rc.1", ">=1.3.0-rc.1, <2"),
            ("^1.1.0-alpha, <1.2", "1.2.0-rc.1", "^1.2.0-rc.1, <1.3"),
            ("<=1.3", "1.4.0-rc.1", "<=1.4.0-rc.1"),
            (">1.2.0", "1.3.0-rc.1", LOST),
        ],
    );
}

#[test]
fn build_metadata_is_not_written() {
    check(
        Bump,
        &[
            ("1.2.3", "1.5.0+build.1", "1.5.0"),
            ("1.2.3+old", "1.5.0+build.1", "1.5.0"),
            ("1.2.3+old", "1.2.3+new", "1.2.3+old"),
            (">=1.2.3+old, <2", "2.1.0", ">=1.2.3, <3"),
            ("=1.2.3-rc.1+old", "1.2.3-rc.2+x", "=1.2.3-rc.2"),
        ],
    );
}

#[test]
fn a_lower_bound_is_never_lowered() {
    check(
        Bump,
        &[
            ("1.5", "1.4.9", LOST),
            ("2", "1.9.9", LOST),
            ("1.2.3", "1.2.2", LOST),
            ("1.2.3", "1.2.3-rc.1", LOST),
            ("1.2", "1.2.0-rc.1", LOST),
            ("=1.2.3", "1.2.2", LOST),
            ("~1.2.3", "1.2.2", LOST),
            ("1.2.*", "1.1.9", LOST),
            ("> 99.2.0", "1.5.0", LOST),
            (">1.2", "1.2.9", LOST),
            (">=1.2, <2", "1.1.0", LOST),
            ("<18446744073709551615.0.0", "18446744073709551615.1.0", LOST),
        ],
    );
}

#[test]
fn if_needed_changes_only_what_does_not_admit() {
    check(
        IfNeeded,
        &[
            ("1.2.3", "1.5.0", "1.2.3"),
            ("^1.2.3", "1.5.0", "^1.2.3"),
            ("^1.2.3-rc1", "1.5.0", "^1.2.3-rc1"),
            ("1.2", "1.5.2", "1.2"),
            ("1.2", "2.1.7", "2.1"),
            ("1.2.3", "2.1.7", "2.1.7"),
            ("0.1", "1.5.0", "1.5"),
            ("=1.2.3", "1.5.0", "=1.5.0"),
            ("~1.2.3", "1.2.9", "~1.2.3"),
            ("~1.2.3", "1.3.4", "~1.3.4"),
            ("1.0.*", "1.1.0", "1.1.*"),
            ("*", "1.5.0", "*"),
            (">=1.2, <2", "1.9.0", ">=1.2, <2"),
            (">=1.2, <2", "2.5.0", ">=1.2, <3"),
            ("^1.2, <1.4", "1.5.0", "^1.2, <1.6"),
            ("> 1.0.0, < 1.2.0", "1.5.0", "> 1.0.0, < 1.6.0"),
            ("< 1.2.0", "1.5.0", "< 1.6.0"),
            ("> 99.2.0", "1.5.0", LOST),
            ("1.2, 1.3", "2.5.0", "2.5, 2.5"),
            ("^1.0.0-rc.1, <2", "1.1.0-rc.1", "^1.1.0-rc.1, <2"),
        ],
    );
}

// --- The laws ---

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0u64..4, 2 => 0u64..40, 1 => Just(u64::MAX)]
}

fn pre_release() -> impl Strategy<Value = String> {
    prop_oneof![Just("-rc.1".to_owned()), Just("-alpha".to_owned()), Just("-0".to_owned()), "-[a-c]{1,2}\\.[1-9]"]
}

fn comparator() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["", "^", "~", "=", ">=", ">", "<", "<="]);
    let star = prop::sample::select(vec!["*", "x", "X"]);
    let tail = prop_oneof![
        2 => Just(String::new()),
        3 => number().prop_map(|minor| format!(".{minor}")),
        4 => (number(), number()).prop_map(|(minor, patch)| format!(".{minor}.{patch}")),
        1 => (number(), number(), pre_release()).prop_map(|(minor, patch, pre)| format!(".{minor}.{patch}{pre}")),
        1 => (number(), number()).prop_map(|(minor, patch)| format!(".{minor}.{patch}+build.7")),
        1 => star.clone().prop_map(|star| format!(".{star}")),
        1 => (star.clone(), star.clone()).prop_map(|(a, b)| format!(".{a}.{b}")),
        1 => (number(), star).prop_map(|(minor, star)| format!(".{minor}.{star}")),
    ];
    (" {0,2}", operator, " {0,2}", number(), tail, " {0,2}").prop_map(
        |(before, operator, between, major, tail, after)| format!("{before}{operator}{between}{major}{tail}{after}"),
    )
}

fn requirement() -> impl Strategy<Value = Requirement> {
    prop::collection::vec(comparator(), 1..4)
        .prop_map(|comparators| comparators.join(","))
        .prop_filter_map("semver reads it", |text| Requirement::parse(&text).ok())
}

fn target() -> impl Strategy<Value = Version> {
    (number(), number(), number(), prop::option::weighted(0.2, pre_release()), any::<bool>()).prop_map(
        |(major, minor, patch, pre, build)| {
            let build = if build { "+meta" } else { "" };
            version(&format!("{major}.{minor}.{patch}{}{build}", pre.unwrap_or_default()))
        },
    )
}

fn style() -> impl Strategy<Value = RequirementStyle> {
    prop_oneof![Just(Bump), Just(IfNeeded)]
}

/// The lowest version of a comparator with a lower bound.
fn floor(comparator: &Comparator) -> Option<Version> {
    let open_below = matches!(comparator.op, Op::Less | Op::LessEq);
    let numbers = (comparator.major, comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0));
    let floor = Version { pre: comparator.pre.clone(), ..Version::new(numbers.0, numbers.1, numbers.2) };
    (!open_below).then_some(floor)
}

/// The text without its versions: operators, spacing, order; and how precisely each version is written.
fn form(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut frame = String::new();
    let mut precisions = Vec::new();
    for piece in text.split(',') {
        let version = |c: char| !matches!(c, ' ' | '=' | '<' | '>' | '~' | '^');
        let written: String = piece.chars().filter(|c| version(*c)).collect();
        let numbers = written.split(['-', '+']).next().unwrap_or_default();
        let stars = numbers.chars().filter(|c| matches!(c, '*' | 'x' | 'X')).count();
        precisions.push((numbers.split('.').count(), stars));
        frame.extend(piece.chars().filter(|c| !version(*c)));
        frame.push(',');
    }
    (frame, precisions)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold(requirement in requirement(), target in target(), style in style()) {
        let before = requirement.as_str();
        match rewrite(&requirement, &target, style) {
            Ok(Rewrite::Keep) => prop_assert!(requirement.admits(&target), "{before} is kept but does not admit {target}"),
            Ok(Rewrite::To(text)) => {
                let after = Requirement::parse(&text).expect("a requirement again");
                prop_assert!(after.admits(&target), "{text} does not admit {target}");
                prop_assert!(!text.contains('+'), "{text} has build metadata");
                prop_assert_ne!(&text, before);
                prop_assert_eq!(after.comparators().len(), requirement.comparators().len());
                for (old, new) in requirement.comparators().iter().zip(after.comparators()) {
                    prop_assert_eq!(old.op, new.op);
                    prop_assert!(floor(new) >= floor(old), "{} is below {} for {target}", text, before);
                }
                prop_assert!(after.floor() >= requirement.floor());
                let ((old_frame, old), (new_frame, new)) = (form(before), form(&text));
                prop_assert_eq!(old_frame, new_frame);
                for (old, new) in old.iter().zip(&new) {
                    let in_full = !target.pre.is_empty() && *new == (3, 0) && old.1 == 0;
                    prop_assert!(old == new || in_full, "{} loses the precision of {}", text, before);
                }
                if style == IfNeeded {
                    prop_assert!(!requirement.admits(&target), "{before} admits {target} already");
                }
            }
            Err(_) => prop_assert!(!requirement.admits(&target), "{before} admits {target}, it can be kept"),
        }
    }

    #[test]
    fn rewriting_twice_changes_nothing_more(requirement in requirement(), target in target(), style in style()) {
        if let Ok(Rewrite::To(text)) = rewrite(&requirement, &target, style) {
            let again = Requirement::parse(&text).expect("a requirement again");
            prop_assert_eq!(rewrite(&again, &target, style), Ok(Rewrite::Keep));
        }
    }

    #[test]
    fn a_single_bound_is_lost_only_for_a_reason(comparator in comparator(), target in target()) {
        let Ok(requirement) = Requirement::parse(&comparator) else { return Ok(()) };
        let Some(only) = requirement.comparators().first() else { return Ok(()) };
        if rewrite(&requirement, &target, Bump).is_err() {
            let release = Version { build: semver::BuildMetadata::EMPTY, ..target.clone() };
            let below = floor(only).is_some_and(|floor| release < floor || only.op == Op::Greater);
            let overflow = only.op == Op::Less && [target.major, target.minor, target.patch].contains(&u64::MAX);
            let pre_release = !target.pre.is_empty();
            prop_assert!(below || overflow || pre_release, "{comparator} is lost for {target}");
        }
    }
}

//! The words of every key that takes one of a few.

use super::{Automerge, Baseline, MergeMethod, MergeWhen, Pins, ReleaseMode, RequirementStyle, Sandbox, Strategy};

/// A type whose values each have a word in `repos.toml`.
pub(super) trait Choice: Copy + 'static {
    /// Every value with its word, in the order people should read them.
    const WORDS: &'static [(&'static str, Self)];
}

macro_rules! choice {
    ($type:ident { $($word:literal => $variant:ident),* $(,)? }) => {
        impl Choice for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $type::$variant)),*];
        }
    };
}

/// Which forge, before its other keys are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ForgeKind {
    /// GitHub.
    GitHub,
    /// This machine.
    Local,
}

choice!(ForgeKind { "github" => GitHub, "local" => Local });
choice!(Strategy { "latest" => Latest, "compatible" => Compatible, "lockfile" => Lockfile });
choice!(RequirementStyle { "bump" => Bump, "if-needed" => IfNeeded });
choice!(Pins { "upgrade" => Upgrade, "keep" => Keep });
choice!(Baseline { "compare" => Compare, "strict" => Strict });
choice!(Sandbox { "auto" => Auto, "require" => Require, "off" => Off });
choice!(Automerge { "off" => Off, "patch" => Patch, "minor" => Minor, "all" => All });
choice!(MergeWhen { "checks" => Checks, "verified" => Verified });
choice!(MergeMethod { "squash" => Squash, "merge" => Merge, "rebase" => Rebase });
choice!(ReleaseMode { "none" => None, "tag" => Tag, "registry" => Registry });

//! Requirements of every form, and the options that decide about them.

use crate::world::{Case, app, check};

fn requirement(before: &str, after: &str) -> Case {
    let text = |requirement: &str| format!("[dependencies]\nalpha = \"{requirement}\"\n");
    Case::app(&format!("{before} → {after}"), &text(before), &text(after))
}

fn of(krate: &str, before: &str, after: &str) -> Case {
    let text = |requirement: &str| format!("[dependencies]\n{krate} = \"{requirement}\"\n");
    Case::app(&format!("{krate} {before} → {after}"), &text(before), &text(after))
}

#[test]
fn requirements_keep_their_form() {
    check(vec![
        requirement("1", "2"),
        requirement("^1.0", "^2.1"),
        requirement("~1.0.0", "~2.1.4"),
        requirement("~1", "~2"),
        requirement("=1.0.0", "=2.1.4"),
        requirement("= 1.0", "= 2.1"),
        requirement("1.*", "2.*"),
        requirement("1.0.*", "2.1.*"),
        requirement("*", "*"),
        requirement(">=1.0", ">=1.0"),
        requirement(">1.0.0", ">1.0.0"),
        requirement(">=1.0, <2", ">=1.0, <3"),
        requirement("<2", "<3"),
        requirement("<=1.2.3", "<=2.1.4"),
        requirement(">=1.1.0, <1.3.0", ">=1.1.0, <2.2.0"),
        of("gamma", "1.0", "1.4"),
        of("gamma", "2.0.0-rc.1", "2.0.0-rc.2"),
        of("gamma", "=2.0.0-rc.1", "=2.0.0-rc.2"),
        of("build-meta", "1.0", "1.1"),
        of("build-meta", "=1.0.0", "=1.1.0"),
        of("beta", "0", "0"),
        of("beta", "0.3", "0.4"),
    ]);
}

#[test]
fn options_decide_what_is_followed() {
    check(vec![
        requirement("1.0", "1.2").args(&["--strategy", "compatible"]),
        requirement("1.0", "1.0").args(&["--strategy", "lockfile"]),
        requirement("1.0", "1.0")
            .args(&["--strategy", "lockfile"])
            .lock(&[("app", "0.1.0", &["alpha"]), ("alpha", "1.0.0", &[])])
            .locks("alpha", "1.2.3"),
        requirement("=1.0.0", "=1.0.0").args(&["--pins", "keep"]).says("pins are kept"),
        requirement("<2", "<2")
            .args(&["--pins", "keep"])
            .lock(&[("app", "0.1.0", &["alpha"]), ("alpha", "1.0.0", &[])])
            .locks("alpha", "1.2.3"),
        requirement("1.*", "1.*").args(&["--pins", "keep"]),
        requirement("1.0", "2.1").args(&["--pins", "keep"]),
        requirement("1.0", "2.1").args(&["--requirement", "if-needed"]),
        requirement(">=1, <4", ">=1, <4").args(&["--requirement", "if-needed"]),
        requirement("1.0", "1.0")
            .args(&["--requirement", "if-needed", "--strategy", "compatible"])
            .lock(&[("app", "0.1.0", &["alpha"]), ("alpha", "1.0.0", &[])])
            .locks("alpha", "1.2.3"),
        Case::app(
            "one package",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.3\"\n",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.4\"\n",
        )
        .args(&["--package", "beta"])
        .says("not selected"),
        requirement("1.0", "1.1").args(&["--package", "alpha@1.1.0"]),
        Case::app(
            "all but one",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.3\"\n",
            "[dependencies]\nalpha = \"2.1\"\nbeta = \"0.3\"\n",
        )
        .args(&["--exclude", "bet*"]),
        Case::app(
            "one package with a lock leaves the rest of the lock",
            "[dependencies]\nbeta = \"0.3\"\ntop = \"1.0\"\n",
            "[dependencies]\nbeta = \"0.4\"\ntop = \"1.0\"\n",
        )
        .args(&["-p", "beta"])
        .lock(&[
            ("app", "0.1.0", &["beta", "top"]),
            ("beta", "0.3.1", &[]),
            ("top", "1.0.0", &["trans"]),
            ("trans", "1.0.0", &[]),
        ])
        .locks("beta", "0.4.2")
        .locks("top", "1.0.0")
        .locks("trans", "1.0.0"),
        requirement("1.0", "1.0").args(&["--dry-run"]).says("2.1.4"),
        requirement("1.0", "1.0").args(&["--dry-run", "--json"]).says("\"2.1.4\""),
        requirement("1.0", "2.1").args(&["--json"]).says("\"2.1.4\""),
        of("msrv", "1.0", "2.0").args(&["--ignore-rust-version"]),
        of("ageless", "1.0", "1.0").args(&["--cooldown", "3d"]).says("age is not known"),
    ]);
}

#[test]
fn releases_with_an_objection_are_not_taken() {
    check(vec![
        of("gamma", "1.0", "1.4").never_says("rc"),
        Case::app(
            "the package promises an older Rust",
            "rust-version = \"1.60\"\n[dependencies]\nmsrv = \"1.0\"\n",
            "rust-version = \"1.60\"\n[dependencies]\nmsrv = \"1.0\"\n",
        )
        .says("needs Rust 1.85"),
        Case::app(
            "the package promises a Rust in between",
            "rust-version = \"1.75.0\"\n[dependencies]\nmsrv = \"1.0\"\n",
            "rust-version = \"1.75.0\"\n[dependencies]\nmsrv = \"1.1\"\n",
        ),
        of("young", "1.0", "1.1").args(&["--cooldown", "3d"]).says("cooldown"),
        of("young", "1.0", "1.2"),
        Case::app("young, with a lock", "[dependencies]\nyoung = \"1.0\"\n", "[dependencies]\nyoung = \"1.1\"\n")
            .args(&["--cooldown", "3d"])
            .lock(&[("app", "0.1.0", &["young"]), ("young", "1.0.0", &[])])
            .locks("young", "1.1.0"),
        Case::app(
            "a feature in use is gone",
            "[dependencies]\nalpha = { version = \"1.0\", features = [\"extra\"] }\n",
            "[dependencies]\nalpha = { version = \"1.2\", features = [\"extra\"] }\n",
        )
        .says("\"extra\""),
        Case::app(
            "a feature that features of the package use is gone",
            "[dependencies]\nalpha = \"1.0\"\n[features]\nmore = [\"alpha/extra\"]\n",
            "[dependencies]\nalpha = \"1.2\"\n[features]\nmore = [\"alpha/extra\"]\n",
        )
        .says("extra"),
        Case::app(
            "an optional dependency that is a feature is optional no more",
            "[dependencies]\nchoosy = { version = \"1.0\", features = [\"trans\"] }\n",
            "[dependencies]\nchoosy = { version = \"1.0\", features = [\"trans\"] }\n",
        )
        .says("trans"),
        of("future", "1.0", "1.0"),
        of("alone", "9.0", "9.0").says("ahead").resolves_in(&[]),
        of("nowhere", "1.0", "1.0").says("no such crate").resolves_in(&[]),
        Case::new("a crate that is nowhere, beside others")
            .becomes(
                "Cargo.toml",
                app("[dependencies]\nalpha = \"1.0\"\n[workspace]\n"),
                app("[dependencies]\nalpha = \"2.1\"\n[workspace]\n"),
            )
            .file("src/lib.rs", ""),
        Case::stays("up to date", "[dependencies]\nalpha = \"2.1\"\nbeta = \"0.4.2\"\n").says("up to date"),
        Case::app(
            "a requirement ahead of a yanked newest",
            "[dependencies]\ngamma = \"1.5\"\n",
            "[dependencies]\ngamma = \"1.5\"\n",
        )
        .resolves_in(&[]),
    ]);
}

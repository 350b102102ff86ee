//! Locks: of every format, absent, old, out of step; and releases that stand in each other's way.

use crate::catalogue;
use crate::world::{Case, app, check};

const ONE: &[(&str, &str, &[&str])] = &[("app", "0.1.0", &["alpha"]), ("alpha", "1.0.0", &[])];

fn alpha(name: &str) -> Case {
    Case::app(name, "[dependencies]\nalpha = \"1.0\"\n", "[dependencies]\nalpha = \"2.1\"\n")
}

#[test]
fn locks_of_every_kind_follow() {
    check(vec![
        alpha("no lock"),
        alpha("format 4").lock(ONE).locks("alpha", "2.1.4"),
        alpha("format 3").file("Cargo.lock", catalogue::lock(3, ONE)).locks("alpha", "2.1.4"),
        alpha("carriage returns")
            .file("Cargo.lock", catalogue::lock(4, ONE).replace('\n', "\r\n"))
            .locks("alpha", "2.1.4"),
        alpha("out of step: a dependency is missing").lock(&[("app", "0.1.0", &[])]).locks("alpha", "2.1.4"),
        alpha("out of step: an old version of the package")
            .lock(&[("app", "0.0.9", &["alpha"]), ("alpha", "1.0.0", &[])])
            .locks("alpha", "2.1.4"),
        alpha("ignored by git").file(".gitignore", "Cargo.lock\n/target\n").lock(ONE).locks("alpha", "2.1.4"),
        alpha("empty lock").file("Cargo.lock", "").locks("alpha", "2.1.4"),
        alpha("locked at a yanked version, beside")
            .becomes(
                "Cargo.toml",
                app("[dependencies]\nalpha = \"1.0\"\ngamma = \"1\"\n"),
                app("[dependencies]\nalpha = \"2.1\"\ngamma = \"1\"\n"),
            )
            .lock(&[("app", "0.1.0", &["alpha", "gamma"]), ("alpha", "1.0.0", &[]), ("gamma", "1.5.0", &[])])
            .locks("alpha", "2.1.4")
            .locks("gamma", "1.5.0"),
        Case::app(
            "only what is written is behind",
            "[dependencies]\nalpha = \"2.0\"\ntop = \"1.0.0\"\n",
            "[dependencies]\nalpha = \"2.1\"\ntop = \"1.1.0\"\n",
        )
        .keeps_lock(&[
            ("app", "0.1.0", &["alpha", "top"]),
            ("alpha", "2.1.4", &[]),
            ("top", "1.1.0", &["trans"]),
            ("trans", "1.1.0", &[]),
        ]),
        Case::stays("only what is written is behind, and may be", "[dependencies]\nalpha = \"2.0\"\n")
            .args(&["--requirement", "if-needed"])
            .keeps_lock(&[("app", "0.1.0", &["alpha"]), ("alpha", "2.1.4", &[])])
            .says("up to date"),
        Case::stays("only the lock is behind", "[dependencies]\nalpha = \"2\"\ntop = \"1\"\n")
            .lock(&[
                ("app", "0.1.0", &["alpha", "top"]),
                ("alpha", "2.0.0", &[]),
                ("top", "1.0.0", &["trans"]),
                ("trans", "1.0.0", &[]),
            ])
            .locks("alpha", "2.1.4")
            .locks("top", "1.1.0")
            .locks("trans", "1.1.0"),
        Case::stays("only what nobody declares is behind", "[dependencies]\ntop = \"1\"\n")
            .lock(&[("app", "0.1.0", &["top"]), ("top", "1.1.0", &["trans"]), ("trans", "1.0.0", &[])])
            .locks("trans", "1.1.0"),
        Case::stays("a lock that is up to date stays as it is", "[dependencies]\ntop = \"1\"\n")
            .becomes(
                "Cargo.lock",
                catalogue::lock(
                    4,
                    &[("app", "0.1.0", &["top"]), ("top", "1.1.0", &["trans"]), ("trans", "1.1.0", &[])],
                ),
                catalogue::lock(
                    4,
                    &[("app", "0.1.0", &["top"]), ("top", "1.1.0", &["trans"]), ("trans", "1.1.0", &[])],
                ),
            )
            .says("No file was changed"),
    ]);
}

#[test]
fn what_does_not_resolve_is_taken_apart() {
    check(vec![
        Case::app(
            "pinned to each other",
            "[dependencies]\ntwin = \"1.0\"\ntwin-macros = \"1.0\"\n",
            "[dependencies]\ntwin = \"2.0\"\ntwin-macros = \"2.0\"\n",
        )
        .lock(&[
            ("app", "0.1.0", &["twin", "twin-macros"]),
            ("twin", "1.0.0", &["twin-macros"]),
            ("twin-macros", "1.0.0", &[]),
        ])
        .locks("twin", "2.0.0")
        .locks("twin-macros", "2.0.0"),
        Case::app(
            "pinned to each other, within the requirements",
            "[dependencies]\ntwin = \"1\"\ntwin-macros = \"1\"\n",
            "[dependencies]\ntwin = \"1\"\ntwin-macros = \"1\"\n",
        )
        .args(&["--strategy", "compatible"])
        .lock(&[
            ("app", "0.1.0", &["twin", "twin-macros"]),
            ("twin", "1.0.0", &["twin-macros"]),
            ("twin-macros", "1.0.0", &[]),
        ])
        .locks("twin", "1.1.0")
        .locks("twin-macros", "1.1.0"),
        Case::app(
            "one needs the new version of the other",
            "[dependencies]\nback = \"1\"\nfront = \"1\"\n",
            "[dependencies]\nback = \"2\"\nfront = \"2\"\n",
        )
        .lock(&[("app", "0.1.0", &["back", "front"]), ("back", "1.0.0", &[]), ("front", "1.0.0", &["back"])])
        .locks("back", "2.0.0")
        .locks("front", "2.0.0"),
        Case::app(
            "another crate links the same library",
            "[dependencies]\nz-sys = \"1.0\"\nz-user = \"1.0\"\nalpha = \"1.0\"\n",
            "[dependencies]\nz-sys = \"1.1\"\nz-user = \"1.0\"\nalpha = \"2.1\"\n",
        )
        .lock(&[
            ("app", "0.1.0", &["alpha", "z-sys", "z-user"]),
            ("alpha", "1.0.0", &[]),
            ("z-sys", "1.0.0", &[]),
            ("z-user", "1.0.0", &["z-sys"]),
        ])
        .locks("alpha", "2.1.4")
        .locks("z-sys", "1.1.0")
        .says("z-sys"),
        Case::app(
            "a dependency of the newest is missing",
            "[dependencies]\norphan = \"1.0\"\nalpha = \"1.0\"\nbeta = \"0.3\"\n",
            "[dependencies]\norphan = \"1.1\"\nalpha = \"2.1\"\nbeta = \"0.4\"\n",
        )
        .lock(&[
            ("app", "0.1.0", &["alpha", "beta", "orphan"]),
            ("alpha", "1.0.0", &[]),
            ("beta", "0.3.1", &[]),
            ("orphan", "1.0.0", &[]),
        ])
        .locks("alpha", "2.1.4")
        .locks("orphan", "1.1.0")
        .says("not-there"),
        Case::app(
            "a dependency of the newest is missing, without a lock",
            "[dependencies]\norphan = \"1.0\"\nalpha = \"1.0\"\n",
            "[dependencies]\norphan = \"1.1\"\nalpha = \"2.1\"\n",
        ),
        Case::app(
            "another crate holds it exactly",
            "[dependencies]\nalpha = \"1\"\nholder = \"1\"\nbeta = \"0.3\"\n",
            "[dependencies]\nalpha = \"2\"\nholder = \"1\"\nbeta = \"0.4\"\n",
        )
        .lock(&[
            ("app", "0.1.0", &["alpha", "beta", "holder"]),
            ("alpha", "1.1.0", &[]),
            ("beta", "0.3.1", &[]),
            ("holder", "1.0.0", &["alpha"]),
        ])
        .locks("alpha", "1.1.0")
        .locks("alpha", "2.1.4"),
        Case::app(
            "another crate holds it exactly, and compatible releases are wanted",
            "[dependencies]\nalpha = \"1.1\"\nholder = \"1\"\nbeta = \"0.3.1\"\n",
            "[dependencies]\nalpha = \"1.1\"\nholder = \"1\"\nbeta = \"0.3.5\"\n",
        )
        .args(&["--strategy", "compatible"])
        .lock(&[
            ("app", "0.1.0", &["alpha", "beta", "holder"]),
            ("alpha", "1.1.0", &[]),
            ("beta", "0.3.1", &[]),
            ("holder", "1.0.0", &["alpha"]),
        ])
        .locks("alpha", "1.1.0")
        .says("holder"),
        Case::app(
            "one crate under two names in two versions",
            "[dependencies]\nold = { package = \"alpha\", version = \"1.0\" }\nnew = { package = \"alpha\", version = \"2.0\" }\n",
            "[dependencies]\nold = { package = \"alpha\", version = \"1.2\" }\nnew = { package = \"alpha\", version = \"2.1\" }\n",
        )
        .lock(&[
            ("app", "0.1.0", &["alpha 1.0.0", "alpha 2.0.0"]),
            ("alpha", "1.0.0", &[]),
            ("alpha", "2.0.0", &[]),
        ])
        .locks("alpha", "1.2.3")
        .locks("alpha", "2.1.4"),
    ]);
}

#[test]
fn what_does_not_resolve_before_blames_no_update() {
    let nowhere = "[dependencies]\nnowhere = \"1.0\"\nalpha = \"1.0\"\nbeta = \"0.3\"\n";
    check(vec![
        Case::stays("a crate that is nowhere", nowhere)
            .exits(1)
            .says("without any update")
            .says("nowhere")
            .resolves_in(&[]),
        Case::new("a crate that is nowhere, in one workspace of two")
            .member("one", "[dependencies]\nalpha = \"1.0\"\n", "[dependencies]\nalpha = \"2.1\"\n")
            .member("two", nowhere, nowhere)
            .says("no such crate")
            .resolves_in(&["one"]),
    ]);
}

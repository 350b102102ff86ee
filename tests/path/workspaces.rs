//! Workspaces: inheritance, members, nesting, and what is left alone.

use std::fmt::Write as _;

use crate::world::{Case, app, check, named};

const VIRTUAL: &str = "[workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n";

#[test]
fn what_members_inherit_is_edited_once() {
    let shared = |text: &str| format!("{VIRTUAL}\n[workspace.dependencies]\n{text}");
    check(vec![
        Case::new("inherited")
            .becomes(
                "Cargo.toml",
                shared("alpha = { version = \"1.0\", default-features = false }\nbeta = \"0.3\"\n"),
                shared("alpha = { version = \"2.1\", default-features = false }\nbeta = \"0.4\"\n"),
            )
            .member("crates/a", "[dependencies]\nalpha.workspace = true\n", "[dependencies]\nalpha.workspace = true\n")
            .member(
                "crates/b",
                "[dependencies]\nalpha = { workspace = true, features = [\"std\"] }\n[dev-dependencies]\nbeta = { workspace = true }\n",
                "[dependencies]\nalpha = { workspace = true, features = [\"std\"] }\n[dev-dependencies]\nbeta = { workspace = true }\n",
            ),
        Case::new("inherited by a member with an older Rust")
            .becomes("Cargo.toml", shared("msrv = \"1.0\"\n"), shared("msrv = \"1.1\"\n"))
            .member(
                "crates/a",
                "rust-version = \"1.85\"\n[dependencies]\nmsrv.workspace = true\n",
                "rust-version = \"1.85\"\n[dependencies]\nmsrv.workspace = true\n",
            )
            .member(
                "crates/b",
                "rust-version = \"1.71\"\n[dependencies]\nmsrv.workspace = true\n",
                "rust-version = \"1.71\"\n[dependencies]\nmsrv.workspace = true\n",
            )
            .says("1.71"),
        Case::new("inherited Rust version")
            .becomes(
                "Cargo.toml",
                format!("{}[workspace.package]\nrust-version = \"1.70\"\n", shared("msrv = \"1.0\"\n")),
                format!("{}[workspace.package]\nrust-version = \"1.70\"\n", shared("msrv = \"1.1\"\n")),
            )
            .member(
                "crates/a",
                "rust-version.workspace = true\n[dependencies]\nmsrv.workspace = true\n",
                "rust-version.workspace = true\n[dependencies]\nmsrv.workspace = true\n",
            ),
        Case::new("inherited by nobody")
            .becomes("Cargo.toml", shared("alpha = \"1.0\"\n"), shared("alpha = \"2.1\"\n"))
            .member("crates/a", "", ""),
        Case::new("inherited under another name")
            .becomes(
                "Cargo.toml",
                shared("first = { package = \"alpha\", version = \"1.0\" }\n"),
                shared("first = { package = \"alpha\", version = \"2.1\" }\n"),
            )
            .member("crates/a", "[dependencies]\nfirst.workspace = true\n", "[dependencies]\nfirst.workspace = true\n"),
        Case::new("a feature gone for one member")
            .becomes("Cargo.toml", shared("alpha = \"1.0\"\n"), shared("alpha = \"1.2\"\n"))
            .member("crates/a", "[dependencies]\nalpha.workspace = true\n", "[dependencies]\nalpha.workspace = true\n")
            .member(
                "crates/b",
                "[dependencies]\nalpha = { workspace = true, features = [\"extra\"] }\n",
                "[dependencies]\nalpha = { workspace = true, features = [\"extra\"] }\n",
            ),
    ]);
}

#[test]
fn members_are_upgraded_together() {
    let mut big = Case::new("sixty members").file("Cargo.toml", VIRTUAL);
    let mut packages: Vec<(String, String, Vec<&str>)> = Vec::new();
    for index in 0..60 {
        big = big.member(
            &format!("crates/m{index}"),
            "[dependencies]\nalpha = \"1.0\"\ntop = \"1\"\n",
            "[dependencies]\nalpha = \"2.1\"\ntop = \"1\"\n",
        );
        packages.push((format!("m{index}"), "0.1.0".to_owned(), vec!["alpha", "top"]));
    }
    for (name, version, dependencies) in
        [("alpha", "1.0.0", vec![]), ("top", "1.0.0", vec!["trans"]), ("trans", "1.0.0", vec![])]
    {
        packages.push((name.to_owned(), version.to_owned(), dependencies));
    }
    let packages: Vec<(&str, &str, &[&str])> =
        packages.iter().map(|(name, version, uses)| (name.as_str(), version.as_str(), uses.as_slice())).collect();
    let big = big.lock(&packages).locks("alpha", "2.1.4").locks("top", "1.1.0").locks("trans", "1.1.0");
    check(vec![
        big,
        Case::new("a root package with members")
            .becomes(
                "Cargo.toml",
                app("[dependencies]\nalpha = \"1.0\"\nb = { path = \"b\", version = \"0.1\" }\n[workspace]\n"),
                app("[dependencies]\nalpha = \"2.1\"\nb = { path = \"b\", version = \"0.1\" }\n[workspace]\n"),
            )
            .file("src/lib.rs", "")
            .member("b", "[dependencies]\nbeta = \"0.3\"\n", "[dependencies]\nbeta = \"0.4\"\n"),
        Case::new("asked for in a member's folder")
            .becomes(
                "Cargo.toml",
                format!("{VIRTUAL}\n[workspace.dependencies]\nalpha = \"1.0\"\n"),
                format!("{VIRTUAL}\n[workspace.dependencies]\nalpha = \"2.1\"\n"),
            )
            .member("crates/a", "[dependencies]\nalpha.workspace = true\n", "[dependencies]\nalpha.workspace = true\n")
            .member("crates/b", "[dependencies]\nbeta = \"0.3\"\n", "[dependencies]\nbeta = \"0.4\"\n")
            .at("crates/a"),
        Case::new("asked for in a source folder")
            .becomes("Cargo.toml", app("[dependencies]\nalpha = \"1.0\"\n"), app("[dependencies]\nalpha = \"2.1\"\n"))
            .file("src/lib.rs", "")
            .at("src"),
        Case::new("members at different versions of a crate")
            .file("Cargo.toml", VIRTUAL)
            .member("crates/a", "[dependencies]\nalpha = \"1.0\"\n", "[dependencies]\nalpha = \"2.1\"\n")
            .member("crates/b", "[dependencies]\nalpha = \"2.0\"\n", "[dependencies]\nalpha = \"2.1\"\n")
            .lock(&[
                ("a", "0.1.0", &["alpha 1.0.0"]),
                ("b", "0.1.0", &["alpha 2.0.0"]),
                ("alpha", "1.0.0", &[]),
                ("alpha", "2.0.0", &[]),
            ])
            .locks("alpha", "2.1.4"),
    ]);
}

#[test]
fn several_workspaces_of_a_tree_are_upgraded_each_with_its_lock() {
    check(vec![
        Case::new("an excluded workspace with a lock")
            .becomes(
                "Cargo.toml",
                format!("{VIRTUAL}exclude = [\"tools\"]\n[workspace.dependencies]\nalpha = \"1.0\"\n"),
                format!("{VIRTUAL}exclude = [\"tools\"]\n[workspace.dependencies]\nalpha = \"2.1\"\n"),
            )
            .member("crates/a", "[dependencies]\nalpha.workspace = true\n", "[dependencies]\nalpha.workspace = true\n")
            .member("tools", "[dependencies]\nbeta = \"0.3\"\n", "[dependencies]\nbeta = \"0.4\"\n")
            .lock_at("tools/Cargo.lock", &[("tools", "0.1.0", &["beta"]), ("beta", "0.3.1", &[])])
            .resolves_in(&["", "tools"]),
        Case::new("fuzz, which reads the package around it")
            .becomes("Cargo.toml", app("[dependencies]\nalpha = \"1.0\"\n"), app("[dependencies]\nalpha = \"2.1\"\n"))
            .file("src/lib.rs", "")
            .lock(&[("app", "0.1.0", &["alpha"]), ("alpha", "1.0.0", &[])])
            .locks("alpha", "2.1.4")
            .becomes(
                "fuzz/Cargo.toml",
                named("fuzz", "[dependencies]\napp = { path = \"..\" }\nbeta = \"0.3\"\n[workspace]\n"),
                named("fuzz", "[dependencies]\napp = { path = \"..\" }\nbeta = \"0.4\"\n[workspace]\n"),
            )
            .file("fuzz/src/lib.rs", "")
            .lock_at(
                "fuzz/Cargo.lock",
                &[
                    ("fuzz", "0.1.0", &["app", "beta"]),
                    ("app", "0.1.0", &["alpha"]),
                    ("alpha", "1.0.0", &[]),
                    ("beta", "0.3.1", &[]),
                ],
            )
            .resolves_in(&["", "fuzz"]),
        Case::new("two packages side by side, without a root")
            .member("one", "[dependencies]\nalpha = \"1.0\"\n", "[dependencies]\nalpha = \"2.1\"\n")
            .member("two", "[dependencies]\nbeta = \"0.3\"\n", "[dependencies]\nbeta = \"0.4\"\n")
            .resolves_in(&["one", "two"]),
        Case::new("fixtures are left alone")
            .becomes("Cargo.toml", app("[dependencies]\nalpha = \"1.0\"\n"), app("[dependencies]\nalpha = \"2.1\"\n"))
            .file("src/lib.rs", "")
            .file("tests/fixtures/old/Cargo.toml", named("old", "[dependencies]\nalpha = \"1.0\"\n"))
            .file("tests/fixtures/broken/Cargo.toml", "[package\n"),
        Case::new("one of several is broken")
            .member("one", "[dependencies]\nalpha = \"1.0\"\n", "[dependencies]\nalpha = \"2.1\"\n")
            .file("two/Cargo.toml", "[package]\nname = \"two\"\n\n[dependencies\n")
            .says("two/Cargo.toml:4")
            .exits(1)
            .resolves_in(&["one"]),
        Case::new("a member is not there")
            .file("Cargo.toml", "[workspace]\nmembers = [\"gone\"]\n")
            .member(
                "side",
                "[dependencies]\nalpha = \"1.0\"\n[workspace]\n",
                "[dependencies]\nalpha = \"2.1\"\n[workspace]\n",
            )
            .says("Cargo.toml:2")
            .exits(1)
            .resolves_in(&["side"]),
        Case::new("duplicate keys")
            .file("Cargo.toml", app("[dependencies]\nalpha = \"1.0\"\nalpha = \"1.1\"\n"))
            .says("Cargo.toml:7")
            .exits(1)
            .resolves_in(&[]),
        Case::new("no manifest").file("README.md", "").exits(1).says("no Cargo.toml").resolves_in(&[]),
    ]);
}

#[test]
fn every_dependency_of_a_long_list_is_upgraded() {
    let (mut before, mut after) = ("[dependencies]\n".to_owned(), "[dependencies]\n".to_owned());
    let names: Vec<String> = (0..40).map(|index| format!("many-{index}")).collect();
    for name in &names {
        writeln!(before, "{name} = \"1.0\"").unwrap();
        writeln!(after, "{name} = \"2.0\"").unwrap();
    }
    let uses: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut packages: Vec<(&str, &str, &[&str])> = uses.iter().map(|name| (*name, "1.0.0", &[][..])).collect();
    packages.push(("app", "0.1.0", &uses));
    let case = Case::app("forty dependencies", &before, &after).lock(&packages).locks("many-0", "2.0.0");
    check(vec![case.locks("many-39", "2.0.0").says("40 crates updated")]);
}

//! Where dependencies come from: registries, git, folders, patches.

use std::fs;
use std::path::Path;

use crate::support::git_repo::Origin;
use crate::world::{Case, app, check, named, registries};

/// A repository beside the tree with two tagged releases of `remote`.
fn with_remote(tree: &Path) {
    let origin = Origin::empty(tree.parent().unwrap(), "remote.git");
    for version in ["1.0.0", "1.2.0"] {
        let manifest = format!("[package]\nname = \"remote\"\nversion = \"{version}\"\nedition = \"2021\"\n");
        origin.commit(&[("Cargo.toml", &manifest), ("src/lib.rs", "")]);
        origin.git(&["tag", &format!("v{version}"), "main"]);
    }
    let url = format!("file://{}", origin.bare().display());
    let manifest = tree.join("Cargo.toml");
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap().replace("GIT", &url)).unwrap();
}

/// The manifest, with the repository's address taken out again.
fn manifest_of(tree: &Path) -> String {
    let text = fs::read_to_string(tree.join("Cargo.toml")).unwrap();
    let url = format!("file://{}", tree.parent().unwrap().join("remote.git").display());
    text.replace(&url, "GIT")
}

#[test]
fn registries_of_all_kinds_are_read() {
    let index = registries().private.index_url();
    let by_index = |version: &str| {
        format!("[dependencies]\ninner = {{ version = \"{version}\", registry-index = \"{index}\" }}\n")
    };
    let public = registries().public.index_url();
    check(vec![
        Case::app(
            "a named registry with a token",
            "[dependencies]\ninner = { version = \"1.0\", registry = \"acme\" }\n",
            "[dependencies]\ninner = { version = \"2.0\", registry = \"acme\" }\n",
        ),
        Case::app(
            "the same name in two registries",
            "[dependencies]\nalpha = \"1.0\"\nother = { package = \"alpha\", version = \"7.0\", registry = \"acme\" }\n",
            "[dependencies]\nalpha = \"2.1\"\nother = { package = \"alpha\", version = \"8.0\", registry = \"acme\" }\n",
        ),
        Case::app("an index address", &by_index("1.0"), &by_index("2.0")),
        Case::app(
            "a registry that nobody configured",
            "[dependencies]\ninner = { version = \"1.0\", registry = \"nobody\" }\n",
            "[dependencies]\ninner = { version = \"1.0\", registry = \"nobody\" }\n",
        )
        .says("nobody")
        .resolves_in(&[]),
        Case::app(
            "a registry of the tree's own configuration",
            "[dependencies]\nalpha = { version = \"1.0\", registry = \"mine\" }\n",
            "[dependencies]\nalpha = { version = \"2.1\", registry = \"mine\" }\n",
        )
        .file(".cargo/config.toml", format!("[registries.mine]\nindex = \"{public}\"\n")),
        Case::app(
            "a replaced source of the tree's own configuration",
            "[dependencies]\ninner = \"1.0\"\n",
            "[dependencies]\ninner = \"2.0\"\n",
        )
        .file(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"acme\"\n"),
    ]);
}

#[test]
fn git_dependencies_follow_their_tags() {
    let text = |rest: &str| app(&format!("[dependencies]\nremote = {{ git = \"GIT\"{rest} }}\n"));
    let case = |name: &str, before: &str| {
        Case::new(name).file("Cargo.toml", text(before)).file("src/lib.rs", "").prepared(with_remote)
    };
    check(vec![
        Case::new("a tag with a version")
            .file("Cargo.toml", text(", tag = \"v1.0.0\", version = \"1.0\""))
            .file("src/lib.rs", "")
            .prepared(with_remote)
            .changes("Cargo.toml", |tree| {
                assert_eq!(
                    manifest_of(tree),
                    app("[dependencies]\nremote = { git = \"GIT\", tag = \"v1.2.0\", version = \"1.2\" }\n")
                );
            }),
        Case::new("a tag")
            .file("Cargo.toml", text(", tag = \"v1.0.0\""))
            .file("src/lib.rs", "")
            .prepared(with_remote)
            .changes("Cargo.toml", |tree| {
                assert_eq!(manifest_of(tree), app("[dependencies]\nremote = { git = \"GIT\", tag = \"v1.2.0\" }\n"));
            }),
        case("a branch", ", branch = \"main\"").says("branch"),
        case("no reference", "").says("branch"),
        case("a branch with a version", ", branch = \"main\", version = \"1\""),
    ]);
}

#[test]
fn folders_and_patches_stay() {
    check(vec![
        Case::app(
            "a folder without a version",
            "[dependencies]\nalpha = \"1.0\"\nside = { path = \"side\" }\n[workspace]\n",
            "[dependencies]\nalpha = \"2.1\"\nside = { path = \"side\" }\n[workspace]\n",
        )
        .file("side/Cargo.toml", named("side", ""))
        .file("side/src/lib.rs", ""),
        Case::app(
            "a folder outside of the tree",
            "[dependencies]\nalpha = \"1.0\"\nouter = { path = \"../outer\", version = \"0.1\" }\n",
            "[dependencies]\nalpha = \"2.1\"\nouter = { path = \"../outer\", version = \"0.1\" }\n",
        )
        .lock(&[("app", "0.1.0", &["alpha", "outer"]), ("outer", "0.1.0", &[]), ("alpha", "1.0.0", &[])])
        .locks("alpha", "2.1.4")
        .prepared(|tree| {
            let outer = tree.parent().unwrap().join("outer");
            fs::create_dir_all(outer.join("src")).unwrap();
            fs::write(outer.join("Cargo.toml"), named("outer", "[dependencies]\nbeta = \"0.3\"\n")).unwrap();
            fs::write(outer.join("src/lib.rs"), "").unwrap();
        })
        .examined(|tree| {
            let outer = tree.parent().unwrap().join("outer/Cargo.toml");
            assert_eq!(fs::read_to_string(outer).unwrap(), named("outer", "[dependencies]\nbeta = \"0.3\"\n"));
        }),
        Case::app(
            "a patched crate",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.3\"\n[patch.crates-io]\nalpha = { path = \"mine\" }\n",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.4\"\n[patch.crates-io]\nalpha = { path = \"mine\" }\n",
        )
        .file("mine/Cargo.toml", "[package]\nname = \"alpha\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n")
        .file("mine/src/lib.rs", "")
        .says("patch"),
        Case::app(
            "a patched crate with a lock",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.3\"\n[patch.crates-io]\nalpha = { path = \"mine\" }\n",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.4\"\n[patch.crates-io]\nalpha = { path = \"mine\" }\n",
        )
        .file("mine/Cargo.toml", "[package]\nname = \"alpha\"\nversion = \"1.0.5\"\nedition = \"2021\"\n[workspace]\n")
        .file("mine/src/lib.rs", "")
        .prepared(|tree| {
            let lock = "version = 4\n\n[[package]]\nname = \"alpha\"\nversion = \"1.0.5\"\n\n[[package]]\nname = \"app\"\n\
                        version = \"0.1.0\"\ndependencies = [\n \"alpha\",\n \"beta\",\n]\n";
            let beta = crate::catalogue::lock(4, &[("beta", "0.3.1", &[])]);
            let beta = &beta[beta.find("\n[[package]]").unwrap()..];
            fs::write(tree.join("Cargo.lock"), format!("{lock}{beta}")).unwrap();
        })
        .locks("alpha", "1.0.5")
        .locks("beta", "0.4.2"),
        Case::app(
            "a replaced crate",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.3\"\n[replace]\n\"alpha:1.0.0\" = { path = \"mine\" }\n",
            "[dependencies]\nalpha = \"1.0\"\nbeta = \"0.4\"\n[replace]\n\"alpha:1.0.0\" = { path = \"mine\" }\n",
        )
        .file("mine/Cargo.toml", "[package]\nname = \"alpha\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n")
        .file("mine/src/lib.rs", ""),
    ]);
}

//! Files as people have them: links, permissions, what cannot be written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::world::{Case, World, app, check, said};

const BEFORE: &str = "[dependencies]\nalpha = \"1.0\"\n";
const AFTER: &str = "[dependencies]\nalpha = \"2.1\"\n";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn links_and_permissions_stay() {
    check(vec![
        Case::new("the manifest is a link")
            .becomes("real/Manifest.txt", app(BEFORE), app(AFTER))
            .file("src/lib.rs", "")
            .prepared(|tree| symlink("real/Manifest.txt", tree.join("Cargo.toml")).unwrap()),
        Case::app("the manifest is executable", BEFORE, AFTER)
            .prepared(|tree| set_mode(&tree.join("Cargo.toml"), 0o755)),
        Case::app("the manifest is read-only", BEFORE, AFTER)
            .prepared(|tree| set_mode(&tree.join("Cargo.toml"), 0o444)),
        Case::app("dangling links and sockets lie about", BEFORE, AFTER).prepared(|tree| {
            symlink("nowhere", tree.join("dangling")).unwrap();
            symlink(".", tree.join("loop")).unwrap();
        }),
        Case::app("a target folder full of manifests", BEFORE, AFTER)
            .file("target/package/app-0.1.0/Cargo.toml", app(BEFORE)),
        Case::app("names with spaces and unicode", BEFORE, AFTER).member("a b ü/c", "[workspace]\n", "[workspace]\n"),
    ]);
}

#[test]
fn a_folder_is_needed() {
    let world = World::new();
    let output = world.depbot("not-there", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("is not a folder"), "{}", said(&output));
}

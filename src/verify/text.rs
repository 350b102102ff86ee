//! Output of tools as plain lines.

use std::path::Path;

/// Bytes as text, without the escape sequences of terminals.
pub(super) fn plain(bytes: &[u8]) -> String {
    let bytes = String::from_utf8_lossy(bytes);
    let mut text = anstream::adapter::strip_str(&bytes).to_string();
    text.retain(|character| character != '\r');
    text
}

/// Text without the paths of this machine: what is below `root` is told from there, and what is built is in `target`.
pub(super) fn portable(text: &str, root: &Path, target: &Path) -> String {
    let mut text = text.to_owned();
    for (folder, inside, itself) in [(target, "target/", "target"), (root, "", ".")] {
        if folder.parent().is_some() {
            let folder = folder.display().to_string();
            text = text.replace(&format!("{folder}/"), inside).replace(&folder, itself);
        }
    }
    text
}

/// The last lines that are not blank at the end.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_are_told_from_the_repository() {
        let check = |text: &str, expect: &str| {
            assert_eq!(portable(text, Path::new("/s/trees/app"), Path::new("/s/targets/app")), expect);
        };
        check("Compiling app v0.1.0 (/s/trees/app)", "Compiling app v0.1.0 (.)");
        check("Compiling core v0.1.0 (/s/trees/app/core)", "Compiling core v0.1.0 (core)");
        check("Running tests/it.rs (/s/targets/app/debug/it-1)", "Running tests/it.rs (target/debug/it-1)");
        check("/root/.cargo/registry/src", "/root/.cargo/registry/src");
        assert_eq!(portable("a/b", Path::new("/"), Path::new("")), "a/b");
    }
}

//! Every way to declare a dependency, and every way to write bytes.

use crate::world::{Case, app, check};

#[test]
fn tables_of_all_kinds_are_upgraded() {
    let target = "[target.'cfg(unix)'.dependencies]\nalpha = \"1.0\"\n\n[target.x86_64-pc-windows-gnu.dev-dependencies]\n\
                  beta = \"0.3\"\n[target.\"cfg(windows)\".build-dependencies.gamma]\nversion = \"1.0\"\n";
    let upgraded = "[target.'cfg(unix)'.dependencies]\nalpha = \"2.1\"\n\n[target.x86_64-pc-windows-gnu.dev-dependencies]\n\
                    beta = \"0.4\"\n[target.\"cfg(windows)\".build-dependencies.gamma]\nversion = \"1.4\"\n";
    check(vec![
        Case::app("string", "[dependencies]\nalpha = \"1.0\"\n", "[dependencies]\nalpha = \"2.1\"\n"),
        Case::app(
            "inline table",
            "[dependencies]\nalpha = { version = \"1.0\" }\n",
            "[dependencies]\nalpha = { version = \"2.1\" }\n",
        ),
        Case::app(
            "table",
            "[dependencies.alpha]\nversion = \"1.0.0\"\n",
            "[dependencies.alpha]\nversion = \"2.1.4\"\n",
        ),
        Case::app("dotted key", "[dependencies]\nalpha.version = \"1\"\n", "[dependencies]\nalpha.version = \"2\"\n"),
        Case::new("dotted from the root")
            .becomes(
                "Cargo.toml",
                format!("dependencies.alpha = \"1\"\ndependencies.beta.version = \"0.3\"\n{}", app("")),
                format!("dependencies.alpha = \"2\"\ndependencies.beta.version = \"0.4\"\n{}", app("")),
            )
            .file("src/lib.rs", ""),
        Case::app(
            "inline table of tables",
            "[target]\n'cfg(unix)' = { dependencies = { alpha = \"1.0\", beta = { version = '0.3' } } }\n",
            "[target]\n'cfg(unix)' = { dependencies = { alpha = \"2.1\", beta = { version = '0.4' } } }\n",
        ),
        Case::app(
            "dev and build",
            "[dev-dependencies]\nalpha = \"1\"\n[build-dependencies]\nbeta = \"0.3.1\"\n",
            "[dev-dependencies]\nalpha = \"2\"\n[build-dependencies]\nbeta = \"0.4.2\"\n",
        ),
        Case::app(
            "legacy spellings",
            "[dev_dependencies]\nalpha = { version = \"1\", default_features = false }\n[build_dependencies]\nbeta = \"0.3\"\n",
            "[dev_dependencies]\nalpha = { version = \"2\", default_features = false }\n[build_dependencies]\nbeta = \"0.4\"\n",
        ),
        Case::app("target tables", target, upgraded),
        Case::app(
            "renamed",
            "[dependencies]\nfirst = { package = \"alpha\", version = \"1.0\" }\n",
            "[dependencies]\nfirst = { package = \"alpha\", version = \"2.1\" }\n",
        ),
        Case::app(
            "optional, with features of its own",
            "[dependencies]\nalpha = { version = \"1.0\", optional = true }\n[features]\nfast = [\"dep:alpha\", \"alpha?/std\"]\n",
            "[dependencies]\nalpha = { version = \"2.1\", optional = true }\n[features]\nfast = [\"dep:alpha\", \"alpha?/std\"]\n",
        ),
        Case::app(
            "the same crate in several tables",
            "[dependencies]\nalpha = \"1.0\"\n[dev-dependencies]\nalpha = { version = \"1.0.0\", features = [\"std\"] }\n",
            "[dependencies]\nalpha = \"2.1\"\n[dev-dependencies]\nalpha = { version = \"2.1.4\", features = [\"std\"] }\n",
        ),
        Case::app(
            "quoted keys",
            "[\"dependencies\"]\n\"alpha\" = \"1.0\"\n'beta' = {\"version\" = \"0.3\"}\n",
            "[\"dependencies\"]\n\"alpha\" = \"2.1\"\n'beta' = {\"version\" = \"0.4\"}\n",
        ),
        Case::app(
            "a crate with capitals",
            "[dependencies]\nUpperCase = \"1.0\"\n",
            "[dependencies]\nUpperCase = \"1.2\"\n",
        ),
    ]);
}

#[test]
fn no_byte_changes_but_those_of_requirements() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let (before, after) = (app("[dependencies]\nalpha = \"1.0\"\n"), app("[dependencies]\nalpha = \"2.1\"\n"));
    let file = |name: &str, before: &str, after: &str| {
        Case::new(name).becomes("Cargo.toml", before, after).file("src/lib.rs", "")
    };
    check(vec![
        file("carriage returns", &crlf(&before), &crlf(&after)),
        file("byte order mark", &format!("\u{feff}{before}"), &format!("\u{feff}{after}")),
        file(
            "byte order mark and carriage returns",
            &format!("\u{feff}{}", crlf(&before)),
            &format!("\u{feff}{}", crlf(&after)),
        ),
        file("no final line end", before.trim_end(), after.trim_end()),
        file("mixed line ends", &before.replacen('\n', "\r\n", 3), &after.replacen('\n', "\r\n", 3)),
        Case::app("literal string", "[dependencies]\nalpha = '1.0'\n", "[dependencies]\nalpha = '2.1'\n"),
        Case::app(
            "strings of several lines",
            "[dependencies]\nalpha = \"\"\"1.0\"\"\"\nbeta = '''\n0.3'''\ngamma = { version = \"\"\"\\\n   1.0\"\"\" }\n",
            "[dependencies]\nalpha = \"\"\"2.1\"\"\"\nbeta = '''\n0.4'''\ngamma = { version = \"\"\"\\\n   1.4\"\"\" }\n",
        ),
        Case::app("escapes", "[dependencies]\nalpha = \"\\u0031.0\"\n", "[dependencies]\nalpha = \"2.1\"\n"),
        Case::app(
            "odd spacing",
            "\n\n[  dependencies  ]\n  alpha\t=\t{version=\"1.0\"  ,features=[ ] }   \n\n   beta   =\"0.3\"\t\n\n",
            "\n\n[  dependencies  ]\n  alpha\t=\t{version=\"2.1\"  ,features=[ ] }   \n\n   beta   =\"0.4\"\t\n\n",
        ),
        Case::app(
            "comments",
            "# one\n[dependencies] # two\n# three\nalpha = \"1.0\" # four 1.0\n#beta = \"0.3\"\n[dependencies.beta] # five\n# six\nversion = \"0.3\" # seven \"0.3\"\n# eight",
            "# one\n[dependencies] # two\n# three\nalpha = \"2.1\" # four 1.0\n#beta = \"0.3\"\n[dependencies.beta] # five\n# six\nversion = \"0.4\" # seven \"0.3\"\n# eight",
        ),
        Case::app(
            "unicode all around",
            "description = \"größer 🦀\"\n[package.metadata.\"ключ\"]\n\"值\" = \"1.0\"\n[dependencies]\nalpha = \"1.0\" # ü 🦀\n",
            "description = \"größer 🦀\"\n[package.metadata.\"ключ\"]\n\"值\" = \"1.0\"\n[dependencies]\nalpha = \"2.1\" # ü 🦀\n",
        ),
        Case::app(
            "spaces within the requirement",
            "[dependencies]\nalpha = \" 1.0 \"\nbeta = \">= 0.3 , < 0.4\"\n",
            "[dependencies]\nalpha = \" 2.1 \"\nbeta = \">= 0.3 , < 0.5\"\n",
        ),
        Case::app(
            "what only looks like a dependency",
            "[package.metadata.dependencies]\nalpha = \"1.0\"\n[dependencies]\nalpha = \"1.0\"\n[lints.rust]\nunsafe_code = \"warn\"\n[package.metadata.x.dependencies.alpha]\nversion = \"1.0\"\n",
            "[package.metadata.dependencies]\nalpha = \"1.0\"\n[dependencies]\nalpha = \"2.1\"\n[lints.rust]\nunsafe_code = \"warn\"\n[package.metadata.x.dependencies.alpha]\nversion = \"1.0\"\n",
        ),
    ]);
}

//! The architecture as a table, and a test that fails when a source file goes against it.
//!
//! Sources are read as tokens, without comments, strings and what is only there for tests (items under `#[cfg(test)]`, and
//! files called `tests.rs`). Every path in them, written out or in a `use`, is held against the table.

use std::fs;
use std::path::Path;

/// The modules of `src`: each may use those above it and itself.
const MODULES: &[(&str, Nature)] = &[
    ("model", Nature::Pure),
    ("config", Nature::Pure),
    ("manifest", Nature::Pure),
    ("lockfile", Nature::Pure),
    ("fleet", Nature::Pure),
    ("policy", Nature::Pure),
    ("plan", Nature::Pure),
    ("isolate", Nature::Pure),
    ("reconcile", Nature::Pure),
    ("wire", Nature::Pure),
    ("report", Nature::Pure),
    ("process", Nature::World),
    ("database", Nature::World),
    ("git", Nature::World),
    ("registry", Nature::World),
    ("verify", Nature::World),
    ("forge", Nature::World),
    ("journal", Nature::World),
    ("run", Nature::World),
    ("cli", Nature::World),
    ("main", Nature::World),
    ("lib", Nature::World),
];

/// The only modules that may name these.
const HOMES: &[(&str, &[&str])] = &[
    ("toml_edit", &["manifest"]),
    ("cargo_lock", &["lockfile"]),
    ("petgraph", &["fleet"]),
    ("serde", SERDE),
    ("serde_json", SERDE),
    ("schemars", &["config", "wire"]),
    ("git2", &["git"]),
    ("octocrab", &["forge"]),
    ("reqwest", &["git", "registry", "forge"]),
    ("reqwest12", &["registry"]),
    ("crates_io_api", &["registry"]),
    ("flate2", &["registry"]),
    ("tar", &["registry"]),
    ("rusqlite", &["database", "forge", "journal"]),
    ("cargo_metadata", &["verify"]),
    ("std::process::Command", &["process"]),
    ("tokio::process::Command", &["process", "git"]),
    ("minijinja", &["reconcile", "report"]),
    ("comfy_table", &["report", "cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
    ("miette", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("std::env", &["cli"]),
];

/// Where values cross a border: the configuration, what is published, hidden markers, and the adapters' wire structs.
const SERDE: &[&str] = &["config", "reconcile", "wire", "git", "registry", "verify", "forge", "journal"];

/// What a pure module does not name: files, processes, the environment, threads, the network, a clock. A path that ends with
/// one of these counts as well, for what was imported under its last names.
const WORLD: &[&str] = &[
    "std::fs",
    "std::io",
    "std::process",
    "std::env",
    "std::thread",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os",
    "std::time::Instant",
    "std::time::SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "nix",
    "tempfile",
    "ignore",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Decides: values in, values out.
    Pure,
    /// Touches the world.
    World,
}

#[test]
fn every_source_file_keeps_to_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut problems = Vec::new();
    let mut files = 0;
    for_each_source(&root, &mut |path| {
        let text = fs::read_to_string(path).expect("a readable source file");
        let name = path.strip_prefix(&root).expect("a file below src").to_string_lossy().replace('\\', "/");
        problems.extend(problems_of(&name, &text));
        files += 1;
    });
    assert!(files > 10, "the sources are where they are looked for");
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn for_each_source(folder: &Path, act: &mut dyn FnMut(&Path)) {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("a readable entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            for_each_source(&path, act);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            act(&path);
        }
    }
}

/// What is wrong with a file, given its path below `src`.
fn problems_of(file: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !text.trim_start().starts_with("//!") {
        problems.push(format!("src/{file}:1: it begins with what it owns, as `//!`"));
    }
    let parts: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    let Some(place) = MODULES.iter().position(|(module, _)| *module == parts[0]) else {
        problems.push(format!("src/{file}:1: the module {} is not in the table", parts[0]));
        return problems;
    };
    if parts.contains(&"tests") {
        return problems;
    }
    let depth = parts.iter().filter(|part| **part != "mod").count();
    for path in paths(&without_tests(tokens(text))) {
        let problem = problem_of_path(place, &from_root(&path.parts, depth));
        problems.extend(problem.map(|problem| format!("src/{file}:{}: {problem}", path.line)));
    }
    problems
}

/// What is wrong with a path in the module at this place of the table.
fn problem_of_path(place: usize, path: &[&str]) -> Option<String> {
    let (module, nature) = MODULES[place];
    let text = path.join("::");
    if let ["crate" | "depbot", other, ..] = path
        && MODULES.iter().position(|(name, _)| name == other).is_some_and(|other| other > place)
    {
        return Some(format!("{module} does not use {other}, which stands below it: {text}"));
    }
    let names = |prefix: &str| text == prefix || text.starts_with(&format!("{prefix}::"));
    if let Some((library, homes)) = HOMES.iter().find(|(library, homes)| names(library) && !homes.contains(&module)) {
        return Some(format!("{library} is at home in {homes:?}, not in {module}: {text}"));
    }
    let touches = |world: &&&str| names(world) || text.ends_with(&format!("::{world}"));
    let touched = WORLD.iter().find(touches).filter(|_| nature == Nature::Pure)?;
    Some(format!("{module} is pure and does not name {touched}: {text}"))
}

/// A path with `super::` in front as seen from the crate's root, for a file so many modules deep.
fn from_root<'a>(path: &[&'a str], depth: usize) -> Vec<&'a str> {
    let up = path.iter().take_while(|part| **part == "super").count();
    if up > 0 && up >= depth { [&["crate"], &path[up..]].concat() } else { path.to_vec() }
}

struct Token<'a> {
    text: &'a str,
    line: usize,
}

struct PathInSource<'a> {
    parts: Vec<&'a str>,
    line: usize,
}

/// The names, and punctuation characters (`::` as one), of a source text; no comments, no literals.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < text.len() {
        let rest = &text[at..];
        let (length, is_token) = next_token(rest);
        if is_token {
            tokens.push(Token { text: &rest[..length], line });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

/// The length in bytes of what a text begins with, and whether that is a token.
fn next_token(rest: &str) -> (usize, bool) {
    let first = rest.chars().next().map_or(1, char::len_utf8);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), false)
    } else if rest.starts_with("/*") {
        (block_comment(rest), false)
    } else if let Some(length) = raw_string(rest).or_else(|| string(rest)).or_else(|| character(rest)) {
        (length, false)
    } else if name > 0 {
        (name, true)
    } else if rest.starts_with("::") {
        (2, true)
    } else {
        (first, !rest.starts_with(char::is_whitespace))
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut at, mut open) = (2, 1);
    while open > 0 && at < rest.len() {
        let here = &rest.as_bytes()[at..];
        let step = match here {
            [b'/', b'*', ..] => 1,
            [b'*', b'/', ..] => -1,
            _ => 0,
        };
        open += step;
        at += if step == 0 { 1 } else { 2 };
    }
    at
}

/// `r"…"`, `r#"…"#`, and those with `b` or `c` before.
fn raw_string(rest: &str) -> Option<usize> {
    let start = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let body = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(rest.len(), |length| rest.len() - body.len() + length + end.len()))
}

fn string(rest: &str) -> Option<usize> {
    let body = ["\"", "b\"", "c\""].iter().find_map(|start| rest.strip_prefix(start))?;
    let mut escaped = false;
    let end = body.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    Some(rest.len() - body.len() + end.map_or(body.len(), |end| end + 1))
}

/// A character literal, or the `'name` of a lifetime.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix("b'").or_else(|| rest.strip_prefix('\''))?;
    let start = rest.len() - body.len();
    let first = body.chars().next()?;
    let end = match first {
        '\\' => body[2..].find('\'')? + 3,
        _ if body[first.len_utf8()..].starts_with('\'') => first.len_utf8() + 1,
        _ => body.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(body.len()),
    };
    Some(start + end)
}

/// Without the items under `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let is_mark = |at: usize| tokens[at..].iter().map(|token| token.text).take(MARK.len()).eq(MARK);
    let mut kept = vec![true; tokens.len()];
    let mut at = 0;
    while at < tokens.len() {
        let end = if is_mark(at) { item_end(&tokens, at + MARK.len()) } else { at };
        kept[at..end].fill(false);
        at = end.max(at + 1);
    }
    tokens.into_iter().zip(kept).filter_map(|(token, kept)| kept.then_some(token)).collect()
}

/// Where an item ends: behind its `;`, or behind the braces of its body.
fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    let is_use = tokens[start..].iter().take(3).any(|token| token.text == "use");
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = token.text == ";" || token.text == "}" && !is_use;
        if depth == 0 && ends {
            return at + 1;
        }
    }
    tokens.len()
}

/// Every path of two or more names, and every name that is imported; groups are written out.
fn paths<'a>(tokens: &[Token<'a>]) -> Vec<PathInSource<'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let imports =
            tokens[at].text == "use" || text(tokens, at) == "crate" && at > 0 && tokens[at - 1].text == "extern";
        at += usize::from(imports);
        let mut leaves = Vec::new();
        let end = match text(tokens, at) {
            "{" if imports => group(tokens, at + 1, &[], &mut leaves),
            _ => path(tokens, at, &[], &mut leaves),
        };
        found.extend(leaves.into_iter().filter(|path| imports || path.parts.len() > 1));
        at = end.max(at + 1);
    }
    found
}

/// Reads a path, which may end in a group, and gives where it ends.
fn path<'a>(tokens: &[Token<'a>], start: usize, prefix: &[&'a str], leaves: &mut Vec<PathInSource<'a>>) -> usize {
    let mut parts = prefix.to_vec();
    let mut at = start + usize::from(text(tokens, start) == "::");
    while text(tokens, at).starts_with(|c: char| c.is_alphabetic() || c == '_') {
        parts.push(tokens[at].text);
        at += 1;
        if text(tokens, at) != "::" {
            break;
        }
        at += 1;
        if text(tokens, at) == "{" {
            return group(tokens, at + 1, &parts, leaves);
        }
    }
    if parts.len() > prefix.len() {
        leaves.push(PathInSource { parts, line: tokens[at - 1].line });
    }
    at
}

/// Reads what stands between the braces of a group, and gives where it ends.
fn group<'a>(tokens: &[Token<'a>], start: usize, prefix: &[&'a str], leaves: &mut Vec<PathInSource<'a>>) -> usize {
    let mut at = start;
    while at < tokens.len() && tokens[at].text != "}" {
        at = match tokens[at].text {
            "," => at + 1,
            "as" => at + 2,
            _ => path(tokens, at, prefix, leaves).max(at + 1),
        };
    }
    at + 1
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

#[test]
fn what_goes_against_the_table_is_found() {
    let check = |file: &str, code: &str, expect: &str| {
        let problems = problems_of(file, &format!("//! What it owns.\n{code}"));
        assert!(problems.len() == 1 && problems[0].contains(expect), "{file}: {code}\n{problems:?}");
        assert!(problems[0].starts_with(&format!("src/{file}:2: ")), "{problems:?}");
    };
    let arrow = "does not use";
    check("model/name.rs", "use crate::plan::Plan;", arrow);
    check("model/name.rs", "use crate::{plan::Plan, model::Unit};", arrow);
    check("model/name.rs", "use crate::{model::{self, Unit}, plan as p};", arrow);
    check("model/mod.rs", "use super::plan;", arrow);
    check("model/name.rs", "use super::super::plan::{self};", arrow);
    check("plan/mod.rs", "fn f() -> crate::wire::Plan { g() }", arrow);
    check("plan/mod.rs", "fn f(a: &'a str, b: char) { if b == '\"' || b == '\\'' { crate::run::go() } }", arrow);
    check("process.rs", "fn f() { g(r#\"a \"quoted\" \"#, b\"\\\"\", 'x'); crate::cli::f::<u8>() }", arrow);
    check("main.rs", "fn main() { serde_json::to_string(&1); }", "serde_json is at home");
    check("plan/mod.rs", "#[derive(serde::Serialize)] struct A;", "serde is at home");
    check("fleet/mod.rs", "use {toml_edit as t, semver::Version};", "toml_edit is at home");
    check("plan/mod.rs", "extern crate petgraph;", "petgraph is at home");
    check("plan/mod.rs", "use ::petgraph::algo::{kosaraju_scc};", "petgraph is at home");
    check("forge/mod.rs", "use clap::*;", "clap is at home");
    check("git/mod.rs", "use std::{fs, process::{Command, Stdio}};", "std::process::Command is at home");
    check("report/mod.rs", "use std::{fmt, fs::{self as files}};", "pure");
    check("plan/mod.rs", "fn f() { std::thread::spawn(g); }", "pure");
    check("plan/mod.rs", "fn f() { jiff::Timestamp::now(); }", "pure");
    check("plan/mod.rs", "fn f() { Timestamp::now(); }", "pure");
    check("plan/mod.rs", "use std::time::{Duration, Instant};", "pure");
    check("plan/mod.rs", "async fn f() { tokio::time::sleep(d).await }", "pure");
    check("plan/mod.rs", "#[cfg(test)] use std::fs; use std::net::TcpStream;", "std::net");
    check("plan/mod.rs", "#[cfg(test)] mod tests { fn f() { {} } } use std::net::TcpStream;", "std::net");
}

#[test]
fn what_keeps_to_the_table_is_left_alone() {
    let check = |file: &str, code: &str| {
        let problems = problems_of(file, &format!("//! What it owns.\n{code}"));
        assert!(problems.is_empty(), "{file}: {code}\n{problems:?}");
    };
    check("plan/mod.rs", "use crate::model::{Unit, plan}; pub(crate) use crate::policy::decide;");
    check("plan/parts/one.rs", "use super::super::plan; use super::wire;");
    check("plan/mod.rs", "// use std::fs;\n/* std::fs::read /* nested */ std::env::var */ fn f() {}");
    check("plan/mod.rs", "fn f() -> &'static str { \"std::fs::read and crate::run::go\" }");
    check("plan/mod.rs", "fn f() { g(r##\"a \"# std::fs::read\"##, '\"', '\\u{41}', \"\\\\\") }");
    check("plan/mod.rs", "#[cfg(test)]\nmod tests { use std::fs; use crate::run; }");
    check("plan/mod.rs", "#[cfg(test)] use std::{fs, env}; use std::fmt;");
    check("plan/tests.rs", "use std::fs;");
    check("plan/mod.rs", "fn f<'a>(serde: &'a Git) -> impl Iterator<Item = u8> + use<'a> { serde.clap.tokio() }");
    check("plan/mod.rs", "use std::time::Duration; use jiff::Timestamp; fn f(now: Timestamp) { other::clap::f() }");
    check("lockfile.rs", "use cargo_lock::Lockfile;");
    check("main.rs", "fn main() -> std::process::ExitCode { depbot::cli::main() }");
    check("git/mirror.rs", "use std::fs; use crate::process::Spawn;");
}

#[test]
fn a_file_without_its_purpose_or_its_module_in_the_table_is_found() {
    let check = |file: &str, text: &str, expect: &str| {
        let problems = problems_of(file, text);
        assert!(problems.len() == 1 && problems[0].contains(expect), "{file}: {problems:?}");
    };
    check("plan/mod.rs", "", "as `//!`");
    check("plan/tests.rs", "/// Not this.\nfn f() {}", "as `//!`");
    check("helpers.rs", "//! Helps.", "the module helpers is not in the table");
}

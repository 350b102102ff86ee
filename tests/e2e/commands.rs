//! The commands that show: their words are kept as snapshots.

use crate::world::{DEFAULTS, World};

/// A fleet with everything in it: something merged, something for review, something held.
fn upgraded() -> World {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0"), ("beta", "1.0.0"), ("gamma", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\nbeta = \"1.0\"\n");
    world.package("other", "gamma = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0"), ("beta", "2.0.0"), ("gamma", "1.1.0")]);
    world.fleet(&[("app", ""), ("other", "")]);
    let text = world.read("repos.toml");
    let hold = "[[hold]]\ncrate = \"gamma\"\nowner = \"platform\"\nreason = \"PLAT-411\"\nuntil = 2026-12-31\n";
    world.write("repos.toml", &format!("{text}\n{hold}"));
    world.run(&["upgrade", "--all"], 0);
    world
}

/// What differs from run to run and from machine to machine.
fn filters(world: &World) -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    let folder = std::fs::canonicalize(world.path("")).expect("a folder").display().to_string();
    settings.add_filter(&folder.replace('.', "\\."), "[WORLD]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "[REGISTRY]");
    settings.add_filter(r"rustc \d[^\n|]*", "[RUSTC]");
    settings.add_filter(r"\b[0-9a-f]{40}\b", "[COMMIT]");
    settings.add_filter(r"\b[0-9a-f]{7,12}\b", "[SHORT]");
    settings.add_filter(r"\b\d+(\.\d+)? ?(ms|s|min)\b", "[TIME]");
    settings.bind_to_scope()
}

#[test]
fn commands_that_show_a_fleet() {
    let world = upgraded();
    let _filters = filters(&world);
    insta::assert_snapshot!("status", world.run(&["status"], 0).stdout);
    insta::assert_snapshot!("why_updated", world.run(&["why", "app", "beta"], 0).stdout);
    insta::assert_snapshot!("why_held", world.run(&["why", "other", "gamma"], 0).stdout);
    insta::assert_snapshot!("report_markdown", world.run(&["report"], 0).stdout);
    insta::assert_snapshot!("pr_list", world.run(&["pr", "list", "app", "--all"], 0).stdout);
    insta::assert_snapshot!("pr_show", world.run(&["pr", "show", "app", "2"], 0).stdout);
    insta::assert_snapshot!("pr_diff", world.run(&["pr", "diff", "app", "2"], 0).stdout);

    let html = world.run(&["report", "--format", "html"], 0).stdout;
    assert!(html.starts_with("<!doctype html>") && html.contains("beta"), "{html}");
    let json = world.run(&["report", "--format", "json"], 0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["repositories"].as_array().map(Vec::len), Some(2));
    let ran = world.run(&["why", "app", "delta"], 1);
    assert!(ran.stderr.contains("app does not declare delta"), "{}", ran.stderr);
    world.run(&["pr", "show", "app", "9"], 1);
}

#[test]
fn pull_requests_are_merged_and_closed_by_hand() {
    let world = upgraded();
    world.run(&["pr", "merge", "app", "#2"], 0);
    assert_eq!(world.locked("app", "main", "beta"), ["2.0.0"]);
    assert_eq!(world.head("app", "depbot/review"), None);
    let ran = world.run(&["pr", "close", "app", "2"], 1);
    assert!(ran.stderr.contains("already merged"), "{}", ran.stderr);
    world.run(&["upgrade", "app"], 0);
    let merged = world.changes().into_iter().filter(|change| change.starts_with("app #2 Merged")).count();
    assert_eq!(merged, 1, "{:?}", world.changes());
}

#[test]
fn a_check_shows_every_problem_with_its_place() {
    let world = World::new();
    let defaults = format!("{DEFAULTS}strategy = \"newest\"\ncooldown = \"three days\"\ncooldwn = \"3d\"\n");
    world.fleet_with(&defaults, &[("app", "branch = \"release candidate\"\n"), ("app", "")]);
    let ran = world.run(&["check"], 2);
    insta::assert_snapshot!("check", ran.stderr);
    world.fleet(&[("app", "")]);
    assert_eq!(world.run(&["check"], 0).stdout, "repos.toml is right: 1 repository.\n");
}

#[test]
fn a_sandbox_that_is_required_and_not_there_is_no_reason_to_do_without() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.fleet(&[("app", "sandbox = \"require\"\n")]);
    let ran = world.run(&["upgrade", "--all"], 3);
    assert!(ran.stderr.contains("app requires a sandbox"), "{}", ran.stderr);
    world.run(&["plan", "--all"], 0);
}

#[test]
fn schemas_completions_and_manual_pages_are_printed() {
    let world = World::new();
    for of in ["repos", "plan", "report", "event"] {
        let schema = world.run(&["schema", of], 0).stdout;
        let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
        assert!(schema["$schema"].is_string(), "{of}");
    }
    let script = world.run(&["completions", "bash"], 0).stdout;
    assert!(script.contains("_depbot()"), "{script}");
    world.run(&["man", "pages"], 0);
    assert!(world.read("pages/depbot-upgrade.1").contains(".TH"));
    assert!(world.run(&["--help"], 0).stdout.contains("upgrade"));
}

#[test]
fn commands_that_read_say_what_to_do_first() {
    let world = World::new();
    world.fleet(&[]);
    for arguments in [&["status"][..], &["why", "app", "alpha"], &["report"]] {
        let ran = world.depbot(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("depbot upgrade --all"), "{arguments:?}: {}", ran.stderr);
    }
}

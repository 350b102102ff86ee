//! What `repos.toml` means, and what is said about a wrong one: message, line, column and help, all in one go.

use std::fmt::Write as _;
use std::time::Duration;

use depbot::config::{
    Automerge, Config, ForgeConfig, Pins, Problem, ReleaseMode, Settings, Strategy, json_schema, line_column, masked,
    parse,
};
use depbot::model::BranchName;
use jiff::civil::{Date, date};
use serde_json::Value;

const TODAY: Date = date(2026, 11, 24);
const REPO: &str = "[[repo]]\nurl = \"https://github.com/acme/payments\"\n";

#[test]
fn the_file_at_the_root_is_right_as_it_stands_and_with_its_examples() {
    let file = include_str!("../repos.toml");
    let config = parse(file, TODAY).expect("the file at the root is right");
    assert_eq!(config.repos.len(), 1);
    assert_eq!(config.repos[0].settings, Settings::default());

    let example = |line: &str| {
        let line = line.trim_start_matches("# ");
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let open = |line: &str| if example(line) { line.trim_start_matches("# ").to_owned() } else { line.to_owned() };
    let all: Vec<String> = file.lines().map(open).collect();
    let config = parse(&all.join("\n"), TODAY).expect("its examples are right");
    assert_eq!((config.repos.len(), config.registries.len()), (2, 1));
    assert_eq!((config.repos[0].holds.len(), config.repos[1].holds.len()), (0, 1));
    assert_eq!(config.repos[1].settings.automerge, Automerge::Patch);
    assert!(config.repos[1].groups[0].contains("tokio-util"));
}

#[test]
fn defaults_apply_to_every_repository_and_each_may_override_them() {
    let config = read(
        "[[repo]]\nurl = '../core'\npins = 'keep'\nrelease = 'tag'\nverify = ['true']\n\
         [[repo]]\nurl = 'git@host:acme/app.git'\nname = 'shop'\nbranch = 'trunk'\n\
         [defaults]\ncooldown = '1d 12h'\nstrategy = 'compatible'\n[fleet]\nforge = 'local'",
    );
    let [core, shop] = config.repos.as_slice() else { panic!("there are two") };
    assert_eq!(config.forge, ForgeConfig::Local);
    assert_eq!((core.name.as_str(), core.url.as_str(), core.release), ("core", "../core", ReleaseMode::Tag));
    assert_eq!((core.settings.pins, core.settings.strategy), (Pins::Keep, Strategy::Compatible));
    assert_eq!(core.settings.cooldown, Duration::from_secs(36 * 60 * 60));
    assert_eq!(core.settings.verify, ["true"]);
    assert_eq!((shop.name.as_str(), shop.branch.as_ref().map(BranchName::as_str)), ("shop", Some("trunk")));
    assert_eq!((shop.settings.pins, shop.release), (Pins::Upgrade, ReleaseMode::None));
}

#[test]
fn a_hold_concerns_the_repositories_that_its_patterns_match() {
    let hold = "[[hold]]\ncrate = 'aws-*'\nowner = 'a'\nreason = 'b'\n";
    let config = read(&format!(
        "[[repo]]\nurl = 'x/pay-in'\n[[repo]]\nurl = 'x/pay-out'\n[[repo]]\nurl = 'x/shop'\n\
         {hold}until = 2026-11-24\nrepos = ['pay-*']\n{hold}until = '2027-01-01'\nversions = '>=2'"
    ));
    let holds: Vec<usize> = config.repos.iter().map(|repo| repo.holds.len()).collect();
    assert_eq!(holds, [2, 2, 1]);
    let hold = &config.repos[2].holds[0];
    assert!(hold.krate.matches("aws-sdk") && hold.until == date(2027, 1, 1) && hold.versions.to_string() == ">=2");
}

/// One case for each kind of problem, in the order of the sections.
#[test]
fn every_problem_is_named_with_its_place_and_what_to_write() {
    let after_repo = |text: &str| format!("{REPO}{text}");
    let hold = |text: &str| format!("{REPO}[[hold]]\n{text}");
    let held = |text: &str| hold(&format!("crate = 'a'\nowner = 'ops'\nreason = 'b'\nuntil = 2026-12-31\n{text}"));
    let cases = [
        // The text.
        after_repo("[fleet"),
        after_repo("url = 'again'\n[fleet]\nforge = \n"),
        String::new(),
        after_repo("[[repos]]\nurl = 'x'"),
        "cooldown = '3d'\nforge = 'local'\ncolour = 'red'\n".to_owned() + REPO,
        after_repo("[[fleet]]\nforge = 'local'"),
        "repo = { url = 'x' }".to_owned(),
        "repo = ['x']".to_owned(),
        // [fleet]
        after_repo("[fleet]\nforge = 'gitlab'"),
        after_repo("[fleet]\nforge = 'gihtub'\napi_url = 'https://x'"),
        after_repo("[fleet]\nforge = 'local'\napi-url = 'https://x'"),
        after_repo("[fleet]\napi-url = 'http://ghe.acme.dev/api/v3'"),
        after_repo("[fleet]\napi-url = 'https://me:ghp_secret@ghe.acme.dev'"),
        // [defaults]
        after_repo("[defaults]\nstratgy = 'latest'\nverify_timeout = '3m'\nurl = 'x'"),
        after_repo("[defaults]\nmsrv = 'yes'\nautomerge = false\ncooldown = 3\nlabels = 'x'\nverify = [1, '']"),
        after_repo("[defaults]\ncooldown = '3 days'\nverify-timeout = '0s'\nverify = []"),
        after_repo("[defaults]\ncooldown = '600w'"),
        // [registries]
        after_repo("[registries]\nacme = 'sparse+https://x/'\n[registries.'a b']\nindex = 'sparse+https://x/'"),
        after_repo("[registries.acme]\nindx = 'sparse+https://x/'"),
        after_repo("[registries.acme]\nindex = 'sparse+https://x'\n[registries.b]\nindex = 'https://u:ghp_secret@x/'"),
        // [[discover]]
        "[[discover]]\norg = 'acme'\ntopics = 'rust'".to_owned(),
        "[fleet]\nforge = 'local'\n[[discover]]\ntopic = 'rust'".to_owned(),
        // [[repo]]
        "[[repo]]\nname = 'x'".to_owned(),
        "[[repo]]\nurl = 'https://ghp_secret@github.com/a/b'".to_owned(),
        "[[repo]]\nurl = 'https://github.com/a/b?private_token=ghp_secret'".to_owned(),
        "[[repo]]\nurl = 'ftp://host/a'\nname = 'a b'\nbranch = 'a b'\nrelease = 'crates'".to_owned(),
        "[[repo]]\nurl = '../'\n[[repo]]\nurl = ''".to_owned(),
        after_repo("[[repo]]\nurl = 'git@github.com:Acme/payments.git'\nname = 'other'"),
        after_repo("[[repo]]\nurl = 'https://github.com/other/Payments'"),
        // [[hold]]
        hold(""),
        hold("crate = '[a'\nowner = ' '\nreason = ''\nuntil = 'soon'\nversions = '>=x'"),
        hold("crate = 'openssl'\nowner = 'platform'\nreason = 'FIPS'\nuntil = 2026-11-23"),
        hold("crate = 'a'\nowner = 'ops'\nreason = 'b'\nuntil = 2026-11-30T10:00:00"),
        hold("crate = 'a'\nowner = 'ops'\nreason = 'b'\nuntil = 20261130"),
        held("repos = ['paymnets', 'web-*', '{a']"),
        held("repos = ['x-*']"),
        held("repos = []\nversion = '1'"),
        // [[group]]
        after_repo("[[group]]\n[[group]]\nname = 'a'\ncrates = ['x']\n[[group]]\nname = 'a'\ncrates = []"),
    ];
    let mut said = String::new();
    for text in cases {
        let problems = parse(&text, TODAY).expect_err(&text);
        writeln!(said, "{}\n{}", masked(&text).trim_end(), listed(&text, &problems)).expect("a String takes all");
    }
    assert!(!said.contains("secret"), "a secret is shown");
    insta::assert_snapshot!(said);
}

#[test]
fn one_run_finds_all_problems_in_the_order_of_the_text() {
    let text = include_str!("data/fifteen-problems.toml");
    let problems = parse(text, TODAY).expect_err("it has problems");
    assert_eq!(problems.len(), 15);
    insta::assert_snapshot!(listed(text, &problems));
}

/// The reader knows exactly the keys and words of the schema.
#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let schema = json_schema().to_value();
    let check = |section: &str, header: &str| {
        let problems = parse(&format!("{header}\nzzzzzzzz = 1"), TODAY).expect_err("a key is unknown");
        let help = problems.iter().find(|problem| problem.message.contains("zzzzzzzz")).and_then(|p| p.help.clone());
        let help = help.expect("it has help").replace("known here: ", "").replace(" or ", ", ");
        let mut known: Vec<&str> = help.split(", ").map(|key| key.trim_matches('`')).collect();
        let properties = schema.pointer(section).and_then(Value::as_object).expect(section);
        let mut expect: Vec<&str> = properties.keys().map(String::as_str).collect();
        known.sort_unstable();
        expect.sort_unstable();
        assert_eq!(known, expect, "{header}");
    };
    check("/properties", "");
    check("/definitions/Fleet/properties", "[fleet]");
    check("/definitions/Settings/properties", "[defaults]");
    check("/definitions/Registry/properties", "[registries.acme]");
    check("/definitions/Discover/properties", "[[discover]]");
    check("/definitions/Repo/properties", "[[repo]]");
    check("/definitions/Hold/properties", "[[hold]]");
    check("/definitions/Group/properties", "[[group]]");
}

#[test]
fn a_key_in_a_wrong_section_is_sent_to_the_right_one() {
    let schema = json_schema().to_value();
    let check = |section: &str, home: &str| {
        for key in schema.pointer(section).and_then(Value::as_object).expect(section).keys() {
            let problems = parse(&format!("{key} = 1\n{REPO}"), TODAY).expect_err("it is in a wrong section");
            let help = problems.iter().find_map(|problem| problem.help.clone());
            assert_eq!(help, Some(format!("`{key}` belongs in {home}")), "{key}");
        }
    };
    check("/definitions/Fleet/properties", "[fleet]");
    check("/definitions/Settings/properties", "[defaults] or a [[repo]]");
}

#[test]
fn the_schema_and_the_reader_know_the_same_words() {
    let schema = json_schema().to_value();
    let check = |definition: &str, section: &str, key: &str| {
        let rules = schema.pointer(&format!("/definitions/{definition}/oneOf")).and_then(Value::as_array).expect(key);
        let words: Vec<String> = rules.iter().map(|rule| rule["const"].to_string()).collect();
        let text = format!("{REPO}{section}\n{key} = 'zzzzzzzz'");
        let problems = parse(&text, TODAY).expect_err("a word is unknown");
        let help = problems[0].help.clone().expect("it has help");
        let known: Vec<&str> = help.trim_start_matches("write ").split(", ").flat_map(|w| w.split(" or ")).collect();
        assert_eq!(known, words, "{key}");
    };
    check("Forge", "[fleet]", "forge");
    check("Strategy", "[defaults]", "strategy");
    check("RequirementStyle", "[defaults]", "requirement");
    check("Pins", "[defaults]", "pins");
    check("Baseline", "[defaults]", "baseline");
    check("Sandbox", "[defaults]", "sandbox");
    check("Automerge", "[defaults]", "automerge");
    check("MergeWhen", "[defaults]", "merge-when");
    check("MergeMethod", "[defaults]", "merge-method");
    check("ReleaseMode", "", "release");
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_program() {
    let schema = json_schema().to_value();
    let properties = schema.pointer("/definitions/Settings/properties").and_then(Value::as_object).expect("settings");
    let lines = properties.iter().map(|(key, rule)| format!("{key} = {}\n", rule["default"]));
    let config = read(&format!("{REPO}[defaults]\n{}", lines.collect::<String>()));
    assert_eq!(config.repos[0].settings, Settings::default());
}

fn read(text: &str) -> Config {
    parse(text, TODAY).unwrap_or_else(|problems| panic!("{}", listed(text, &problems)))
}

/// The problems as lines: place, marked text, message, help, related places.
fn listed(text: &str, problems: &[Problem]) -> String {
    let shown = masked(text);
    let mut lines = String::new();
    for problem in problems {
        let (line, column) = line_column(text, problem.span.start);
        let marked = shown[problem.span.clone()].lines().next().unwrap_or_default();
        writeln!(lines, "  {line}:{column} {} <{marked}>", problem.message).expect("a String takes all");
        if let Some(help) = &problem.help {
            writeln!(lines, "      help: {help}").expect("a String takes all");
        }
        for (span, label) in &problem.related {
            let (line, column) = line_column(text, span.start);
            writeln!(lines, "      {line}:{column} {label}").expect("a String takes all");
        }
    }
    lines
}

proptest::proptest! {
    /// Whatever a slip of the hand makes of the file: no panic, and every place can be shown.
    #[test]
    fn any_text_is_read_or_refused_at_places_within_it(at in 0..2_000_usize, cut in 0..40_usize, put in "[ \\[\\]'\"=#\n{}a-zß:@]{0,6}") {
        let text: Vec<char> = include_str!("data/fifteen-problems.toml").chars().collect();
        let at = at.min(text.len());
        let rest = &text[(at + cut).min(text.len())..];
        let text: String = text[..at].iter().copied().chain(put.chars()).chain(rest.iter().copied()).collect();
        proptest::prop_assert_eq!(masked(&text).len(), text.len());
        for problem in parse(&text, TODAY).err().unwrap_or_default() {
            proptest::prop_assert!(text.get(problem.span.clone()).is_some(), "{:?}", problem);
            proptest::prop_assert!(!problem.message.contains("ghp_0123456789"), "{:?}", problem);
        }
    }
}

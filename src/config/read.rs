//! The sections of `repos.toml`, read into a checked [`Config`] with every problem on the way.

use std::collections::BTreeMap;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::choice::ForgeKind;
use super::problem::Problem;
use super::repos::{self, Found, PlacedHold};
use super::rules;
use super::section::{Section, type_name};
use super::settings::settings;
use super::value;
use super::{Config, ForgeConfig, Settings};
use crate::model::RegistryName;

const GITHUB_API: &str = "https://api.github.com";

/// Reads `repos.toml`; an error is everything that is wrong with it, in the order of the text.
///
/// A hold whose last day lies before `today` is a problem. Relative paths are kept as written.
pub fn parse(text: &str, today: Date) -> Result<Config, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors.iter().map(syntax_problem).collect();
    let config = problems.is_empty().then(|| root(&document, today, &mut problems));
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

fn syntax_problem(error: &toml::de::Error) -> Problem {
    Problem::new(error.span().unwrap_or(0..0), format!("not TOML: {}", error.message()))
}

fn root(document: &Spanned<DeTable<'_>>, today: Date, problems: &mut Vec<Problem>) -> Config {
    let mut root = Section::new("", 0..0, document.get_ref());
    let forge = match root.table("fleet", problems) {
        Some(section) => fleet(section, problems),
        None => ForgeConfig::GitHub { api_url: GITHUB_API.to_owned() },
    };
    let defaults = root.table("defaults", problems).map(|section| defaults(section, problems)).unwrap_or_default();
    let registries = root.table("registries", problems).map(|section| registries(&section, problems));
    let repos = repositories(&mut root, &forge, &defaults, problems);
    let holds = root.tables("hold", problems).into_iter();
    let holds: Vec<PlacedHold> = holds.filter_map(|section| rules::hold(section, today, &repos, problems)).collect();
    let groups = rules::groups(root.tables("group", problems), problems);
    root.close(problems);
    Config { forge, registries: registries.unwrap_or_default(), repos: repos::finish(repos, &holds, &groups) }
}

fn defaults(mut section: Section<'_>, problems: &mut Vec<Problem>) -> Settings {
    let settings = settings(&mut section, &Settings::default(), problems);
    section.close(problems);
    settings
}

fn repositories(
    root: &mut Section<'_>,
    forge: &ForgeConfig,
    defaults: &Settings,
    problems: &mut Vec<Problem>,
) -> Vec<Found> {
    let before = problems.len();
    root.tables("discover", problems).into_iter().for_each(|section| discover(section, forge, problems));
    let sections = root.tables("repo", problems);
    if sections.is_empty() && problems.len() == before {
        let help = "add `[[repo]]` on a line of its own, and `url = \"https://github.com/acme/payments\"` below it";
        problems.push(Problem::new(0..0, "there is no repository").help(help));
    }
    let repos: Vec<Found> = sections.into_iter().map(|section| repos::repo(section, defaults, problems)).collect();
    repos::check_unique(&repos, problems);
    repos
}

fn fleet(mut section: Section<'_>, problems: &mut Vec<Problem>) -> ForgeConfig {
    let kind = section.read("forge", r#""github""#, problems, value::choice::<ForgeKind>);
    let example = r#""https://api.github.com""#;
    let api_url = section.read("api-url", example, problems, |entry, problems| {
        if kind == Some(ForgeKind::Local) {
            let message = "`api-url` has no meaning with the local forge";
            problems.push(Problem::new(entry.span(), message).help("take it out, or write `forge = \"github\"`"));
        }
        value::api_url(entry, problems)
    });
    section.close(problems);
    match kind {
        Some(ForgeKind::Local) => ForgeConfig::Local,
        Some(ForgeKind::GitHub) | None => {
            ForgeConfig::GitHub { api_url: api_url.unwrap_or_else(|| GITHUB_API.to_owned()) }
        }
    }
}

fn registries(section: &Section<'_>, problems: &mut Vec<Problem>) -> BTreeMap<RegistryName, String> {
    let mut registries = BTreeMap::new();
    for (key, value) in section.names() {
        let title = format!("[registries.{}]", key.get_ref());
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("`{}` is {}, not a table", key.get_ref(), type_name(value));
            let help = format!("write `{title}` on a line of its own, and `index = \"…\"` below it");
            problems.push(Problem::new(value.span(), message).help(help));
            continue;
        };
        let name = RegistryName::new(key.get_ref().as_ref());
        let name = name.map_err(|error| {
            let help = "write the name that manifests have after `registry =`, like [registries.acme]";
            problems.push(Problem::new(key.span(), error.to_string()).help(help));
        });
        let mut section = Section::new(title, value.span(), table);
        let example = r#""sparse+https://crates.acme.dev/index/""#;
        let index = section.require("index", example, problems, value::index);
        section.close(problems);
        if let (Ok(name), Some(index)) = (name, index) {
            registries.insert(name, index);
        }
    }
    registries
}

/// Discovery is not there yet. Nobody shall believe that their repositories are found.
fn discover(mut section: Section<'_>, forge: &ForgeConfig, problems: &mut Vec<Problem>) {
    section.require("org", r#""acme""#, problems, value::filled);
    section.read("topic", r#""rust-service""#, problems, value::filled);
    let help = "list each repository as [[repo]] with its `url`";
    let message = match forge {
        ForgeConfig::GitHub { .. } => "[[discover]] is not supported yet",
        ForgeConfig::Local => "[[discover]] needs a forge that can be asked, the local one cannot",
    };
    problems.push(Problem::new(section.span(), message).help(help));
    section.close(problems);
}

//! The Markdown and the tables of the small run, word for word.

use depbot::model::{Bump, Edit, EditField, Lane, RepoName, RepoPath, Site, Unit, UnitId, UnitKind, Update};
use depbot::plan::{Plan, Proposal, RepositoryPlan, StageFailure};
use depbot::report::{Colour, Look, markdown, plan_table, run_table, status_table, why_text};

use crate::sample::{self, krate, version};

const PLAIN: Look = Look { width: 100, colour: Colour::None };

fn plan() -> Plan {
    let update = |name: &str, from: &str, to: &str| Update {
        krate: krate(name),
        from: version(from),
        to: version(to),
        published: None,
        edits: vec![Edit {
            site: Site {
                manifest: RepoPath::new("Cargo.toml").expect("a path"),
                table: vec!["dependencies".into()],
                key: name.into(),
                line: 8,
            },
            field: EditField::Requirement,
            from: from.into(),
            to: to.into(),
        }],
    };
    let unit = |id, lane, updates: Vec<Update>| Unit {
        id: UnitId(id),
        workspace: RepoPath::root(),
        kind: if updates.is_empty() { UnitKind::LockRefresh } else { UnitKind::Updates(updates) },
        lane,
        fallback: Vec::new(),
    };
    let settlements = sample::small().repositories[1].settlements.clone();
    let units = vec![
        unit(0, Lane::Routine, vec![update("clap", "4.5.4", "4.6.2")]),
        unit(1, Lane::Review, vec![update("axum", "0.7.5", "0.8.9"), update("tower", "0.4.13", "0.5.2")]),
        unit(2, Lane::Review, vec![update("rand", "0.8.5", "0.9.2")]),
        unit(3, Lane::Routine, Vec::new()),
    ];
    assert_eq!(units[1].bump(), Bump::Major);
    let repository = |name: &str, wave, result| RepositoryPlan {
        repo: RepoName::new(name).expect("a name"),
        url: format!("https://github.com/acme/{name}"),
        wave,
        result,
    };
    Plan {
        created: sample::now(),
        repositories: vec![
            repository(
                "payments",
                2,
                Ok(Proposal { base: None, units, settlements, notes: vec!["workspace fuzz was not looked at".into()] }),
            ),
            repository(
                "gateway",
                2,
                Ok(Proposal { base: None, units: Vec::new(), settlements: Vec::new(), notes: Vec::new() }),
            ),
            repository(
                "ledger-archive",
                2,
                Err(StageFailure { stage: "sync", message: "repository not found".into() }),
            ),
        ],
    }
}

#[test]
fn markdown_of_a_small_run() {
    insta::assert_snapshot!(markdown(&sample::small()));
}

#[test]
fn tables_of_a_small_run() {
    insta::assert_snapshot!("run_table", run_table(&sample::small(), PLAIN));
    insta::assert_snapshot!("status_table", status_table(&sample::small(), PLAIN));
    insta::assert_snapshot!("plan_table", plan_table(&plan(), PLAIN));
}

#[test]
fn why_names_every_site_and_every_refusal() {
    let payments = &sample::small().repositories[1];
    let why = |name: &str| why_text(payments, &krate(name), PLAIN);
    let all: Vec<String> = ["rand", "sqlx", "uuid", "ledger"].into_iter().filter_map(why).collect();
    insta::assert_snapshot!("why", all.join("\n"));
    assert_eq!(why("left-pad"), None);
}

#[test]
fn tables_fit_the_width_and_have_colour_only_when_asked() {
    for width in [60, 80, 100, 140] {
        for table in [run_table, status_table] {
            let text = table(&sample::large(40), Look { width, colour: Colour::None });
            let widest =
                text.lines().take_while(|line| !line.contains("looked at")).map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(width)), "{widest:?} in {width}\n{text}");
            assert!(!text.contains('\u{1b}'));
        }
    }
    assert!(run_table(&sample::small(), Look { width: 100, colour: Colour::Ansi }).contains("\u{1b}["));
}

#[test]
fn words_from_outside_do_not_steer_the_terminal() {
    let mut run = sample::small();
    run.repositories[3].status =
        depbot::model::RepositoryStatus::Failed { stage: "sync".into(), message: "\u{1b}[2Jgone\nsecond".into() };
    let text = run_table(&run, PLAIN);
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn markdown_of_many_repositories_stays_small() {
    let text = markdown(&sample::large(1_000));
    assert!(text.len() < 200_000, "{} bytes", text.len());
}

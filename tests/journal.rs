//! The journal in real SQLite files.

#[path = "journal/events.rs"]
mod events;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use depbot::database::DatabaseError;
use depbot::journal::{EventId, Journal, JournalError, VerdictKey};
use depbot::model::{Event, EventBody, RepositoryStatus, RunMode};
use events::{at, failing, one_of_each, passing, repo, run, second, settled, started, tree, verification};
use jiff::Timestamp;

/// Tells a child process of a test which journal to append to.
const JOURNAL_OF_CHILD: &str = "JOURNAL_OF_CHILD";

#[test]
fn every_event_comes_back_as_it_was_appended() {
    let file = File::new();
    let journal = file.open();
    let events = one_of_each("run");
    let ids: Vec<EventId> = events.iter().map(|event| journal.append(event).expect("it is writable")).collect();
    assert!(ids.is_sorted());
    let expect: Vec<(EventId, Event)> = ids.into_iter().zip(events).collect();
    assert_eq!(journal.events(&run("run")).expect("it is readable"), expect);
    assert_eq!(file.open().events(&run("run")).expect("it is readable"), expect, "after opening it again");
    assert_eq!(journal.events(&run("other")).expect("it is readable"), []);
}

#[test]
fn any_range_of_events_can_be_read_again() {
    let file = File::new();
    let journal = file.open();
    let ids: Vec<EventId> =
        one_of_each("run").iter().map(|event| journal.append(event).expect("it is writable")).collect();
    let read = |after, limit| -> Vec<EventId> {
        journal.events_after(after, limit).expect("it is readable").into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(read(EventId(0), 100), ids);
    assert_eq!(read(ids[2], 2), ids[3..5]);
    assert_eq!(read(ids[ids.len() - 1], 100), []);
    assert_eq!(read(EventId(0), usize::MAX), ids);
}

#[test]
fn no_event_can_be_changed_deleted_or_replaced() {
    let file = File::new();
    let journal = file.open();
    journal.append(&started("run", RunMode::Upgrade, &["a"])).expect("it is writable");
    let connection = rusqlite::Connection::open(&file.path).expect("it is there");
    let statements = [
        "UPDATE event SET at = 'never'",
        "DELETE FROM event",
        "REPLACE INTO event (id, run, at, kind, repo, mode, body) VALUES (1, 'run', '', 'run-finished', NULL, NULL, '{}')",
        "INSERT OR REPLACE INTO event SELECT * FROM event",
        "UPDATE OR REPLACE event SET run = 'other'",
    ];
    for statement in statements {
        let error = connection.execute_batch(statement).expect_err(statement).to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    assert_eq!(journal.events(&run("run")).expect("it is readable").len(), 1);
}

#[test]
fn a_run_has_an_id_of_its_own_even_when_two_start_in_the_same_second() {
    let file = File::new();
    let (first, second) = (file.open(), file.open());
    let start: Timestamp = "2026-11-24T08:30:00.9Z".parse().expect("a time");
    let ids = [&first, &second, &first].map(|journal| journal.new_run_id(start).expect("it is writable").to_string());
    assert_eq!(ids, ["20261124-083000", "20261124-083000-2", "20261124-083000-3"]);
    assert_eq!(first.runs().expect("it is readable"), [], "an id alone is not a run that has begun");
}

#[test]
fn runs_are_listed_newest_first_with_their_ends() {
    let file = File::new();
    let journal = file.open();
    let append = |event: Event| {
        journal.append(&event).expect("it is writable");
    };
    append(started("one", RunMode::Upgrade, &["a"]));
    append(at("one", 20, EventBody::RunFinished { interrupted: false }));
    append(started("two", RunMode::Plan, &["a"]));
    append(started("three", RunMode::Upgrade, &["a"]));
    append(at("three", 30, EventBody::RunFinished { interrupted: true }));
    append(started("three", RunMode::Upgrade, &["a"]));
    let runs = journal.runs().expect("it is readable");
    let listed: Vec<_> = runs.iter().map(|info| (info.run.as_str(), info.mode, info.finished)).collect();
    let expect =
        [("three", RunMode::Upgrade, None), ("two", RunMode::Plan, None), ("one", RunMode::Upgrade, Some(second(20)))];
    assert_eq!(listed, expect, "a run that was started again has not ended");
    assert_eq!(runs[0].started, second(0));
    let latest = |mode| journal.latest_run(mode).expect("it is readable").map(|info| info.run.to_string());
    assert_eq!(latest(None).as_deref(), Some("three"));
    assert_eq!(latest(Some(RunMode::Plan)).as_deref(), Some("two"));
    assert_eq!(File::new().open().latest_run(None).expect("it is readable"), None);
}

#[test]
fn a_summary_is_folded_from_the_events_of_a_run() {
    let file = File::new();
    let journal = file.open();
    let append = |event: Event| {
        journal.append(&event).expect("it is writable");
    };
    append(started("run", RunMode::Upgrade, &["b", "a", "c"]));
    append(settled("run", "a", RepositoryStatus::Waiting));
    append(settled("run", "late", RepositoryStatus::UpToDate));
    append(settled("run", "b", RepositoryStatus::UpToDate));
    append(settled("run", "a", RepositoryStatus::Merged));
    let summary = journal.summary(&run("run")).expect("it is readable").expect("it has begun");
    let repositories: Vec<_> = summary.repositories.iter().map(|repo| (repo.repo.as_str(), &repo.status)).collect();
    let expect =
        [("b", &RepositoryStatus::UpToDate), ("a", &RepositoryStatus::Merged), ("late", &RepositoryStatus::UpToDate)];
    assert_eq!(repositories, expect);
    assert_eq!(summary.pending, [repo("c")]);
    assert_eq!((summary.started, summary.finished, summary.interrupted), (second(0), None, false));
    append(at("run", 9, EventBody::RunFinished { interrupted: true }));
    let summary = journal.summary(&run("run")).expect("it is readable").expect("it has begun");
    assert_eq!((summary.finished, summary.interrupted), (Some(second(9)), true));
    assert_eq!(journal.summary(&run("other")).expect("it is readable"), None);
}

#[test]
fn the_latest_settlement_of_each_repository_comes_from_upgrades_only() {
    let file = File::new();
    let journal = file.open();
    let append = |event: Event| {
        journal.append(&event).expect("it is writable");
    };
    append(started("one", RunMode::Upgrade, &["a", "b"]));
    append(settled("one", "a", RepositoryStatus::Waiting));
    append(settled("one", "b", RepositoryStatus::Merged));
    append(started("two", RunMode::Upgrade, &["a"]));
    append(settled("two", "a", RepositoryStatus::UpToDate));
    append(started("three", RunMode::Plan, &["a", "b"]));
    append(settled("three", "b", RepositoryStatus::Planned { updates: 3 }));
    let latest = journal.latest_summaries().expect("it is readable");
    let listed: Vec<_> = latest.iter().map(|(name, (id, one))| (name.as_str(), id.as_str(), &one.status)).collect();
    assert_eq!(listed, [("a", "two", &RepositoryStatus::UpToDate), ("b", "one", &RepositoryStatus::Merged)]);
}

#[test]
fn what_became_of_pull_requests_and_releases_is_found_by_repository_across_runs() {
    let file = File::new();
    let journal = file.open();
    for event in one_of_each("one").into_iter().chain(one_of_each("two")) {
        journal.append(&event).expect("it is writable");
    }
    let changes = journal.pull_request_changes(&repo("a")).expect("it is readable");
    let numbers: Vec<_> = changes.iter().map(|(number, _)| number.0).collect();
    assert_eq!(numbers, [7, 7]);
    assert!(journal.pull_request_changes(&repo("b")).expect("it is readable").is_empty());
    let check = |name: &str, tag: &str, expect: bool| {
        assert_eq!(journal.has_release(&repo(name), tag).expect("it is readable"), expect, "{name} {tag}");
    };
    check("a", "v1.2.3", true);
    check("a", "v1.2.4", false);
    check("b", "v1.2.3", false);
}

#[test]
fn a_verdict_is_remembered_for_exactly_what_it_is_about() {
    let file = File::new();
    let journal = file.open();
    let key =
        VerdictKey { repo: repo("a"), tree: tree('1'), toolchain: "rustc 1.95.0".into(), commands: "test".into() };
    assert_eq!(journal.verdict(&key).expect("it is readable"), None);
    for verdict in [failing(), passing()] {
        let summary = verification(&key, verdict);
        journal.remember_verdict(&key, &summary).expect("it is writable");
        assert_eq!(file.open().verdict(&key).expect("it is readable"), Some(summary));
    }
    let others = [
        VerdictKey { repo: repo("b"), ..key.clone() },
        VerdictKey { tree: tree('2'), ..key.clone() },
        VerdictKey { toolchain: "rustc 1.96.0".into(), ..key.clone() },
        VerdictKey { commands: "test --release".into(), ..key },
    ];
    for other in others {
        assert_eq!(journal.verdict(&other).expect("it is readable"), None, "{other:?}");
    }
}

#[test]
fn threads_and_connections_append_at_once_and_lose_nothing() {
    let file = File::new();
    let shared = file.open();
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let journal = if writer % 2 == 0 { shared.clone() } else { file.open() };
            scope.spawn(move || {
                for event in one_of_each(&format!("run-{writer}")) {
                    journal.append(&event).expect("it waits for the others");
                }
            });
        }
    });
    for writer in 0..6 {
        let name = format!("run-{writer}");
        let events = shared.events(&run(&name)).expect("it is readable").into_iter().map(|(_, event)| event);
        assert_eq!(events.collect::<Vec<_>>(), one_of_each(&name));
    }
}

#[test]
fn what_was_appended_before_a_kill_is_there_after_it() {
    let file = File::new();
    let mut child = this_test_program("appends_until_it_is_killed")
        .env(JOURNAL_OF_CHILD, &file.path)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it is this program");
    let output = BufReader::new(child.stderr.take().expect("it is piped"));
    let lines = output.lines().map(|line| line.expect("it is text"));
    let told: Vec<String> = lines.filter(|line| line.starts_with("appended ")).take(40).collect();
    child.kill().expect("it appends for ever");
    child.wait().expect("it is killed");
    let events = file.open().events(&run("run")).expect("it is readable");
    let kept: Vec<String> = events.iter().map(|(id, _)| format!("appended {id}")).collect();
    assert_eq!(kept[..told.len()], told);
    assert!(file.open().append(&started("next", RunMode::Upgrade, &["a"])).is_ok());
}

/// Does nothing, except as the child of the test above.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the test above tells its child what to do")]
fn appends_until_it_is_killed() {
    let Some(path) = std::env::var_os(JOURNAL_OF_CHILD) else { return };
    let journal = Journal::open(Path::new(&path)).expect("it can be made");
    loop {
        for event in one_of_each("run") {
            eprintln!("appended {}", journal.append(&event).expect("it is writable"));
        }
    }
}

#[test]
fn a_new_journal_may_be_opened_by_many_at_once() {
    for _ in 0..5 {
        let file = File::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| Journal::open(&file.path).expect("it waits for the others"));
            }
        });
    }
}

#[test]
fn a_reader_sees_events_of_a_writer_that_is_still_open() {
    let file = File::new();
    let (writer, reader) = (file.open(), file.open());
    writer.append(&started("run", RunMode::Upgrade, &["a"])).expect("it is writable");
    assert_eq!(reader.events(&run("run")).expect("it is readable").len(), 1);
}

#[test]
fn a_journal_that_is_not_for_this_depbot_is_refused_and_kept() {
    let check = |prepare: fn(&Path), expect: fn(&DatabaseError) -> bool, words: &str| {
        let file = File::new();
        prepare(&file.path);
        let before = std::fs::read(&file.path).expect("it is there");
        let Err(JournalError::Database(error)) = Journal::open(&file.path) else { panic!("{words}: it opened") };
        assert!(expect(&error), "{error:?}");
        assert!(error.to_string().contains(words) && error.to_string().contains("journal.sqlite"), "{error}");
        assert_eq!(std::fs::read(&file.path).expect("it is there"), before, "{words}: it is kept as it was");
    };
    check(
        |path| {
            drop(Journal::open(path).expect("it is new"));
            sql(path, "PRAGMA journal_mode = delete; PRAGMA user_version = 99");
        },
        |error| matches!(error, DatabaseError::Newer { found: 99, known: 1, .. }),
        "of version 99; this depbot knows versions up to 1",
    );
    check(
        |path| std::fs::write(path, "some text that is longer than a header of SQLite ".repeat(50)).expect("writable"),
        |error| matches!(error, DatabaseError::Foreign { .. }),
        "is not a journal of depbot",
    );
    check(
        |path| sql(path, "CREATE TABLE somebody_elses (id INTEGER)"),
        |error| matches!(error, DatabaseError::Foreign { .. }),
        "is not a journal of depbot",
    );
}

#[test]
fn the_folder_is_made_and_a_path_that_cannot_be_one_is_an_error() {
    let file = File::new();
    let deep = file.path.with_file_name("deep").join("er/journal.sqlite");
    drop(Journal::open(&deep).expect("its folder is made"));
    let below_a_file = deep.join("journal.sqlite");
    let error = Journal::open(&below_a_file).expect_err("a file is not a folder");
    assert!(matches!(error, JournalError::Database(DatabaseError::Folder { .. })), "{error:?}");
    let a_folder = Journal::open(deep.parent().expect("it has one")).expect_err("a folder is not a file");
    assert!(matches!(a_folder, JournalError::Database(DatabaseError::Unusable { .. })), "{a_folder:?}");
}

#[test]
fn an_event_that_cannot_be_read_is_named() {
    let file = File::new();
    let journal = file.open();
    journal.append(&started("run", RunMode::Upgrade, &["a"])).expect("it is writable");
    sql(&file.path, "INSERT INTO event (run, at, kind, body) VALUES ('run', '', 'later', '{\"kind\": \"later\"}')");
    let error = journal.events(&run("run")).expect_err("it is not known").to_string();
    assert!(error.contains("event 2"), "{error}");
}

/// A place for a journal.
struct File {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { path: folder.path().join("journal.sqlite"), _folder: folder }
    }

    fn open(&self) -> Journal {
        Journal::open(&self.path).expect("it can be made")
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that kills needs a process to kill")]
fn this_test_program(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it runs"));
    command.args(["--exact", test, "--nocapture"]);
    command
}

fn sql(path: &Path, statements: &str) {
    rusqlite::Connection::open(path).and_then(|connection| connection.execute_batch(statements)).expect("it is valid");
}

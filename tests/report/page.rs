//! The HTML page: self-contained, escaped, complete. The pages are left in `target/report-preview` to be looked at.

use std::path::Path;

use depbot::report::html;

use crate::sample;

fn preview(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/report-preview");
    std::fs::create_dir_all(&folder).expect("a folder for the preview");
    std::fs::write(folder.join(name), page).expect("a preview");
}

#[test]
fn pages_of_several_runs_can_be_looked_at() {
    let mut plan = sample::large(12);
    plan.mode = depbot::model::RunMode::Plan;
    for one in &mut plan.repositories {
        one.status = depbot::model::RepositoryStatus::Planned { updates: 3 };
        one.pull_requests.clear();
        one.verifications.clear();
        one.took = std::time::Duration::ZERO;
    }
    let long = sample::spoiled(&"long".repeat(60));
    let runs =
        [("5.html", sample::small()), ("200.html", sample::large(200)), ("plan.html", plan), ("long.html", long)];
    for (name, run) in runs {
        let page = html(&run, sample::now());
        assert_eq!(page.matches("<details class=\"repo\"").count(), run.repositories.len());
        preview(name, &page);
    }
}

#[test]
fn nothing_from_outside_becomes_markup() {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let page = html(&sample::spoiled(evil), sample::now());
    let ours = html(&sample::small(), sample::now());
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("<img").count(), 0);
    assert_eq!(page.matches("</script").count(), ours.matches("</script").count());
    assert!(page.matches("&lt;script&gt;alert(1)").count() >= 12, "{}", page.matches("&lt;script&gt;").count());
    assert!(!page.contains("href=\"javascript:"), "only https and http are links");
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = html(&sample::small(), sample::now()).replace("&#x2f;", "/");
    for (attribute, allowed) in [("src=\"", &[][..]), ("href=\"", &["#", "https://github.com/acme/", "data:,"][..])] {
        for (at, _) in page.match_indices(attribute) {
            let value = &page[at + attribute.len()..];
            assert!(allowed.iter().any(|start| value.starts_with(start)), "{}", &value[..60]);
        }
    }
    assert_eq!(page.matches("<link ").count(), 1, "the empty icon");
    for word in ["@import", "url(", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn everything_of_a_repository_is_in_its_place() {
    let page = html(&sample::small(), sample::now());
    let payments = page.split("id=\"repo-payments\"").nth(1).expect("the repository is there");
    let payments = payments.split("<details class=\"repo\"").next().unwrap_or_default();
    for text in [
        "Update 3 dependencies (review: 3 major)",
        "waits for a person&#x27;s review",
        "held by platform until 2026-12-31: FIPS build, see PLAT-411",
        "needs Rust 1.88, the package promises 1.80",
        "in cooldown until 2026-11-25 09:12 UTC",
        "expected `PgConnectOptions`",
        "the untouched main branch",
        "workspace fuzz was not looked at",
        "that follow no releases",
    ] {
        assert!(payments.contains(text), "{text}");
    }
}

#[test]
fn the_page_has_landmarks_headers_and_labels() {
    let page = html(&sample::large(12), sample::now());
    for (open, count) in [("<main>", 1), ("<h1>", 1), ("<header", 1), ("<footer>", 1), ("<html lang=\"en\">", 1)] {
        assert_eq!(page.matches(open).count(), count, "{open}");
    }
    assert_eq!(page.matches("<th>").count(), 0, "every header has a scope");
    assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
    assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
    assert_eq!(page.matches("<div").count(), page.matches("</div>").count());
}

#[test]
fn a_run_without_repositories_and_one_cut_short_have_a_page() {
    let mut run = sample::small();
    run.pending = run.repositories.drain(1..).map(|one| one.repo).collect();
    run.finished = None;
    let page = html(&run, sample::now());
    assert!(page.contains("has not ended") && page.contains("4 repositories are not done yet"));
    run.repositories.clear();
    run.pending.clear();
    assert!(html(&run, sample::now()).contains("Fleet report"));
}

#[test]
fn what_breaks_a_repository_is_something_for_a_person() {
    let page = html(&sample::small(), sample::now());
    let tasks = page.split("Needs code changes").nth(1).expect("the task is there");
    let tasks = tasks.split("</section>").next().unwrap_or_default();
    assert!(tasks.contains("0.9.0: breaks the repository (check)"), "{tasks}");
}

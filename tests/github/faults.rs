//! What goes wrong between depbot and GitHub, and what comes of it.

use std::time::Duration;

use axum::http::Method;
use depbot::config::MergeMethod;
use depbot::forge::github::GitHubForge;
use depbot::forge::{Forge, ForgeError, PullRequestText};
use depbot::model::PullRequestNumber;
use serde_json::{Value, json};

use crate::support::github::Fault;
use crate::world::{World, message, new_pull_request, now, options};

const FIRST: PullRequestNumber = PullRequestNumber(1);

fn status(status: u16, headers: &[(&'static str, &str)], message: &str) -> Fault {
    let headers = headers.iter().map(|&(name, value)| (name, value.to_owned())).collect();
    Fault::Status(status, headers, json!({ "message": message }))
}

fn done_or_not() -> [Fault; 6] {
    let page = Value::String("<html>502</html>".to_owned());
    [
        Fault::Reset,
        Fault::Lost,
        Fault::Truncated,
        Fault::DoneBut(503),
        Fault::DoneBut(500),
        Fault::Status(502, vec![], page),
    ]
}

#[tokio::test]
async fn a_lost_answer_opens_no_second_pull_request() {
    for fault in done_or_not() {
        let world = World::new().await;
        world.push("depbot/routine", "1");
        world.server.fault(Method::POST, "/pulls", fault.clone());
        let opened = world.open("depbot/routine").await;
        assert_eq!((opened.number, opened.labels.as_slice()), (FIRST, &["dependencies".to_owned()][..]), "{fault:?}");
        assert_eq!(world.list().await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_says_nothing_twice() {
    for fault in done_or_not() {
        let world = World::new().await;
        world.push("depbot/routine", "1");
        world.open("depbot/routine").await;
        world.server.fault(Method::POST, "/comments", fault.clone());
        world.forge.comment(&world.repo, FIRST, "A person was here.\n\nSo I stop.\n").await.expect("it is said");
        let said = world.forge.comments(&world.repo, FIRST).await.expect("it is there");
        assert_eq!(said.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_merge_is_looked_up() {
    for fault in done_or_not() {
        let world = World::new().await;
        let head = world.push("depbot/routine", "1");
        world.open("depbot/routine").await;
        let before = world.tip("main");
        world.server.fault(Method::PUT, "/merge", fault.clone());
        let merged = world.forge.merge(&world.repo, FIRST, &head, MergeMethod::Squash, message()).await;
        assert_eq!(merged.map(|commit| commit.as_str().to_owned()), Ok(world.tip("main")), "{fault:?}");
        assert_eq!(world.origin.git(&["rev-list", "--count", &format!("{before}..main")]), "1", "{fault:?}");
    }
}

#[tokio::test]
async fn what_can_be_repeated_is_repeated() {
    for fault in done_or_not() {
        let world = World::new().await;
        let head = world.push("depbot/routine", "1");
        let paths = [
            (Method::POST, "/issues/1/labels"),
            (Method::PATCH, "/pulls/1"),
            (Method::GET, "/pulls"),
            (Method::GET, "/check-runs"),
            (Method::GET, "/status"),
        ];
        for (method, ending) in paths {
            world.server.fault(method, ending, fault.clone());
        }
        world.open("depbot/routine").await;
        let text = PullRequestText { title: "t".to_owned(), body: "b".to_owned(), labels: vec![] };
        let updated = world.forge.update(&world.repo, FIRST, text).await.expect("it is there");
        assert_eq!(world.list().await, [updated], "{fault:?}");
        world.forge.checks(&world.repo, &head).await.expect("it is there");
        world.server.fault(Method::PATCH, "/pulls/1", fault.clone());
        assert_eq!(world.forge.close(&world.repo, FIRST).await, Ok(()), "{fault:?}");
        world.server.fault(Method::DELETE, "/depbot/routine", fault.clone());
        assert_eq!(world.forge.delete_branch(&world.repo, &new_pull_request("depbot/routine").head).await, Ok(()));
    }
}

#[tokio::test]
async fn a_server_that_stays_down_is_given_up_with_a_readable_word() {
    let world = World::new().await;
    for _ in 0..20 {
        world.server.fault(Method::GET, "/pulls", Fault::Status(502, vec![], json!("<html><h1>Unicorn</h1></html>")));
    }
    let error = world.forge.pull_requests(&world.repo, "").await.expect_err("it is down").to_string();
    let host = world.forge.host();
    assert_eq!(error, format!("{host} cannot be asked about the repository acme/payments: it answers 502"));
    assert_eq!(world.server.take_requests().len(), 5);
    let mut nowhere = options(&world.server);
    nowhere.api_url = "http://127.0.0.1:1".to_owned();
    let mut repo = world.repo.clone();
    repo.url = "http://127.0.0.1:1/acme/payments".to_owned();
    let forge = GitHubForge::new(nowhere).expect("nothing is asked yet");
    let error = forge.pull_requests(&repo, "").await.expect_err("nobody listens");
    assert!(matches!(&error, ForgeError::Unavailable { message } if message.contains("no connection")), "{error}");
    assert_eq!(forge.requests(), 5);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    let mut hasty = options(&world.server);
    hasty.timing.timeout = Duration::from_secs(1);
    let forge = GitHubForge::new(hasty).expect("the address can be used");
    world.server.fault(Method::POST, "/pulls", Fault::Silent);
    let opened = forge.open(&world.repo, new_pull_request("depbot/routine")).await.expect("it opens");
    assert_eq!((opened.number, world.list().await.len()), (FIRST, 1));
}

#[tokio::test]
async fn short_limits_are_waited_for_writes_included() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    let secondary = "You have exceeded a secondary rate limit.";
    world.server.fault(Method::POST, "/pulls", status(403, &[("retry-after", "0")], secondary));
    world.server.fault(Method::POST, "/pulls", status(429, &[("retry-after", "1")], secondary));
    world.server.fault(Method::GET, "/pulls", status(429, &[("retry-after", "0")], secondary));
    let reset = now().as_second().to_string();
    let primary = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
    world.server.fault(Method::GET, "/pulls", status(403, &primary, "API rate limit exceeded"));
    let started = std::time::Instant::now();
    world.open("depbot/routine").await;
    assert_eq!(world.list().await.len(), 1);
    assert!(started.elapsed() > Duration::from_millis(1900), "a second for each of the two that asked for one");
}

#[tokio::test]
async fn a_long_limit_stops_everything_at_once() {
    let world = World::new().await;
    let reset = now().as_second() + 1800;
    let text = reset.to_string();
    let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", text.as_str())];
    world.server.fault(Method::GET, "/pulls", status(403, &headers, "API rate limit exceeded for installation ID 77."));
    let first = world.forge.pull_requests(&world.repo, "").await.expect_err("there is a limit");
    assert!(
        matches!(first, ForgeError::RateLimited { until } if (reset..=reset + 1).contains(&until.as_second())),
        "{first}"
    );
    let second = world.forge.comments(&world.repo, FIRST).await.expect_err("the limit holds for all");
    assert!(matches!(second, ForgeError::RateLimited { .. }), "{second}");
    assert_eq!(world.server.take_requests().len(), 1);
}

#[tokio::test]
async fn a_limit_without_headers_is_told_from_what_is_forbidden() {
    let world = World::new().await;
    let page =
        "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits";
    let body = json!({ "message": "You have exceeded a secondary rate limit", "documentation_url": page });
    world.server.fault(Method::GET, "/pulls", status(403, &[], "Resource not accessible by integration"));
    let forbidden = world.forge.pull_requests(&world.repo, "").await.expect_err("it is forbidden");
    let words = "refuses a request for the repository acme/payments: Resource not accessible by integration";
    assert_eq!(forbidden, ForgeError::NotAllowed { reason: format!("{} {words}", world.forge.host()) });
    let mut hasty = options(&world.server);
    hasty.timing.patience = Duration::from_secs(5);
    let forge = GitHubForge::new(hasty).expect("the address can be used");
    world.server.fault(Method::GET, "/pulls", Fault::Status(403, vec![], body));
    let limited = forge.pull_requests(&world.repo, "").await.expect_err("there is a limit");
    assert!(matches!(limited, ForgeError::RateLimited { .. }), "{limited}");
}

#[tokio::test]
async fn a_redirect_to_elsewhere_is_not_followed() {
    let world = World::new().await;
    let other = World::new().await;
    let location = format!("{}/repositories/1/pulls", other.server.api_url());
    world.server.fault(Method::GET, "/pulls", status(301, &[("location", &location)], "Moved Permanently"));
    let error = world.forge.pull_requests(&world.repo, "").await.expect_err("it leads away");
    assert!(matches!(&error, ForgeError::Unavailable { .. }), "{error}");
    assert!(other.server.take_requests().is_empty(), "the token stays here");
}

#[tokio::test]
async fn creations_are_paced() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    let mut paced = options(&world.server);
    paced.timing.creation_gap = Duration::from_millis(50);
    let forge = GitHubForge::new(paced).expect("the address can be used");
    let started = std::time::Instant::now();
    for number in 0..4 {
        forge.comment(&world.repo, FIRST, &number.to_string()).await.expect("it is said");
    }
    assert!(started.elapsed() >= Duration::from_millis(150));
}

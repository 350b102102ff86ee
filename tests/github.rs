//! GitHub through the real client, against a server with real repositories that fails on purpose.

mod support;

#[path = "github/faults.rs"]
mod faults;
#[path = "github/merges.rs"]
mod merges;
#[path = "github/world.rs"]
mod world;

use axum::http::Method;
use depbot::forge::github::{ExposeSecret as _, GitHubCredentials, GitHubForge};
use depbot::forge::{Checks, Forge, ForgeError, PullRequestText};
use depbot::model::{CommitId, PullRequestNumber, PullRequestState};
use serde_json::json;
use support::github::{GitHub, TOKEN};
use world::{World, branch, message, new_pull_request, options};

#[tokio::test]
async fn an_opened_pull_request_is_listed_with_everything_that_was_said() {
    let world = World::new().await;
    let head = world.push("depbot/routine", "1");
    world.repository(|repository| repository.collaborators = vec!["ada".to_owned(), "team platform".to_owned()]);
    let mut new = new_pull_request("depbot/routine");
    new.title = "Größere Versionen: 日本語 🚀 'quoted' \"twice\"".to_owned();
    new.labels = vec!["dependencies".to_owned(), "rust".to_owned()];
    new.reviewers = vec!["ada".to_owned(), "acme/platform".to_owned()];
    let opened = world.forge.open(&world.repo, new.clone()).await.expect("it opens");
    assert_eq!(opened.number, PullRequestNumber(1));
    assert_eq!(opened.state, PullRequestState::Open);
    assert_eq!((&opened.title, &opened.body), (&new.title, &new.body));
    assert_eq!((&opened.head, &opened.base, &opened.head_commit), (&new.head, &new.base, &head));
    assert_eq!(opened.labels, new.labels);
    assert_eq!((opened.ended, opened.merge_commit.clone()), (None, None));
    assert!(opened.url.ends_with("/acme/payments/pull/1"), "{}", opened.url);
    assert_eq!(world.list().await, [opened]);
    assert_eq!(world.forge.pull_requests(&world.repo, "other/").await, Ok(vec![]));
    world.repository(|repository| assert_eq!(repository.pull(1).reviewers, ["ada", "team platform"]));
}

#[tokio::test]
async fn a_branch_has_one_open_pull_request() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    let again = world.forge.open(&world.repo, new_pull_request("depbot/routine")).await;
    assert_eq!(again, Err(ForgeError::AlreadyOpen { number: PullRequestNumber(1) }));
    assert_eq!(world.forge.close(&world.repo, PullRequestNumber(1)).await, Ok(()));
    assert_eq!(world.open("depbot/routine").await.number, PullRequestNumber(2));
    let states: Vec<_> = world.list().await.iter().map(|pull| (pull.number.0, pull.state)).collect();
    assert_eq!(states, [(2, PullRequestState::Open), (1, PullRequestState::Closed)], "newest first");
}

#[tokio::test]
async fn only_branches_with_a_change_can_be_opened() {
    let world = World::new().await;
    world.origin.git(&["branch", "depbot/empty", "main"]);
    let empty = world.forge.open(&world.repo, new_pull_request("depbot/empty")).await.expect_err("nothing changes");
    assert_eq!(
        empty.to_string(),
        format!(
            "{} refuses a request for the repository acme/payments: Validation Failed: No commits between main and \
             depbot/empty",
            world.forge.host()
        )
    );
    let missing = world.forge.open(&world.repo, new_pull_request("depbot/missing")).await;
    assert_eq!(missing, Err(ForgeError::NotFound { what: "the branch depbot/missing of acme/payments".to_owned() }));
    let mut astray = new_pull_request("depbot/empty");
    astray.base = branch("develop");
    let astray = world.forge.open(&world.repo, astray).await;
    assert_eq!(astray, Err(ForgeError::NotFound { what: "the branch develop of acme/payments".to_owned() }));
}

#[tokio::test]
async fn a_new_text_keeps_the_labels_that_people_gave() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    world.repository(|repository| repository.pull(1).labels.push("urgent".to_owned()));
    let text = PullRequestText {
        title: "another".to_owned(),
        body: "words\n".to_owned(),
        labels: vec!["Dependencies".to_owned(), "rust".to_owned()],
    };
    let updated = world.forge.update(&world.repo, PullRequestNumber(1), text).await.expect("it is there");
    assert_eq!((updated.title.as_str(), updated.body.as_str()), ("another", "words\n"));
    assert_eq!(updated.labels, ["dependencies", "urgent", "rust"]);
    assert_eq!(world.list().await, [updated]);
}

#[tokio::test]
async fn labels_are_made_where_github_does_not_do_it() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.repository(|repository| {
        repository.makes_labels = false;
        repository.labels = vec!["rust".to_owned()];
    });
    let mut new = new_pull_request("depbot/routine");
    new.labels = vec!["rust".to_owned(), "dependencies".to_owned()];
    let opened = world.forge.open(&world.repo, new).await.expect("it opens");
    assert_eq!(opened.labels, ["rust", "dependencies"]);
}

#[tokio::test]
async fn a_reviewer_who_cannot_be_asked_keeps_nobody_else_from_being_asked() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.repository(|repository| repository.collaborators = vec!["ada".to_owned()]);
    let mut new = new_pull_request("depbot/routine");
    new.reviewers = vec!["gone".to_owned(), "@ada".to_owned()];
    world.forge.open(&world.repo, new).await.expect("it opens all the same");
    world.repository(|repository| assert_eq!(repository.pull(1).reviewers, ["ada"]));
}

#[tokio::test]
async fn comments_are_read_from_all_pages_oldest_first() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    world.repository(|repository| {
        let said = (0..230).map(|number| (format!("number {number}"), "2026-01-01T00:00:00Z".to_owned()));
        repository.pull(1).comments = said.collect();
    });
    world.forge.comment(&world.repo, PullRequestNumber(1), "the last").await.expect("it is there");
    let comments = world.forge.comments(&world.repo, PullRequestNumber(1)).await.expect("it is there");
    assert_eq!(comments.len(), 231);
    assert_eq!((comments[0].text.as_str(), comments[230].text.as_str()), ("number 0", "the last"));
    let nowhere = world.forge.comments(&world.repo, PullRequestNumber(9)).await;
    assert_eq!(nowhere, Err(ForgeError::NotFound { what: "pull request #9 of acme/payments".to_owned() }));
}

#[tokio::test]
async fn every_open_pull_request_is_found_among_many() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.push("depbot/review", "2");
    world.open("depbot/routine").await;
    world.open("depbot/review").await;
    world.forge.close(&world.repo, PullRequestNumber(2)).await.expect("it closes");
    world.repository(|repository| {
        let old = repository.pull(1).clone();
        for number in 3..450 {
            let at = format!("2027-01-01T00:{:02}:{:02}Z", number / 60, number % 60);
            let (head, open) = (format!("person/{number}"), number % 2 == 0);
            let pull = support::github::Pull { number, head, open, updated: at, ..old.clone() };
            repository.pulls.push(pull);
        }
    });
    world.server.take_requests();
    let found = world.list().await;
    let numbers: Vec<u64> = found.iter().map(|pull| pull.number.0).collect();
    assert_eq!(numbers, [1], "the old open one; the old closed one is not among the last 300");
    assert_eq!(world.server.take_requests().len(), 6, "three pages of all, three of the 224 that are open");
}

#[tokio::test]
async fn a_strangers_fork_is_not_taken_for_the_repository() {
    let world = World::new().await;
    world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    world.repository(|repository| {
        let mut theirs = repository.pull(1).clone();
        (theirs.number, theirs.from_fork) = (2, true);
        repository.pulls.push(theirs);
    });
    let numbers: Vec<u64> = world.list().await.iter().map(|pull| pull.number.0).collect();
    assert_eq!(numbers, [1]);
}

#[tokio::test]
async fn checks_and_statuses_are_both_read() {
    let world = World::new().await;
    let head = world.push("depbot/routine", "1");
    let run = |name: &str, status: &str, conclusion: Option<&str>| {
        let run =
            json!({ "name": name, "status": status, "conclusion": conclusion, "app": { "slug": "github-actions" } });
        world.repository(|repository| repository.check_runs.push((head.as_str().to_owned(), run)));
    };
    let checks = async || world.forge.checks(&world.repo, &head).await.expect("it is there");
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(checks().await, Checks::None);
    run("test", "completed", Some("success"));
    run("docs", "completed", Some("skipped"));
    run("lint", "completed", Some("neutral"));
    assert_eq!(checks().await, Checks::Green);
    for number in 0..120 {
        run(&format!("matrix {number}"), "completed", Some("success"));
    }
    run("last of three pages", "in_progress", None);
    assert_eq!(checks().await, Checks::Pending { names: names(&["last of three pages"]) });
    let status = |state: &str| {
        let status = json!({ "context": "ci/old", "state": state });
        world.repository(|repository| repository.statuses = vec![(head.as_str().to_owned(), status)]);
    };
    status("pending");
    assert_eq!(checks().await, Checks::Pending { names: names(&["ci/old", "last of three pages"]) });
    status("failure");
    assert_eq!(checks().await, Checks::Failed { names: names(&["ci/old"]) });
    let unknown = CommitId::new("0".repeat(40)).expect("a valid id");
    let answer = world.forge.checks(&world.repo, &unknown).await;
    assert_eq!(answer, Err(ForgeError::NotFound { what: "the commit 0000000000 of acme/payments".to_owned() }));
}

#[tokio::test]
async fn an_enterprise_server_is_spoken_to_below_its_path() {
    let world = World::at(GitHub::start_at("/api/v3").await);
    world.push("depbot/routine", "1");
    let opened = world.open("depbot/routine").await;
    world.repository(|repository| {
        for number in 2..250 {
            let pull = support::github::Pull { number, head: format!("p/{number}"), ..repository.pull(1).clone() };
            repository.pulls.push(pull);
        }
    });
    assert_eq!(world.list().await, [opened]);
    assert_eq!(world.forge.host(), world.repo.url.split('/').nth(2).expect("a host"));
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_found_under_its_old_name() {
    let world = World::at(GitHub::start_at("/api/v3").await);
    world.push("depbot/routine", "1");
    {
        let mut state = world.server.world();
        let repository = state.repositories.remove("acme/payments").expect("it is there");
        state.repositories.insert("acme/billing".to_owned(), repository);
        state.moved.insert("acme/payments".to_owned(), "acme/billing".to_owned());
    }
    let opened = world.open("depbot/routine").await;
    assert_eq!(opened.labels, ["dependencies"]);
    assert_eq!(world.list().await, [opened]);
    assert_eq!(world.forge.delete_branch(&world.repo, &branch("depbot/routine")).await, Ok(()));
}

#[tokio::test]
async fn an_app_is_given_a_token_for_each_owner_and_uses_it_for_git_too() {
    let world = World::new().await;
    let pem = include_str!("support/github_app.pem");
    world.server.world().app_key = Some(support::github::claim::public_key(pem));
    let mut options = options(&world.server);
    options.credentials = GitHubCredentials::app("7", pem);
    assert_eq!(format!("{:?}", options.credentials), "the app 7");
    let forge = GitHubForge::new(options).expect("it is an RSA key");
    world.server.take_requests();
    for _ in 0..3 {
        assert_eq!(forge.pull_requests(&world.repo, "depbot/").await, Ok(vec![]));
    }
    let requests = world.server.take_requests();
    assert_eq!(requests.len(), 5, "{requests:?}");
    assert_eq!(requests[..2], ["GET /repos/acme/payments/installation", "POST /app/installations/77/access_tokens"]);
    let claims = world.server.world().claims.clone();
    let number = |key: &str| claims[0][key].as_i64().expect("a number");
    assert_eq!((&claims[0]["iss"], number("exp") - number("iat")), (&json!("7"), 600));
    assert_eq!(forge.git_token(&world.repo).await.expect("it is given").expose_secret(), TOKEN);
    world.server.world().token = "another".to_owned();
    assert_eq!(forge.pull_requests(&world.repo, "depbot/").await, Ok(vec![]), "a token that is taken back is renewed");
    world.server.fault(Method::GET, "/installation", support::github::Fault::Status(404, vec![], json!({})));
    let mut other = world.repo.clone();
    other.url = world.server.clone_url("stranger/payments");
    let error = forge.pull_requests(&other, "depbot/").await.expect_err("it is not theirs").to_string();
    assert!(error.ends_with("stranger/payments: the GitHub App 7 is not installed there"), "{error}");
}

#[tokio::test]
async fn secrets_are_shown_nowhere() {
    let world = World::new().await;
    let shown = format!("{:?} {:?} {:?}", options(&world.server), world.forge, world.forge.git_credentials());
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(format!("{:?}", world.forge.git_credentials()).contains(world.forge.host()));
    world.server.world().token = "another".to_owned();
    let refused = world.forge.pull_requests(&world.repo, "depbot/").await;
    assert_eq!(refused, Err(ForgeError::Unauthorized { forge: world.forge.host().to_owned() }));
    let mut odd = options(&world.server);
    odd.credentials = GitHubCredentials::token("line one\nline two");
    let error = GitHubForge::new(odd).expect_err("it cannot be sent").to_string();
    assert_eq!(error, "the token for GitHub has characters that no token has");
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_the_repositorys_own_failure() {
    let world = World::new().await;
    let mut elsewhere = world.repo.clone();
    elsewhere.url = world.server.clone_url("acme/gone");
    let missing = world.forge.pull_requests(&elsewhere, "depbot/").await;
    assert_eq!(missing, Err(ForgeError::NotFound { what: "the repository acme/gone".to_owned() }));
    elsewhere.url = "https://gitlab.example/acme/payments".to_owned();
    let other = world.forge.pull_requests(&elsewhere, "depbot/").await.expect_err("it is not on this host");
    assert_eq!(other.to_string(), format!("https://gitlab.example/acme/payments is not on {}", world.forge.host()));
}

#[tokio::test]
async fn the_quiet_case_takes_few_requests() {
    let world = World::new().await;
    let head = world.push("depbot/routine", "1");
    world.open("depbot/routine").await;
    world.server.take_requests();
    let before = world.forge.requests();
    world.list().await;
    world.forge.checks(&world.repo, &head).await.expect("it is there");
    let requests = world.server.take_requests();
    let paths: Vec<&str> = requests.iter().map(|line| line.split('?').next().expect("a path")).collect();
    let commit = format!("GET /repos/acme/payments/commits/{}", head.as_str());
    let mut expect =
        vec!["GET /repos/acme/payments/pulls".to_owned(), format!("{commit}/check-runs"), format!("{commit}/status")];
    expect[1..].sort();
    let mut paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
    paths[1..].sort();
    assert_eq!(paths, expect);
    assert_eq!(world.forge.requests() - before, 3);
    world
        .forge
        .merge(&world.repo, PullRequestNumber(1), &head, depbot::config::MergeMethod::Squash, message())
        .await
        .expect("it merges");
    assert_eq!(world.server.take_requests(), ["PUT /repos/acme/payments/pulls/1/merge"]);
}

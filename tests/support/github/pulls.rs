//! Pull requests and branches: what is asked of them, done with git.

use std::path::Path;

use serde_json::{Value, json};

use super::{Pull, Reply, Repository, Request, git, invalid, refuse, reply};

pub(super) fn list_pulls(host: &str, full: &str, repository: &Repository, request: &Request) -> Reply {
    let query = |key: &str| request.query.get(key).map(String::as_str);
    let mut pulls: Vec<&Pull> = repository.pulls.iter().collect();
    match query("state") {
        Some("all") => {}
        Some("closed") => pulls.retain(|pull| !pull.open),
        _ => pulls.retain(|pull| pull.open),
    }
    if let Some(head) = query("head") {
        pulls.retain(|pull| head == format!("{}:{}", owner_of(full, pull), pull.head));
    }
    match query("sort") {
        Some("updated") => pulls.sort_by(|one, other| other.updated.cmp(&one.updated)),
        _ => pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number)),
    }
    reply(200, pulls.into_iter().map(|pull| pull_json(host, full, repository.id, pull)).collect())
}

pub(super) fn open_pull(host: &str, full: &str, repository: &mut Repository, request: &Request, now: String) -> Reply {
    let (head, base) = (request.text("head"), request.text("base"));
    let wrong = |field: &str| invalid(json!([{ "resource": "PullRequest", "field": field, "code": "invalid" }]));
    let custom =
        |message: String| invalid(json!([{ "resource": "PullRequest", "code": "custom", "message": message }]));
    let Some(sha) = repository.tip(&head) else { return wrong("head") };
    if repository.tip(&base).is_none() {
        return wrong("base");
    }
    if repository.pulls.iter().any(|pull| pull.open && pull.head == head && pull.base == base && !pull.from_fork) {
        let owner = full.split('/').next().unwrap();
        return custom(format!("A pull request already exists for {owner}:{head}."));
    }
    if git(&repository.bare, &["rev-list", &format!("{base}..{head}")]) == Ok(String::new()) {
        return custom(format!("No commits between {base} and {head}"));
    }
    let number = repository.pulls.len() as u64 + 1;
    repository.pulls.push(Pull {
        number,
        title: request.text("title"),
        body: request.text("body"),
        head,
        base,
        sha,
        labels: vec![],
        reviewers: vec![],
        comments: vec![],
        open: true,
        merged: None,
        from_fork: false,
        created: now.clone(),
        updated: now,
        closed: None,
    });
    reply(201, pull_json(host, full, repository.id, repository.pulls.last().unwrap()))
}

pub(super) fn of_pull(
    host: &str,
    full: &str,
    repository: &mut Repository,
    number: u64,
    request: &Request,
    what: &[&str],
    now: String,
) -> Reply {
    let id = repository.id;
    match (request.method.as_str(), what) {
        ("GET", []) => {
            let known = repository.thinks == 0;
            repository.thinks = repository.thinks.saturating_sub(1);
            let pull = repository.pull(number).clone();
            let mut body = pull_json(host, full, id, &pull);
            let fits = pull.open && repository.merged_tree(&pull).is_ok();
            body["mergeable"] = if known && pull.open { json!(fits) } else { Value::Null };
            body["mergeable_state"] = json!(if !known {
                "unknown"
            } else if fits {
                "clean"
            } else {
                "dirty"
            });
            body["merged"] = json!(pull.merged.is_some());
            reply(200, body)
        }
        ("PATCH", []) => {
            let pull = repository.pull(number);
            for (key, field) in [("title", &mut pull.title), ("body", &mut pull.body)] {
                if let Some(text) = request.body[key].as_str() {
                    *field = text.to_owned();
                }
            }
            if request.body["state"] == "closed" && pull.open {
                pull.open = false;
                pull.closed = Some(now.clone());
            }
            pull.updated = now;
            reply(200, pull_json(host, full, id, pull))
        }
        ("POST", ["labels"]) => {
            let wanted = request.texts("labels");
            if !repository.makes_labels && wanted.iter().any(|label| !repository.labels.contains(label)) {
                return invalid(json!([{ "resource": "Label", "field": "name", "code": "missing" }]));
            }
            for label in wanted {
                if !repository.labels.contains(&label) {
                    repository.labels.push(label.clone());
                }
                let pull = repository.pull(number);
                if !pull.labels.contains(&label) {
                    pull.labels.push(label);
                }
            }
            reply(200, labels_json(repository.pull(number)))
        }
        ("POST", ["requested_reviewers"]) => {
            let people = request.texts("reviewers");
            let teams = request.texts("team_reviewers").into_iter().map(|team| format!("team {team}"));
            let all: Vec<String> = people.into_iter().chain(teams).collect();
            if all.iter().any(|one| !repository.collaborators.contains(one)) {
                return refuse(422, "Reviews may only be requested from collaborators.");
            }
            repository.pull(number).reviewers.extend(all);
            reply(201, pull_json(host, full, id, repository.pull(number)))
        }
        ("GET", ["comments"]) => {
            let comments = repository.pull(number).comments.iter();
            reply(200, comments.map(|(body, at)| json!({ "id": 1, "body": body, "created_at": at })).collect())
        }
        ("POST", ["comments"]) => {
            let pull = repository.pull(number);
            pull.comments.push((request.text("body"), now.clone()));
            pull.updated = now.clone();
            reply(201, json!({ "id": 1, "body": request.text("body"), "created_at": now }))
        }
        ("PUT", ["merge"]) => merge(repository, number, request, now),
        _ => refuse(404, "Not Found"),
    }
}

fn merge(repository: &mut Repository, number: u64, request: &Request, now: String) -> Reply {
    let pull = repository.pull(number).clone();
    if !pull.open {
        return refuse(405, "Pull Request is not mergeable");
    }
    if request.text("sha") != pull.sha {
        return refuse(409, "Head branch was modified. Review and try the merge again.");
    }
    if let Some(reason) = repository.blocked {
        return refuse(405, reason);
    }
    let method = request.text("merge_method");
    if !repository.merge_methods.contains(&method.as_str()) {
        return refuse(405, &format!("{method} merges are not allowed on this repository."));
    }
    if repository.thinks > 0 {
        return refuse(405, "Base branch was modified. Review and try the merge again.");
    }
    let Ok(tree) = repository.merged_tree(&pull) else { return refuse(405, "Pull Request is not mergeable") };
    let base = repository.tip(&pull.base).unwrap();
    let sha = merge_commit(&repository.bare, &method, &tree, &base, &pull.sha, request);
    git(&repository.bare, &["update-ref", &format!("refs/heads/{}", pull.base), &sha, &base]).unwrap();
    let pull = repository.pull(number);
    pull.open = false;
    pull.merged = Some(sha.clone());
    pull.closed = Some(now.clone());
    pull.updated = now;
    reply(200, json!({ "sha": sha, "merged": true, "message": "Pull Request successfully merged" }))
}

fn merge_commit(bare: &Path, method: &str, tree: &str, base: &str, head: &str, request: &Request) -> String {
    if method == "rebase" {
        let commits = git(bare, &["rev-list", "--reverse", &format!("{base}..{head}")]).unwrap();
        return commits.lines().fold(base.to_owned(), |onto, commit| {
            let parent = format!("--merge-base={commit}^");
            let tree = git(bare, &["merge-tree", "--write-tree", &parent, &onto, commit]).unwrap();
            let message = git(bare, &["log", "-1", "--format=%B", commit]).unwrap();
            git(bare, &["commit-tree", &tree, "-p", &onto, "-m", &message]).unwrap()
        });
    }
    let message = format!("{}\n\n{}", request.text("commit_title"), request.text("commit_message"));
    let mut arguments = vec!["commit-tree", tree, "-p", base, "-m", message.trim_end()];
    if method == "merge" {
        arguments.extend(["-p", head]);
    }
    git(bare, &arguments).unwrap()
}

pub(super) fn delete_branch(repository: &mut Repository, branch: &str) -> Reply {
    if repository.tip(branch).is_none() {
        return refuse(422, "Reference does not exist");
    }
    if repository.protected.iter().any(|name| name == branch) {
        return refuse(422, "Cannot delete this protected branch");
    }
    git(&repository.bare, &["update-ref", "-d", &format!("refs/heads/{branch}")]).unwrap();
    Reply { status: 204, headers: vec![], body: None }
}

fn owner_of<'a>(full: &'a str, pull: &Pull) -> &'a str {
    if pull.from_fork { "stranger" } else { full.split('/').next().unwrap() }
}

fn labels_json(pull: &Pull) -> Value {
    pull.labels.iter().map(|label| json!({ "id": 1, "name": label, "color": "ededed", "description": null })).collect()
}

fn pull_json(host: &str, full: &str, id: u64, pull: &Pull) -> Value {
    let head_id = if pull.from_fork { id + 500 } else { id };
    json!({
        "id": 5_000_000_000_u64 + pull.number,
        "node_id": "PR_kwDO",
        "number": pull.number,
        "html_url": format!("http://{host}/{full}/pull/{}", pull.number),
        "state": if pull.open { "open" } else { "closed" },
        "title": pull.title,
        "body": if pull.body.is_empty() { Value::Null } else { json!(pull.body) },
        "draft": false,
        "user": { "login": "depbot[bot]", "id": 9, "type": "Bot" },
        "labels": labels_json(pull),
        "created_at": pull.created,
        "updated_at": pull.updated,
        "closed_at": pull.closed,
        "merged_at": pull.merged.as_ref().and(pull.closed.as_ref()),
        "merge_commit_sha": pull.merged.clone().unwrap_or_else(|| "1".repeat(40)),
        "head": side_json(owner_of(full, pull), &pull.head, &pull.sha, head_id),
        "base": side_json(owner_of(full, pull), &pull.base, &"2".repeat(40), id),
    })
}

fn side_json(owner: &str, branch: &str, sha: &str, repository: u64) -> Value {
    json!({ "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "repo": { "id": repository } })
}

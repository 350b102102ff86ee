#!/usr/bin/env python3
"""Sets `depbot plan` beside `cargo upgrade --dry-run` and Renovate's lookup on real repositories.

    cargo build --release --bin depbot --example recorded_index
    benches/peers/run.py REPOSITORIES WORK [--before 2026-02-15] [--delay 20] [--peer cargo-upgrade] [--peer renovate]

REPOSITORIES is a folder of bare git repositories (NAME.git); they are cloned into WORK and never written to. With
`--before`, their main branches are set back to what they were at that day, so that they are behind. The first run
records the index: every index file that a tool asks for is fetched once from the real one and kept in WORK/index. What is
measured is served from there on loopback, each answer after `--delay` milliseconds.

`cargo upgrade` comes with `cargo install cargo-edit`; Renovate is looked for as `renovate` in PATH.
Only Python's own library is used. Results are printed, and kept in WORK/results.json.
"""

import argparse
import collections
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("BENCH_TARGET", ROOT / "target/release"))
UPSTREAM = "https://index.crates.io"


def main():
    arguments = parse_arguments()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    names = prepare(arguments.repositories.resolve(), work, arguments.before)
    recorded = work / "recorded"
    tools = ["depbot", *arguments.peer]
    if arguments.record or not recorded.exists():
        with Index(work, 0, UPSTREAM) as index:
            for tool in tools:
                print(f"recording: {tool}", file=sys.stderr)
                TOOLS[tool](work, names, index, keep=False)
        recorded.touch()
    results = {}
    with Index(work, arguments.delay, None) as index:
        for tool in tools:
            for name, result in TOOLS[tool](work, names, index, keep=True).items():
                results[name] = result
                show(name, result, results)
    (work / "results.json").write_text(json.dumps(results, indent=1))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--before", help="set main branches back to this day")
    parser.add_argument("--delay", type=int, default=20, help="milliseconds that every answer takes")
    parser.add_argument("--peer", action="append", default=[], choices=[name for name in TOOLS if name != "depbot"])
    parser.add_argument("--record", action="store_true", help="ask the real index for what is not recorded yet")
    return parser.parse_args()


def show(name, result, results):
    base = results["depbot, cold"]
    times = lambda key: f"{result[key] / base[key]:.1f}x" if base[key] else "-"
    print(
        f"{name:32} {result['wall']:8.2f} s wall ({times('wall')})  {result['cpu']:8.2f} s CPU ({times('cpu')})  "
        f"{result['memory']:6.0f} MiB  {result['requests']:6} requests  {result['updates']:5} updates",
        flush=True,
    )


# --- the repositories -------------------------------------------------------------------------------------------------


def prepare(source, work, before):
    """Clones what is not there yet: bare in forge/, checked out in checkouts/."""
    names = sorted(path.name.removesuffix(".git") for path in source.glob("*.git"))
    for name in names:
        bare, checkout = work / "forge" / f"{name}.git", work / "checkouts" / name
        if not bare.exists():
            git("clone", "--quiet", "--bare", source / f"{name}.git", bare)
            if before:
                branch = git("-C", bare, "symbolic-ref", "HEAD")
                commit = git("-C", bare, "rev-list", "-1", "--first-parent", f"--before={before}", "HEAD")
                git("-C", bare, "update-ref", branch, commit)
        if not checkout.exists():
            # File by file: where a copy lacks some large file, the others are still there.
            git("clone", "--quiet", "--no-checkout", bare, checkout)
            git("-C", checkout, "read-tree", "HEAD")
            subprocess.run(["git", "-C", checkout, "checkout-index", "--all", "--quiet"], stderr=subprocess.DEVNULL)
    repos = "".join(f'[[repo]]\nurl = "forge/{name}.git"\n\n' for name in names)
    settings = '[fleet]\nforge = "local"\n\n[defaults]\ncooldown = "0d"\nmsrv = false\n\n'
    (work / "repos.toml").write_text(settings + repos)
    return names


def git(*arguments):
    done = subprocess.run(["git", *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


# --- the index --------------------------------------------------------------------------------------------------------


class Index:
    """The recording server, for as long as the `with` lasts, and a $CARGO_HOME that replaces crates.io by it."""

    def __init__(self, work, delay, upstream):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        binary = TARGET / "examples/recorded_index"
        self.command = [binary, work / "index", str(self.port), str(delay), *([upstream] if upstream else [])]
        self.cargo_home = work / "cargo-home"

    def __enter__(self):
        self.fresh_cargo_home()
        self.server = subprocess.Popen(self.command, stdout=subprocess.PIPE)
        self.server.stdout.readline()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()

    def fresh_cargo_home(self):
        shutil.rmtree(self.cargo_home, ignore_errors=True)
        self.cargo_home.mkdir(parents=True)
        replacement = f'[source.crates-io]\nreplace-with = "recorded"\n\n[source.recorded]\nregistry = "sparse+{self.url}"\n'
        (self.cargo_home / "config.toml").write_text(replacement)

    def requests(self):
        with urllib.request.urlopen(f"{self.url}-/requests") as answer:
            return int(answer.read())


def measure(index, commands, folders=None):
    """Runs commands one after the other: seconds of wall and CPU with all children, the largest process, requests."""
    environment = {**os.environ, "CARGO_HOME": str(index.cargo_home), "CARGO_TERM_QUIET": "true"}
    result = {"wall": 0.0, "cpu": 0.0, "memory": 0.0, "requests": -index.requests(), "updates": 0}
    outputs = []
    for command, folder in zip(commands, folders or [None] * len(commands)):
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            start = time.monotonic()
            child = subprocess.Popen(list(map(str, command)), env=environment, stdout=stdout, stderr=stderr, cwd=folder)
            _, status, usage = os.wait4(child.pid, 0)
            result["wall"] += time.monotonic() - start
            result["cpu"] += usage.ru_utime + usage.ru_stime
            result["memory"] = max(result["memory"], usage.ru_maxrss / 1024)
            stdout.seek(0), stderr.seek(0)
            child.returncode = os.waitstatus_to_exitcode(status)
            outputs.append(Done(child.returncode, stdout.read(), stderr.read()))
    result["requests"] += index.requests()
    return result, outputs


Done = collections.namedtuple("Done", "returncode stdout stderr")


# --- the tools --------------------------------------------------------------------------------------------------------


def depbot(work, _names, index, keep):
    """Cold, with mirrors but no index files, and warm; all in a state folder that begins empty."""
    state = work / "state"
    shutil.rmtree(state, ignore_errors=True)
    binary = TARGET / "depbot"
    plan = [binary, "plan", "--all", "--config", work / "repos.toml", "--state", state, "--out", work / "plan.json"]
    results = {}
    for name in ["depbot, cold", "depbot, warm", "depbot, mirrors only"] if keep else ["recording"]:
        if name == "depbot, mirrors only":
            shutil.rmtree(state / "index")
        result, [done] = measure(index, [plan])
        (work / "depbot.stdout").write_text(done.stdout)
        (work / "depbot.stderr").write_text(done.stderr)
        if done.returncode != 0:
            print(done.stderr[-2000:], file=sys.stderr)
        result["updates"] = len(depbot_updates(work))
        results[name] = result
    (work / "depbot.json").write_text(json.dumps(sorted(depbot_updates(work)), indent=0))
    return results


def depbot_updates(work):
    """(repository, workspace, crate, from, to) of everything that a plan edits or locks."""
    plan = json.loads((work / "plan.json").read_text())
    found = set()
    for repository in plan["repositories"]:
        for unit in repository["result"].get("units", []):
            for update in unit["change"].get("updates", []):
                found.add((repository["repo"], unit["workspace"], update["crate"], update["from"], update["to"]))
    return found


def workspaces(work):
    """(repository, folder) of every workspace in depbot's plan."""
    plan = json.loads((work / "plan.json").read_text())
    settled = {
        (it["repo"], settlement["workspace"])
        for it in plan["repositories"]
        for settlement in it["result"].get("settlements", [])
    }
    return sorted(settled)


def cargo_upgrade(work, _names, index, keep):
    """`cargo upgrade` in every workspace, also for incompatible releases and pinned requirements."""
    index.fresh_cargo_home()
    places = workspaces(work)
    manifests = [work / "checkouts" / repo / folder / "Cargo.toml" for repo, folder in places]
    options = ["--incompatible", "allow", "--pinned", "allow", "--ignore-rust-version", "--dry-run", "--verbose"]
    commands = [["cargo", "upgrade", *options, "--manifest-path", manifest] for manifest in manifests]
    cold, outputs = measure(index, commands)
    log = "".join(
        f"=== {repo} {folder} ({done.returncode})\n{done.stdout}{done.stderr}\n"
        for (repo, folder), done in zip(places, outputs)
    )
    (work / "cargo-upgrade.log").write_text(log)
    cold["updates"] = sum(table_rows(done.stdout + done.stderr) for done in outputs)
    if not keep:
        return {}
    warm, outputs = measure(index, commands)
    warm["updates"] = sum(table_rows(done.stdout + done.stderr) for done in outputs)
    return {"cargo upgrade, cold": cold, "cargo upgrade, warm": warm}


def table_rows(text):
    """Rows of `name, old req, compatible, latest, new req, note` whose requirement changes; a line of === has the columns."""
    columns, count = [], 0
    for line in text.splitlines():
        if line.startswith("===="):
            columns = [match.start() for match in re.finditer(r"=+", line)]
        elif len(columns) >= 5 and len(line) > columns[4]:
            cells = [line[start:end].strip() for start, end in zip(columns, [*columns[1:], None])]
            count += cells[1][:1] in "0123456789=~^<>*" and cells[1] != "" and cells[4] != cells[1]
    return count


def renovate(work, names, index, keep):
    """Renovate's lookup in every checkout, with the index as crates.io."""
    commands = [["renovate", "--platform=local", "--dry-run=lookup"] for _ in names]
    result, outputs = measure(index, commands, [work / "checkouts" / name for name in names])
    log = "".join(f"=== {name} ({done.returncode})\n{done.stdout}{done.stderr}\n" for name, done in zip(names, outputs))
    (work / "renovate.log").write_text(log)
    return {"Renovate": result} if keep else {}


TOOLS = {"depbot": depbot, "cargo-upgrade": cargo_upgrade, "renovate": renovate}

if __name__ == "__main__":
    main()

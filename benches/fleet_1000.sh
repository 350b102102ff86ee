#!/usr/bin/env bash
# Plans a fleet of 1,000 tiny bare repositories with the real binary: cold, again with nothing new.
# No network: the releases come from a small index on loopback.
#
#     cargo build --release --bin depbot --example recorded_index
#     benches/fleet_1000.sh [WORK] [COUNT]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=${BENCH_TARGET:-$root/target/release}
work=${1:-$(mktemp -d)}
count=${2:-1000}
crates=200
per_repository=50
port=${PORT:-8642}

path() {
    local name=$1
    echo "${name:0:2}/${name:2:2}/$name"
}

make_index() {
    local crate release file
    echo '{"dl":"http://127.0.0.1:'"$port"'/dl"}' > "$work/index/config.json"
    for crate in $(seq 100 $((99 + crates))); do
        file="$work/index/$(path "crate-$crate")"
        mkdir -p "$(dirname "$file")"
        for release in $(seq 0 39); do
            echo '{"name":"crate-'"$crate"'","vers":"1.'"$release"'.0","deps":[],"cksum":"'"$(printf %064x "$crate")"'","features":{},"yanked":false,"pubtime":"2026-01-02T03:04:05Z"}'
        done > "$file"
    done
}

make_repository() {
    local number=$1 bare="$work/forge/service-$1.git" at
    {
        printf '[package]\nname = "service-%s"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n' "$number"
        for at in $(seq 0 $((per_repository - 1))); do
            echo "crate-$((100 + (number + at * 3) % crates)) = \"1.$((at % 30))\""
        done
    } > "$work/Cargo.toml"
    cp -r "$work/empty.git" "$bare"
    {
        printf 'commit refs/heads/main\ncommitter bench <bench@example.com> 1767225600 +0000\ndata 5\nfirst\n'
        printf 'M 100644 inline src/lib.rs\ndata 0\n\nM 100644 inline Cargo.toml\ndata %s\n' "$(wc -c < "$work/Cargo.toml")"
        cat "$work/Cargo.toml"
    } | git -C "$bare" fast-import --quiet
}

plan() {
    echo "--- $1"
    TIMEFORMAT='%R s wall, %U s user, %S s system'
    time CARGO_HOME="$work/cargo-home" "$target/depbot" --config "$work/repos.toml" --state "$work/state" plan --all \
        --out "$work/plan.json" > "$work/stdout" 2> "$work/stderr"
    echo "$(curl --silent "http://127.0.0.1:$port/-/requests") requests so far; $(tail -n 1 "$work/stdout")"
}

mkdir -p "$work/index" "$work/forge" "$work/cargo-home"
rm -rf "$work/state" "$work/empty.git"
git init --quiet --bare --initial-branch main "$work/empty.git"
rm -rf "$work/empty.git/hooks"
make_index
gzip --recursive --force --no-name "$work/index"
printf '[fleet]\nforge = "local"\n\n' > "$work/repos.toml"
for number in $(seq 1 "$count"); do
    [ -d "$work/forge/service-$number.git" ] || make_repository "$number"
    printf '[[repo]]\nurl = "forge/service-%s.git"\n\n' "$number" >> "$work/repos.toml"
done
printf '[source.crates-io]\nreplace-with = "bench"\n\n[source.bench]\nregistry = "sparse+http://127.0.0.1:%s/"\n' "$port" \
    > "$work/cargo-home/config.toml"
"$target/examples/recorded_index" "$work/index" "$port" 20 > "$work/index.log" &
server=$!
trap 'kill "$server"' EXIT
until curl --silent --output /dev/null "http://127.0.0.1:$port/-/requests"; do sleep 0.1; done

plan "cold"
plan "again, nothing new"

# What people run while they work on depbot; `just` lists it.

[private]
default:
    @just --list --unsorted

# Everything that a change has to pass, and the licences and advisories of what it depends on.
check: fmt-check clippy docs test deny

# Format the sources.
fmt:
    cargo fmt

fmt-check:
    cargo fmt --check

clippy:
    cargo clippy --all-targets --locked -- -D warnings

docs:
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --document-private-items --locked

test:
    cargo test --locked

# Licences, advisories, sources (needs `cargo install cargo-deny --locked`).
deny:
    cargo deny --locked check

# Write schema/*.json anew from the types.
schemas:
    DEPBOT_UPDATE_SCHEMAS=1 cargo test --locked --test schema

# Accept what the snapshot tests see now; read the difference before you commit it.
snapshots:
    INSTA_UPDATE=always cargo test --locked

# Measure the parts that have to be fast.
bench *ARGS:
    cargo bench --locked -- {{ ARGS }}

# The demo fleet, made afresh.
demo:
    cargo run --release --locked -- demo --force

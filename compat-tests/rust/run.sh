#!/usr/bin/env bash
# Runs the Rust suite against COMPAT_ENDPOINT, and leaves one report. The variables are those that
# README.md, one folder up, tells of.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
source ../columns.sh

if ! command -v cargo >/dev/null; then
    echo "compat-tests/rust: cargo is missing; install Rust 1.88 or later" >&2
    exit 77
fi

column=rust-1.1.0
is_wanted "$column" || exit 0

export CARGO_TARGET_DIR=$COMPAT_CACHE/rust RUST_BACKTRACE=0
cargo test --locked --quiet --lib --no-run || exit 3

# A name is taken that has one of these in it, and no name has the number of another scenario.
scenarios=()
if [[ -n ${COMPAT_SCENARIOS:-} ]]; then
    IFS=, read -ra scenarios <<<"${COMPAT_SCENARIOS,,}"
    scenarios=("${scenarios[@]/%/_}")
fi

echo "== $column"
printed=$CARGO_TARGET_DIR/printed.txt
status=0
# Most of the time is spent waiting, so many tests run at once.
cargo test --locked --quiet --lib -- --format pretty --color never --show-output --test-threads=32 \
    ${scenarios[@]+"${scenarios[@]}"} >"$printed" 2>&1 || status=$?
awk -v suite="$column" -f junit.awk "$printed" >"$COMPAT_REPORTS/$column.xml"

sed -n '/^failures:$/,/^test result: /p' "$printed" | sed '$d'
grep '^test result: ' "$printed" || { cat "$printed" >&2; exit 3; }
[[ $status == 0 ]] || exit 1

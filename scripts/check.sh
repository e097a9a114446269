#!/usr/bin/env bash
# Runs everything that CI runs, and sets up what it needs from the package registries.
#
#   scripts/check.sh            all of it
#   scripts/check.sh rust       format, lints, documentation and tests of the Rust workspace
#   scripts/check.sh compat     the suites of all SDKs, against the release build
#   scripts/check.sh packages   the packages, installed and used
#   scripts/check.sh containers the image, in real containers
#   scripts/check.sh examples   the files of compat-tests/examples
#   scripts/check.sh bench      the benchmarks, as briefly as they can be run at all
#
# What cannot be run here is said at the end, and does not fail the check; what fails, does.
set -euo pipefail
cd "$(dirname "$0")/.."

skipped=()

title() { printf '\n=== %s (at %d:%02d)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

have() { command -v "$1" >/dev/null 2>&1; }

rust() {
    title 'format'
    cargo fmt --all --check
    title 'lints'
    cargo clippy --workspace --all-targets --locked -- -D warnings
    title 'lints of the fuzzing harness'
    cargo fmt --manifest-path crates/fuzz/harness/Cargo.toml --check
    # Nothing is linked, so libFuzzer, which takes a minute to compile, need not be anywhere.
    CUSTOM_LIBFUZZER_PATH=/nowhere/libfuzzer.a cargo clippy --manifest-path crates/fuzz/harness/Cargo.toml \
        --locked --target-dir target -- -D warnings
    title 'documentation'
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet
    title 'tests'
    cargo test --workspace --locked
    title 'licenses, sources and duplicates'
    if have cargo-deny; then
        cargo deny --config .deny.toml check bans licenses sources
    else
        skipped+=('cargo-deny is not installed: `cargo install cargo-deny` lets this check licenses and duplicates')
    fi
}

# Every scenario, in every language that is installed: as it is started by default, and, by the newest
# SDKs, as far from that as it goes.
compat() {
    title 'SDKs: over HTTP, on disk'
    scripts/compat.sh --out target/compat/disk
    title 'newest SDKs: over HTTPS, in memory, strict'
    scripts/compat.sh --storage memory --tls --strict --out target/compat/memory \
        --only dotnet frameworks go-2 java-12 javascript-12.3 python-12.18 rust wire
}

# The program that all but the first part test takes minutes to link, on one core; the tests of the
# first part wait much, for what they have started. If one of them fails, it ends by itself.
everything() {
    scripts/build.sh >/dev/null &
    local building=$!
    rust
    title 'the program as it is given away'
    wait "$building"
    compat
    bench
    packages
    examples
    containers
}

# Runs what may say by 77 that it cannot run here, or not all of it.
attempt() {
    local what=$1 code=0
    shift
    "$@" || code=$?
    case $code in
        0) ;;
        77) skipped+=("$what, for what is said above") ;;
        *) exit "$code" ;;
    esac
}

packages() {
    title 'packages'
    attempt 'some packages' scripts/package.sh
    attempt 'the tests of some packages' scripts/package-tests.sh
}

containers() {
    title 'containers'
    attempt 'containers' scripts/container-tests.sh -q
}

examples() {
    title 'examples'
    attempt 'the examples' scripts/examples-check.sh
}

# No time is judged here: it fails if something does not work.
bench() {
    title 'benchmarks, a short run'
    scripts/bench.sh --smoke --out target/bench/check
}

have cargo || { echo 'check.sh: cargo is not installed; see https://rustup.rs' >&2; exit 1; }

case "${1:-all}" in
    rust) rust ;;
    compat) compat ;;
    packages | containers | examples | bench) "$1" ;;
    all) everything ;;
    *) echo "check.sh: unknown part '$1'; see its first lines" >&2; exit 2 ;;
esac

title 'done'
for reason in "${skipped[@]+"${skipped[@]}"}"; do
    echo "not run: $reason"
done

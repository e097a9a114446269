#!/usr/bin/env bash
# Runs the fuzz targets, each for so many minutes, and keeps what they find.
#
#   scripts/fuzz.sh MINUTES            every target in turn
#   scripts/fuzz.sh MINUTES TARGET     this one
#
# It needs a nightly toolchain, cargo-fuzz and a C++ compiler; what is missing it says. Inputs that
# reach something new are kept in target/fuzz/inputs/TARGET and go on from there the next time.
# A finding is printed with how to repeat it, and the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }
need() { echo "fuzz.sh: $1" >&2; missing=1; }

[ "$#" -ge 1 ] && [ "$#" -le 2 ] || usage
[[ "$1" =~ ^[1-9][0-9]*$ ]] || usage

harness=crates/fuzz/harness
corpus=crates/fuzz/corpus
work="$PWD/target/fuzz"
export CARGO_TARGET_DIR="$work"

missing=
have rustup && rustup run nightly rustc --version >/dev/null 2>&1 ||
    need 'coverage needs a nightly compiler: rustup toolchain install nightly --profile minimal'
have cargo-fuzz || need 'cargo-fuzz is not installed: cargo install cargo-fuzz --locked'
have c++ || need 'libFuzzer needs a C++ compiler: apt-get install g++, or the like'
[ -z "$missing" ] || exit 1

targets=()
for file in "$harness"/fuzz_targets/*.rs; do
    name="$(basename "$file" .rs)"
    [ -n "${2:-}" ] && [ "$2" != "$name" ] || targets+=("$name")
done
[ "${#targets[@]}" -gt 0 ] || { echo "fuzz.sh: there is no target $2" >&2; exit 2; }

# No code of ours is unsafe, so there is nothing for a sanitizer to find that is worth its time.
fuzz() { cargo +nightly fuzz "$1" --fuzz-dir "$harness" --sanitizer none "${@:2}"; }

fuzz build
touch "$work/begun"
findings=()
for target in "${targets[@]}"; do
    found="$work/inputs/$target"
    mkdir -p "$found" "$work/findings/$target"
    printf '\n=== %s\n' "$target"
    seconds=$((60 * $1))
    fuzz run "$target" "$found" "$corpus/$target" -- \
        -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$work/findings/$target/" || findings+=("$target")
done

for target in "${findings[@]+"${findings[@]}"}"; do
    echo
    echo "fuzz.sh: $target does not hold for these; add them to $corpus/$target once it does:"
    find "$work/findings/$target" -type f -newer "$work/begun" | while read -r file; do
        options="--fuzz-dir $harness --sanitizer none $target $file"
        echo "  $file"
        echo "    repeat: CARGO_TARGET_DIR=target/fuzz cargo +nightly fuzz run $options"
        echo "    shrink: CARGO_TARGET_DIR=target/fuzz cargo +nightly fuzz tmin $options"
    done
done
[ "${#findings[@]}" -eq 0 ]

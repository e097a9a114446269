#!/usr/bin/env bash
# Runs the simulation of clients, executor, engine and store, with faults and crashes: every
# seed is another life. Fails if any of them disagrees with the reference model.
#
#   scripts/simulate.sh SEEDS [FIRST]        that many seeds, from 0 or FIRST on
#   QUEUERITE_SEED=n scripts/simulate.sh     what happens under this seed, line by line
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$#" -eq 0 ] && [ -z "${QUEUERITE_SEED:-}" ]; then
    echo 'usage: scripts/simulate.sh SEEDS [FIRST], or QUEUERITE_SEED=n scripts/simulate.sh' >&2
    exit 2
fi
exec cargo run --release --locked --quiet --package queuerite-testkit --example simulate -- "$@"

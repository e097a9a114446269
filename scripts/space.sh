#!/usr/bin/env bash
# Puts millions of messages through a store on disk, and fails if its files or its memory grow
# beyond what crates/store/README.md says. Takes about five minutes, and a gigabyte of disk
# below the working directory.
#
#   scripts/space.sh [CASE ...] [--percent N]
#
# The cases: drained, steady, 'long texts', pinned, random.
set -euo pipefail
cd "$(dirname "$0")/.."

exec cargo run --release --locked --quiet --package queuerite-store --example space -- "$@"

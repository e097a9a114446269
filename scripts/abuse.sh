#!/usr/bin/env bash
# Measures how much memory the server takes under ten thousand connections, clients that are slow,
# bodies of a gigabyte and answers that nobody reads, and whether others are served meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --quiet -p queuerite-server --bin queuerite --example abuse
exec target/release/examples/abuse target/release/queuerite

#!/usr/bin/env bash
# Runs the SDKs of all languages that this machine has against a server, and writes what they found
# into target/compat: matrix.html to read, matrix.md, matrix.json, junit.xml, and a log per suite.
#
#   scripts/compat.sh                                          this server, over HTTP, on disk
#   scripts/compat.sh --storage memory --tls --strict          in memory, over HTTPS, with tokens, strict
#   scripts/compat.sh --only python java --scenario 42 114     less of it
#   scripts/compat.sh --start 'COMMAND with {port} and {location}'   another server
#   scripts/compat.sh --endpoint URL --account NAME --key KEY  one that is there, or the cloud: --cloud
#   scripts/compat.sh --help                                   the rest
#
# It touches only queues that it has created, and puts service properties back. It exits with 0 if all
# that could run passed, with 1 if something failed, with 2 if it could not be run.
set -euo pipefail
cd "$(dirname "$0")/.."

# The server as it is given away; the tools as they are built soonest.
program=()
case " $* " in
    *' --program '*) ;;
    *) program=(--program "$(scripts/build.sh)") ;;
esac
cargo build --locked --quiet -p queuerite-compat -p queuerite-wire-suite
exec target/debug/queuerite-compat "${program[@]+"${program[@]}"}" "$@"

#!/usr/bin/env bash
# Kills a server at random moments and compares what it remembers with what it acknowledged.
#
#   scripts/crash.sh [ROUNDS] [OPTIONS]    100 rounds unless told otherwise
#
#   --seed N           do what another run did, as far as the scheduler permits
#   --clients N        how many connections work at once, at most [8]
#   --work MS          the longest time of work in a round, in milliseconds [300]
#   --signal NAME      end the server by another signal than KILL
#   --start COMMAND    any server's command line, with {location} and {port} in it, such as
#                      'azurite-queue --silent --location {location} --queuePort {port}'
#   --compact COMMAND  rewrites {location} while no server runs; killed now and then
#   --export COMMAND   writes what {location} holds to {file}, and
#   --import COMMAND   makes an empty {location} hold it again; killed now and then
#
# Clients outside of the server's process create and delete queues, put, get, peek, update,
# delete and clear, set metadata and stored access policies, and note each acknowledgement. The
# server is killed, sometimes while it starts or stops, and started again on the same location.
# Then what was acknowledged must be there once, what was deleted must be gone, and what was under
# way must be in one of its two states; newest pop receipts must fit, and times, dequeue counts
# and order must be what they were. It prints the seed, what was done and what was lost, and
# fails if anything was.
#
# In a third of the rounds clients write texts of up to 64 KiB and leave messages between them that
# nobody touches, so that queuerite soon has to relocate frames; what its store tells of that at
# the level debug is counted. The commands are queuerite's unless another server is started.
#
# The location is in $TMPDIR and deleted at the end, unless something was found and KEEP=1.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=100
case "${1:-}" in
    '' | -*) ;;
    *) rounds=$1; shift ;;
esac
ours=(
    --start 'target/release/queuerite --silent --location {location} --queuePort {port}'
    --compact 'target/release/queuerite store compact --location {location}'
    --export 'target/release/queuerite store export --location {location} --output {file}'
    --import 'target/release/queuerite store import --location {location} --input {file}'
)
for argument in "$@"; do
    case "$argument" in --start | --start=*) ours=() ;; esac
done
export QUEUERITE_LOG=warn,queuerite_store=debug

cargo build --release --locked --quiet -p queuerite-server -p queuerite-ordeal

directory=$(mktemp -d)
code=0
ordeal=
# The server is in a process group of its own and does not hear a Ctrl-C; the tool ends it.
clean_up() {
    [ -z "$ordeal" ] || kill "$ordeal" 2>/dev/null || true
    [ ! -f "$directory/server.pid" ] || kill -KILL -- "-$(cat "$directory/server.pid")" 2>/dev/null || true
    if [ "$code" -ne 0 ] && [ "${KEEP:-}" = 1 ]; then
        echo "kept: $directory"
    else
        rm -rf "$directory"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

target/release/queuerite-ordeal crash "$rounds" --directory "$directory" "${ours[@]}" "$@" &
ordeal=$!
wait "$ordeal" || code=$?
ordeal=
exit "$code"

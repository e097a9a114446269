#!/usr/bin/env bash
# Cuts a server's power at random moments and compares what it remembers with what it
# acknowledged.
#
#   scripts/power-cut.sh [ROUNDS] [OPTIONS]    100 rounds; the options are those of crash.sh
#
# The location is on an ext4 file system in an image file. At a random moment the server is
# stopped and the image is copied, without the pages that the kernel had not written: what a
# device keeps when its power fails. The copy is mounted, the server started on it, and
# compared as in crash.sh. A device that loses or reorders what it has confirmed is not modeled.
#
# `--start` with `--durability flush` shows that the tool finds what that level does not promise.
#
# It needs root and a loop device. Where it cannot run it says so and exits with 77.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "power-cut.sh: not run: $1"; exit 77; }

[ "$(uname -s)" = Linux ] || skip 'this is not Linux'
[ "$(id -u)" -eq 0 ] || skip 'only root may mount'
for command in mkfs.ext4 mount umount cp; do
    command -v "$command" >/dev/null 2>&1 || skip "there is no $command"
done

rounds=100
case "${1:-}" in
    '' | -*) ;;
    *) rounds=$1; shift ;;
esac
start='target/release/queuerite --silent --location {location} --queuePort {port}'
# What it tells of relocating frames is counted.
export QUEUERITE_LOG=warn,queuerite_store=debug

directory=$(mktemp -d)
ordeal=
clean_up() {
    [ -z "$ordeal" ] || kill "$ordeal" 2>/dev/null || true
    [ ! -f "$directory/server.pid" ] || kill -KILL -- "-$(cat "$directory/server.pid")" 2>/dev/null || true
    for mount in "$directory"/*.mount; do
        # What was killed may take a moment to let go of it.
        umount "$mount" 2>/dev/null || umount --lazy "$mount" 2>/dev/null || true
    done
    rm -rf --one-file-system "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

truncate -s 16M "$directory/try.image"
mkdir "$directory/try.mount"
mkfs.ext4 -q -F "$directory/try.image" || skip 'mkfs.ext4 fails'
mount -o loop "$directory/try.image" "$directory/try.mount" 2>/dev/null \
    || skip 'a loop device cannot be mounted'
umount "$directory/try.mount"
rm -r "$directory"/try.*

cargo build --release --locked --quiet -p queuerite-server -p queuerite-ordeal
code=0
target/release/queuerite-ordeal power-cut "$rounds" --directory "$directory" --start "$start" "$@" &
ordeal=$!
wait "$ordeal" || code=$?
ordeal=
exit "$code"

#!/usr/bin/env bash
# Builds the program as it is given away, and prints where it is. On Linux it is linked statically:
# one program runs on every distribution, and in an image with nothing else in it. On Windows it
# needs no runtime library that must be installed first.
#
#   scripts/build.sh [TARGET]    for this machine, or for a target of rustc that is installed
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
flags=${RUSTFLAGS:-}
suffix=
case $target in
    *-linux-* | *-windows-msvc) flags+=' -C target-feature=+crt-static' ;;
esac
case $target in
    *-windows-*) suffix=.exe ;;
esac
# A target that is named keeps the flags away from what runs while it is built.
RUSTFLAGS=$flags cargo build --release --locked --quiet --package queuerite-server --target "$target" >&2
echo "target/$target/release/queuerite$suffix"

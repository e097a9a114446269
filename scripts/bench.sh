#!/usr/bin/env bash
# Measures this server against a bare hyper, and against Azurite where it is installed.
#
#   scripts/bench.sh                  what the README tells, in about twelve minutes
#   scripts/bench.sh --quick          everything once and briefly, to show that it works
#   scripts/bench.sh --smoke          the same with a load generator that is not optimized, so soon built
#   scripts/bench.sh --full           curves over connections, sizes and depths too, in an hour
#   scripts/bench.sh --with-azurite   installs the newest Azurite from npm into target/bench, first
#   scripts/bench.sh --only NAME...   only these cases, or those in whose names this occurs
#   scripts/bench.sh --out DIR        where results.json and the charts go; else target/bench
#
# The servers run on one core and the load generator on another. Measure on a machine that has
# nothing else to do: it says so at the start if there is something.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=target/bench/azurite
azurite=
options=()
quick=
profile=release
while [ "$#" -gt 0 ]; do
    case "$1" in
        --with-azurite) azurite=install ;;
        --quick) quick=1; options+=("$1") ;;
        --smoke) quick=1; profile=dev; options+=(--quick) ;;
        *) options+=("$1") ;;
    esac
    shift
done

have() { command -v "$1" >/dev/null 2>&1; }

# Azurite runs from its folder, so that it is node which is measured and not a wrapper around it.
if [ "$azurite" = install ]; then
    have npm && have node || { echo 'bench.sh: Azurite needs Node.js and npm' >&2; exit 1; }
    mkdir -p "$cache"
    npm install --prefix "$cache" --no-save --ignore-scripts --loglevel=error azurite@latest
fi
if have node && { [ -z "$quick" ] || [ -n "$azurite" ]; }; then
    global=$(have npm && npm root --global || true)
    for folder in "$cache" "$global/azurite"; do
        if [ -f "$folder/node_modules/azurite/dist/src/queue/main.js" ] ||
            [ -f "$folder/dist/src/queue/main.js" ]; then
            options+=(--with-azurite "$folder")
            break
        fi
    done
fi

case " ${options[*]-} " in
    *' --program '*) ;;
    *) options+=(--program "$(scripts/build.sh)") ;;
esac
cargo build --profile "$profile" --locked --package queuerite-load
folder=target/${profile/dev/debug}

pinned=()
cores=$(nproc)
if ! have taskset; then
    echo 'bench.sh: there is no taskset: servers and generator run wherever the system puts them' >&2
elif [ "$cores" -lt 2 ] || ! taskset -c "0,$((cores - 1))" true 2>/dev/null; then
    echo 'bench.sh: there is one core for server and generator: they are in each other'\''s way' >&2
else
    pinned=(taskset -c "$((cores - 1))")
    options+=(--server-core 0)
fi
exec "${pinned[@]+"${pinned[@]}"}" "$folder/queuerite-load" bench "${options[@]+"${options[@]}"}"

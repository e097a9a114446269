#!/usr/bin/env bash
# Runs the JavaScript suite on a server that keeps its data on disk and then on one that keeps it in
# memory, or only in the modes that are named: run.sh [disk] [memory]. Names of test files choose
# those files, and everything else goes to node. README.md one folder up tells more.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache/compat-tests/javascript

for program in node npm; do
    if ! command -v "$program" >/dev/null; then
        echo "compat-tests/javascript: $program is missing; install Node.js 20 or later" >&2
        exit 77
    fi
done
if ! node --eval 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    echo "compat-tests/javascript: node $(node --version) is too old; 20 or later is needed" >&2
    exit 77
fi

# The packages live outside of the sources, and are installed anew when the lock file changes.
if ! cmp --silent "$here/package-lock.json" "$cache/installed.json"; then
    mkdir -p "$cache"
    rm -f "$cache/installed.json"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$cache"
    (cd "$cache" && npm ci --ignore-scripts --loglevel=error)
    cp "$here/package-lock.json" "$cache/installed.json"
fi
if [[ ! "$here/node_modules" -ef "$cache/node_modules" ]]; then
    rm -rf "$here/node_modules"
    ln -s "$cache/node_modules" "$here/node_modules"
fi

modes=()
files=()
options=()
for argument in "$@"; do
    case $argument in
        disk | memory) modes+=("$argument") ;;
        *.test.js) files+=("$argument") ;;
        *) options+=("$argument") ;;
    esac
done
if [[ -n ${QUEUERITE_ENDPOINT:-} ]]; then
    modes=(external)
elif [[ ${#modes[@]} -eq 0 ]]; then
    read -ra modes <<<"${QUEUERITE_MODE:-disk memory}"
fi

cd "$here"
if [[ ${#files[@]} -eq 0 ]]; then
    files=(*.test.js)
fi
sdk=$(node --print 'require("@azure/storage-queue/package.json").version')
failed=0
for mode in "${modes[@]}"; do
    echo "== @azure/storage-queue $sdk, $mode"
    (
        [[ $mode == external ]] || export QUEUERITE_MODE=$mode
        node --test --test-reporter=spec "${options[@]+"${options[@]}"}" "${files[@]}"
    ) || failed=1
done
exit $failed

#!/usr/bin/env bash
# Runs the JavaScript suite against the server that the environment names, once for each version of
# the SDK. scripts/compat.sh starts it; README.md one folder up tells what the variables mean.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../columns.sh"
columns=(javascript-12.32.0 javascript-12.0.0)
own_server=javascript-own-server

if [[ -z ${COMPAT_ENDPOINT:-} ]]; then
    echo 'compat-tests/javascript: COMPAT_ENDPOINT is not set; run scripts/compat.sh --only javascript' >&2
    exit 2
fi
for program in node npm; do
    if ! command -v "$program" >/dev/null; then
        echo "compat-tests/javascript: $program is missing; install Node.js 20 or later" >&2
        exit 77
    fi
done
if ! node --input-type=module --eval 'process.exit((await import("node:test/reporters")).junit ? 0 : 1)' 2>/dev/null; then
    echo "compat-tests/javascript: node $(node --version) is too old; a current 20 or later is needed" >&2
    exit 77
fi

# The packages live outside of the sources, and are installed anew when the lock file changes.
cache=$COMPAT_CACHE/javascript
if ! cmp --silent "$here/package-lock.json" "$cache/installed.json"; then
    mkdir -p "$cache"
    rm -f "$cache/installed.json"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$cache"
    (cd "$cache" && npm ci --ignore-scripts --loglevel=error)
    cp "$here/package-lock.json" "$cache/installed.json"
fi
if [[ ! "$here/node_modules" -ef "$cache/node_modules" ]]; then
    rm -rf "$here/node_modules"
    ln -s "$(cd "$cache/node_modules" && pwd)" "$here/node_modules"
fi

failed=0
# Runs node with a report named after the column. A report without an end is a suite that broke.
report() {
    local column=$1 file=$COMPAT_REPORTS/$1.xml
    shift
    echo "== $column"
    rm -f "$file"
    node --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=junit --test-reporter-destination="$file" "$@" || failed=1
    if ! grep --silent '</testsuites>' "$file"; then
        echo "compat-tests/javascript: $column broke, and has no whole report" >&2
        exit 3
    fi
}

cd "$here"
if [[ -n ${COMPAT_CA:-} ]]; then
    export NODE_EXTRA_CA_CERTS=$COMPAT_CA
fi
for column in "${columns[@]}"; do
    if is_wanted "$column"; then
        COMPAT_COLUMN=$column report "$column" suite.js
    fi
done
# These have no numbers, so whoever asks for scenarios does not ask for them.
if [[ -n ${COMPAT_SERVER:-} && -z ${COMPAT_SCENARIOS:-} ]] && is_wanted "$own_server"; then
    report "$own_server" --test --test-concurrency=3 own-server/*.test.js
fi
exit $failed

#!/usr/bin/env bash
# Runs the Go suite against COMPAT_ENDPOINT: a column for each version of the SDK, a report for each
# column. The variables are those that README.md, one folder up, tells of.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
source ../columns.sh

if ! command -v go >/dev/null; then
    echo "compat-tests/go: go is missing; install Go 1.25 or later" >&2
    exit 77
fi

gotestsum=v1.13.0

# All that is fetched or built is kept in the cache, and a second run finds it there.
export GOPATH=$COMPAT_CACHE/go GOMODCACHE=$COMPAT_CACHE/go/modules GOCACHE=$COMPAT_CACHE/go/build
export GOBIN=$COMPAT_CACHE/go/bin-$gotestsum
# The cache is to be removable, which read-only folders are not.
export GOFLAGS=-modcacherw
[[ -x $GOBIN/gotestsum ]] || go install "gotest.tools/gotestsum@$gotestsum"

# S042,S043 is every test whose name begins with one of them.
scenarios=.
if [[ -n ${COMPAT_SCENARIOS:-} ]]; then
    scenarios="^Test(${COMPAT_SCENARIOS//,/|})_"
fi

failed=0
# Runs one column: its name, and what chooses its version of the SDK.
column() {
    local name=$1
    shift
    is_wanted "$name" || return 0
    echo "== $name"
    go vet "$@" ./... || exit 3
    # Most of the time is spent waiting, so many tests run at once.
    "$GOBIN/gotestsum" --format pkgname --hide-summary skipped --junitfile "$COMPAT_REPORTS/$name.xml" -- \
        "$@" -count=1 -parallel=32 -timeout=10m -run "$scenarios" . || failed=1
    reasons "$COMPAT_REPORTS/$name.xml"
}

# Leaves the reason alone in the report of a skipped test, which has all that the test has printed.
reasons() {
    sed -E 's/(<skipped message=")[^"]*_test\.go:[0-9]+: ([^"]*)&#xA;--- SKIP[^"]*"/\1\2"/' "$1" >"$1.new"
    mv "$1.new" "$1"
}

column go-2.1.2
column go-1.0.0 -modfile=go-1.0.0.mod -tags=v1
exit $failed

#!/usr/bin/env bash
# Checks compat-tests/examples: that each file can be read by what it is for, and that account, key,
# ports and image are the same in all of them.
#
#   scripts/examples-check.sh          YAML and JSON; with Go, compose files and Kubernetes manifests field
#                                      by field; with actionlint, the workflows; and that programs parse
#   scripts/examples-check.sh --run    also the tests in testcontainers, in those languages that are
#                                      installed; a docker engine must run, and have the image
#
# Packages come from the registries, and are kept in .cache. What could not be checked is said at the
# end; where nothing could, the exit code is 77.
set -euo pipefail
cd "$(dirname "$0")/.."

run=0
case "${1:-}" in
    '') ;;
    --run) run=1 ;;
    *) echo "examples-check.sh: unknown argument '$1'; the one option is --run" >&2; exit 2 ;;
esac

examples=compat-tests/examples
cache=$PWD/.cache/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
unchecked=()

have() { command -v "$1" >/dev/null 2>&1; }

if ! have python3; then
    echo 'examples-check.sh: not run: python3 is not installed' >&2
    exit 77
fi
if [[ ! -x $cache/yaml/bin/python ]] || ! "$cache/yaml/bin/python" -c 'import yaml' 2>/dev/null; then
    rm -rf "$cache/yaml"
    if ! { python3 -m venv "$cache/yaml" && "$cache/yaml/bin/pip" install --quiet --disable-pip-version-check PyYAML==6.0.3; }; then
        echo 'examples-check.sh: not run: PyYAML cannot be installed' >&2
        exit 77
    fi
fi
echo '== files'
"$cache/yaml/bin/python" scripts/examples/files.py "$examples"

echo '== compose files and manifests'
if have go; then
    (cd scripts/examples && GOFLAGS=-buildvcs=false go build -o "$work/check" .)
    "$work/check" compose "$examples"/compose*.yaml
    "$work/check" kubernetes "$examples"/{kubernetes,scaledobject,component}.yaml
else
    unchecked+=('compose files and manifests, field by field: Go is not installed')
fi

echo '== workflows'
if have actionlint; then
    actionlint "$examples/github-actions.yml" .github/workflows/*.yml
else
    unchecked+=('workflows: actionlint is not installed')
fi

# Each test is run in a copy, for none has a lock file, and what is made of it stays here.
copy() {
    local folder=$cache/testcontainers/$1
    mkdir -p "$folder"
    cp -R "$examples/testcontainers/$1/." "$folder"
    echo "$folder"
}

python_test() {
    [[ -x venv/bin/python ]] || python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
    venv/bin/python -m pytest --quiet
}
node_test() { npm install --silent --no-audit --no-fund && npm test; }
java_test() { mvn --quiet --batch-mode test; }
go_test() { GOFLAGS=-buildvcs=false go mod tidy && go vet . && go test -count=1 .; }
rust_test() { CARGO_PROFILE_DEV_DEBUG=0 cargo test --quiet; }

if [[ $run -eq 1 ]]; then
    if ! docker info >/dev/null 2>&1; then
        echo 'examples-check.sh: not run: no docker engine answers' >&2
        exit 77
    fi
    # The engine is asked for the image before a registry is, so one that was built here will do.
    for language in python:python3 node:npm java:mvn go:go rust:cargo; do
        command=${language#*:} language=${language%:*}
        echo "== testcontainers, $language"
        if have "$command"; then
            (cd "$(copy "$language")" && "${language}_test")
        else
            unchecked+=("testcontainers in $language: there is no $command")
        fi
    done
else
    unchecked+=('testcontainers: only with --run, and a docker engine')
fi
unchecked+=('AppHost.cs, gitlab-ci.yml and the kinds of KEDA and Dapr: beyond their syntax, by nothing')

echo '== done'
for what in "${unchecked[@]}"; do
    echo "not checked: $what"
done

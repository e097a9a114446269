#!/usr/bin/env bash
# Replays what queue frameworks send, and runs Celery and the Azure CLI themselves.
# ../README.md tells which variables say where the server is; the column is `frameworks`.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../columns.sh"

python=${PYTHON:-python3}
if ! "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "compat-tests/frameworks: Python 3.10 or later with venv is missing ($python)" >&2
    exit 77
fi
for name in COMPAT_ENDPOINT COMPAT_ACCOUNT COMPAT_KEY COMPAT_RUN COMPAT_REPORTS COMPAT_CACHE; do
    if [[ -z ${!name:-} ]]; then
        echo "compat-tests/frameworks: $name is not set" >&2
        exit 2
    fi
done
is_wanted frameworks || exit 0

# Makes the virtual environment of these requirements, anew when they change; further arguments are pip's.
environment() {
    local requirements=$here/requirements/$1.txt folder=$COMPAT_CACHE/frameworks/$1
    shift
    if ! cmp --silent "$requirements" "$folder/installed.txt"; then
        rm -rf "$folder"
        mkdir -p "$COMPAT_CACHE/frameworks"
        "$python" -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
            --requirement "$requirements" "$@"
        cp "$requirements" "$folder/installed.txt"
    fi
}

environment tests
# Of its 340 MB of bytecode, 16 are ever used: what is run is compiled then.
environment azure-cli --no-compile

# `-k` would take S40 for a part of S401: the numbers are whole words in conftest.py instead.
cd "$here"
export PYTHONDONTWRITEBYTECODE=1
export COMPAT_AZURE_CLI=$COMPAT_CACHE/frameworks/azure-cli/bin/python
status=0
"$COMPAT_CACHE/frameworks/tests/bin/python" -m pytest \
    --junitxml="$COMPAT_REPORTS/frameworks.xml" -o junit_suite_name=frameworks "$@" || status=$?
# 5: none of the scenarios asked for is here. Whatever else is neither 0 nor 1 broke the suite.
[[ $status == 5 ]] && status=0
exit "$status"

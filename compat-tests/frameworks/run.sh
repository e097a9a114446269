#!/usr/bin/env bash
# Replays what queue frameworks send, and runs Celery and the Azure CLI themselves.
# ../README.md tells which variables say where the server is; the column is `frameworks`.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../columns.sh"
source "$here/../environment.sh"

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

requirements=$here/requirements folders=$COMPAT_CACHE/frameworks
tests=$(environment "$requirements/tests.txt" "$folders/tests")
# Of its 340 MB of bytecode, 16 are ever used: what is run is compiled then.
COMPAT_AZURE_CLI=$(environment "$requirements/azure-cli.txt" "$folders/azure-cli" --no-compile)
export COMPAT_AZURE_CLI

# `-k` would take S40 for a part of S401: the numbers are whole words in conftest.py instead.
cd "$here"
export PYTHONDONTWRITEBYTECODE=1
status=0
"$tests" -m pytest \
    --junitxml="$COMPAT_REPORTS/frameworks.xml" -o junit_suite_name=frameworks "$@" || status=$?
# 5: none of the scenarios asked for is here. Whatever else is neither 0 nor 1 broke the suite.
[[ $status == 5 ]] && status=0
exit "$status"

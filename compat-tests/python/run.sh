#!/usr/bin/env bash
# Runs the Python suite: every SDK in requirements/, on a server that keeps its data on disk and
# then on one that keeps it in memory. Arguments go to pytest. README.md one folder up tells more.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache/compat-tests/python

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null; then
    echo "compat-tests/python: $python is missing; install Python 3.10 or later" >&2
    exit 77
fi
if ! "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "compat-tests/python: $("$python" --version) is too old, or lacks venv; 3.10 or later is needed" >&2
    exit 77
fi

# Prints the folder of a virtual environment with these requirements, made anew when they change.
environment() {
    local requirements=$1 folder=$cache/$(basename "$1" .txt)
    if ! cmp --silent "$requirements" "$folder/installed.txt"; then
        rm -rf "$folder"
        mkdir -p "$cache"
        "$python" -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
            --requirement "$requirements"
        cp "$requirements" "$folder/installed.txt"
    fi
    echo "$folder"
}

modes=${QUEUERITE_MODE:-disk memory}
if [[ -n ${QUEUERITE_ENDPOINT:-} ]]; then
    modes=external
fi

export PYTHONDONTWRITEBYTECODE=1
failed=0
for requirements in "$here"/requirements/*.txt; do
    folder=$(environment "$requirements")
    sdk=$("$folder/bin/python" -c 'import azure.storage.queue as q; print(q.__version__)')
    for mode in $modes; do
        echo "== azure-storage-queue $sdk, $mode"
        (
            cd "$here"
            [[ $mode == external ]] || export QUEUERITE_MODE=$mode
            "$folder/bin/python" -m pytest "$@"
        ) || failed=1
    done
done
exit $failed

#!/usr/bin/env bash
# Runs the Python suite against the endpoint that the environment names, one column for each SDK.
# README.md one folder up tells what the variables mean.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../columns.sh"
source "$here/../environment.sh"
newest=12.18.1

if [[ -z ${COMPAT_ENDPOINT:-} ]]; then
    echo "compat-tests/python: no endpoint to test; start it with: scripts/compat.sh --only python" >&2
    exit 2
fi
: "${COMPAT_REPORTS:?}" "${COMPAT_CACHE:?}"

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null; then
    echo "compat-tests/python: $python is missing; install Python 3.10 or later" >&2
    exit 77
fi
if ! "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "compat-tests/python: $("$python" --version) is too old, or lacks venv; 3.10 or later is needed" >&2
    exit 77
fi

# Runs the tests of a folder as one column: the file is what a worker takes at a time.
column() {
    local name=$1 sdk=$2 tests=$3 interpreter code=0
    shift 3
    is_wanted "$name" || return 0
    interpreter=$(environment "$here/requirements/$sdk.txt" "$COMPAT_CACHE/$sdk" --no-deps)
    echo "== $name"
    COLUMN=$name "$interpreter" -m pytest -c "$here/pytest.ini" --rootdir "$tests" \
        --junit-xml "$COMPAT_REPORTS/$name.xml" -o junit_suite_name="$name" "$@" "$tests" || code=$?
    case $code in
        0 | 5) ;; # 5: none of the scenarios asked for is here
        1) failed=1 ;;
        *)
            echo "compat-tests/python: pytest ended with code $code" >&2
            exit 3
            ;;
    esac
}

export PYTHONDONTWRITEBYTECODE=1
failed=0
synchronous=$(mktemp -d)
trap 'rm -rf "$synchronous"' EXIT
"$python" "$here/synchronous.py" "$here/scenarios" "$synchronous"

parallel=(-n 4 --dist loadfile)
column "python-$newest" "$newest" "$synchronous" "${parallel[@]}"
column "python-$newest-aio" "$newest" "$here/scenarios" "${parallel[@]}"
# It waits more than it works, so it runs beside those that are left.
own_server=
if [[ -n ${COMPAT_SERVER:-} && -z ${COMPAT_SCENARIOS:-} ]]; then
    { column python-own-server "$newest" "$here/own_server" "${parallel[@]}"; exit "$failed"; } &
    own_server=$!
fi
column python-12.10.0 12.10.0 "$synchronous" "${parallel[@]}"
column python-12.0.0 12.0.0 "$synchronous" "${parallel[@]}"
if [[ -n $own_server ]]; then
    wait "$own_server" || { code=$?; [[ $code -eq 1 ]] && failed=1 || exit "$code"; }
fi
exit "$failed"

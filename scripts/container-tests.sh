#!/usr/bin/env bash
# Builds the image and runs it in real containers: compat-tests/containers, and the examples for
# Testcontainers. Uses the docker engine that there is, or starts one of its own for the time (as root,
# if dockerd is installed). Exits with 77 where no engine can run.
#
#   scripts/container-tests.sh [ARGUMENTS OF PYTEST]
#   scripts/container-tests.sh --times [IMAGE...]   no tests: how soon the image is ready and stops, and
#                                                   these images beside it
set -euo pipefail
cd "$(dirname "$0")/.."
source compat-tests/environment.sh

skip() { echo "container-tests.sh: not run: $1" >&2; exit 77; }

command -v docker >/dev/null || skip 'docker is not installed'
command -v python3 >/dev/null || skip 'python3 is not installed'

directory=
clean_up() {
    [[ -n $directory ]] || return 0
    if [[ -f $directory/pid ]]; then
        local pid
        pid=$(cat "$directory/pid")
        kill "$pid" 2>/dev/null || true
        # Its mounts go with it.
        while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    fi
    rm -rf --one-file-system "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if ! docker info >/dev/null 2>&1; then
    [[ $(id -u) -eq 0 ]] || skip 'no engine runs, and only root can start one'
    command -v dockerd >/dev/null || skip 'no engine runs, and dockerd is not installed'
    directory=$(mktemp -d)
    dockerd --host "unix://$directory/docker.sock" --data-root "$directory/data" \
        --exec-root "$directory/exec" --pidfile "$directory/pid" \
        --default-ulimit nofile=4096:4096 >"$directory/log" 2>&1 &
    export DOCKER_HOST=unix://$directory/docker.sock
    # Its ports are published here, also if this is a container itself.
    export TESTCONTAINERS_HOST_OVERRIDE=localhost
    for _ in $(seq 100); do
        ! docker info >/dev/null 2>&1 || break
        sleep 0.2
    done
    docker info >/dev/null 2>&1 || {
        tail -5 "$directory/log" >&2
        skip 'an engine does not start here'
    }
fi

export TAG=queuerite-test
scripts/image.sh
export IMAGE=$TAG:latest

python=$(environment compat-tests/containers/requirements.txt .cache/compat-tests/containers)
export PYTHONDONTWRITEBYTECODE=1
if [[ ${1:-} == --times ]]; then
    "$python" compat-tests/containers/times.py "$IMAGE" "${@:2}"
    exit
fi
"$python" -m pytest compat-tests/containers "$@"

# The examples for Testcontainers name the image as it is published.
published=$(sed -n 's/^IMAGE = "\(.*\)"/\1/p; s/^TAG = "\(.*\)"/:\1/p' scripts/examples/files.py | tr -d '\n')
docker tag "$IMAGE" "$published"
# Their reaper is an image of its own, which not every engine can fetch.
export TESTCONTAINERS_RYUK_DISABLED=${TESTCONTAINERS_RYUK_DISABLED:-true}
scripts/examples-check.sh --run

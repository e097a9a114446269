#!/usr/bin/env bash
# Installs the packages that scripts/package.sh has made, each in a temporary place, and uses them:
# their commands are started and stopped, and messages go through the SDKs.
#
#   scripts/package-tests.sh [npm] [wheel] [deb] [archive] [reproducible] [--packages FOLDER]
#
# Without a name it tests all, and that the same binary gives the same packages again. SDKs and test
# tools come from npm and PyPI. What cannot be tested here is said, and the exit code is then 77.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=$PWD/scripts/package/tests

packages=$PWD/target/package
wanted=()
while [ $# -gt 0 ]; do
    case "$1" in
        npm | wheel | deb | archive | reproducible) wanted+=("$1") ;;
        --packages)
            [ $# -ge 2 ] || { echo 'package-tests.sh: --packages needs a folder' >&2; exit 2; }
            packages=$(cd "$2" && pwd)
            shift
            ;;
        *) echo "package-tests.sh: unknown argument '$1'; tests: npm, wheel, deb, archive, reproducible" >&2; exit 2 ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=(npm wheel deb archive reproducible)

skip() { echo "package-tests.sh: not tested: $1"; exit 77; }

fail() { echo "package-tests.sh: $1" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

[ "$(uname -s)" = Linux ] || skip 'anything, since this is not Linux'
version=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

# The processes that run a program below a folder.
running_below() {
    local process
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/exe" 2>/dev/null)" in
            "$1"/*) echo "${process#/proc/}" ;;
        esac
    done
}

work=$(cd "$(mktemp -d)" && pwd -P)
clean_up() {
    local pid
    for pid in $(running_below "$work"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The one file that a pattern means.
package() {
    local files=("$packages"/$1)
    [ ${#files[@]} -eq 1 ] && [ -f "${files[0]}" ] \
        || fail "there is not one $packages/$1; scripts/package.sh makes it"
    echo "${files[0]}"
}

# Starts a command with a free port, waits until it is ready, asks it for its health, and ends it with
# SIGTERM. It must end well and leave nothing that runs from its folder.
starts_and_stops() {
    local folder=$1 line pid server output code=0 url=
    shift
    # A pipe with a name, because this waits for its own child.
    rm -f "$work/stdout"
    mkfifo "$work/stdout"
    "$@" --queuePort 0 --silent >"$work/stdout" &
    pid=$!
    exec {output}<"$work/stdout"
    while IFS= read -t 30 -r line <&"$output"; do
        case "$line" in
            *'Queue service '*'successfully listen'*) url=${line##* }; break ;;
        esac
    done
    [ -n "$url" ] || fail "$* ended before it was ready"
    # What is signaled must be the server, not something in front of it that may die alone.
    server=$(running_below "$folder")
    [ "$server" = "$pid" ] || fail "$* is process $pid, but its server is ${server:-none}"
    "/proc/$pid/exe" healthcheck --queuePort "${url##*:}" || fail "$* is not healthy"
    kill -TERM "$pid"
    wait "$pid" || code=$?
    exec {output}<&-
    [ "$code" -eq 0 ] || fail "$* ended with $code"
    [ -z "$(running_below "$folder")" ] || fail "$* left a process"
    echo "ok: $* started, was healthy, and ended"
}

npm() {
    local folder=$work/npm tarball
    for program in node npm; do
        have "$program" || skip "the npm package, since there is no $program"
    done
    tarball=$(package "queuerite-$version-*.tgz")
    mkdir "$folder"
    cp "$tests"/{package.json,messages.test.mjs,types.mts,types.cts} "$folder"
    cd "$folder"
    command npm install --silent --no-audit --no-fund --ignore-scripts "$tarball"
    PATH=$folder/node_modules/.bin:$PATH
    for name in queuerite azurite-queue; do
        starts_and_stops "$folder" "$name" --inMemoryPersistence
    done
    node --test --test-reporter=spec messages.test.mjs
    [ -z "$(running_below "$folder")" ] || fail 'the tests of the npm package left a process'
    node_modules/.bin/tsc --noEmit --strict --module nodenext --types node --target es2022 types.mts types.cts
    echo 'ok: the types say what they should'
}

wheel() {
    local folder=$work/wheel python=${PYTHON:-python3} file name
    have "$python" || skip "the wheel, since there is no $python"
    "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))' 2>/dev/null \
        || skip "the wheel, since $python is too old, or lacks venv"
    file=$(package "queuerite-$version-*.whl")
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$tests/requirements.txt" "$file"
    "$folder/bin/pip" check
    PATH=$folder/bin:$PATH
    for name in queuerite azurite-queue; do
        starts_and_stops "$folder" "$name" --inMemoryPersistence
    done
    PYTHONDONTWRITEBYTECODE=1 "$folder/bin/python" -m pytest -q -p no:cacheprovider --rootdir "$tests" "$tests"
    [ -z "$(running_below "$folder")" ] || fail 'the tests of the wheel left a process'
    # Here the installer moves the commands after it has noted where they are.
    "$folder/bin/pip" install --quiet --disable-pip-version-check --target "$folder/target" "$file"
    PYTHONPATH=$folder/target "$folder/bin/python" -c 'import queuerite
with queuerite.start() as server: print("ok: installed elsewhere,", queuerite.program(), "is ready at", server.url)'
}

deb() {
    local file folder=$work/deb unit
    have dpkg-deb || skip 'the Debian package, since there is no dpkg-deb'
    file=$(package "queuerite_${version}_*.deb")
    mkdir "$folder"
    dpkg-deb --extract "$file" "$folder/unpacked"
    (cd "$folder/unpacked" && dpkg-deb --info "$file" md5sums | md5sum --check --quiet)
    PATH=$folder/unpacked/usr/bin:$PATH
    for name in queuerite azurite-queue; do
        starts_and_stops "$folder/unpacked" "$name" --inMemoryPersistence
    done

    unit=$folder/unpacked/usr/lib/systemd/system/queuerite.service
    if have systemd-analyze; then
        sed "s|/usr/bin/|$folder/unpacked/usr/bin/|" "$unit" >"$folder/queuerite.service"
        systemd-analyze verify "$folder/queuerite.service"
        echo 'ok: systemd understands the unit'
    else
        echo 'not tested: whether systemd understands the unit, since there is no systemd-analyze'
    fi

    [ "$(id -u)" -eq 0 ] || skip 'installing the Debian package, since only root may'
    # What this machine has installed is what the dependencies are judged by.
    local root=$folder/root needed
    needed=$(dpkg-deb --field "$file" Depends | sed 's/([^)]*)//g; s/,/ /g')
    mkdir -p "$root/var/lib/dpkg/"{info,updates}
    dpkg-query --status $needed >"$root/var/lib/dpkg/status" 2>/dev/null \
        || skip 'installing the Debian package, since this is no Debian that has what it needs'
    for name in $needed; do
        cp /var/lib/dpkg/info/"$name"{,:*}.list "$root/var/lib/dpkg/info" 2>/dev/null || true
    done
    dpkg --root="$root" --log="$folder/dpkg.log" --install "$file"
    [ "$(dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${db:Status-Status}' queuerite)" = installed ] \
        || fail 'dpkg says that the package is not installed'
    [ -z "$(find "$root/etc" -name 'queuerite.service' 2>/dev/null)" ] || fail 'installing it enables the unit'
    PATH=$root/usr/bin:$PATH
    for name in queuerite azurite-queue; do
        starts_and_stops "$root" "$name" --inMemoryPersistence
    done
    runs_as_the_unit_says "$root"
    dpkg --root="$root" --log="$folder/dpkg.log" --purge queuerite
    [ -z "$(find "$root" -name '*queuerite*' ! -path "$root/state*")" ] || fail 'something stays when it is removed'
    echo 'ok: installed and removed'
}

# The line of the unit, as a user who owns nothing but the folder of state.
runs_as_the_unit_says() {
    local root=$1 line
    have setpriv || { echo 'not tested: the line of the unit, since there is no setpriv'; return; }
    line=$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/queuerite.service")
    mkdir "$root/state"
    chown 65534:65534 "$root/state"
    chmod 755 "$work"
    export STATE_DIRECTORY=$root/state QUEUERITE_FLAGS='--durability flush'
    # Words are parted at spaces, as systemd does it.
    eval "set -- $root$line"
    starts_and_stops "$root" setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs "$@"
}

archive() {
    local folder=$work/archive file
    file=$(package "queuerite-$version-*.tar.gz")
    mkdir "$folder"
    tar --extract --gzip --file "$file" --directory "$folder" --strip-components=1
    (cd "$folder" && sha256sum --check --strict SHA256SUMS)
    for name in README.md LICENSE CHANGELOG.md; do
        [ -s "$folder/$name" ] || fail "the archive has no $name"
    done
    PATH=$folder:$PATH
    for name in queuerite azurite-queue; do
        starts_and_stops "$folder" "$name" --inMemoryPersistence
    done
    starts_and_stops "$folder" azurite --blobPort 0 --tablePort 0 --inMemoryPersistence
}

reproducible() {
    local again=$work/again file name
    mkdir "$work/binary"
    tar --extract --gzip --file "$(package "queuerite-$version-*.tar.gz")" --directory "$work/binary" --strip-components=1
    # Another time, umask, zone, locale, and another file to copy from.
    (
        umask 077
        export TZ=Asia/Kathmandu LC_ALL=C.UTF-8
        scripts/package.sh --binary "$work/binary/queuerite" --out "$again" >/dev/null
    )
    for file in "$again"/*; do
        name=${file##*/}
        cmp "$file" "$packages/$name" || fail "$name is not the same when it is made again"
        echo "ok: $name is the same when it is made again"
    done
}

code=0
for test in "${wanted[@]}"; do
    echo "== $test"
    # In a shell of its own, so that what cannot be tested leaves the others alone. Not under `||`,
    # where bash would no longer stop at an error.
    set +e
    (trap - EXIT; set -e; "$test")
    ended=$?
    set -e
    case $ended in
        0) ;;
        77) code=77 ;;
        *) exit "$ended" ;;
    esac
done
exit "$code"

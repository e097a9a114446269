#!/usr/bin/env bash
# Installs the packages that scripts/package.sh has made for this machine, each in a temporary place,
# and uses them: their commands are started and stopped, and messages go through the SDKs.
#
#   scripts/package-tests.sh [npm] [wheel] [deb] [archive] [contents] [refusals] [reproducible]
#                            [--packages FOLDER]
#
#   contents        what is in the packages of every target, of which the others get a program that
#                   is nothing but a head
#   refusals        what is not packed
#   reproducible    the same binary gives the same packages again
#
# Without a name it tests all. SDKs and test tools come from npm and PyPI. What cannot be tested here
# is said, and the exit code is then 77.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=$PWD/scripts/package/tests

packages=$PWD/target/package
wanted=()
while [ $# -gt 0 ]; do
    case "$1" in
        npm | wheel | deb | archive | contents | refusals | reproducible) wanted+=("$1") ;;
        --packages)
            [ $# -ge 2 ] || { echo 'package-tests.sh: --packages needs a folder' >&2; exit 2; }
            packages=$(cd "$2" && pwd)
            shift
            ;;
        *) echo "package-tests.sh: unknown argument '$1'; tests: npm, wheel, deb, archive, contents, refusals, reproducible" >&2; exit 2 ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=(npm wheel deb archive contents refusals reproducible)

skip() { echo "package-tests.sh: not tested: $1"; exit 77; }

fail() { echo "package-tests.sh: $1" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

[ "$(uname -s)" = Linux ] || skip 'anything, since this is not Linux'
case "$(uname -m)" in
    x86_64) node_cpu=x64 debian_architecture=amd64 ;;
    aarch64) node_cpu=arm64 debian_architecture=arm64 ;;
    *) skip "anything, since no packages are known for $(uname -m)" ;;
esac
this_machine=$(uname -m)-unknown-linux-gnu
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

# A file that scripts/package.sh has made.
package() {
    [ -f "$packages/$1" ] || fail "there is no $packages/$1; scripts/package.sh makes it"
    echo "$packages/$1"
}

# Starts a command with a free port, waits until it is ready, asks it for its health, and ends it with
# SIGTERM. It must end well and leave nothing that runs from its folder. The command is the server
# itself, or with --launched something that has it as a child.
starts_and_stops() {
    local is_launched='' folder line pid expected server output code=0 url=
    [ "$1" != --launched ] || { is_launched=1; shift; }
    folder=$1
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
    expected=$pid
    [ -z "$is_launched" ] || expected=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
    [ "$server" = "$expected" ] || fail "$* should have server $expected, but its server is ${server:-none}"
    "/proc/$server/exe" healthcheck --queuePort "${url##*:}" || fail "$* is not healthy"
    kill -TERM "$pid"
    wait "$pid" || code=$?
    exec {output}<&-
    [ "$code" -eq 0 ] || fail "$* ended with $code"
    [ -z "$(running_below "$folder")" ] || fail "$* left a process"
    echo "ok: $* started, was healthy, and ended"
}

npm() {
    local folder=$work/npm url name
    for program in node npm; do
        have "$program" || skip "the npm package, since there is no $program"
    done
    mkdir "$folder" "$work/registry"
    cp "$(package "queuerite-$version.tgz")" "$(package "queuerite-linux-$node_cpu-$version.tgz")" "$work/registry"
    node "$tests/registry.mjs" "$work/registry" >"$work/registry/url" &
    registry=$!
    # Not local, because it is ended after this function has.
    trap 'kill "$registry"' EXIT
    until url=$(grep . "$work/registry/url"); do sleep 0.1; done

    cp "$tests"/{package.json,messages.test.mjs,launcher.test.mjs,types.mts,types.cts} "$folder"
    cd "$folder"
    command npm install --silent --no-audit --no-fund --ignore-scripts
    command npm install --silent --no-audit --no-fund --ignore-scripts --no-save --registry "$url" "queuerite@$version"
    PATH=$folder/node_modules/.bin:$PATH
    for name in queuerite azurite-queue; do
        starts_and_stops --launched "$folder" "$name" --inMemoryPersistence
    done
    node --test --test-reporter=spec messages.test.mjs launcher.test.mjs
    [ -z "$(running_below "$folder")" ] || fail 'the tests of the npm package left a process'
    node_modules/.bin/tsc --noEmit --strict --module nodenext --types node --target es2022 types.mts types.cts
    echo 'ok: the types say what they should'

    # Beside it, because a package is also looked for in the folders above.
    mkdir "$work/without"
    cd "$work/without"
    command npm install --silent --no-audit --no-fund --omit=optional --registry "$url" "queuerite@$version"
    name=$(node_modules/.bin/queuerite --version 2>&1) && fail 'without optional dependencies there is a program'
    [[ $name = *"queuerite-linux-$node_cpu"*'optional dependencies'* ]] || fail "without optional dependencies it says: $name"
    echo 'ok: without optional dependencies it says what is missing'
}

wheel() {
    local folder=$work/wheel python=${PYTHON:-python3} file name
    have "$python" || skip "the wheel, since there is no $python"
    "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))' 2>/dev/null \
        || skip "the wheel, since $python is too old, or lacks venv"
    file=$(package "queuerite-$version-py3-none-manylinux_2_17_$(uname -m).manylinux2014_$(uname -m).musllinux_1_1_$(uname -m).whl")
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
    file=$(package "queuerite_${version}_$debian_architecture.deb")
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
    local root=$folder/root
    # It needs nothing, so it is installed where nothing is.
    mkdir -p "$root/var/lib/dpkg/"{info,updates}
    touch "$root/var/lib/dpkg/status"
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
    file=$(package "queuerite-$version-$this_machine.tar.gz")
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

# The program of the archive, for those who pack it again.
unpack_program() {
    [ -f "$work/binary/queuerite" ] && return
    mkdir "$work/binary"
    tar --extract --gzip --file "$(package "queuerite-$version-$this_machine.tar.gz")" --directory "$work/binary" --strip-components=1
}

# A program that nothing can run: the first bytes of one for a target.
write_head() {
    case $1 in
        x86_64-*-linux-*) printf '\x7fELF%14s\x3e\0' '' ;;
        aarch64-*-linux-*) printf '\x7fELF%14s\xb7\0' '' ;;
        x86_64-apple-*) printf '\xcf\xfa\xed\xfe\x07\0\0\x01' ;;
        aarch64-apple-*) printf '\xcf\xfa\xed\xfe\x0c\0\0\x01' ;;
        x86_64-*-windows-*) printf 'MZ%58s\x40\0\0\0PE\0\0\x64\x86' '' ;;
    esac
    head -c 64 /dev/zero
}

# Packs again, with the licenses of others that have been collected before, if they have been.
pack_again() {
    local given=()
    [ ! -f "$packages/THIRD-PARTY-LICENSES" ] || given=(--notices "$packages/THIRD-PARTY-LICENSES")
    scripts/package.sh "${given[@]}" "$@" >"$work/packed" || [ $? -eq 77 ] || { cat "$work/packed"; return 1; }
}

contents() {
    local folder=$work/contents target notices=() python=$work/python/bin/python
    have python3 || skip 'what packages hold, since there is no python3'
    python3 -c 'import ensurepip, venv' 2>/dev/null || skip 'what packages hold, since python3 lacks venv'
    python3 -m venv "$work/python"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$tests/requirements.txt"
    [ ! -f "$packages/THIRD-PARTY-LICENSES" ] || notices=(notices)
    mkdir "$folder"
    for target in {x86_64,aarch64}-unknown-linux-gnu {x86_64,aarch64}-apple-darwin x86_64-pc-windows-{msvc,gnu}; do
        if [ "$target" = "$this_machine" ]; then
            "$python" "$tests/contents.py" "$packages" "$version" "$target" "${notices[@]}"
        else
            write_head "$target" >"$folder/program"
            pack_again --target "$target" --binary "$folder/program" --out "$folder/$target"
            "$python" "$tests/contents.py" "$folder/$target" "$version" "$target" "${notices[@]}"
            cmp "$folder/$target/queuerite-$version.tgz" "$packages/queuerite-$version.tgz" \
                || fail "the npm package of all platforms is another one for $target"
        fi
    done
}

# What scripts/package.sh is given, and what it must say about it.
is_refused() {
    local says=$1 said code=0
    shift
    said=$(scripts/package.sh --out "$work/refused" "$@" 2>&1) || code=$?
    [ "$code" -eq 2 ] || fail "package.sh $* ended with $code, not 2: $said"
    [[ $said = "package.sh: "*"$says"* && $said != *$'\n'* ]] || fail "package.sh $* says: $said"
    echo "ok: $said"
}

refusals() {
    unpack_program
    is_refused 'not linked statically' --binary /bin/sh
    is_refused 'not a program for' --target x86_64-pc-windows-msvc --binary "$work/binary/queuerite"
    is_refused 'not a program for' --binary "$tests/package.json"
    is_refused 'there is no file' --binary "$work/nothing"
    is_refused 'no packages are known' --target sparc-sun-solaris
    is_refused 'no Debian package' deb --target aarch64-apple-darwin --binary "$work/binary/queuerite"
    is_refused 'needs a value' --target
    is_refused 'unknown argument' rpm
    [ -z "$(ls "$work/refused" 2>/dev/null)" ] || fail 'something is packed all the same'
}

reproducible() {
    local again=$work/again file name
    unpack_program
    # Another time, umask, zone, locale, and another file to copy from.
    (
        umask 077
        export TZ=Asia/Kathmandu LC_ALL=C.UTF-8
        pack_again --binary "$work/binary/queuerite" --out "$again"
    )
    for file in "$again"/queuerite*; do
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

#!/usr/bin/env bash
# Makes packages of the program as it is given away, in target/package.
#
#   scripts/package.sh [npm] [wheel] [deb] [archive] [sbom] [--target TARGET] [--binary FILE]
#                      [--notices FILE] [--out FOLDER]
#
#   npm        for Node.js: one package with the commands and start() for tests, the same for every
#              platform, and one with the program, which the first one names
#   wheel      for Python: the commands, start(), and fixtures for pytest
#   deb        for Debian: the commands, and a systemd unit that is not enabled
#   archive    .tar.gz with the program and its links; for Windows .zip with the program
#   sbom       what the program is built of, as CycloneDX; by cargo-cyclonedx, if it is installed
#
# Without a name it makes all but the last. TARGET is one of rustc's names, and this machine's if it
# is not given. Without --binary scripts/build.sh builds one. What a program is not for this machine
# is packed as it is, without running it.
#
# With the program goes THIRD-PARTY-LICENSES, the licenses of what is in it, which cargo-about
# collects if it is installed; --notices takes a file from an earlier run, since they are the same
# for every target.
#
# The same sources and the same binary give the same bytes: times are the commit's or
# SOURCE_DATE_EPOCH's, owners are root, and files are in order.
#
# What cannot be made here is said, and the exit code is then 77.
set -euo pipefail
invoked_in=$PWD
cd "$(dirname "$0")/.."
sources=$PWD/scripts/package

misused() { echo "package.sh: $1" >&2; exit 2; }

out=$PWD/target/package
target=
binary=
given_notices=
wanted=()
while [ $# -gt 0 ]; do
    case "$1" in
        npm | wheel | deb | archive | sbom) wanted+=("$1") ;;
        --target | --binary | --notices | --out)
            [ $# -ge 2 ] || misused "$1 needs a value"
            case "$2" in /*) path=$2 ;; *) path=$invoked_in/$2 ;; esac
            case "$1" in
                --target) target=$2 ;;
                --binary) binary=$path ;;
                --notices) given_notices=$path ;;
                --out) out=$path ;;
            esac
            shift
            ;;
        *) misused "unknown argument '$1'; packages: npm, wheel, deb, archive, sbom" ;;
    esac
    shift
done

skip() { echo "package.sh: not made: $1"; exit 77; }

have() { command -v "$1" >/dev/null 2>&1; }

# Nothing of who runs this, or where, gets into a package.
umask 022
export LC_ALL=C TZ=UTC

[ "$(uname -s)" = Linux ] || skip 'anything, since this is not Linux, whose tar and touch it needs'
this_machine=$(uname -m)-unknown-linux-gnu
[ -n "$target" ] || target=$this_machine
# What the target is called in packages, and how its programs begin.
debian_architecture='' suffix=''
case $target in
    x86_64-unknown-linux-gnu)
        format=elf-62 node_os=linux node_cpu=x64 debian_architecture=amd64
        platforms=manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64
        ;;
    aarch64-unknown-linux-gnu)
        format=elf-183 node_os=linux node_cpu=arm64 debian_architecture=arm64
        platforms=manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64
        ;;
    # The oldest macOS is the one that rustc builds for.
    x86_64-apple-darwin) format=mach-o-16777223 node_os=darwin node_cpu=x64 platforms=macosx_10_12_x86_64 ;;
    aarch64-apple-darwin) format=mach-o-16777228 node_os=darwin node_cpu=arm64 platforms=macosx_11_0_arm64 ;;
    x86_64-pc-windows-msvc | x86_64-pc-windows-gnu)
        format=pe-34404 node_os=win32 node_cpu=x64 platforms=win_amd64 suffix=.exe
        ;;
    *)
        misused "no packages are known for '$target'; targets: {x86_64,aarch64}-unknown-linux-gnu,\
 {x86_64,aarch64}-apple-darwin, x86_64-pc-windows-{msvc,gnu}"
        ;;
esac
if [ ${#wanted[@]} -eq 0 ]; then
    wanted=(npm wheel archive)
    [ -z "$debian_architecture" ] || wanted+=(deb)
elif [[ " ${wanted[*]} " = *' deb '* && -z $debian_architecture ]]; then
    misused "there is no Debian package for $target"
fi

# A number of so many bytes in a file, the lowest first.
number() { od --address-radix=n --output-duplicates --endian=little --format="u$3" --skip-bytes="$2" --read-bytes="$3" "$1" | tr -d ' '; }

# The format of a program and the machine that it is for.
format_of() {
    case $(number "$1" 0 4) in
        1179403647) echo "elf-$(number "$1" 18 2)" ;;
        4277009103) echo "mach-o-$(number "$1" 4 4)" ;;
        *)
            [ "$(number "$1" 0 2)" = 23117 ] || { echo unknown; return; }
            echo "pe-$(number "$1" $(($(number "$1" 60 4) + 4)) 2)"
            ;;
    esac
}

# Whether a program of Linux asks for one that loads it with its libraries.
is_static() {
    local at length count
    at=$(number "$1" 32 8) length=$(number "$1" 54 2) count=$(number "$1" 56 2)
    while [ "$count" -gt 0 ]; do
        [ "$(number "$1" "$at" 4)" != 3 ] || return 1
        at=$((at + length)) count=$((count - 1))
    done
}

version=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
if [ "${wanted[*]}" != sbom ]; then
    if [ -z "$binary" ]; then
        have cargo || { echo 'package.sh: cargo is not installed; see https://rustup.rs' >&2; exit 1; }
        binary=$PWD/$(scripts/build.sh "$target")
    fi
    [ -f "$binary" ] || misused "there is no file $binary"
    [ "$(format_of "$binary")" = "$format" ] || misused "$binary is not a program for $target"
    case $target in
        *-linux-*) is_static "$binary" || misused "$binary is not linked statically; scripts/build.sh builds one that is" ;;
    esac
    if [ "$target" = "$this_machine" ]; then
        [ "$("$binary" --version)" = "$version" ] || misused "$binary is not version $version"
    fi
    [ -z "$given_notices" ] || [ -s "$given_notices" ] || misused "there is nothing in $given_notices"
fi
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH

staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"

# What of others is in the program. Some of it is for one target only, but all targets get the same.
notices=$staging/THIRD-PARTY-LICENSES
make_notices() {
    local lesser=/usr/share/common-licenses/LGPL-2.1
    have cargo-about || skip 'THIRD-PARTY-LICENSES in the packages, since cargo-about is not installed: `cargo install cargo-about --locked --features cli`'
    [ -f "$lesser" ] || skip "THIRD-PARTY-LICENSES in the packages, since there is no $lesser"
    cargo about generate --locked --fail --config "$sources/licenses/about.toml" --manifest-path crates/server/Cargo.toml \
        --target x86_64-unknown-linux-gnu --target aarch64-unknown-linux-gnu --target x86_64-apple-darwin \
        --target aarch64-apple-darwin --target x86_64-pc-windows-msvc --target x86_64-pc-windows-gnu \
        "$sources/licenses/about.hbs" >"$staging/crates" 2>"$staging/complaints" || { cat "$staging/complaints" >&2; exit 1; }
    cat "$staging/crates" "$lesser" >"$notices"
}

# Copies a file and fills in what only this script knows.
fill() {
    sed -e "s/@VERSION@/$version/g" -e "s/@NODE_OS@/$node_os/g" -e "s/@NODE_CPU@/$node_cpu/g" \
        -e "s/@DEBIAN_ARCHITECTURE@/$debian_architecture/g" -e "s/@INSTALLED_KIB@/${installed_kib:-}/g" \
        "$1" >"$2"
}

# Copies the licenses that go with the program.
install_licenses() {
    install -m 644 LICENSE "$1"
    [ ! -f "$notices" ] || install -m 644 "$notices" "$1"
}

# Packs a folder of the staging area.
pack() {
    tar --create --directory "$staging/$1" --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" \
        --owner=0 --group=0 --numeric-owner "$2" | gzip -n -9 >"$out/$3"
    echo "$out/$3"
}

npm() {
    local package=$staging/npm/package platform=$staging/npm-platform/package
    mkdir -p "$package/bin" "$platform/bin"
    fill "$sources/npm/package.json" "$package/package.json"
    install -m 644 "$sources"/npm/{index.js,index.d.ts,launch.js,program.js,README.md} LICENSE "$package"
    install -m 755 "$sources"/npm/bin/{queuerite,azurite-queue}.js "$package/bin"
    pack npm package "queuerite-$version.tgz"

    fill "$sources/npm/platform/package.json" "$platform/package.json"
    fill "$sources/npm/platform/README.md" "$platform/README.md"
    install_licenses "$platform"
    install -m 755 "$binary" "$platform/bin/queuerite$suffix"
    pack npm-platform package "queuerite-$node_os-$node_cpu-$version.tgz"
}

wheel() {
    have python3 || skip 'the wheel, since there is no python3'
    mkdir "$staging/wheel"
    install_licenses "$staging/wheel"
    python3 "$sources/python/wheel.py" --version "$version" --platforms "$platforms" --binary "$binary" \
        --launcher "$sources/python/azurite-queue" --licenses "$staging/wheel" --out "$out"
}

deb() {
    have dpkg-deb || skip 'the Debian package, since there is no dpkg-deb'
    local package=$staging/deb file="$out/queuerite_${version}_$debian_architecture.deb"
    local documents=$package/usr/share/doc/queuerite installed_kib
    mkdir -p "$package/usr/bin" "$package/usr/lib/systemd/system" "$package/usr/share/lintian/overrides" "$documents" "$package/DEBIAN"
    install -m 755 "$binary" "$package/usr/bin/queuerite"
    ln -s queuerite "$package/usr/bin/azurite-queue"
    install -m 644 "$sources/debian/queuerite.service" "$package/usr/lib/systemd/system"
    install -m 644 "$sources/debian/lintian-overrides" "$package/usr/share/lintian/overrides/queuerite"
    install -m 644 README.md "$documents"
    gzip -n -9 <crates/server/CHANGELOG.md >"$documents/changelog.gz"
    [ ! -f "$notices" ] || gzip -n -9 <"$notices" >"$documents/THIRD-PARTY-LICENSES.gz"
    { cat "$sources/debian/copyright"; sed -e '1,/^Copyright/d' -e '/./!s/^$/./' -e 's/^/ /' LICENSE | sed 1d; } \
        >"$documents/copyright"
    (cd "$package" && find usr -type f | sort | xargs md5sum) >"$package/DEBIAN/md5sums"
    installed_kib=$(find "$package/usr" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
    fill "$sources/debian/control" "$package/DEBIAN/control"
    find "$package" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    # One thread, because several cut the data into other blocks.
    dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "$package" "$file" >/dev/null
    echo "$file"
}

archive() {
    local name=queuerite-$version folder=$staging/archive/queuerite-$version
    mkdir -p "$folder"
    install -m 755 "$binary" "$folder/queuerite$suffix"
    install -m 644 README.md crates/server/CHANGELOG.md "$folder"
    install_licenses "$folder"
    (cd "$folder" && find . -type f -printf '%P\n' | sort | xargs sha256sum >"$staging/SHA256SUMS")
    install -m 644 "$staging/SHA256SUMS" "$folder"
    case $target in
        *-windows-*)
            # It holds no links, and a copy of the program would double it.
            have python3 || skip 'the archive, since there is no python3'
            python3 "$sources/zip.py" "$staging/archive" "$out/$name-$target.zip"
            ;;
        *)
            ln -s queuerite "$folder/azurite-queue"
            ln -s queuerite "$folder/azurite"
            pack archive "$name" "$name-$target.tar.gz"
            ;;
    esac
}

sbom() {
    have cargo-cyclonedx || skip 'the SBOM, since cargo-cyclonedx is not installed: `cargo install cargo-cyclonedx --locked`'
    local name=queuerite-$version.cdx
    # It writes beside the manifest of every crate of the workspace, so it gets them in a copy.
    mkdir "$staging/sbom"
    git ls-files -z | xargs -0 cp --parents --target-directory="$staging/sbom"
    (cd "$staging/sbom" && cargo cyclonedx --quiet --manifest-path crates/server/Cargo.toml --format json \
        --no-build-deps --target "$target" --override-filename "$name")
    # Of where the copy was, nothing stays.
    sed "s|$staging/sbom|/queuerite|g" "$staging/sbom/crates/server/$name.json" >"$out/$name.json"
    echo "$out/$name.json"
}

code=0
# In a shell of its own, so that what cannot be made leaves the others alone. Not under `||`, where
# bash would no longer stop at an error.
attempt() {
    local ended
    set +e
    (set -e; "$1")
    ended=$?
    set -e
    case $ended in
        0) ;;
        77) code=77 ;;
        *) exit "$ended" ;;
    esac
}

if [ "${wanted[*]}" != sbom ]; then
    if [ -n "$given_notices" ]; then
        cp "$given_notices" "$notices"
    else
        attempt make_notices
    fi
    # Beside the packages is what is in them.
    rm -f "$out/THIRD-PARTY-LICENSES"
    if [ -f "$notices" ]; then
        install -m 644 "$notices" "$out"
        echo "$out/THIRD-PARTY-LICENSES"
    fi
fi
for package in "${wanted[@]}"; do
    attempt "$package"
done
exit "$code"

#!/usr/bin/env bash
# Makes packages of a release binary for the platform that it runs on, in target/package.
#
#   scripts/package.sh [npm] [wheel] [deb] [archive] [sbom] [--binary FILE] [--out FOLDER]
#
#   npm        for Node.js: the commands, and start() for tests
#   wheel      for Python: the commands, start(), and fixtures for pytest
#   deb        for Debian: the commands, and a systemd unit that is not enabled
#   archive    .tar.gz: the binary and its links
#   sbom       what the binary is built of, as CycloneDX; by cargo-cyclonedx, if it is installed
#
# Without a name it makes all but the last. Without --binary it builds one. The same sources and
# the same binary give the same bytes: times are the commit's or SOURCE_DATE_EPOCH's, owners are
# root, and files are in order.
#
# What cannot be made here is said, and the exit code is then 77.
set -euo pipefail
invoked_in=$PWD
cd "$(dirname "$0")/.."
sources=$PWD/scripts/package

out=$PWD/target/package
binary=
wanted=()
while [ $# -gt 0 ]; do
    case "$1" in
        npm | wheel | deb | archive | sbom) wanted+=("$1") ;;
        --binary | --out)
            [ $# -ge 2 ] || { echo "package.sh: $1 needs a path" >&2; exit 2; }
            case "$2" in /*) path=$2 ;; *) path=$invoked_in/$2 ;; esac
            if [ "$1" = --binary ]; then binary=$path; else out=$path; fi
            shift
            ;;
        *) echo "package.sh: unknown argument '$1'; packages: npm, wheel, deb, archive, sbom" >&2; exit 2 ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=(npm wheel deb archive)

skip() { echo "package.sh: not made: $1"; exit 77; }

have() { command -v "$1" >/dev/null 2>&1; }

# Nothing of who runs this, or where, gets into a package.
umask 022
export LC_ALL=C TZ=UTC

[ "$(uname -s)" = Linux ] || skip 'anything, since this is not Linux'
case "$(uname -m)" in
    x86_64) machine=x86_64 node_cpu=x64 debian_architecture=amd64 ;;
    aarch64) machine=aarch64 node_cpu=arm64 debian_architecture=arm64 ;;
    *) skip "anything, since nobody has said what $(uname -m) is called in packages" ;;
esac

if [ -z "$binary" ]; then
    have cargo || { echo 'package.sh: cargo is not installed; see https://rustup.rs' >&2; exit 1; }
    cargo build --release --locked --quiet -p queuerite-server
    binary=$PWD/target/release/queuerite
fi
version=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
[ "$("$binary" --version)" = "$version" ] \
    || { echo "package.sh: $binary is not version $version" >&2; exit 1; }
# The oldest glibc that has every symbol the binary asks for.
glibc=$(grep -ao 'GLIBC_2\.[0-9]*' "$binary" | sort -Vu | tail -n 1 | sed 's/GLIBC_//') \
    || { echo "package.sh: $binary is not linked with glibc, which these packages say it is" >&2; exit 1; }
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH

staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"

# Copies a file and fills in what only this script knows.
fill() {
    sed -e "s/@VERSION@/$version/g" -e "s/@NODE_CPU@/$node_cpu/g" -e "s/@GLIBC@/$glibc/g" \
        -e "s/@DEBIAN_ARCHITECTURE@/$debian_architecture/g" -e "s/@INSTALLED_KIB@/${installed_kib:-}/g" \
        "$1" >"$2"
}

# Packs a folder of the staging area.
pack() {
    tar --create --directory "$staging/$1" --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" \
        --owner=0 --group=0 --numeric-owner "$2" | gzip -n -9 >"$out/$3"
    echo "$out/$3"
}

npm() {
    local package=$staging/npm/package
    mkdir -p "$package/bin"
    fill "$sources/npm/package.json" "$package/package.json"
    install -m 644 "$sources"/npm/{index.js,index.d.ts,README.md} LICENSE "$package"
    install -m 755 "$binary" "$package/bin/queuerite"
    install -m 755 "$sources/azurite-queue" "$package/bin/azurite-queue"
    pack npm package "queuerite-$version-linux-$node_cpu.tgz"
}

wheel() {
    have python3 || skip 'the wheel, since there is no python3'
    python3 "$sources/python/wheel.py" --version "$version" --platform "manylinux_${glibc/./_}_$machine" \
        --binary "$binary" --launcher "$sources/azurite-queue" --license LICENSE --out "$out"
}

deb() {
    have dpkg-deb || skip 'the Debian package, since there is no dpkg-deb'
    local package=$staging/deb file="$out/queuerite_${version}_$debian_architecture.deb"
    local documents=$package/usr/share/doc/queuerite installed_kib
    mkdir -p "$package/usr/bin" "$package/usr/lib/systemd/system" "$documents" "$package/DEBIAN"
    install -m 755 "$binary" "$package/usr/bin/queuerite"
    ln -s queuerite "$package/usr/bin/azurite-queue"
    install -m 644 "$sources/debian/queuerite.service" "$package/usr/lib/systemd/system"
    install -m 644 README.md "$documents"
    gzip -n -9 <crates/server/CHANGELOG.md >"$documents/changelog.gz"
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
    install -m 755 "$binary" "$folder/queuerite"
    ln -s queuerite "$folder/azurite-queue"
    ln -s queuerite "$folder/azurite"
    install -m 644 README.md LICENSE crates/server/CHANGELOG.md "$folder"
    (cd "$folder" && sha256sum CHANGELOG.md LICENSE README.md queuerite >SHA256SUMS)
    pack archive "$name" "$name-$machine-unknown-linux-gnu.tar.gz"
}

sbom() {
    have cargo-cyclonedx || skip 'the SBOM, since cargo-cyclonedx is not installed: `cargo install cargo-cyclonedx --locked`'
    local name=queuerite-$version.cdx
    # It writes beside the manifest of every crate of the workspace, so it gets them in a copy.
    mkdir "$staging/sbom"
    git ls-files -z | xargs -0 cp --parents --target-directory="$staging/sbom"
    (cd "$staging/sbom" && cargo cyclonedx --quiet --manifest-path crates/server/Cargo.toml --format json \
        --no-build-deps --target "$machine-unknown-linux-gnu" --override-filename "$name")
    # Of where the copy was, nothing stays.
    sed "s|$staging/sbom|/queuerite|g" "$staging/sbom/crates/server/$name.json" >"$out/$name.json"
    echo "$out/$name.json"
}

code=0
for package in "${wanted[@]}"; do
    # In a shell of its own, so that what cannot be made leaves the others alone. Not under `||`,
    # where bash would no longer stop at an error.
    set +e
    (set -e; "$package")
    ended=$?
    set -e
    case $ended in
        0) ;;
        77) code=77 ;;
        *) exit "$ended" ;;
    esac
done
exit "$code"

#!/usr/bin/env bash
# Builds the container image, in two kinds: with the program and nothing else, and with busybox for
# those who want a shell, nc or wget in it.
#
#   scripts/image.sh            builds both with docker or podman, whichever is there, and prints sizes
#   scripts/image.sh --stage    puts together what the image is made of, in target/image/context
#   scripts/image.sh --tar      also writes target/image/queuerite.tar: the same input gives the same
#                               bytes, so its digest can be compared
#   --binary FILE               takes this program, linked statically, instead of building it
#   --notices FILE              puts in these licenses of what is in the program, as scripts/package.sh
#                               collects them; for an image that is given to others
#
# The tags are queuerite:latest and queuerite:busybox; TAG sets another name in place of `queuerite`.
# For the second kind a static busybox must be installed (Debian: busybox-static).
set -euo pipefail
cd "$(dirname "$0")/.."

stage_only=0 tar=0 binary='' notices=''
while [[ $# -gt 0 ]]; do
    case $1 in
        --stage) stage_only=1 ;;
        --tar) tar=1 ;;
        --binary) binary=${2:?--binary needs a file}; shift ;;
        --notices) notices=${2:?--notices needs a file}; shift ;;
        *) echo "image.sh: unknown argument '$1'" >&2; exit 2 ;;
    esac
    shift
done
tag=${TAG:-queuerite}
out=target/image
context=$out/context

[[ -n $binary ]] || binary=$(scripts/build.sh)

rm -rf "$context"
documents=usr/share/doc
mkdir -p "$context"/{small/usr/local/bin,small/etc,small/tmp,data,busybox/bin}
mkdir -p "$context"/{small/$documents/queuerite,busybox/$documents/busybox-static}
install -m 644 LICENSE "$context/small/$documents/queuerite"
[[ -z $notices ]] || install -m 644 "$notices" "$context/small/$documents/queuerite/THIRD-PARTY-LICENSES"
install -m 755 "$binary" "$context/small/usr/local/bin/queuerite"
for name in azurite azurite-queue; do
    ln -s queuerite "$context/small/usr/local/bin/$name"
done
# Names for the user, which some tools look up.
echo 'queuerite:x:65532:65532:queuerite:/data:/sbin/nologin' >"$context/small/etc/passwd"
echo 'queuerite:x:65532:' >"$context/small/etc/group"
chmod 1777 "$context/small/tmp"
cp scripts/image/Dockerfile "$context/"
busybox=$(command -v busybox || true)
if [[ -n $busybox ]] && ! ldd "$busybox" >/dev/null 2>&1; then
    install -m 755 "$busybox" "$context/busybox/bin/busybox"
    copyright=/$documents/busybox-static/copyright
    [[ ! -f $copyright ]] || install -m 644 "$copyright" "$context/busybox$copyright"
    for name in sh ls cat env sleep ps nc wget; do
        ln -s busybox "$context/busybox/bin/$name"
    done
else
    busybox=
    echo 'image.sh: no static busybox is installed, so there is no image with a shell' >&2
fi
# The time of the last commit: what is built of the same sources is the same.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
find "$context" -exec touch --no-dereference --date="@$epoch" {} +
[[ $stage_only -eq 0 ]] || exit 0

# The archive that `docker save` would write, if it always wrote the same.
write_tar() {
    local work=$out/tar layer config
    rm -rf "$work"
    mkdir -p "$work"
    local form=(--format=ustar --sort=name --mtime="@$epoch" --numeric-owner)
    tar "${form[@]}" --owner=0 --group=0 -C "$context/small" -cf "$work/layer.tar" .
    tar "${form[@]}" --owner=65532 --group=65532 -C "$context" -rf "$work/layer.tar" data
    layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
    python3 scripts/image/config.py scripts/image/Dockerfile "$layer" "$epoch" >"$work/config.json"
    config=$(sha256sum "$work/config.json" | cut -d' ' -f1)
    mv "$work/config.json" "$work/$config.json"
    mv "$work/layer.tar" "$work/$layer.tar"
    printf '[{"Config":"%s.json","RepoTags":["%s:latest"],"Layers":["%s.tar"]}]' \
        "$config" "$tag" "$layer" >"$work/manifest.json"
    tar "${form[@]}" --owner=0 --group=0 -C "$work" -cf "$out/queuerite.tar" \
        manifest.json "$config.json" "$layer.tar"
    rm -rf "$work"
    echo "$out/queuerite.tar: $(stat -c %s "$out/queuerite.tar") bytes, sha256 $(sha256sum "$out/queuerite.tar" | cut -d' ' -f1)"
}
[[ $tar -eq 0 ]] || write_tar

engine=
for candidate in docker podman; do
    if command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then
        engine=$candidate
        break
    fi
done
if [[ -z $engine ]]; then
    echo 'image.sh: neither docker nor podman runs here, so no image was built' >&2
    [[ $tar -eq 1 ]] || exit 77
    exit 0
fi
build() {
    # Either builder will do; what they say of each other is of no interest unless it fails.
    "$engine" build --quiet --target "$1" --tag "$2" "$context" >"$out/build.log" 2>&1 || {
        cat "$out/build.log" >&2
        exit 1
    }
    echo "$2: $("$engine" image inspect --format '{{.Size}}' "$2") bytes"
}
build small "$tag:latest"
[[ -z $busybox ]] || build busybox "$tag:busybox"

"""What is in the packages of a target, by name and mode: python3 contents.py FOLDER VERSION TARGET [notices]"""

import stat
import sys
import tarfile
import zipfile
from pathlib import Path

from packaging.tags import Tag, compatible_tags
from packaging.utils import parse_wheel_filename

PROGRAM, TEXT, LINK = 0o755, 0o644, "link"

# Of each target the platform of Node.js, the architecture of Debian, and installers' names of systems
# that take its wheel.
TARGETS = {
    "x86_64-unknown-linux-gnu": ("linux-x64", "amd64", ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"]),
    "aarch64-unknown-linux-gnu": ("linux-arm64", "arm64", ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"]),
    "x86_64-apple-darwin": ("darwin-x64", None, ["macosx_10_12_x86_64"]),
    "aarch64-apple-darwin": ("darwin-arm64", None, ["macosx_11_0_arm64"]),
    "x86_64-pc-windows-msvc": ("win32-x64", None, ["win_amd64"]),
    "x86_64-pc-windows-gnu": ("win32-x64", None, ["win_amd64"]),
}

folder, version, target = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
notices = {"THIRD-PARTY-LICENSES": TEXT} if sys.argv[4:] == ["notices"] else {}
node, debian, platforms = TARGETS[target]
is_windows = "windows" in target
program = "queuerite.exe" if is_windows else "queuerite"


def main() -> None:
    manifest = {"package/package.json": TEXT, "package/README.md": TEXT, "package/LICENSE": TEXT}
    scripts = {f"package/{name}": TEXT for name in ("index.js", "index.d.ts", "launch.js", "program.js")}
    commands = {f"package/bin/{name}": PROGRAM for name in ("queuerite.js", "azurite-queue.js")}
    same(f"queuerite-{version}.tgz", in_tar, {**manifest, **scripts, **commands})
    same(
        f"queuerite-{node}-{version}.tgz",
        in_tar,
        {**manifest, **prefixed("package", notices), f"package/bin/{program}": PROGRAM},
    )

    documents = {name: TEXT for name in ("README.md", "CHANGELOG.md", "LICENSE", "SHA256SUMS")} | notices | {program: PROGRAM}
    if is_windows:
        same(f"queuerite-{version}-{target}.zip", in_zip, prefixed(f"queuerite-{version}", documents))
    else:
        links = {"azurite": LINK, "azurite-queue": LINK}
        same(f"queuerite-{version}-{target}.tar.gz", in_tar, prefixed(f"queuerite-{version}", documents | links))

    wheel = f"queuerite-{version}-py3-none-{'.'.join(platforms)}.whl"
    information = {name: TEXT for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}
    information |= prefixed("licenses", {"LICENSE": TEXT} | notices)
    same(
        wheel,
        in_zip,
        prefixed("queuerite", {name: TEXT for name in ("__init__.py", "py.typed", "pytest_plugin.py")})
        | prefixed(f"queuerite-{version}.dist-info", information)
        | {
            f"queuerite-{version}.data/scripts/{program}": PROGRAM,
            f"queuerite-{version}.data/scripts/azurite-queue{'.exe' if is_windows else ''}": PROGRAM,
        },
    )
    tags(wheel)
    assert (folder / f"queuerite_{version}_{debian}.deb").exists() == (debian is not None), "the Debian package"
    print(f"ok: the packages for {target} hold what they should")


def same(file, read, expected):
    found = read(folder / file)
    assert found == expected, f"{file} holds {sorted(found.items(), key=str)}, not {sorted(expected.items(), key=str)}"


def tags(wheel):
    named = parse_wheel_filename(wheel)[3]
    with zipfile.ZipFile(folder / wheel) as archive:
        lines = archive.read(f"queuerite-{version}.dist-info/WHEEL").decode().splitlines()
    told = {Tag(*line.removeprefix("Tag: ").split("-")) for line in lines if line.startswith("Tag: ")}
    assert named == told, f"{wheel} says it is for {told}"
    for platform in platforms:
        # As an installer of a system with this one among its platforms asks.
        assert named & set(compatible_tags((3, 11), "cp311", [platform])), f"{wheel} is not taken for {platform}"


def prefixed(folder, entries):
    return {f"{folder}/{name}": kind for name, kind in entries.items()}


def in_tar(path):
    with tarfile.open(path) as archive:
        members = [member for member in archive if not member.isdir()]
    assert all(member.uid == member.gid == 0 for member in members), f"{path} has an owner"
    return {member.name: LINK if member.issym() else member.mode for member in members}


def in_zip(path):
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}


main()

"""Makes the wheel: the module beside this file, and a program in the place of a script.

A wheel is a zip file with a list of its files, so Python alone makes one, with the same bytes each time.
"""

import argparse
import base64
import hashlib
import os
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

METADATA = """\
Metadata-Version: 2.4
Name: queuerite
Version: {version}
Summary: An Azure Queue Storage server for one's own machine and for tests, in the place of Azurite.
Project-URL: Source, https://github.com/queuerite/queuerite
License-Expression: MIT
{license_files}Classifier: Framework :: Pytest
Requires-Python: >=3.9
Description-Content-Type: text/markdown

"""

WHEEL = """\
Wheel-Version: 1.0
Generator: queuerite
Root-Is-Purelib: false
{tags}"""

ENTRY_POINTS = """\
[pytest11]
queuerite = queuerite.pytest_plugin
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--platforms", required=True, help="the platforms of the tags, joined by dots")
    for name in ("binary", "launcher", "licenses", "out"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    asked = parser.parse_args()

    platforms = asked.platforms.split(".")
    name = f"queuerite-{asked.version}"
    information, scripts = f"{name}.dist-info", f"{name}.data/scripts"
    licenses = sorted(asked.licenses.iterdir())
    metadata = METADATA.format(
        version=asked.version, license_files="".join(f"License-File: {path.name}\n" for path in licenses)
    ) + (HERE / "README.md").read_text("utf-8")
    files = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in HERE.glob("queuerite/*") if path.is_file()}
    program = asked.binary.read_bytes()
    if platforms == ["win_amd64"]:
        # Who starts another command there, such as Azurite's, looks for an .exe; the program goes by its name.
        files |= {f"{scripts}/queuerite.exe": program, f"{scripts}/azurite-queue.exe": program}
    else:
        files |= {f"{scripts}/queuerite": program, f"{scripts}/azurite-queue": asked.launcher.read_bytes()}
    files |= {f"{information}/licenses/{path.name}": path.read_bytes() for path in licenses}
    files |= {
        f"{information}/METADATA": metadata.encode(),
        f"{information}/WHEEL": WHEEL.format(tags="".join(f"Tag: py3-none-{platform}\n" for platform in platforms)).encode(),
        f"{information}/entry_points.txt": ENTRY_POINTS.encode(),
    }
    record = [f"{path},sha256={digest(content)},{len(content)}\n" for path, content in sorted(files.items())]
    # The list comes last, and cannot hold its own digest.
    ordered = [*sorted(files.items()), (f"{information}/RECORD", "".join([*record, f"{information}/RECORD,,\n"]).encode())]

    wheel = asked.out / f"{name}-py3-none-{asked.platforms}.whl"
    moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in ordered:
            entry = zipfile.ZipInfo(path, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if path.startswith(scripts) else 0o100644) << 16
            archive.writestr(entry, content)
    print(wheel)


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()

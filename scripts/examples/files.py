"""Reads every example, and compares what must be the same in all of them."""

import ast
import json
import pathlib
import re
import sys
import xml.etree.ElementTree
import tomllib

import yaml

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PORTS = {"BlobEndpoint": "10000", "QueueEndpoint": "10001", "TableEndpoint": "10002"}
IMAGE = "ghcr.io/queuerite/queuerite"
TAG = "0.1"

PARSERS = {
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
    ".json": json.loads,
    ".py": ast.parse,
    ".xml": xml.etree.ElementTree.fromstring,
    ".toml": tomllib.loads,
}


def faults(path, text, folder):
    """What is wrong with one file, sentence by sentence."""
    parse = PARSERS.get(path.suffix)
    if parse:
        try:
            parse(text)
        except Exception as error:
            yield f"cannot be read: {error}"
    for found in re.findall(r"AccountKey=([^;\s]+)|\b(Eby8[^;\s\"]+)", text):
        if "".join(found) != KEY:
            yield f"has another key: {''.join(found)}"
    for account in re.findall(r"AccountName=([^;\s]+)", text):
        if account != ACCOUNT:
            yield f"has another account: {account}"
    for name, address in re.findall(r"(\w+Endpoint)=([^;\s]*[^;]*);", text):
        port = f":{PORTS[name]}/"
        mapped = f"ports['{PORTS[name]}']"
        if not address.endswith(f"/{ACCOUNT}") or (port not in address and mapped not in address):
            yield f"has a strange {name}: {address}"
    for tag in re.findall(rf"{re.escape(IMAGE)}(:[\w.-]+)?", text):
        # Rust and C# name the image and its tag one by one.
        if tag != f":{TAG}" and f'"{TAG}"' not in text:
            yield f"names the image with another tag: '{tag}'"
    if path.name != "README.md" and path.name not in (folder / "README.md").read_text() \
            and path.parent.parts[-1:] == folder.parts[-1:]:
        yield "is not in the table of README.md"


def main():
    folder = pathlib.Path(sys.argv[1])
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    wrong = [
        f"{path}: {fault}" for path in paths for fault in faults(path, path.read_text(), folder)
    ]
    print(f"{len(paths)} files")
    if wrong or not paths:
        sys.exit("\n".join(wrong) or f"nothing in {folder}")


if __name__ == "__main__":
    main()

"""Prints the configuration of the image that a Dockerfile describes, for one layer.

    config.py DOCKERFILE LAYER-SHA256 SECONDS

The Dockerfile stays the one place that says how the image starts. Of its instructions those are
understood that it has, in its first stage, and any other is an error.
"""

import json
import platform
import re
import shlex
import sys
from datetime import UTC, datetime


def instructions(text: str):
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
    for line in filter(None, map(str.strip, lines)):
        word, rest = line.split(None, 1)
        yield word, rest


def healthcheck(rest: str) -> dict:
    options, command = rest.split("CMD", 1)
    names = {
        "--interval": "Interval",
        "--timeout": "Timeout",
        "--start-period": "StartPeriod",
        "--retries": "Retries",
    }
    check = {"Test": ["CMD", *json.loads(command)]}
    for option in options.split():
        name, value = option.split("=")
        seconds = re.fullmatch(r"(\d+)s", value)
        check[names[name]] = int(seconds[1]) * 10**9 if seconds else int(value)
    return check


def main(dockerfile: str, layer: str, seconds: str) -> None:
    created = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    config: dict = {"Env": [], "Labels": {}, "ExposedPorts": {}, "Volumes": {}}
    stages = 0
    with open(dockerfile, encoding="utf-8") as file:
        for word, rest in instructions(file.read()):
            if word == "FROM":
                stages += 1
                if stages > 1:
                    break
            elif word == "LABEL":
                config["Labels"].update(pair.split("=", 1) for pair in shlex.split(rest))
            elif word == "ENV":
                config["Env"].append(rest)
            elif word == "USER":
                config["User"] = rest
            elif word == "WORKDIR":
                config["WorkingDir"] = rest
            elif word == "VOLUME":
                config["Volumes"][rest] = {}
            elif word == "EXPOSE":
                config["ExposedPorts"].update((f"{port}/tcp", {}) for port in rest.split())
            elif word == "HEALTHCHECK":
                config["Healthcheck"] = healthcheck(rest)
            elif word == "CMD":
                config["Cmd"] = json.loads(rest)
            elif word != "COPY":
                sys.exit(f"config.py: {dockerfile} has a {word}, which is not known here")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    image = {
        "architecture": machine,
        "os": "linux",
        "created": created,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created": created, "created_by": "scripts/image.sh"}],
    }
    json.dump(image, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How long images take to be ready and to stop, in turn, in containers. It judges nothing.

    times.py [IMAGE ...] [--rounds N]

Ready is from when the engine says that the container has started to when it received the last
line that says that a service listens. Stopped is from the request, as by `docker stop`, to when
the engine says that the container has finished; whoever does not heed SIGTERM is killed after ten
seconds. Medians, and the longest.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import datetime

import docker
from conftest import IMAGE, until
from docker.models.containers import Container

LAST = "Table service is successfully listening"


def moment(text: str) -> float:
    """Seconds of the engine's times, whose nine digits are more than a datetime has."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}+00:00").timestamp() + float(f"0.{fraction or 0}")


def measure(container: Container) -> tuple[float, float]:
    container.start()

    def last_line() -> str:
        lines = container.logs(timestamps=True).decode().splitlines()
        return next((line for line in lines if LAST in line), "")

    ready = moment(until("all services listen", last_line).split()[0])
    container.reload()
    started = moment(container.attrs["State"]["StartedAt"])
    told = time.time()
    container.stop()
    container.reload()
    return ready - started, moment(container.attrs["State"]["FinishedAt"]) - told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="*", default=[IMAGE], metavar="IMAGE")
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    engine = docker.from_env()
    times: dict[str, list[tuple[float, float]]] = {image: [] for image in asked.images}
    for _ in range(asked.rounds):
        for image in asked.images:
            container = engine.containers.create(image)
            try:
                times[image].append(measure(container))
            finally:
                container.remove(force=True, v=True)
    for image, measured in times.items():
        size = engine.images.get(image).attrs["Size"] / 1e6
        row = [f"{image}: {size:.2f} MB"]
        for what, column in zip(("ready", "stopped"), zip(*measured, strict=True), strict=True):
            median, longest = statistics.median(column) * 1000, max(column) * 1000
            row.append(f"{what} {median:.1f} ({longest:.1f}) ms")
        print(", ".join(row))


if __name__ == "__main__":
    main()

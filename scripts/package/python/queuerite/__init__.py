"""An Azure Queue Storage server for one's own machine and for tests."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Optional, Union

__all__ = ["Server", "program", "start"]

# The well-known account of every local server.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_ON_WINDOWS = os.name == "nt"

_READY = re.compile(r"successfully listens on ((https?)://\S+:(\d+))$")


@dataclass(frozen=True)
class Server:
    """A server that is ready."""

    connection_string: str
    """For ``QueueServiceClient.from_connection_string``."""
    port: int
    """The port that it listens on."""
    url: str
    """The account's queue endpoint, such as ``http://127.0.0.1:40123/devstoreaccount1``."""


def program() -> Path:
    """The installed program, wherever the installer has put commands."""
    name = "queuerite.exe" if _ON_WINDOWS else "queuerite"
    # A folder has that name too, but only files are recorded.
    recorded = (Path(file.locate()) for file in metadata.files("queuerite") or () if file.name == name)
    # `pip install --target` moves commands after it has recorded them.
    beside = Path(__file__).parents[1] / "bin" / name
    for path in (*recorded, beside):
        if path.is_file():
            return path
    raise FileNotFoundError("the program queuerite is not where its package was installed")


@contextmanager
def start(
    *flags: str, location: Optional[Union[str, "os.PathLike[str]"]] = None
) -> Iterator[Server]:
    """A server on a free port, ready within the ``with`` block, and ended at its end.

    Without a location, a folder, everything is kept in memory and forgotten at the end. More flags
    are as ``queuerite --help`` tells them, for example ``start("--strict")``.
    """
    storage = ["--inMemoryPersistence"] if location is None else ["--location", os.fspath(location)]
    # Accounts from the environment would have other keys than the connection string.
    environment = {name: value for name, value in os.environ.items() if name != "AZURITE_ACCOUNTS"}
    with tempfile.TemporaryFile("w+") as complaints:

        def ended(when: str) -> RuntimeError:
            complaints.seek(0)
            text = f"queuerite ended with {server.returncode}{when}\n{complaints.read()}"
            return RuntimeError(text.rstrip())

        # Nobody reads stdout after the ready line. It does not fill: a silent server says little.
        with subprocess.Popen(
            [program(), "--queuePort", "0", "--silent", *storage, *flags],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as server:
            try:
                # Until the end of the output, if it ends before it is ready.
                ready = next(filter(None, map(_READY.search, map(str.rstrip, server.stdout))), None)
                if ready is None:
                    server.wait()
                    raise ended(" before it was ready")
                origin, scheme, port = ready.groups()
                url = f"{origin}/{_ACCOUNT}"
                yield Server(
                    connection_string=f"DefaultEndpointsProtocol={scheme};AccountName={_ACCOUNT};"
                    f"AccountKey={_KEY};QueueEndpoint={url};",
                    port=int(port),
                    url=url,
                )
            finally:
                # On Windows a process cannot be asked to stop. To end it there loses nothing that was
                # acknowledged, and has no code of success.
                is_cut_off = _ON_WINDOWS and server.poll() is None
                server.terminate()
                server.wait()
        if server.returncode != 0 and not is_cut_off:
            raise ended("")

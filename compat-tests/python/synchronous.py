"""Takes `async` and `await` away from the scenarios: `synchronous.py SOURCE TARGET`.

The scenarios are written once, for the asynchronous client. The SDK has the same methods in its
synchronous client, so the same tests without those words, and with the few names below, are the
suite of the synchronous client. Lines stay where they are: a traceback fits both.
"""

from __future__ import annotations

import io
import sys
import tokenize
from pathlib import Path

NAMES = {
    "AioHttpTransport": "RequestsTransport",
    "AsyncCredential": "Credential",
    "AsyncExitStack": "ExitStack",
    "AsyncHttpResponse": "HttpResponse",
    "AsyncIterator": "Iterator",
    "StopAsyncIteration": "StopIteration",
    "anext": "next",
    "asyncio": "time",
    "enter_async_context": "enter_context",
}
WORDS = {"async", "await"}
MODULES = {"azure.storage.queue.aio": "azure.storage.queue"}


def synchronous(source: str) -> str:
    lines = [list(line) for line in source.splitlines(keepends=True)]
    # From the end to the beginning, so that the places of what comes before stay true.
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type != tokenize.NAME:
            continue
        (row, start), (_, end) = token.start, token.end
        if token.string in WORDS:
            lines[row - 1][start : end + 1] = []
        elif token.string in NAMES:
            lines[row - 1][start:end] = NAMES[token.string]
    text = "".join("".join(line) for line in lines)
    for module, replacement in MODULES.items():
        text = text.replace(f"from {module} import", f"from {replacement} import")
    return text


def main(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for stale in target.glob("*.py"):
        stale.unlink()
    for file in sorted(source.glob("*.py")):
        # What cannot be derived has a version of its own, beside the asynchronous one.
        own = file.with_suffix(".py.sync")
        text = own.read_text() if own.exists() else synchronous(file.read_text())
        (target / file.name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

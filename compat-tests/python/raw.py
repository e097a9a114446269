"""What the SDK would not send by itself, sent by the SDK all the same.

Each function returns a `raw_request_hook`. The hook runs before the request is signed, so what
arrives is signed properly.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SAS_PARAMETERS = ("sv", "ss", "srt", "sp", "st", "se", "sip", "spr", "sr", "si", "sig")


def body(xml: str | bytes) -> Callable:
    """Sends this body instead of the SDK's own."""
    content = xml.encode("utf-8") if isinstance(xml, str) else xml

    def replace_body(request) -> None:
        request.http_request.set_bytes_body(content)
        request.http_request.headers["Content-Length"] = str(len(content))
        request.http_request.headers["Content-Type"] = "application/xml"

    return replace_body


def query(**parameters: str | None) -> Callable:
    """Sends these query parameters too, or instead; None takes one away."""

    def replace_query(request) -> None:
        url = urlsplit(request.http_request.url)
        pairs = [pair for pair in parse_qsl(url.query, True) if pair[0] not in parameters]
        pairs += [(name, value) for name, value in parameters.items() if value is not None]
        request.http_request.url = urlunsplit(url._replace(query=urlencode(pairs)))

    return replace_query


def anonymous() -> Callable:
    """Takes the shared access signature away: the SDK makes no client without a credential."""
    return query(**dict.fromkeys(SAS_PARAMETERS))

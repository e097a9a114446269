"""Requests as the frameworks' libraries send them, byte for byte where it matters.

A framework that cannot run here is replayed: its calls in their order, in the dialect of the SDK
that it is built on. A dialect is what one can tell the SDKs apart by on the wire: the order and the
spelling of the query, the headers, the declaration of the body, whether there is a slash behind the
account. Every answer is checked for what all of these SDKs rely on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import re
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

from account import Account

Query = Sequence[tuple[str, object]]


@dataclass(frozen=True)
class Dialect:
    """How an SDK writes what all of them mean."""

    name: str
    user_agent: str
    version: str
    # What stands before the root of a body.
    declaration: str
    # Sent with every request, besides those that all SDKs send.
    headers: dict[str, str] = field(default_factory=dict)
    encode: Callable[[str], str] = lambda value: quote(value, safe="")
    # Go writes the query in the order of the names.
    sorts_query: bool = False
    # JavaScript and Java put a slash between the account and the query, .NET does not.
    service_path: str = "/"


DOTNET = Dialect(
    name="dotnet",
    user_agent="azsdk-net-Storage.Queues/12.25.0 (.NET 8.0.22; Ubuntu 24.04.3 LTS)",
    version="2026-02-06",
    # .NET's writer begins with a byte-order mark.
    declaration='\ufeff<?xml version="1.0" encoding="utf-8"?>',
    headers={
        "x-ms-return-client-request-id": "true",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    },
    service_path="",
)
JAVA = Dialect(
    name="java",
    user_agent="azsdk-java-azure-storage-queue/12.29.0 (21.0.9; Linux; 6.8.0)",
    version="2026-02-06",
    declaration="<?xml version='1.0' encoding='UTF-8'?>",
    headers={"x-ms-return-client-request-id": "true"},
)
GO = Dialect(
    name="go",
    user_agent="azsdk-go-azqueue/v1.0.1 (go1.23.4; linux)",
    version="2024-05-04",
    declaration="",
    headers={"Accept-Encoding": "gzip"},
    encode=quote_plus,
    sorts_query=True,
)
JAVASCRIPT = Dialect(
    name="javascript",
    user_agent="azsdk-js-azure-storage-queue/12.32.0 core-rest-pipeline/1.22.0 Node/22.11.0 OS/x64",
    version="2026-02-06",
    declaration='<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    headers={"Accept-Encoding": "gzip,deflate"},
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    asked: str
    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes

    def __repr__(self) -> str:
        return f"{self.asked}: {self.status} {self.reason} {self.body.decode('utf-8', 'replace')}"

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    @property
    def date(self) -> datetime:
        return parsedate_to_datetime(self.headers["Date"])

    @property
    def metadata(self) -> dict[str, str]:
        start = "x-ms-meta-"
        return {
            name[len(start) :]: value
            for name, value in self.headers.items()
            if name.lower().startswith(start)
        }

    @property
    def count(self) -> int:
        return int(self.headers["x-ms-approximate-messages-count"])

    def expect(self, status: int) -> Answer:
        assert self.status == status, self
        return self

    def expect_error(self, code: str) -> Answer:
        """Expects a refusal, with its status, its text and its code in both places."""
        status, text = ERRORS[code]
        assert (self.status, self.headers["x-ms-error-code"]) == (status, code), self
        assert self.reason == text, self
        assert self.xml.findtext("Code") == code, self
        assert (self.xml.findtext("Message") or "").startswith(f"{text}\nRequestId:"), self
        return self


ERRORS = {
    "MessageNotFound": (404, "The specified message does not exist."),
    "QueueNotFound": (404, "The specified queue does not exist."),
}


@dataclass(frozen=True)
class Message:
    """A message of an answer; what a peek does not tell is None."""

    id: str
    text: str
    inserted: datetime
    expires: datetime
    receipt: str | None
    next_visible: datetime | None
    dequeue_count: int | None

    @classmethod
    def all_of(cls, answer: Answer) -> list[Message]:
        assert answer.headers["Content-Type"] == "application/xml", answer
        assert answer.xml.tag == "QueueMessagesList", answer
        return [cls._of(element) for element in answer.xml.findall("QueueMessage")]

    @classmethod
    def _of(cls, element: ElementTree.Element) -> Message:
        def time(name: str) -> datetime | None:
            text = element.findtext(name)
            return parsedate_to_datetime(text) if text else None

        count = element.findtext("DequeueCount")
        inserted, expires = time("InsertionTime"), time("ExpirationTime")
        assert inserted and expires
        return cls(
            id=element.findtext("MessageId") or "",
            text=element.findtext("MessageText") or "",
            inserted=inserted,
            expires=expires,
            receipt=element.findtext("PopReceipt"),
            next_visible=time("TimeNextVisible"),
            dequeue_count=int(count) if count else None,
        )


class Service:
    """A service client of one dialect, on one connection that it keeps as long as it can."""

    def __init__(
        self, account: Account, dialect: Dialect, *, host_style: str | None = None
    ) -> None:
        """With `host_style`, asks under that host name and leaves the account out of the path."""
        url = urlsplit(account.endpoint)
        port = url.port or (443 if account.is_secure else 80)
        self.account = account
        self.dialect = dialect
        self._base = url.path
        self._host = url.netloc
        if host_style:
            self._base = ""
            self._host = host_style if url.port is None else f"{host_style}:{url.port}"
        self._connection: http.client.HTTPConnection
        if account.is_secure:
            self._connection = _Tls(url.hostname, port, account, host_style or url.hostname)
        else:
            self._connection = http.client.HTTPConnection(url.hostname, port, timeout=60)

    def queue(self, name: str) -> Queue:
        return Queue(self, name)

    def list_queues(self, *query: tuple[str, object]) -> Answer:
        return self.send("GET", self.dialect.service_path, [("comp", "list"), *query])

    def properties(self) -> Answer:
        query = [("restype", "service"), ("comp", "properties")]
        return self.send("GET", self.dialect.service_path, query)

    def set_properties(self, xml: str) -> Answer:
        query = [("restype", "service"), ("comp", "properties")]
        return self.send("PUT", self.dialect.service_path, query, body=xml)

    def send(
        self,
        method: str,
        path: str,
        query: Query = (),
        headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """Sends one request, signed, and checks what every answer must have."""
        pairs = [(name, str(value)) for name, value in query if value is not None]
        if self.dialect.sorts_query:
            pairs.sort()
        target = (self._base + path) or "/"
        if pairs:
            encode = self.dialect.encode
            target += "?" + "&".join(f"{name}={encode(value)}" for name, value in pairs)

        content = None if body is None else (self.dialect.declaration + body).encode()
        request_id = str(uuid.uuid4())
        sent = {
            "Host": self._host,
            "x-ms-version": self.dialect.version,
            "Accept": "application/xml",
            "x-ms-client-request-id": request_id,
            **self.dialect.headers,
            "User-Agent": self.dialect.user_agent,
            "x-ms-date": format_datetime(datetime.now(timezone.utc), usegmt=True),
            **(headers or {}),
        }
        if content is not None:
            sent |= {"Content-Type": "application/xml", "Content-Length": str(len(content))}
        elif method in ("PUT", "POST"):
            sent["Content-Length"] = "0"
        sent["Authorization"] = _authorization(self.account, method, target, sent)

        connection = self._connection
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(content)
            response = connection.getresponse()
            answer = Answer(
                f"{method} {target}",
                response.status,
                response.reason,
                response.headers,
                response.read(),
            )
        except BaseException:
            connection.close()
            raise
        self._check(answer, request_id)
        return answer

    def _check(self, answer: Answer, request_id: str) -> None:
        headers = answer.headers
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-ms-request-id"])
        # Java and .NET fail the call if this is another one.
        assert headers["x-ms-client-request-id"] == request_id, answer
        assert headers["Date"], answer
        assert headers.get("Content-Encoding") is None, answer
        if not answer.body:
            assert headers["Content-Type"] is None, answer


class Queue:
    """A queue client of one dialect."""

    def __init__(self, service: Service, name: str) -> None:
        self.service = service
        self.name = name

    def sibling(self, name: str) -> Queue:
        return Queue(self.service, name)

    def create(self, metadata: dict[str, str] | None = None, *, slash: str = "") -> Answer:
        headers = {f"x-ms-meta-{name}": value for name, value in (metadata or {}).items()}
        return self.send("PUT", slash, headers=headers)

    def delete(self) -> Answer:
        return self.send("DELETE")

    def properties(self, *, method: str = "GET", slash: str = "") -> Answer:
        return self.send(method, slash, [("comp", "metadata")])

    def policies(self) -> Answer:
        return self.send("GET", "", [("comp", "acl")])

    def set_policies(self, xml: str) -> Answer:
        return self.send("PUT", "", [("comp", "acl")], body=xml)

    def put(self, text: str, visibility: int | None = None, ttl: int | None = None) -> Answer:
        query = [("visibilitytimeout", visibility), ("messagettl", ttl)]
        return self.send("POST", "/messages", query, body=_queue_message(text))

    def put_one(self, text: str, visibility: int | None = None, ttl: int | None = None) -> Message:
        """Puts, expects success, and returns what the answer tells."""
        (message,) = Message.all_of(self.put(text, visibility, ttl).expect(201))
        return message

    def get(self, number: int | None = None, visibility: int | None = None) -> Answer:
        query = [("numofmessages", number), ("visibilitytimeout", visibility)]
        return self.send("GET", "/messages", query)

    def get_all(self, number: int | None = None, visibility: int | None = None) -> list[Message]:
        return Message.all_of(self.get(number, visibility).expect(200))

    def peek(self, number: int | None = None) -> Answer:
        return self.send("GET", "/messages", [("peekonly", "true"), ("numofmessages", number)])

    def peek_all(self, number: int | None = None) -> list[Message]:
        return Message.all_of(self.peek(number).expect(200))

    def update(
        self, message_id: str, receipt: str, visibility: int, text: str | None = None
    ) -> Answer:
        """Without a text the request has no body at all: the text is to stay as it is."""
        return self.send(
            "PUT",
            f"/messages/{message_id}",
            [("popreceipt", receipt), ("visibilitytimeout", visibility)],
            body=None if text is None else _queue_message(text),
        )

    def renew(self, message_id: str, receipt: str, visibility: int) -> str:
        """Updates the time alone, checks the answer, and returns the new receipt."""
        answer = self.update(message_id, receipt, visibility).expect(204)
        assert not answer.body, answer
        renewed = answer.headers["x-ms-popreceipt"]
        assert renewed and renewed != receipt, answer
        visible = parsedate_to_datetime(answer.headers["x-ms-time-next-visible"])
        assert abs((visible - answer.date).total_seconds() - visibility) <= 1, answer
        return renewed

    def delete_message(self, message_id: str, receipt: str) -> Answer:
        return self.send("DELETE", f"/messages/{message_id}", [("popreceipt", receipt)])

    def clear(self) -> Answer:
        return self.send("DELETE", "/messages")

    def send(self, method: str, path: str = "", query: Query = (), **options: Any) -> Answer:
        return self.service.send(method, f"/{self.name}{path}", query, **options)


class _Tls(http.client.HTTPSConnection):
    """A connection to the endpoint's address, for the server of another name."""

    def __init__(self, host: str | None, port: int, account: Account, name: str | None) -> None:
        super().__init__(host or "", port, timeout=60, context=account.tls)
        self._server_name = name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._server_name)


def _queue_message(text: str) -> str:
    return f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>"


def _authorization(account: Account, method: str, target: str, headers: dict[str, str]) -> str:
    """`Authorization` for SharedKey, as Authorize with Shared Key has it."""
    given = {name.lower(): value for name, value in headers.items()}
    length = given.get("content-length", "")
    lines = [
        method,
        "",  # Content-Encoding
        "",  # Content-Language
        "" if length == "0" else length,
        "",  # Content-MD5
        given.get("content-type", ""),
        "",  # Date: x-ms-date is there
        "",  # If-Modified-Since
        "",  # If-Match
        "",  # If-None-Match
        "",  # If-Unmodified-Since
        "",  # Range
    ]
    lines += [f"{name}:{given[name]}" for name in sorted(given) if name.startswith("x-ms-")]
    path, _, query = target.partition("?")
    lines.append(f"/{account.name}{path}")
    decoded: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        decoded.setdefault(unquote(name).lower(), []).append(value)
    lines += [f"{name}:{','.join(sorted(decoded[name]))}" for name in sorted(decoded)]
    key = base64.b64decode(account.key)
    signature = base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), hashlib.sha256))
    return f"SharedKey {account.name}:{signature.decode()}"

"""Where the server is, and what the tests may touch there."""

from __future__ import annotations

import os
import ssl
import uuid
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Account:
    """What the runner says about the server."""

    endpoint: str
    secondary: str | None
    name: str
    key: str
    # The certificate of the authority to trust besides the public ones.
    authority: str | None
    run: str
    patience: str

    @cached_property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.authority:
            context.load_verify_locations(self.authority)
        return context

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.endpoint).scheme == "https"

    @property
    def is_host_style(self) -> bool:
        """Whether the endpoint itself names the account in its host."""
        return not urlsplit(self.endpoint).path.strip("/")

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol={urlsplit(self.endpoint).scheme};"
            f"AccountName={self.name};AccountKey={self.key};QueueEndpoint={self.endpoint};"
        )

    @property
    def prefix(self) -> str:
        """How every queue of this run begins. What does not is somebody else's."""
        return f"c{self.run}-"

    def unique_name(self, purpose: str) -> str:
        return f"{self.prefix}{purpose}-{uuid.uuid4().hex[:8]}"

    @property
    def within(self) -> float:
        """How long what takes time may take."""
        return 45.0 if self.patience == "cloud" else 20.0


def from_environment() -> Account:
    return Account(
        endpoint=os.environ["COMPAT_ENDPOINT"].rstrip("/"),
        secondary=(os.environ.get("COMPAT_SECONDARY") or "").rstrip("/") or None,
        name=os.environ["COMPAT_ACCOUNT"],
        key=os.environ["COMPAT_KEY"],
        authority=os.environ.get("COMPAT_CA") or None,
        run=os.environ["COMPAT_RUN"],
        patience=os.environ.get("COMPAT_PATIENCE") or "short",
    )

"""The endpoint under test, as the environment tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

DEVELOPMENT_ACCOUNT = "devstoreaccount1"
DEVELOPMENT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

# The cloud may need 30 seconds until policies and properties are in force or a queue is gone.
LIKE_THE_CLOUD = os.environ.get("COMPAT_PATIENCE") == "cloud"
PATIENCE = 45.0 if LIKE_THE_CLOUD else 20.0
RUN = os.environ.get("COMPAT_RUN", "local")


@dataclass(frozen=True)
class Account:
    """What a client needs to know: where, who, and with what secret."""

    endpoint: str
    name: str = DEVELOPMENT_ACCOUNT
    key: str = DEVELOPMENT_KEY
    secondary: str | None = None
    # The certificate of the authority to trust, if the endpoint speaks https with one of its own.
    authority: str | None = None
    # Whether bearer tokens are taken although nobody has signed them.
    takes_made_up_tokens: bool = False

    @property
    def is_secure(self) -> bool:
        return self.endpoint.startswith("https:")

    @property
    def host(self) -> str:
        """Host and port, as they appear in the endpoint."""
        return urlsplit(self.endpoint).netloc

    @property
    def port(self) -> int | None:
        return urlsplit(self.endpoint).port

    @property
    def secondary_hostname(self) -> str:
        """The secondary as the SDK wants it: without the scheme, but with the path, if any."""
        assert self.secondary
        return self.secondary.split("://", 1)[1]

    @property
    def credential(self) -> dict[str, str]:
        return {"account_name": self.name, "account_key": self.key}

    @property
    def options(self) -> dict[str, object]:
        """For every client: it trusts our authority, and does not retry, as that hides faults."""
        trust = {"connection_verify": self.authority} if self.authority else {}
        return {"retry_total": 0, **trust}

    @property
    def retrying(self) -> dict[str, object]:
        """For the clients of the scenarios about retries: three of them, without a pause."""
        patience = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
        return {**self.options, "retry_total": 3, **patience}

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol={urlsplit(self.endpoint).scheme};"
            f"AccountName={self.name};AccountKey={self.key};"
            f"QueueEndpoint={self.endpoint};"
        )


def from_environment() -> Account:
    return Account(
        endpoint=os.environ["COMPAT_ENDPOINT"].rstrip("/"),
        name=os.environ.get("COMPAT_ACCOUNT", DEVELOPMENT_ACCOUNT),
        key=os.environ.get("COMPAT_KEY", DEVELOPMENT_KEY),
        secondary=os.environ.get("COMPAT_SECONDARY", "").rstrip("/") or None,
        authority=os.environ.get("COMPAT_CA") or None,
        takes_made_up_tokens=os.environ.get("COMPAT_TOKENS") == "unverified",
    )

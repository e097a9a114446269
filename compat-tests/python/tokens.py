"""Tokens that nobody issued: what they say is checked, who signed them is not."""

from __future__ import annotations

import base64
import json
import time

from azure.core.credentials import AccessToken

OBJECT = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
USER = "33333333-3333-3333-3333-333333333333"
USERS_TENANT = "44444444-4444-4444-4444-444444444444"


def token(lifetime: float = 3600, **claims: object) -> str:
    """A token with these claims instead of the usual ones."""
    now = int(time.time())
    usual = {
        "aud": "https://storage.azure.com",
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now - 60,
        "nbf": now - 60,
        "exp": int(now + lifetime),
        "oid": OBJECT,
        "tid": TENANT,
    }
    return ".".join([_part({"typ": "JWT", "alg": "none"}), _part({**usual, **claims}), ""])


class Credential:
    """What azure-identity would be: it gives a token to whoever asks, and remembers the asking."""

    def __init__(self, *tokens: str) -> None:
        """Gives these tokens one after the other, and the last one ever after."""
        self._tokens = list(tokens) or [token()]
        self.asked: list[tuple[tuple[str, ...], dict]] = []

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        self.asked.append((scopes, options))
        current = self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]
        return AccessToken(current, int(time.time()) + 3600)


class AsyncCredential(Credential):
    """The same for the asynchronous client."""

    async def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return super().get_token(*scopes, **options)

    async def close(self) -> None:
        """There is nothing to close."""


def _part(content: dict) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(content).encode())
    return encoded.rstrip(b"=").decode()

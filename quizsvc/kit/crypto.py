"""Keys and what is made with them: signed tokens, sealed values, keyed hashes.

Two keys with two lives. The secret keys (newest first) sign and seal, and can be rotated: the newest writes, every
one reads. The identity key makes the hashes that people and award codes are found by, and is never rotated.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, current_app
from itsdangerous import BadData, URLSafeSerializer

EXTENSION = "quizsvc.keys"


@dataclass(frozen=True)
class Keys:
    """The service's keys. `repr` shows none of them."""

    secrets: Sequence[str]
    identity: str

    def __repr__(self) -> str:
        return "Keys(...)"

    def signer(self, purpose: str) -> URLSafeSerializer:
        """Signs values for one purpose with HMAC-SHA-256; a token for one purpose is no token for another."""
        return self._signers.setdefault(
            purpose,
            URLSafeSerializer(
                list(reversed(self.secrets)),  # itsdangerous wants the oldest first
                salt=f"quizsvc/{purpose}",
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            ),
        )

    @cached_property
    def _signers(self) -> dict[str, URLSafeSerializer]:
        return {}

    @cached_property
    def _fernet(self) -> MultiFernet:
        derived = (hashlib.sha256(b"quizsvc/seal|" + secret.encode()).digest() for secret in self.secrets)
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])

    def derive(self, purpose: str) -> list[str]:
        """Keys of their own for something that signs by itself, newest first; they tell nothing of the secrets."""
        return [hmac.digest(one.encode(), f"quizsvc/{purpose}".encode(), "sha256").hex() for one in self.secrets]

    def seal(self, value: bytes) -> str:
        """Encrypt and authenticate, with the newest key."""
        return self._fernet.encrypt(value).decode()

    def unseal(self, sealed: str) -> bytes:
        """The sealed value; RuntimeError (without the value) when no key in use can open it."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise RuntimeError("a sealed value opens with no key of QUIZSVC_SECRET_KEY") from None

    def identity_digest(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 of a value under the identity key, apart for each purpose."""
        return hmac.digest(self.identity.encode(), f"quizsvc/{purpose}|{value}".encode(), "sha256")

    def identity_hash(self, purpose: str, value: str) -> str:
        """`identity_digest` as 64 hex digits."""
        return self.identity_digest(purpose, value).hex()

    def sign(self, purpose: str, value: str, *, until: datetime) -> str:
        """A URL-safe token that carries a value until a moment."""
        return str(self.signer(purpose).dumps([value, int(until.timestamp())]))

    def verify(self, purpose: str, token: str, *, now: datetime) -> str | None:
        """The token's value, or None when it is forged, for another purpose, or past its moment.

        Only the end counts: a host whose clock is a little behind the issuer's lets the token in.
        """
        try:
            value, until = self.signer(purpose).loads(token)
        except BadData:
            return None
        return str(value) if now.timestamp() < until else None


def init_keys(app: Flask, keys: Keys) -> None:
    """Give the app its keys."""
    app.extensions[EXTENSION] = keys


def keys() -> Keys:
    """The running app's keys."""
    found: Keys = current_app.extensions[EXTENSION]
    return found

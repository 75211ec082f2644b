"""Secrets at rest: sealed (AES-256-GCM) with a key of the installation that the database does not hold."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from market.core.config import Settings

PURPOSE = "webhook-secrets"
_NONCE_BYTES = 12


def seal(settings: Settings, endpoint_id: int, secret: str) -> bytes:
    """A secret of an endpoint as it is kept; moved to another endpoint, it could not be opened."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(settings.secret(PURPOSE)).encrypt(nonce, secret.encode(), _bound_to(endpoint_id))
    return nonce + sealed


def unseal(settings: Settings, endpoint_id: int, sealed: bytes) -> str:
    """The secret. Errors: cryptography's InvalidTag (the installation's key is another than it was sealed with)."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return AESGCM(settings.secret(PURPOSE)).decrypt(nonce, rest, _bound_to(endpoint_id)).decode()


def _bound_to(endpoint_id: int) -> bytes:
    return f"webhook_endpoint:{endpoint_id}".encode()

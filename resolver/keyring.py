"""The keys that open tenants' credentials, and the two forms in which a credential is stored.

`v1:` + URL-safe base64 of nonce (12) ‖ ciphertext ‖ tag (16)
        AES-256-GCM with the tenant id (UTF-8) as associated data: a ciphertext moved to another
        tenant's row does not open
`gAAAA…`
        a Fernet token; the format binds no tenant

A key is URL-safe base64 of 32 bytes; several are joined by commas. The first one encrypts, all of
them decrypt, so that old and new keys may be mixed during a rotation.

No secret ends up in a traceback: a function that raises has dropped its secrets before.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from resolver.errors import ConfigurationError, CredentialsError

Cipher = Literal["aes-256-gcm", "fernet"]

AES_256_GCM: Final = "aes-256-gcm"
FERNET: Final = "fernet"

_PREFIX = "v1:"
# The version byte 0x80 and a time stamp whose first bytes are 0 until the year 2106.
_FERNET_PREFIX = "gAAAA"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D: the length for which GCM needs no extra hashing
_TAG_BYTES = 16


class Keyring:
    """One or several keys. Safe to share between threads and across a fork."""

    __slots__ = ("_aes", "_fernet")

    def __init__(self, text: str) -> None:
        """Read the form of ENCRYPTION_KEY. ConfigurationError where it is malformed."""
        self._aes: tuple[AESGCM, ...] = ()
        self._fernet: tuple[Fernet, ...] = ()
        keys = _parse(text)
        del text
        if isinstance(keys, str):
            raise ConfigurationError(keys)
        self._aes = tuple(AESGCM(key) for key in keys)
        self._fernet = tuple(Fernet(base64.urlsafe_b64encode(key)) for key in keys)

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._aes)} keys>"

    def __reduce__(self) -> str:
        raise TypeError("a Keyring is not pickled: it holds keys")

    @staticmethod
    def generate() -> str:
        """A fresh random key, in the form of ENCRYPTION_KEY."""
        return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode("ascii")

    def encrypt(self, tenant_id: str, secret: str, cipher: Cipher = AES_256_GCM) -> str:
        """The stored form of `secret` for this tenant, under the first key."""
        if cipher == FERNET:
            return self._fernet[0].encrypt(secret.encode()).decode("ascii")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aes[0].encrypt(nonce, secret.encode(), tenant_id.encode())
        return _PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode("ascii")

    def decrypt(self, tenant_id: str, token: str, cipher: Cipher | None = None) -> str:
        """The secret behind a stored form. CredentialsError where no key opens it here."""
        kind, sealed = unpack(tenant_id, token, cipher)
        return self.open(tenant_id, kind, sealed)

    def open(self, tenant_id: str, cipher: Cipher, sealed: bytes) -> str:
        """The secret behind the raw bytes that `unpack` gave. CredentialsError as in `decrypt`."""
        secret = self._try_keys(tenant_id, cipher, sealed)
        if secret is None:
            raise CredentialsError(f"credentials of tenant {tenant_id!r} do not decrypt")
        return secret

    def _try_keys(self, tenant_id: str, cipher: Cipher, sealed: bytes) -> str | None:
        """The secret, or None; no exception of a library leaves this frame."""
        if cipher == FERNET:
            token = base64.urlsafe_b64encode(sealed)
            for fernet in self._fernet:
                try:
                    return fernet.decrypt(token).decode()
                except (InvalidToken, UnicodeDecodeError):
                    continue
            return None
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for aes in self._aes:
            try:
                return aes.decrypt(nonce, body, tenant_id.encode()).decode()
            except (InvalidTag, UnicodeDecodeError):
                continue
        return None


def unpack(tenant_id: str, token: str, cipher: Cipher | None = None) -> tuple[Cipher, bytes]:
    """Cipher and raw bytes of a stored form; nothing is decrypted.

    cipher: the only one allowed; by default the value's prefix decides. CredentialsError where the
    value has no such form.
    """
    found: Cipher | None = None
    sealed: bytes | None = None
    if token.startswith(_PREFIX) and cipher in (None, AES_256_GCM):
        found, sealed = AES_256_GCM, _decode(token[len(_PREFIX) :])
        if sealed is not None and len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            sealed = None
    elif token.startswith(_FERNET_PREFIX) and cipher in (None, FERNET):
        found, sealed = FERNET, _decode(token)
    if found is None or sealed is None:
        raise CredentialsError(f"credentials of tenant {tenant_id!r} are in no known form")
    return found, sealed


def _decode(text: str) -> bytes | None:
    """Bytes of URL-safe base64, its padding optional; None where it is malformed.

    Unlike `urlsafe_b64decode`, which skips what it does not know: a damaged value could pass.
    """
    try:
        raw = text.encode("ascii")
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None


def _parse(text: str) -> list[bytes] | str:
    """The keys, or what is wrong with them, in words that quote nothing."""
    if not text.strip():
        return "the encryption key is empty"
    parts = [part.strip() for part in text.split(",")]
    keys = []
    for position, part in enumerate(parts, 1):
        key = _decode(part)
        if key is None or len(key) != _KEY_BYTES:
            which = f"key {position} of {len(parts)}" if len(parts) > 1 else "the encryption key"
            return f"{which} is not the URL-safe base64 of {_KEY_BYTES} bytes"
        keys.append(key)
    return keys

"""A tenant's record in the form in which a cache keeps it: the place in clear, the secret sealed.

    <HBBHHHHH  port, cipher (0 aes-256-gcm, 1 fernet), whole (1: the secret is a whole URL),
               lengths of driver, host, database, username, secret
    then these five: four in UTF-8, and the secret's raw bytes as `keyring.unpack` gives them

A record is at most 448 bytes together with the tenant's id if it is to be cached.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from sqlalchemy.engine import URL

from resolver.keyring import AES_256_GCM, FERNET, Cipher

# SQLAlchemy 2.1 reads plain `postgresql://` as psycopg 3: the driver is always spelled out.
DEFAULT_DRIVER = "postgresql+psycopg2"

_HEAD = struct.Struct("<HBBHHHHH")
_CIPHERS: tuple[Cipher, ...] = (AES_256_GCM, FERNET)


class Fields(NamedTuple):
    """A record taken apart. port 0: none; empty texts: none."""

    driver: str
    host: str
    port: int
    database: str
    username: str
    cipher: Cipher
    sealed: bytes
    whole: bool


class Loaded(NamedTuple):
    """What a load brings: the packed record, its version, and where the time went."""

    value: bytes
    version: int
    query_ns: int = 0
    decryption_ns: int = 0


def pack(fields: Fields) -> bytes:
    """The record as bytes. struct.error where a part exceeds 65,535 bytes or the port is none."""
    # The usual driver is left out: 19 bytes of every record.
    driver = "" if fields.driver == DEFAULT_DRIVER else fields.driver
    texts = [text.encode() for text in (driver, fields.host, fields.database, fields.username)]
    head = _HEAD.pack(
        fields.port,
        _CIPHERS.index(fields.cipher),
        fields.whole,
        *(len(part) for part in texts),
        len(fields.sealed),
    )
    return b"".join((head, *texts, fields.sealed))


def take_apart(value: bytes) -> Fields:
    """The parts of a packed record."""
    port, cipher, whole, *lengths = _HEAD.unpack_from(value)
    parts = []
    at = _HEAD.size
    for length in lengths:
        parts.append(value[at : at + length])
        at += length
    driver, host, database, username = (part.decode() for part in parts[:4])
    return Fields(
        driver or DEFAULT_DRIVER,
        host,
        port,
        database,
        username,
        _CIPHERS[cipher],
        parts[4],
        bool(whole),
    )


def place_of(value: bytes) -> URL:
    """The URL of a packed record, without a password and without a query."""
    fields = take_apart(value)
    return URL.create(
        fields.driver,
        username=fields.username or None,
        host=fields.host or None,
        port=fields.port or None,
        database=fields.database or None,
    )

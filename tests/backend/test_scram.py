"""The verifier, against the example conversation of RFC 7677."""

from __future__ import annotations

import base64
import hashlib
import hmac

from stress.backend import scram

SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
MESSAGE = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s={SALT},i=4096,c=biws,r={NONCE}"
PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_keys_of_the_rfcs_example_check_its_proof_and_give_its_signature() -> None:
    stored = scram.verifier("pencil", base64.b64decode(SALT))
    kind, work, keys = stored.split("$")
    assert (kind, work) == ("SCRAM-SHA-256", f"4096:{SALT}")
    stored_key, server_key = (base64.b64decode(key) for key in keys.split(":"))
    server = hmac.digest(server_key, MESSAGE.encode(), "sha256")
    assert base64.b64encode(server).decode() == SIGNATURE
    client = hmac.digest(stored_key, MESSAGE.encode(), "sha256")
    key = bytes(a ^ b for a, b in zip(client, base64.b64decode(PROOF), strict=True))
    assert hashlib.sha256(key).digest() == stored_key


def test_each_verifier_has_a_salt_of_its_own() -> None:
    assert scram.verifier("same") != scram.verifier("same")

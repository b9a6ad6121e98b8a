"""No secret passes the redactor."""

from __future__ import annotations

import pytest

from stress.redact import Redactor


@pytest.mark.parametrize(
    "text",
    [
        "could not connect to postgresql://app:hunter22@db:5432/x",
        "postgresql+psycopg2://app:hunter22@db/x?sslmode=require",
        "invalid dsn: host=db password=hunter22 dbname=x",
        "invalid dsn: password='hunter22' user=x",
        '{"password": "hunter22"}',
        "Password: hunter22",
        "url?user=a&password=hunter22&x=1",
    ],
)
def test_a_password_is_masked_wherever_it_stands(text: str) -> None:
    redacted = Redactor()(text)
    assert "hunter22" not in redacted
    assert "***" in redacted


def test_a_known_secret_is_masked_without_any_mark_around_it() -> None:
    assert Redactor(["s3cr3t-value", "s3cr3t"])("x s3cr3t-value y s3cr3t z") == "x *** y *** z"


def test_ciphertexts_are_masked() -> None:
    assert "gAAAAAB" not in Redactor()("token gAAAAAB" + "k" * 90 + "==")
    assert "v1:AAAA" not in Redactor()("value v1:AAAA" + "k" * 60)


def test_text_without_secrets_is_left_alone() -> None:
    text = "relation tenants does not exist at 10:30:00 (user app@db:5432)"
    assert Redactor()(text) == text

"""Takes secrets out of text that comes from elsewhere: exceptions of targets and drivers."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

# user:password@ in a URL; password=… in a DSN or keyword list, quoted or not.
_PATTERNS = (
    (re.compile(r"(://[^\s:/@]*:)[^\s@]+(?=@)"), r"\1" + MASK),
    (
        re.compile(
            r"(?i)((?:password|passwd|pwd|pass|secret|encryption_key|api_?key|token)[\"']?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;&)\]}]+)"
        ),
        r"\1" + MASK,
    ),
    (re.compile(r"gAAAA[\w-]{20,}={0,2}"), MASK),
    (re.compile(r"v1:[\w-]{30,}={0,2}"), MASK),
)


class Redactor:
    """Masks the secrets it was told of and everything that looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret that contains another one leaves nothing behind.
        self._secrets = sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def brief(self, error: BaseException) -> str:
        """An exception in one line: its type and what it says."""
        text = " ".join(self(str(error)).split())
        return f"{type(error).__name__}: {text}" if text else type(error).__name__

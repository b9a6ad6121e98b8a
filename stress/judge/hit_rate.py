"""Which hit rate a TTL gives, and which TTL a hit rate needs.

A tenant is asked for at random, λ times a second. Its entry answers until D after the start of the
load, which takes L; the next call loads again. From one load to the next come that one load, λL
calls that wait for it, and λ(D - L) hits, so

    h = λ(D - L) / (1 + λD)      and      D = (h + λL) / ((1 - h)λ)

With L = 0 these are h = λD / (1 + λD) and D = h / ((1 - h)λ) (Jung, Berger and Balakrishnan,
"Modeling TTL-based Internet caches", INFOCOM 2003). Several tenants' rates of hits are added.

Two simplifications lengthen the TTL that is named: most caches count D from the end of the load,
and in a closed loop λ grows as misses become fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

DIGITS = 2
HALVINGS = 60  # of the bracket: beyond what a float resolves

Asked = tuple[float, int]
"""How often each of so many tenants is asked for in a second: (rate, tenants)."""


def predicted(ttl_s: float, asked: Sequence[Asked], load_s: float = 0.0) -> float:
    """The hit rate of all these tenants together; 0 where nobody asks."""
    lives_s = max(0.0, ttl_s - load_s)
    hits = sum(count * rate * (rate * lives_s / (1 + rate * ttl_s)) for rate, count in asked)
    total = sum(count * rate for rate, count in asked)
    return hits / total if total else 0.0


def smallest_ttl_s(target: float, asked: Sequence[Asked], load_s: float = 0.0) -> float | None:
    """The smallest TTL of two digits whose predicted hit rate exceeds `target`.

    None where no TTL does: a target of 100 %, or nobody asks.
    """
    rates = [rate for rate, count in asked if rate > 0 and count]
    if not rates or target >= 1:
        return None
    # What gives the least asked tenant its target gives every other one more.
    low, high = 0.0, max((target + rate * load_s) / ((1 - target) * rate) for rate in rates)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if predicted(middle, asked, load_s) > target else (middle, high)
    return _above(high, target, asked, load_s)


def _above(ttl_s: float, target: float, asked: Sequence[Asked], load_s: float) -> float:
    """Rounded up; where a TTL meets the target exactly, the next one."""
    exact = Decimal(repr(ttl_s)) if ttl_s > 0 else Decimal("1e-9")
    step = Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)
    found = exact.quantize(step, ROUND_CEILING)
    while predicted(float(found), asked, load_s) <= target:
        found += step
    return float(found)

"""Which tenant each request asks for: pure, seeded sequences of tenant indices.

uniform        every tenant equally likely
zipf:S         the k-th tenant with probability proportional to 1/k^S (Zipf 1949, bounded;
               numpy's own zipf is unbounded and needs S > 1)
hotspot:F:P    the share P of the requests goes to the first share F of the tenants, uniformly
               on both sides
seq            0, 1, 2, … and again from 0
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import msgspec

from stress.scenario.spelling import nearest
from stress.scenario.units import MAX_DIGITS, Misread, is_number

if TYPE_CHECKING:  # reading an option must not wait for numpy
    import numpy as np
    import numpy.typing as npt

SEQUENCE_LENGTH = 2**20  # 4 MiB; long enough that a repetition shows in no figure
MAX_EXPONENT = 10

Kind = Literal["uniform", "zipf", "hotspot", "seq"]
_KINDS: tuple[Kind, ...] = ("uniform", "zipf", "hotspot", "seq")
EXAMPLES = {"uniform": "uniform", "zipf": "zipf:0.99", "hotspot": "hotspot:0.2:0.8", "seq": "seq"}
_PARAMETERS = {"uniform": 0, "zipf": 1, "hotspot": 2, "seq": 0}


class Keys(msgspec.Struct, frozen=True):
    """A validated distribution; `parameters` are exact decimal texts."""

    kind: Kind
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.kind, *self.parameters))


def parse(text: str) -> Keys:
    """Read `uniform`, `zipf:S`, `hotspot:F:P` or `seq`. Misread says what is wrong."""
    name, *parameters = text.split(":")
    kind = next((known for known in _KINDS if known == name), None)
    if kind is None:
        near = nearest(name, _KINDS)
        if near:
            raise Misread(f"unknown distribution {name}", f"did you mean {EXAMPLES[near]}?")
        what = f"unknown distribution {name}" if name else "no distribution"
        raise Misread(what, f"one of {', '.join(EXAMPLES.values())}")
    cure = f"write {EXAMPLES[kind]}"
    wanted = _PARAMETERS[kind]
    if len(parameters) != wanted:
        takes = {0: "no parameter", 1: "one parameter", 2: "two parameters"}[wanted]
        raise Misread(f"{kind} takes {takes}", cure)
    for figure in parameters:
        if not is_number(figure) or len(figure) > MAX_DIGITS:
            raise Misread(f"{figure or 'nothing'} is no number of 0 or more", cure)
    if kind == "zipf" and Fraction(parameters[0]) > MAX_EXPONENT:
        raise Misread(f"an exponent above {MAX_EXPONENT} asks for one tenant only", cure)
    if kind == "hotspot":
        tenants, requests = (Fraction(figure) for figure in parameters)
        if not 0 < tenants <= 1:
            raise Misread(f"{parameters[0]} is no share of the tenants, above 0 to 1", cure)
        if not 0 <= requests <= 1:
            raise Misread(f"{parameters[1]} is no share of the requests, 0 to 1", cure)
    return Keys(kind, tuple(parameters))


def sequence(
    spec: str | Keys, tenants: int, seed: int, size: int = SEQUENCE_LENGTH
) -> npt.NDArray[np.int32]:
    """`size` tenant indices in 0 … tenants-1; the same arguments give the same sequence.

    spec: a validated distribution, or its text. tenants ≥ 1, size ≥ 1, seed ≥ 0.
    """
    import numpy as np

    keys = parse(spec) if isinstance(spec, str) else spec
    if tenants < 1 or size < 1 or seed < 0:
        raise ValueError("tenants and size must be at least 1, seed at least 0")
    if keys.kind == "seq":
        indices: npt.NDArray[np.int64] = np.arange(size, dtype=np.int64) % tenants
        return indices.astype(np.int32)
    return _drawn(_uniform_draws(seed, size), _weights(keys, tenants))


def _uniform_draws(seed: int, size: int) -> npt.NDArray[np.float64]:
    """Doubles in [0, 1) from the upper 53 bits of PCG64.

    numpy promises the bits of PCG64 for a seed, not what its Generator makes of them; results of
    one seed must stay comparable when numpy is renewed.
    """
    import numpy as np

    raw: npt.NDArray[np.uint64] = np.random.PCG64(seed).random_raw(size)
    return np.ldexp((raw >> np.uint64(11)).astype(np.float64), -53)


def _weights(keys: Keys, tenants: int) -> npt.NDArray[np.float64]:
    """How likely each tenant is, not normalised."""
    import numpy as np

    if keys.kind == "zipf":
        return np.arange(1, tenants + 1, dtype=np.float64) ** -float(keys.parameters[0])
    weights = np.ones(tenants)
    if keys.kind == "hotspot":
        hot = _hot_tenants(tenants, Fraction(keys.parameters[0]))
        if hot < tenants:
            share = float(Fraction(keys.parameters[1]))
            weights[:hot] = share / hot
            weights[hot:] = (1.0 - share) / (tenants - hot)
    return weights


def _hot_tenants(tenants: int, share: Fraction) -> int:
    """At least one, at most all; rounded up, so that 0.2 of 3 tenants is one."""
    exact = share * tenants
    return min(tenants, max(1, -(-exact.numerator // exact.denominator)))


def _drawn(
    uniform: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.int32]:
    """Inverse transform sampling: the first index whose cumulated weight exceeds the draw."""
    import numpy as np

    cumulated = np.cumsum(weights)
    drawn: npt.NDArray[np.intp] = np.searchsorted(cumulated, uniform * cumulated[-1], side="right")
    # A draw that rounds up to the total would fall behind the last tenant with any weight.
    drawn = np.minimum(drawn, np.flatnonzero(weights)[-1])
    return drawn.astype(np.int32)

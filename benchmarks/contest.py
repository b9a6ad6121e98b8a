"""A benchmark, its contenders, and how they are measured: interleaved, by medians of rounds.

All contenders of a benchmark take turns within each round, in an order drawn anew, so that whatever
else the machine does falls on all alike. One round is thrown away first. The figure is the median
of the rounds; the spread is half the distance between the quartiles, in percent of it.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

WALL = time.perf_counter_ns
THREAD_CPU = time.thread_time_ns
PROCESS_CPU = time.process_time_ns


@dataclass(frozen=True)
class Contender:
    """One way of doing the benchmark's work: `run` does `operations` of it each time it is called.

    `note` says what it does not do that others do, for the table's foot.
    """

    name: str
    run: Callable[[], object]
    operations: int
    note: str = ""


@dataclass(frozen=True)
class Goal:
    """How much dearer than `against` our contender may be: `at_most` nanoseconds an operation, or
    percent of the throughput."""

    against: Contender
    at_most: float
    unit: Literal["ns", "%"]


@dataclass(frozen=True)
class Benchmark:
    """Our contender, its peers, and what cannot be beaten; one row of the table.

    `case` tells rows of one name apart. `limit` is the price of what every contender has to do at
    least (a pass over memory, two clock reads). `skipped`: peers that are missing, with the reason.
    """

    name: str
    case: str
    ours: Contender
    peers: tuple[Contender, ...]
    limit: Contender
    clock: Callable[[], int] = THREAD_CPU
    skipped: tuple[tuple[str, str], ...] = ()
    goal: Goal | None = None


@dataclass(frozen=True)
class Figure:
    """Nanoseconds for one operation: median and spread (percent) over the rounds."""

    median_ns: float
    spread: float

    @classmethod
    def of(cls, samples: list[float]) -> Figure:
        """The figure of one contender's rounds (at least two)."""
        median = statistics.median(samples)
        low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, 50 * (high - low) / median if median else 0.0)


@dataclass(frozen=True)
class Outcome:
    """A benchmark's figures by contender name."""

    benchmark: Benchmark
    rounds: int
    figures: dict[str, Figure] = field(default_factory=dict)

    def ratio(self, contender: Contender) -> float:
        """How many times longer `contender` takes than ours: above 1 means ours is better."""
        ours = self.figures[self.benchmark.ours.name].median_ns
        return self.figures[contender.name].median_ns / ours

    def dearer(self, goal: Goal) -> float:
        """By how much ours is dearer, in the goal's unit: the price of what only ours does."""
        ours = self.figures[self.benchmark.ours.name].median_ns
        theirs = self.figures[goal.against.name].median_ns
        return ours - theirs if goal.unit == "ns" else 100 * (1 - theirs / ours)


def measure(benchmark: Benchmark, rounds: int) -> Outcome:
    """Run every contender `rounds` times, and once before for nothing."""
    contenders = [benchmark.ours, benchmark.limit, *benchmark.peers]
    samples: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    order = random.Random(len(contenders))
    for number in range(rounds + 1):
        order.shuffle(contenders)
        for contender in contenders:
            begin = benchmark.clock()
            contender.run()
            spent = benchmark.clock() - begin
            if number:
                samples[contender.name].append(spent / contender.operations)
    return Outcome(benchmark, rounds, {name: Figure.of(each) for name, each in samples.items()})


def calls(function: Callable[[Any], object], arguments: Iterable[Any]) -> Callable[[], None]:
    """A loop that calls `function` with each of `arguments`; every contender pays for it alike."""
    given = list(arguments)

    def run() -> None:
        for argument in given:
            function(argument)

    return run


class Peers:
    """Collects the peers that are installed, and the reasons for those that are not."""

    def __init__(self) -> None:
        self.found: list[Contender] = []
        self.missing: list[tuple[str, str]] = []

    def library(self, name: str) -> ModuleType | None:
        """The module, or None, noted as missing under its name."""
        try:
            return import_module(name)
        except ImportError as error:
            self.missing.append((name.partition(".")[0], f"not installed ({error})"))
            return None

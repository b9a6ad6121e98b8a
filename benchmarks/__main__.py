"""`python -m benchmarks [NAME…]` runs the named benchmarks, by default all of them.

Prints one table and writes build/bench.json. The names may also come from the environment variable
NAME, as `make bench` passes them.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import click

from benchmarks import table
from benchmarks.contest import Outcome, measure

BENCHMARKS = (
    "record_scalar",
    "percentiles_exact",
    "harness_overhead",
    "resolve_hit",
    "answer_check",
    "history_cost",
    "checker_rate",
)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--rounds", type=click.IntRange(min=2), default=15, show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/bench.json"),
    show_default=True,
)
def main(names: tuple[str, ...], rounds: int, output: Path) -> None:
    """Measure every benchmark beside its peers, in one interleaved run for each."""
    wanted = names or tuple(os.environ.get("NAME", "").replace(",", " ").split()) or BENCHMARKS
    for name in wanted:
        if name not in BENCHMARKS:
            raise click.UsageError(f"no benchmark {name}; there are {', '.join(BENCHMARKS)}")
    outcomes: list[Outcome] = []
    for name in wanted:
        with import_module(f"benchmarks.{name}").benchmarks() as benchmarks:
            for benchmark in benchmarks:
                outcome = measure(benchmark, rounds)
                click.echo(table.render(outcome))
                outcomes.append(outcome)
    click.echo("× is the peer's time divided by ours: above 1 ours is faster.")
    table.write(outcomes, output)
    click.echo(f"written: {output}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

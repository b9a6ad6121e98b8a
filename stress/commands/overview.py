"""`stress --help`: one screen, 80 columns, on every terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

_HEAD = """\
stress - load tester that verifies a tenant database-connection cache

  stress heavy --procs 4      try it: 1,000 requests, nothing to configure
  stress verify               everything: speed, expiry, isolation, consistency

Usage: stress COMMAND [OPTIONS]
"""

_TAIL = """
{options} (stress COMMAND --help explains each)
  Load        --procs N  --threads N (per process)  -n N | --duration 30s
              --steady 1s  --warmup 5s
  Tenants     --tenants N  --keys zipf:0.99  --cache-ttl 300s  --seed N
  Target      --target FILE.py:NAME | MODULE:NAME   default: our resolver
  Thresholds  --threshold 'resolve{{outcome:hit}}:p(99)<1ms'  --no-thresholds
  Output      --json F  --progress 1s  --quiet  --no-color

{environment}
  STRESS_<OPTION>   any option: STRESS_PROCS=4
  NO_COLOR          no colour

{codes}
   0 pass                        90 isolation violation
   1 internal error              91 other correctness violation
   2 wrong usage                 93 run INVALID
 130 interrupted                 99 threshold failed
"""


def overview(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """The whole text; groups are (heading, [(command, summary)])."""
    text = _HEAD
    for heading, commands in groups:
        text += f"\n{_bold(heading)}\n"
        for name, summary in commands:
            text += f"  {_bold(name)}{' ' * max(2, 12 - len(name))}{summary}\n"
    return text + _TAIL.format(
        options=_bold("Options of most commands"),
        environment=_bold("Environment"),
        codes=_bold("Exit codes"),
    )


def _bold(text: str) -> str:
    return click.style(text, bold=True)

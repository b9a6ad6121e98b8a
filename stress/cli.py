"""The command `stress`: its table of contents, and how errors are shown."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, TextIO

import click

from stress.commands import inspect, provision, selftest
from stress.commands.mistakes import no_such_command, told
from stress.commands.overview import overview
from stress.errors import SeveralErrors, StressError
from stress.scenario.phases import PHASES
from stress.scenario.profiles import PROFILES

# heading, command, module with command(name), one line
COMMANDS = (
    ("Measure", "light", "stress.commands.profile", PROFILES["light"].summary),
    ("Measure", "medium", "stress.commands.profile", PROFILES["medium"].summary),
    ("Measure", "heavy", "stress.commands.profile", PROFILES["heavy"].summary),
    ("Measure", "expiry", "stress.commands.expiry", PHASES["expiry"].summary),
    ("Measure", "concurrent", "stress.commands.concurrent", PHASES["concurrent"].summary),
    ("Verify", "verify", "stress.commands.verify", PHASES["verify"].summary),
    ("Verify", "selftest", "stress.commands.selftest", selftest.SUMMARY),
    ("Prepare", "inspect", "stress.commands.inspect", inspect.SUMMARY),
    ("Prepare", "provision", "stress.commands.provision", provision.SUMMARY),
)

INTERNAL_ERROR = 1
USAGE = 2
INTERRUPTED = 130


class _Stress(click.Group):
    """The group of all commands; a command's module is imported when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [name for _, name, _, _ in COMMANDS]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        for _, name, module, _ in COMMANDS:
            if name == cmd_name:
                found: click.Command = import_module(module).command(name)
                return found
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        command = self.get_command(ctx, args[0])
        if command is None:
            raise no_such_command(args[0], self.list_commands(ctx))
        return command.name, command, args[1:]

    def format_help(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(_overview())


def _overview() -> str:
    headings = dict.fromkeys(heading for heading, *_ in COMMANDS)
    return overview(
        [
            (heading, [(name, line) for group, name, _, line in COMMANDS if group == heading])
            for heading in headings
        ]
    )


def _print_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked:
        from stress import __version__

        click.echo(f"stress {__version__}")
        ctx.exit()


_GROUP = _Stress(
    "stress",
    params=[
        click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version
        )
    ],
    no_args_is_help=False,
    invoke_without_command=True,
    callback=lambda: None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command line (default: this process's own) and exit with its code."""
    # Until a run takes care of signals itself nothing has been started, and the process just ends:
    # an exception raised while modules are imported may be swallowed there, and Ctrl-C with it.
    former = {
        number: signal.signal(number, lambda *_: os._exit(INTERRUPTED))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    sys.exit(code)


def _run(typed: list[str]) -> int:
    try:
        if not typed:
            click.echo(_overview(), err=True, nl=False, color=_color(sys.stderr, typed))
            return USAGE
        color = _color(sys.stdout, typed)
        code = _GROUP.main(typed, prog_name="stress", standalone_mode=False, color=color)
        if sys.stdout is not None:  # None: it was closed before we began
            sys.stdout.flush()
        return code or 0
    except click.UsageError as error:
        return _show([told(error, typed)], typed)
    except SeveralErrors as several:
        return _show(several.errors, typed)
    except StressError as error:
        return _show([error], typed)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads on (`stress … | head`): say nothing more, not even at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERNAL_ERROR
    except Exception as error:
        return _show([_internal(error)], typed)


def _internal(error: Exception) -> StressError:
    """An error of our own; its traceback is for developers (`python -X dev -m stress …`)."""
    from stress.redact import Redactor

    redact = Redactor()
    if sys.flags.dev_mode:
        sys.stderr.write(redact("".join(traceback.format_exception(error))))
    place = traceback.extract_tb(error.__traceback__)[-1]
    told = f"{type(error).__name__} in {os.path.basename(place.filename)}:{place.lineno}"
    words = " ".join(redact(f"{told}, {error}").split())
    return StressError("internal error", words, "python -X dev -m stress shows its traceback")


def _show(errors: Sequence[StressError], typed: Sequence[str]) -> int:
    head = "stress:"
    shown = click.style(head, fg="red", bold=True) if _color(sys.stderr, typed) else head
    ascii_only = "utf" not in (sys.stderr.encoding or "").lower()
    for error in errors:
        line = error.line(ascii_only=ascii_only)
        sys.stderr.write(f"{shown}{line.removeprefix(head)}\n")
    return errors[0].exit_code


def _color(stream: TextIO | None, typed: Sequence[str]) -> bool:
    """Whether the stream shows emphasis: a terminal, and nobody asked for none."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or "--no-color" in typed:
        return False
    if os.environ.get("STRESS_NO_COLOR", "").lower() in ("1", "true", "yes", "on"):
        return False
    return stream is not None and stream.isatty()

"""click's own errors, each as the one line that every error of `stress` is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from stress.commands import provision
from stress.commands.command import Command
from stress.errors import UsageError, as_typed
from stress.scenario.options import OPTIONS
from stress.scenario.spelling import nearest

_ALL = (*OPTIONS, *provision.OWN)
_VALUED = {
    name for option in _ALL if option.read is not None for name in (option.long, option.short)
}


def no_such_command(name: str, commands: Iterable[str]) -> UsageError:
    """An unknown first word."""
    near = nearest(name, commands)
    cure = f"did you mean {near}?" if near else "stress --help lists them"
    return UsageError(as_typed(name), "no such command", cure)


def told(error: click.UsageError, typed: Sequence[str]) -> UsageError:
    """The line for an error that click raised. typed: the words of the command line."""
    command = error.ctx.command if error.ctx is not None else None
    name = command.name if isinstance(command, Command) else None
    if isinstance(error, click.NoSuchOption):
        return _no_such_option(error.option_name, command, typed)
    if isinstance(error, click.BadOptionUsage):
        return _bad_option(error.option_name)
    where = f"stress {name}" if name else "stress"
    if isinstance(command, Command) and (extra := _extra_words(command)):
        return UsageError(
            f"{name} {as_typed(extra[0])}",
            "belongs to no option",
            f"{where} --help lists the options",
        )
    return UsageError(where, error.message.rstrip(".").lower(), f"{where} --help shows its use")


def _no_such_option(option: str, command: click.Command | None, typed: Sequence[str]) -> UsageError:
    if not isinstance(command, Command):
        found = next((one for one in _ALL if option in (one.long, one.short)), None)
        if found is not None:
            given = as_typed(_value_behind(option, typed))
            whole = f"stress {found.only[-1] if found.only else 'heavy'} {option} {given}"
            cure = f"write it after the command: {whole}".removesuffix(" ''")
            return UsageError(option, "an option of a command", cure)
        return UsageError(as_typed(option), "no such option", "stress --help lists them")
    if not option.startswith("--"):
        # click takes -procs for -p -r -o -c -s; what was typed says more.
        whole = next((word for word in typed if word.startswith(option)), option)
        option = whole.partition("=")[0]
    known = [name for one in command.options for name in (one.long, one.short) if name]
    near = nearest(f"--{option.lstrip('-')}", [*known, "--help"]) if len(option) > 2 else None
    cure = f"did you mean {near}?" if near else f"stress {command.name} --help lists them"
    return UsageError(as_typed(option), "no such option", cure)


def _bad_option(name: str) -> UsageError:
    option = next((one for one in _ALL if name in (one.long, one.short)), None)
    if option is None or option.read is None:
        return UsageError(name, "takes no value", f"write {name} alone")
    return UsageError(option.long, "needs a value", f"write {option.long} {option.value}")


def _value_behind(option: str, typed: Sequence[str]) -> str:
    """The value as typed, empty where there is none."""
    for word, following in zip(typed, [*typed[1:], ""], strict=True):
        if word == option and (option in _VALUED):
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def _extra_words(command: Command) -> list[str]:
    """Words that are neither an option nor its value."""
    words: list[str] = []
    skip = False
    for index, word in enumerate(command.typed):
        if skip:
            skip = False
        elif word == "--":
            return words + list(command.typed[index + 1 :])
        elif word in _VALUED:
            skip = True
        elif not word.startswith("-") or word == "-":
            words.append(word)
    return words

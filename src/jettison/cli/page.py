"""The page of all commands, `docs/cli.md`: `python -m jettison.cli.page` prints it.

What a command takes and does is read from the command itself; only the text around it is written here.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer.main

from jettison.cli.connection import CONNECTION
from jettison.cli.exit_status import ExitStatus
from jettison.cli.main import ANY_REGISTRY, app

_HEAD: Final = """\
# The command line

<!-- Written by `python -m jettison.cli.page > docs/cli.md`; a test says when it is out of date. -->

`jettison` is the server, what looks after its data, and a client for any registry. `jettison VERB --help` says what is
below. Coming from regctl, crane, skopeo, registry-cli or `acr purge`: [coming-from.md](coming-from.md).

- Data goes to stdout: lines for a person, one document with `--json`, with `--jsonl` one for each line as soon as it is
  known. Progress, questions and what went wrong go to stderr.
- Colours are shown on a terminal, and never with `NO_COLOR`.
- `rm` and `prune` show what would go, and ask. Where there is no terminal to ask on, they need `--yes`.
- `jettison --install-completion` completes verbs and options in bash, zsh, fish and PowerShell.

## How it ends

What the verbs for any registry end with. The others end with 0, with 1 where they failed, and with 2 where a command or
a setting cannot be read.

| status | what it means |
|---|---|
"""

_CONNECTION: Final = """
### Connecting

Every verb for any registry takes these. Credentials are looked for where docker and podman keep theirs, in this order:
`--username`, `DOCKER_AUTH_CONFIG`, `REGISTRY_AUTH_FILE`, docker's `config.json` with its credential helpers, podman's
`auth.json`.

| option | what it does |
|---|---|
"""


def page() -> str:
    """The whole page, as Markdown."""
    parts = [_HEAD, *(f"| {status.value} | {status.meaning} |\n" for status in ExitStatus)]
    root: Any = typer.main.get_command(app)
    commands: Mapping[str, Any] = root.commands
    clients = {name: each for name, each in commands.items() if each.rich_help_panel == ANY_REGISTRY}
    own = {name: each for name, each in commands.items() if name not in clients}
    parts += ["\n## Any registry\n", _CONNECTION]
    first = next(iter(clients.values()))
    parts += [_option(each) for each in first.params if _panel(each) == CONNECTION]
    parts += [part for name, each in clients.items() for part in _command(f"jettison {name}", each)]
    parts += ["\n## A registry of your own\n"]
    parts += [part for name, each in own.items() for part in _any(f"jettison {name}", each)]
    return "".join(parts)


def _any(name: str, command: Any) -> Iterator[str]:
    """A command; or a group of them, one after the other."""
    below: Mapping[str, Any] | None = getattr(command, "commands", None)
    if below is None:
        yield from _command(name, command)
        return
    yield f"\n### `{name}`\n\n{_help(command)}\n"
    for each in below:
        yield from _any(f"{name} {each}", below[each])


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and _panel(each) != CONNECTION]
    takes = " ".join([*(["[OPTIONS]"] if options else []), *(_metavar(each) for each in arguments)])
    yield f"\n### `{name}`\n\n    {name} {takes}".rstrip() + f"\n\n{_help(command)}\n"
    rows = [*(_argument(each) for each in arguments), *(_option(each) for each in options if each.name != "help")]
    if rows:
        yield "\n| argument or option | what it does |\n|---|---|\n"
        yield from rows


def _help(command: Any) -> str:
    return inspect.cleandoc(command.help or "").replace("\n\n\n", "\n\n")


def _panel(parameter: Any) -> str | None:
    panel: str | None = getattr(parameter, "rich_help_panel", None)
    return panel


def _argument(argument: Any) -> str:
    return f"| `{_metavar(argument)}` | {_cell(argument.help)} |\n"


def _option(option: Any) -> str:
    names = ", ".join(f"`{each}`" for each in [*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return f"| {names}{value} | {_cell(option.help)} |\n"


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(page())

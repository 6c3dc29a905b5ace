"""Verbs of the command line, each loaded when it is asked for: starting one does not wait for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from jettison.cli.plain import quickly


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb that the module of its name has, as a function or as a Typer of verbs below it.

    - `panel`: where the help shows it.
    - `kind`: the class of its command, as `MODULE:CLASS`.
    """

    name: str
    panel: str | None = None
    kind: str | None = None

    def load(self) -> Any:
        """The command, as Typer makes it. Raises ImportError."""
        attribute = self.name.replace("-", "_")
        found: Any = getattr(import_module(f"jettison.cli.{attribute}"), attribute)
        if isinstance(found, typer.Typer):
            return _spaced(typer.main.get_group(found))
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)
        alone.command(name=self.name, rich_help_panel=self.panel, cls=self._class())(found)
        return _spaced(typer.main.get_command(alone))

    def _class(self) -> type[TyperCommand]:
        if self.kind is None:
            return TyperCommand
        module, _, name = self.kind.partition(":")
        kind: type[TyperCommand] = getattr(import_module(module), name)
        return kind


class Verbs(MutableMapping[str, Any]):
    """Commands by their names, which are known before the commands are."""

    def __init__(self, verbs: Iterable[Verb]) -> None:
        self._commands: dict[str, Any] = {each.name: each for each in verbs}

    def __getitem__(self, name: str) -> Any:
        found = self._commands[name]
        if isinstance(found, Verb):
            found = self._commands[name] = found.load()
        return found

    def __setitem__(self, name: str, command: Any) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


class Lazy(TyperGroup):
    """A command whose verbs are those of its class."""

    verbs: ClassVar[Sequence[Verb]] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = Verbs(self.verbs)

    def get_params(self, ctx: Any) -> list[Any]:
        """The same options, which process plain values quickly."""
        return quickly(super().get_params(ctx), {})


def _spaced(command: Any) -> Any:
    """The same, with one more empty line after the first paragraph of each help.

    Of what follows that paragraph, Typer takes the indentation away that all lines but the first have: where only
    examples follow their heading, it would be theirs, by which Markdown knows them.
    """
    command.help = (command.help or "").replace("\n\n", "\n\n\n", 1)
    for below in getattr(command, "commands", {}).values():
        _spaced(below)
    return command

"""Switches as CNCF distribution's commands take them: `--delete-untagged=true` is `--delete-untagged`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from typer.core import TyperCommand

# What Go's strconv.ParseBool reads, as its flags do.
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class GoFlags(TyperCommand):
    """A command whose switches may be given a value after an equals sign."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The same, with values of switches understood."""
        switches = {spelling for param in self.params if getattr(param, "is_flag", False) for spelling in param.opts}
        return super().parse_args(ctx, list(_without_values(args, switches)))


def _without_values(args: list[str], switches: set[str]) -> Iterator[str]:
    for position, arg in enumerate(args):
        if arg == "--":
            yield from args[position:]
            return
        name, equals, value = arg.partition("=")
        if not equals or name not in switches or value not in _TRUE | _FALSE:
            yield arg
        elif value in _TRUE:
            yield name

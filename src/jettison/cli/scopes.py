"""Scopes as arguments of a command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from jettison.registry.scope import Scope


def parsed_scopes(texts: Iterable[str], hint: str) -> list[Scope]:
    """The scopes that are written `PATTERN:ACTIONS`; another argument ends the command with what can be written."""
    from jettison.oci.errors import GrantInvalid, PatternInvalid
    from jettison.registry.scope import Scope

    try:
        return [Scope.parse(text) for text in texts]
    except (GrantInvalid, PatternInvalid) as error:
        raise typer.BadParameter(error.message, param_hint=hint) from None

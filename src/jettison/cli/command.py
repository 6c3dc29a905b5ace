"""Verbs of the client as commands: options that several share, and the one place where errors become exit statuses."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any, cast

import typer

from jettison.cli.connection import Connection
from jettison.cli.exit_status import ExitStatus, status_of

Verb = Callable[..., ExitStatus | None]


def command(verb: Verb) -> Callable[..., None]:
    """A verb as Typer takes it: each of its parameters that is a dataclass becomes the options that are its fields.

    `Connection` is one of these; it is closed when the verb ends. A verb may return the status that the command ends
    with. Errors of the client end it with one line on stderr, and the status that the table has for them.
    """
    signature = inspect.signature(verb, eval_str=True)
    groups: dict[str, Callable[..., Any]] = {
        each.name: cast(Callable[..., Any], each.annotation)
        for each in signature.parameters.values()
        if is_dataclass(each.annotation)
    }
    fields = {name: inspect.signature(group, eval_str=True).parameters for name, group in groups.items()}
    own = [each for each in signature.parameters.values() if each.name not in groups]
    spread = [*own, *(each for parameters in fields.values() for each in parameters.values())]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in spread]

    @functools.wraps(verb)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{each: given.pop(each) for each in fields[name]})
        with ended(), next(each for each in given.values() if isinstance(each, Connection)):
            status = verb(**given)
        if status:
            raise typer.Exit(status)

    run.__signature__ = signature.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


@contextmanager
def ended() -> Iterator[None]:
    """Ends the command where the client raises."""
    try:
        yield
    except KeyboardInterrupt:
        from jettison.cli.show.said import error

        error("interrupted: nothing was changed")
        raise typer.Exit(ExitStatus.INTERRUPTED) from None
    except Exception as raised:
        from jettison.cli.show.said import error
        from jettison.client.errors import ClientError
        from jettison.oci.errors import RegistryError

        if not isinstance(raised, ClientError | RegistryError):
            raise
        error(raised.message)
        raise typer.Exit(status_of(raised)) from None

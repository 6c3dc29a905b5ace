"""Commands that start quickly: their values are not converted where there is nothing to convert.

What converts a value loads pydantic, a tenth of a second. Texts, and values that are absent, need none of it.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, get_args, get_origin

from typer.core import TyperCommand

_TEXTS: Final = (str, str | None, list[str], list[str] | None)


class Plain(TyperCommand):
    """A command whose callback has its annotations as values, not as texts."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The same parameters, which process plain values quickly."""
        return quickly(super().get_params(ctx), getattr(self.callback, "__annotations__", {}))


def quickly(parameters: list[Any], annotations: dict[str, Any]) -> list[Any]:
    """Parameters whose `process_value` converts only what has to be."""
    for each in parameters:
        if not isinstance(each.process_value, partial):
            is_text = _bare(annotations.get(each.name)) in _TEXTS
            each.process_value = partial(_process, each, each.process_value, is_text)
    return parameters


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _process(parameter: Any, convert: Any, is_text: bool, context: Any, value: Any) -> Any:
    """What click's `Parameter.process_value` does, which is called where there is something to convert."""
    absent = value is None and not parameter.required and parameter.nargs == 1 and not parameter.multiple
    given = is_text and bool(value) and isinstance(value, str | tuple | list)
    if not (absent or given):
        return convert(context, value)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)

"""Every setting as it is in effect: its value, and where that came from. Secrets are hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from jettison.settings.document import below
from jettison.settings.findings import Origin
from jettison.settings.load import Loaded

HIDDEN = "(hidden)"
# To the last @ there is: a password may hold what should have been escaped.
_PASSWORD = re.compile(r"(?<=://)([^/@:]*:).*@")
_TOKEN = re.compile(r"^(https?://)[^/@:(]+@", re.IGNORECASE)
_ARGUMENT = re.compile(r"(?<=[?&])([^=&#]*=)?[^&#]+")

Source: TypeAlias = Literal["file", "environment", "built-in", "default"]


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting. `value` is what JSON can say; `origin` is None where nobody wrote it, so that its default holds."""

    path: str
    value: Any
    origin: Origin | None

    @property
    def source(self) -> Source:
        """What kind of place it comes from."""
        if self.origin is None:
            return "default"
        if self.origin.line is not None:
            return "file"
        return "built-in" if self.origin.name == "built-in" else "environment"

    def to_json(self) -> dict[str, Any]:
        """The setting as `jettison config --json` says it."""
        place = {} if self.origin is None else {"name": self.origin.name, "line": self.origin.line}
        return {"value": self.value, "source": self.source, **place}


def effective(loaded: Loaded) -> Iterator[Effective]:
    """Every setting of `loaded`, in the order of the models; maps, and lists of sections, entry by entry."""
    values = loaded.settings.model_dump(mode="json")
    yield from _section(loaded.settings, values, loaded.origins, "")


def _section(
    section: BaseModel, values: Mapping[str, Any], origins: Mapping[str, Origin], path: str
) -> Iterator[Effective]:
    for name, field in type(section).model_fields.items():
        value, where = getattr(section, name), below(path, name)
        if isinstance(value, BaseModel):
            yield from _section(value, values[name], origins, where)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for index, item in enumerate(value):
                yield from _section(item, values[name][index], origins, below(where, index))
        else:
            shown = values[name] if field.repr else _hidden(values[name])
            rows = shown.items() if isinstance(shown, Mapping) and shown else ()
            for key, each in rows:
                yield Effective(below(where, key), each, origins.get(below(where, key), origins.get(where)))
            if not rows:
                yield Effective(where, shown, origins.get(where))


def _hidden(value: Any) -> Any:
    """What may be shown of a field that is kept out of logs: the names of headers, and a URL without its secrets."""
    if isinstance(value, Mapping):
        return {name: [HIDDEN] * len(several) for name, several in value.items()}
    if isinstance(value, str):
        if value and "://" not in value:
            return HIDDEN
        return _ARGUMENT.sub(rf"\1{HIDDEN}", _TOKEN.sub(rf"\1{HIDDEN}@", _PASSWORD.sub(rf"\1{HIDDEN}@", value)))
    return value

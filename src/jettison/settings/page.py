"""The page of all settings, `docs/configuration.md`: `python -m jettison.settings.page` prints it.

What can be set, and what becomes of the rest, is read from the models and the treatment; only the text around the
tables is written here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from jettison.settings import treatment
from jettison.settings.address import Address
from jettison.settings.document import below
from jettison.settings.duration import format_duration
from jettison.settings.known import VOCABULARY
from jettison.settings.load import USUAL_FILES
from jettison.settings.schema import Settings
from jettison.settings.shapes import Many, Section, Shape
from jettison.settings.survey import model_inside

_TYPES: Mapping[object, str] = {
    bool: "true or false",
    int: "whole number",
    str: "text",
    timedelta: "length of time",
    Path: "path",
    Address: "host:port",
}

_HEAD = """\
# Configuration

<!-- Written by `python -m jettison.settings.page > docs/configuration.md`; a test says when it is out of date. -->

Jettison reads the `config.yml` of CNCF distribution's registry, version 0.1, as its 2.x and 3.x know it, and the same
`REGISTRY_*` variables. Its own settings are in one section more, `jettison`.

    jettison serve config.yml             # serve it
    jettison config config.yml            # every setting that is in effect, and where it came from; secrets are hidden
    jettison config --check config.yml    # can it be served, here and now? All that is wrong in one go

## The file

It is the argument; else what `REGISTRY_CONFIGURATION_PATH` names; else the first that is there of
{usual}; else there is none, and the registry listens on
127.0.0.1:5000, keeps its data in `./data` and allows deletion. With `REGISTRY_CONFIGURATION_PATH` set to nothing, no
file is looked for.

A file that does not say otherwise gets the defaults of the tables below. Deletion is then off, as with distribution.

## Variables

- `http.addr` is `REGISTRY_HTTP_ADDR`: each underscore goes one level down. A few names differ, as the tables say.
- A value is YAML (so JSON too), and replaces all that the file has there: `REGISTRY_STORAGE=filesystem` is the whole
  section, `REGISTRY_HTTP_HEADERS='{{X-Content-Type-Options: [nosniff]}}'` all headers.
- What is more specific wins: `REGISTRY_STORAGE`, then `REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY`.
- An item of a list is named by its number: `REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL`. The next after the last adds one.
- `REGISTRY_STORAGE_MAINTENANCE_READONLY={{enabled: true}}` and `REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true`
  both work. Distribution does not start with the second.
- A variable that names no setting is said at start and changes nothing: orchestrators set such. Below
  `REGISTRY_JETTISON_` it stops the start.

## What becomes of a key

- **served**: it does what it says.
- **no effect**: it is accepted, and one line at start says why nothing comes of it.
- **refused**: the start ends with its place and what to do instead. Given without anything in it, it is passed over.
- A key that nobody knows is said at start with the nearest known one; below `jettison` it is refused.

A length of time is written with units: `24h`, `90m`, `1h30m`, `500ms`.
"""

_COLUMNS = ("key", "", "type", "default", "what it does, or what to do", "variable")

_FOOT = """
## Content in a bucket

With `storage.s3` any number of processes are one registry: they share the bucket and a PostgreSQL, and need no folder.
`jettison.database.url` names it, with libpq's options (`postgresql://user@host/name?sslmode=verify-full`); what it
leaves out, the `PG*` variables say, so `postgresql://` alone leaves all to them.

Clients that pull a blob are redirected to the bucket, by a URL that is good for half of `jettison.sweep.grace` (20
minutes at most), so no URL outlives what it leads to. A machine whose clock is further than half of that from the
database's sends blobs itself, and says so. `storage.redirect.disable: true` has all of them go through the registry.

## Where tokens are got

With `auth.jettison` the registry is its own token server, at `/token` (below `http.prefix`). The public keys by which
its tokens are verified (ES256) are at `/token/keys`, as a JWK Set; `jettison keys rotate` makes a new key. Clients are
sent there where `http.host` is given, which is never taken from a request. Without it they are asked for names and
passwords, and docker then pulls nothing without them, whatever is open to everyone.

## Where distribution reads it differently

- `http.addr` that is not given: 127.0.0.1:5000, and a line says so. Distribution takes a random port of every
  interface.
- A quoted `"true"` in `storage.delete.enabled` is true; distribution passes over it in silence.
- `storage.maintenance.uploadpurging` need not have all of its keys; distribution does not start without one of them.
- `storage.s3.forcepathstyle` that is not given: true where there is a `regionendpoint`. Distribution 3 names the bucket
  in the host then, which few engines but Amazon's have a name for.
- `storage.s3` with no `accesskey`: credentials are looked for as boto3 does, which knows more places than distribution.
- `http.tls` with client authorities or a key and no certificate is refused; distribution serves it without TLS.
- `http.draintimeout` that is not given: requests in flight get 10s. With distribution they are cut off.
- `auth.htpasswd.path` that is not there stops the start; distribution makes a user of its own, whose password is in its
  log.
- `auth.htpasswd`: names and passwords are not taken over plain HTTP from another machine, unless by a proxy of
  `jettison.proxies`, or with `jettison.signin.insecure`.
- `auth.token.signingalgorithms`: by none of HS256, HS384 and HS512, whose keys are secrets. Distribution takes them.
- `auth.token.autoredirect`: to `http.host`; distribution sends clients where the headers of their request say.
- `validation.manifests.urls` that is not given: layers may come from anywhere. Distribution takes none with a URL.
- `notifications.endpoints[].ignore` is done; distribution 2.8 reads it, and tells the endpoint all the same.
- An item of a list by its number (`REGISTRY_HTTP_TLS_CLIENTCAS_0`) is taken wherever there is a list. Distribution 2.8
  takes none, and 3 only sections (`REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL`), not the items of a list of texts.
- Lengths of time without a unit are refused; distribution takes `60` for 60 nanoseconds.
"""


@dataclass(frozen=True, slots=True)
class _Row:
    path: str
    treated: str
    type: str
    default: str
    said: str
    variable: str


def page() -> str:
    """The whole page, as Markdown."""
    usual = " and ".join(f"`{file}`" for file in USUAL_FILES)
    parts = [_HEAD.format(usual=usual)]
    for key, shape in VOCABULARY.keys.items():
        parts.append(f"\n## `{key}`\n\n")
        parts += [f"| {' | '.join(_COLUMNS)} |\n", f"{'|---' * len(_COLUMNS)}|\n"]
        parts += [_line(row) for row in _rows(Section({key: shape}), Settings, "", "REGISTRY")]
    return "".join([*parts, _FOOT])


def _rows(section: Section, model: type[BaseModel] | None, path: str, prefix: str) -> Iterator[_Row]:
    for key, shape in section.keys.items():
        where, variable = below(path, key), f"{prefix}_{section.variable(key)}"
        field = model.model_fields.get(key) if model else None
        inner = _inside(shape)
        if field is not None and inner is not None and inner.keys:
            several = isinstance(shape, Many)
            yield from _rows(
                inner,
                model_inside(field.annotation),
                f"{where}[]" if several else where,
                f"{variable}_0" if several else variable,
            )
        elif field is not None:
            yield _Row(where, "served", _type(field.annotation), _default(field), field.description or "", variable)
        else:
            yield from _not_served(where, shape, variable)


def _not_served(path: str, shape: Shape, variable: str) -> Iterator[_Row]:
    if path in treatment.NO_EFFECT:
        yield _Row(path, "no effect", "", "", _sentence(treatment.NO_EFFECT[path]), variable)
    elif path in treatment.OLDER:
        said = f"The older word for `{treatment.OLDER[path]}`, which wins over it."
        yield _Row(path, "served", "", "", said, variable)
    elif path in treatment.SAME:
        same = f"`{str(treatment.SAME[path].value).lower()}`"
        yield _Row(path, f"only {same}", "", same, _sentence(treatment.ADVICE[path]), variable)
    elif treatment.has_exceptions(path) and isinstance(shape, Section):
        yield from _rows(shape, None, path, variable)
    else:
        yield _Row(path, "refused", "", "", _sentence(treatment.ADVICE.get(path, treatment.REMOVE)), variable)


def _inside(shape: Shape) -> Section | None:
    if isinstance(shape, Many):
        shape = shape.item
    return shape if isinstance(shape, Section) else None


def _type(annotation: object) -> str:
    if annotation in _TYPES:
        return _TYPES[annotation]
    origin, arguments = get_origin(annotation), [each for each in get_args(annotation) if each is not type(None)]
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin is tuple:
        return f"list of {_plain(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"names, each with its {_plain(arguments[1])}"
    return " or ".join(map(_plain, arguments))


def _plain(annotation: object) -> str:
    """The type without what reads it."""
    inner = getattr(annotation, "__origin__", annotation)
    return _type(annotation if get_origin(annotation) in {Literal, tuple} else inner)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}):
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    shown = format_duration(value) if isinstance(value, timedelta) else str(value)
    return f"`{shown.lower() if isinstance(value, bool) else shown}`"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _line(row: _Row) -> str:
    cells = (f"`{row.path}`", row.treated, row.type, row.default, row.said)
    return f"| {' | '.join(cells)} | `{row.variable}` |\n".replace("|  |", "| |").replace("|  |", "| |")


if __name__ == "__main__":
    sys.stdout.write(page())

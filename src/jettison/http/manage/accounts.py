"""What the parts of this API that are about accounts have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Path
from pydantic import ConfigDict, Field, WithJsonSchema

from jettison.http.edge import Edge
from jettison.http.manage.form import ACaller, Form, Given, PatternText
from jettison.oci.errors import Denied
from jettison.registry.access import Caller, Kind
from jettison.registry.account_name import ACCOUNT_NAME_PATTERN, EVERYBODY, LONGEST_ACCOUNT_NAME
from jettison.registry.grants import GROUP
from jettison.registry.passwords import LONGEST, SHORTEST
from jettison.registry.scope import Scope


def _name(pattern: str, longest: int, example: str) -> Any:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "maxLength": longest, "examples": [example]})


_SENDABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"

# Described here, parsed by what knows them: its errors say more.
AccountText = Annotated[str, _name(ACCOUNT_NAME_PATTERN, LONGEST_ACCOUNT_NAME, "ana")]
AccountPart = Annotated[AccountText, Path(description="Its name.")]
HolderText = Annotated[
    str, _name(f"(?:{GROUP})?{ACCOUNT_NAME_PATTERN}", LONGEST_ACCOUNT_NAME + len(GROUP), f"{GROUP}dev")
]
PasswordText = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "format": "password",
            "writeOnly": True,
            "minLength": SHORTEST,
            "maxLength": LONGEST,
            "pattern": _SENDABLE,
        }
    ),
]

AnAction = Literal["pull", "push", "delete", "admin"]
SomeActions = Annotated[list[AnAction], Field(min_length=1, max_length=4)]


class GivenScope(Given):
    """Actions on the repositories of a pattern; `**` is all of them, and with `admin` the registry itself."""

    pattern: PatternText
    actions: SomeActions

    def scope(self) -> Scope:
        """The same as the rules have it. Raises PatternInvalid."""
        return Scope.of(self.pattern, self.actions)


class ScopeShown(Form):
    """Actions that are granted on the repositories of a pattern."""

    pattern: PatternText
    actions: list[AnAction]


async def _known(caller: ACaller) -> Caller:
    if caller.kind is Kind.EVERYONE:
        raise Denied(
            "nobody has to sign in here (auth), so anybody could make accounts for later: use `jettison user`,"
            " `jettison token`, `jettison group` and `jettison grant` beside the server, or turn auth.jettison on"
        )
    return caller


KnownCaller = Annotated[Caller, Depends(_known)]
"""Who asks, which has to be somebody: Denied where authentication is off, since accounts are for when it is on."""

MOST_A_PAGE = 1000


class Asked(Given):
    """Which page of a list."""

    model_config = ConfigDict(strict=False)  # a query has nothing but text

    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE, description="How many at most.")] = 100
    after: Annotated[str, Field(pattern="^[ -~]{0,400}$", description="Where to go on, as `next` has it.")] = ""


def next_page(edge: Edge, path: str, asked: Asked, after: str) -> str:
    """The path of the page that goes on after that one."""
    query = {**asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True), "after": after}
    return edge.url(f"{path}?{urlencode(query)}").decode()


TO = f"An account's name, `{GROUP}` and a group's, or `{EVERYBODY}`: everybody, signed in or not."

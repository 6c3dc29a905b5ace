"""Challenges: what a 401 says of how to sign in, from RFC 9110, 11.3 and 11.6.1 (`WWW-Authenticate`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 16 * 1024
"""Characters of a header that are read."""

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_matches_space = re.compile(r"[ \t,]*+").match
_matches_scheme = re.compile(rf"({_WORD})(?=[ \t,]|$)[ \t]*+").match
_matches_token68 = re.compile(r"([A-Za-z0-9._~+/-]++=*+)[ \t]*+(?=,|$)").match
# A value without quotes is a token in the grammar; servers in use write URLs there.
_matches_parameter = re.compile(rf'({_WORD})[ \t]*+=[ \t]*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]++))').match
_matches_rest = re.compile(r"[^,]*+").match
_unescaped = re.compile(r"\\(.)", re.DOTALL).sub


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to sign in: the scheme in lower case (`basic`, `bearer`) and its parameters, their names in lower case.

    Of a parameter that is given twice, the first counts.
    """

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    token68: str | None = None

    @property
    def realm(self) -> str:
        """For Bearer, the URL of the token server; empty where there is none."""
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        """For Bearer, what the token server calls the registry."""
        return self.parameters.get("service", "")

    @property
    def scope(self) -> tuple[str, ...]:
        """For Bearer, what a token has to allow."""
        return tuple(self.parameters.get("scope", "").split())


def read_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a `WWW-Authenticate` header, or of several that were joined by commas, in their order.

    Never raises: what cannot be read is left out, up to the next comma. Takes time linear in the header's length.
    """
    text = header[:LONGEST]
    found: list[tuple[str, dict[str, str], str | None]] = []
    at = 0
    while (at := _end(_matches_space(text, at))) < len(text):
        if found and (parameter := _matches_parameter(text, at)) is not None:
            _keep(found[-1][1], parameter)
            at = parameter.end()
        elif (scheme := _matches_scheme(text, at)) is not None:
            at = scheme.end()
            token68 = _matches_token68(text, at)
            found.append((scheme[1].lower(), {}, None if token68 is None else token68[1]))
            at = at if token68 is None else token68.end()
        else:
            at = max(at + 1, _end(_matches_rest(text, at)))
    return tuple(Challenge(scheme, parameters, token68) for scheme, parameters, token68 in found)


def _keep(parameters: dict[str, str], found: re.Match[str]) -> None:
    name, quoted, plain = found.groups()
    parameters.setdefault(name.lower(), _unescaped(r"\1", quoted) if plain is None else plain)


def _end(found: re.Match[str] | None) -> int:
    assert found is not None, "these patterns match the empty text"
    return found.end()

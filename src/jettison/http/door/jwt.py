"""JSON Web Tokens (RFC 7519), checked as RFC 8725 asks: few algorithms, our keys, our issuer, our audience, now."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning

from jettison.http.door.refusals import TokenInvalid
from jettison.http.door.trust import Key, Trust

LEEWAY: Final = 60.0
"""Seconds by which clocks may differ, as with CNCF distribution."""

LONGEST: Final = 32 * 1024

_LARGEST_HEADER: Final = 16 * 1024
_LATEST: Final = float(2**53)
_MALFORMED = "the token is no signed JSON Web Token"

# It means that there is a newer word for what CNCF distribution calls EdDSA.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


class _Limits(jws.JWSRegistry):
    """A header may hold certificates."""

    max_header_length = _LARGEST_HEADER


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was verified: its claims, and the time in seconds since 1970 from which it is none any more."""

    claims: Mapping[str, Any]
    until: float

    def text(self, claim: str) -> str:
        """A claim that is text; empty where it is none."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies tokens of ``issuer`` for ``audience``, signed by one of ``algorithms`` with a key of ``trust``."""

    trust: Trust
    issuer: str
    audience: str
    algorithms: Collection[str]
    clock: Callable[[], float] = time.time

    def verify(self, text: str) -> Token:
        """The token that ``text`` is. Raises TokenInvalid."""
        header, claims = self._signed(text)
        if header.get("typ", "JWT") not in ("JWT", "at+jwt"):
            raise TokenInvalid("the token is of a type that is not for this")
        if claims.get("iss") != self.issuer:
            raise TokenInvalid("the token is of another issuer")
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenInvalid("the token is for another service")
        now, ends = self.clock(), _time(claims, "exp", None)
        if now > ends + LEEWAY:
            raise TokenInvalid("the token has expired: get another")
        if now < _time(claims, "nbf", 0.0) - LEEWAY:
            raise TokenInvalid("the token is not valid yet: is the clock right, here and where it was made?")
        return Token(claims, ends + LEEWAY)

    def _signed(self, text: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Its header and claims, once the signature was found right."""
        if len(text) > LONGEST:
            raise TokenInvalid(f"the token has {len(text)} characters: at most {LONGEST} are read")
        try:
            header = jws.extract_compact(text.encode("ascii"), registry=_Limits()).headers()
            algorithm = header.get("alg")
            if not isinstance(algorithm, str) or algorithm not in self.algorithms:
                raise TokenInvalid("the token is signed in a way that is not accepted here")
            if "crit" in header:
                raise TokenInvalid("the token's header asks for what is not known here")
            key = self.trust.key(header)
            limits = _Limits(algorithms=[algorithm], strict_check_header=False)
            claims = json.loads(jws.deserialize_compact(text, key, registry=limits).payload)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise TokenInvalid(_MALFORMED) from error
        if not isinstance(claims, dict):
            raise TokenInvalid(_MALFORMED)
        return header, claims


def sign(claims: Mapping[str, Any], key: Key, name: str, algorithm: str) -> str:
    """A token of these claims, signed with the ``key`` of that ``name``."""
    header = {"alg": algorithm, "typ": "JWT", "kid": name}
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[algorithm])


def _time(claims: Mapping[str, Any], name: str, default: float | None) -> float:
    """A NumericDate (RFC 7519, 2)."""
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise TokenInvalid(f"the token does not say when it begins and ends ({name})")
    return float(value)

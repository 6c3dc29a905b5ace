"""`auth`: how the registry knows who asks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from jettison.settings.duration import format_duration
from jettison.settings.models.section import Section
from jettison.settings.values import File, Flag, RoutePath, duration, one_of, shown

Mode: TypeAlias = Literal["none", "htpasswd", "token", "jettison"]

_ALGORITHMS = ("EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_SHARED = dict.fromkeys(
    ("hs256", "hs384", "hs512"), "it has no public key, so whoever can check a token can make one: remove it"
)
_SHORTEST, _LONGEST = timedelta(seconds=60), timedelta(hours=24)
_LARGEST_WORDS = 200
_are_words = re.compile(rf"[ !#-\[\]-~]{{1,{_LARGEST_WORDS}}}").fullmatch


def _read_algorithm(value: object) -> str:
    word = one_of(*(name.lower() for name in _ALGORITHMS), refused=_SHARED)(value)
    return next(name for name in _ALGORITHMS if name.lower() == word)


def _read_lifetime(value: object) -> timedelta:
    length = duration()(value)
    if not _SHORTEST <= length <= _LONGEST:
        raise ValueError(f"{shown(value)} is out of range: it is 60s to 24h")
    return length


def _read_words(value: object) -> str:
    """What stands between quotes in a header."""
    text = str(value)
    if not _are_words(text):
        raise ValueError(f"{shown(value)} is not 1 to {_LARGEST_WORDS} printable ASCII characters without '\"' and \\")
    return text


Words: TypeAlias = Annotated[str, PlainValidator(_read_words)]
Lifetime: TypeAlias = Annotated[timedelta, PlainValidator(_read_lifetime), PlainSerializer(format_duration)]
Algorithm: TypeAlias = Annotated[str, PlainValidator(_read_algorithm)]


class Nobody(Section):
    """`auth.none`: nobody is asked who they are."""


class Htpasswd(Section):
    """`auth.htpasswd`: names and passwords in a file."""

    realm: Words = Field(description="What clients show when they ask for a name and a password.")
    path: File = Field(
        description="File of names and passwords, as `htpasswd -B` writes it: bcrypt only. It is read again when it"
        " changes."
    )


class Token(Section):
    """`auth.token`: an outside server vouches for those who ask."""

    realm: Words = Field(description="URL of that server, to which clients are sent.")
    service: Words = Field(description="What this registry is called there: the audience of its tokens.")
    issuer: Words = Field(description="Who issues the tokens.")
    rootcertbundle: File | None = Field(
        default=None, description="File of the certificates whose keys sign tokens, or whose holders' do, as PEM."
    )
    jwks: File | None = Field(default=None, description="File of the keys that sign tokens, as a JWK Set.")
    signingalgorithms: tuple[Algorithm, ...] = Field(default=_ALGORITHMS, description="By what tokens may be signed.")
    autoredirect: Flag = Field(
        default=False, description="Whether clients are sent to `http.host` in place of `auth.token.realm`."
    )
    autoredirectpath: RoutePath = Field(default="/auth/token", description="The path there.")

    @model_validator(mode="after")
    def _with_a_key(self) -> Token:
        if self.rootcertbundle is None and self.jwks is None:
            raise ValueError("knows no key that signs tokens: add `rootcertbundle` or `jwks`")
        if not self.signingalgorithms:
            raise ValueError("takes tokens by no algorithm: name some in `signingalgorithms`, or remove it")
        return self


class Accounts(Section):
    """`auth.jettison`: accounts of the registry's own, which is its own token server."""

    realm: Words = Field(default="Jettison", description="What clients show when they ask for a name and a password.")
    service: Words | None = Field(
        default=None, description="What tokens are for; without it, the host and port of `http.host`."
    )
    lifetime: Lifetime = Field(
        default=timedelta(minutes=5), description="How long a token of `/token` is good for: 60s to 24h."
    )


class Auth(Section):
    """`auth`: how the registry knows who asks. At most one of its sections."""

    none: Nobody | None = Field(default=None, description="Nobody is asked.")
    htpasswd: Htpasswd | None = Field(default=None, description="Names and passwords in a file.")
    token: Token | None = Field(default=None, description="An outside server vouches for those who ask.")
    jettison: Accounts | None = Field(default=None, description="Accounts of the registry's own.")

    @property
    def mode(self) -> Mode:
        """Which section is given."""
        if self.htpasswd is not None:
            return "htpasswd"
        if self.token is not None:
            return "token"
        return "none" if self.jettison is None else "jettison"

    @model_validator(mode="after")
    def _one(self) -> Auth:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"names {' and '.join(given)}: keep one")
        return self


class SignIn(Section):
    """`jettison.signin`: how names and passwords may arrive."""

    insecure: Flag = Field(
        default=False,
        description="Whether passwords and tokens are taken over plain HTTP from other machines too: whoever is on the"
        " way can read and use them.",
    )

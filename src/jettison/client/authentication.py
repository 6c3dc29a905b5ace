"""Signing in as a registry asks for it: the flow of Basic and Bearer, which itself sends nothing to the registry."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TypeAlias

from jettison.client.address import Host
from jettison.client.answer import Answer
from jettison.client.challenge import Challenge, read_challenges
from jettison.client.credentials import Credentials
from jettison.client.keychain import Keychain
from jettison.client.location import origin
from jettison.client.scope import Scopes, repository_of, rungs
from jettison.client.tokens import Token, Tokens
from jettison.oci.errors import NameInvalid
from jettison.oci.reference import RepositoryName

Flow: TypeAlias = Generator[str | None, Answer, Answer]
"""Gives the `Authorization` to try next (None: none), takes the answer to it, and returns the one that counts."""

_NOT_OURS = frozenset({429, 500, 502, 503, 504})


class Authentication:
    """How one registry is signed in to, with what it said so far. May be used by several threads.

    Credentials are looked for when the registry first asks for some. What it asked for once is sent unasked from then
    on, and the scope that a token server granted once is asked for first.
    """

    def __init__(self, host: Host, credentials: Credentials | Keychain, tokens: Tokens) -> None:
        self._host = host
        self._source = credentials
        self._tokens = tokens
        self._lock = threading.Lock()
        self._found: dict[str | None, Credentials] = {}
        self._asked: Challenge | None = None
        self._granted: dict[Scopes, Scopes] = {}

    def credentials(self, scopes: Scopes = ()) -> Credentials:
        """What is used for a repository of these scopes. Raises Invalid where it cannot be read."""
        if isinstance(self._source, Credentials):
            return self._source
        name = repository_of(scopes)
        with self._lock:  # one helper at a time: some ask a person
            if name not in self._found:
                self._found[name] = self._source.find(self._host, _name(name))
            return self._found[name]

    def used(self, scopes: Scopes = ()) -> str:
        """What requests of these scopes are made with, for messages."""
        if isinstance(self._source, Credentials):
            return str(self._source)
        with self._lock:
            found = self._found.get(repository_of(scopes))
        return "no credentials" if found is None else str(found)

    @property
    def asked(self) -> Challenge | None:
        """The challenge that was last met."""
        return self._asked

    def flow(self, base: str, scopes: Scopes) -> Flow:
        """Tries what is known, then what a 401 asks for, until the answer is not 401 or nothing is left to try.

        Where the token server fails (429 or 5xx), its answer is the one that counts. Raises Invalid, Unreachable and
        Untrustworthy.
        """
        tried = self._known(base, scopes)
        answer = yield tried
        if answer.status != 401 or origin(answer.url) != origin(base):
            return answer  # a host that was redirected to is none that we sign in to
        for challenge in _best_first(read_challenges(answer.headers.get("www-authenticate", ""))):
            for authorization in self._attempts(base, challenge, scopes, tried):
                if isinstance(authorization, Answer):
                    if authorization.status in _NOT_OURS:
                        return authorization
                    answer = replace(answer, refusal=_refusal(authorization))
                    continue
                answer = yield authorization
                if answer.status != 401:
                    with self._lock:
                        self._asked = challenge
                    return answer
        return answer

    def _known(self, base: str, scopes: Scopes) -> str | None:
        """What to send unasked: what the registry has asked for before."""
        with self._lock:
            challenge, granted = self._asked, self._granted.get(scopes, scopes)
        if challenge is None:
            return None
        credentials = self.credentials(scopes)
        if credentials.registry_token:
            return f"Bearer {credentials.registry_token}"
        if challenge.scheme == "basic":
            return None if credentials.is_anonymous else credentials.basic
        token = self._tokens.get(base, challenge, granted, credentials)
        return token.authorization if isinstance(token, Token) else None

    def _attempts(self, base: str, challenge: Challenge, scopes: Scopes, refused: str | None) -> Iterator[str | Answer]:
        """What to send for a challenge, one after the other; answers where the token server refuses."""
        credentials = self.credentials(scopes)
        if credentials.registry_token:
            if refused is None:
                yield f"Bearer {credentials.registry_token}"
        elif challenge.scheme == "basic":
            if credentials.basic != refused and (credentials.username or credentials.password):
                yield credentials.basic
        else:
            for rung in rungs(scopes, challenge.scope):
                token = self._tokens.get(base, challenge, rung, credentials, refused)
                if isinstance(token, Answer):
                    yield token
                elif token.authorization != refused:
                    with self._lock:
                        self._granted[scopes] = rung
                    refused = token.authorization
                    yield token.authorization


def _best_first(challenges: tuple[Challenge, ...]) -> list[Challenge]:
    """Those that can be met; Bearer before Basic, which would show the password to the registry itself."""
    usable = [each for each in challenges if each.scheme == "basic" or (each.scheme == "bearer" and each.realm)]
    return sorted(usable, key=lambda each: each.scheme != "bearer")


def _refusal(answer: Answer) -> str:
    return f"the token server {answer.url.partition('?')[0]} answers {answer.said}"


def _name(text: str | None) -> RepositoryName | None:
    try:
        return None if text is None else RepositoryName.parse(text)
    except NameInvalid:
        return None

"""Tokens of a token server: asked for, kept, and asked for again when they expire.

From CNCF distribution, "Token Authentication Specification" (GET) and "OAuth2 Token Authentication" (POST).
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode, urlsplit

from jettison.client.answer import Answer
from jettison.client.challenge import Challenge
from jettison.client.credentials import Credentials
from jettison.client.errors import Untrustworthy
from jettison.client.exchange import Asking, Exchange
from jettison.client.location import checked_realm
from jettison.client.scope import Scopes

CLIENT_ID: Final = "jettison"
LIFE: Final = 60
"""Seconds that a token lives where the server does not say (the specification's)."""
_LARGEST: Final = 1024 * 1024
_MARGIN: Final = 0.1
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_matches_token = re.compile(r"[!-~]+").fullmatch

Key: TypeAlias = tuple[str, str, str, str, Scopes]
"""The registry, the token server, the service, the account, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, until a time of the monotonic clock."""

    value: str = field(repr=False)
    until: float

    @property
    def authorization(self) -> str:
        """The value of `Authorization` (RFC 6750)."""
        return f"Bearer {self.value}"

    @property
    def is_fresh(self) -> bool:
        """Whether it has time left, with a margin for the way."""
        return time.monotonic() < self.until


class Tokens:
    """The tokens of one registry, by registry, token server, service, account and scope. May be used by threads."""

    def __init__(self, registry: str, exchange: Exchange) -> None:
        self._registry = registry
        self._exchange = exchange
        self._kept: dict[Key, Token] = {}
        self._turns: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(
        self, base: str, challenge: Challenge, scopes: Scopes, credentials: Credentials, refused: str | None = None
    ) -> Token | Answer:
        """A token, or the answer of the token server that refuses it.

        `refused` is an `Authorization` that was in vain: a token that makes it is not given again. Raises Unreachable
        and Untrustworthy.
        """
        realm = checked_realm(base, challenge.realm)
        account = credentials.username or ("<token>" if credentials.identity_token else "")
        key = (self._registry, realm, challenge.service, account, scopes)
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:  # who waited here finds what the one before has got
            kept = self._kept.get(key)
            if kept is not None and kept.is_fresh and kept.authorization != refused:
                return kept
            began = time.monotonic()
            answer = self._ask(realm, challenge.service, scopes, credentials)
            if answer.status != 200:
                return answer
            token = _read(answer, began)
            self._kept[key] = token
            return token

    def _ask(self, realm: str, service: str, scopes: Scopes, credentials: Credentials) -> Answer:
        if credentials.identity_token:
            return self._post(realm, service, scopes, credentials)
        answer = self._get(realm, service, scopes, credentials)
        if answer.status in {404, 405} and credentials.password:
            return self._post(realm, service, scopes, credentials)
        return answer

    def _get(self, realm: str, service: str, scopes: Scopes, credentials: Credentials) -> Answer:
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in scopes]
        if credentials.username:
            query.append(("account", credentials.username))
        joined = "&" if urlsplit(realm).query else "?"
        return self._exchange.ask(
            Asking(
                "GET",
                f"{realm}{joined}{urlencode(query)}" if query else realm,
                authorization=credentials.basic if credentials.username or credentials.password else None,
                largest=_LARGEST,
                follow=False,
            )
        )

    def _post(self, realm: str, service: str, scopes: Scopes, credentials: Credentials) -> Answer:
        form = {"client_id": CLIENT_ID, "service": service, "scope": " ".join(scopes)}
        if credentials.identity_token:
            form |= {"grant_type": "refresh_token", "refresh_token": credentials.identity_token}
        else:
            form |= {"grant_type": "password", "username": credentials.username, "password": credentials.password}
        content = urlencode(form).encode()
        return self._exchange.ask(
            Asking("POST", realm, _FORM, content, repeatable=True, largest=_LARGEST, follow=False)
        )


def _read(answer: Answer, began: float) -> Token:
    told: Any = answer.json()
    value = (told.get("token") or told.get("access_token")) if isinstance(told, dict) else None
    if not isinstance(value, str) or _matches_token(value) is None:
        raise Untrustworthy(f"the token server {answer.url.partition('?')[0]} answers without a token")
    life = told.get("expires_in")
    seconds = life if isinstance(life, (int, float)) and 0 < life < 10**9 else LIFE
    return Token(value, began + seconds * (1 - _MARGIN))

"""The token service: Docker's token specification, by GET, and as OAuth2 (RFC 6749), by POST; and its public keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from jettison.http.door import authorization
from jettison.http.door.authorization import Basic
from jettison.http.door.scope import Scope, parse_scopes
from jettison.http.errors import error_response
from jettison.http.manage.guard import check_origin
from jettison.http.request import BadRequest, PathUnknown, Request, TypeUnsupported
from jettison.http.response import Headers, Response, json_response
from jettison.oci.errors import Denied, RegistryError, TooLarge, Unauthorized, quoted
from jettison.registry import sessions
from jettison.registry.access import Caller, Kind
from jettison.registry.sessions import Purpose

if TYPE_CHECKING:
    from jettison.http.door.accounts import AccountsDoor

LARGEST: Final = 64 * 1024
FORM: Final = "application/x-www-form-urlencoded"
NOT_KEPT: Final[Headers] = [(b"cache-control", b"no-store"), (b"pragma", b"no-cache")]
"""RFC 6749, 5.1."""

_UNKNOWN_CLIENT = "a client"


async def get(request: Request) -> Response:
    """Needs nothing. Docker's token specification: a token for as much of each `scope` as the sender may.

    Without a name and a password it is for what anybody may.
    """
    door = _door(request)
    _check_service(door, request.argument("service"))
    wanted = parse_scopes(value for key, value in request.query if key == "scope")
    caller = await _sender(request, door)
    refresh = None
    if request.argument("offline_token") == "true" or request.argument("access_type") == "offline":
        refresh = await _refresh_token(request, caller, request.argument("client_id"))
    return _issued(door, caller, wanted, refresh)


async def post(request: Request) -> Response:
    """Needs nothing. The same as OAuth2 has it (RFC 6749, 4.3 and 6): `grant_type` password or refresh_token."""
    check_origin(request)
    door = _door(request)
    try:
        form = await _form(request)
        _check_service(door, form.get("service"))
        wanted = parse_scopes([form.get("scope", "")])
        caller, refresh = await _by_grant(request, door, form)
    except (Unauthorized, Denied, BadRequest) as error:
        return _oauth_refusal(error)
    if refresh is None and form.get("access_type") == "offline":
        refresh = await _refresh_token(request, caller, form.get("client_id"))
    return _issued(door, caller, wanted, refresh)


async def get_keys(request: Request) -> Response:
    """Needs nothing. The public keys by which tokens of this registry are verified, as a JWK Set (RFC 7517, 5)."""
    keys = _door(request).ring.published()
    return json_response(200, keys, [(b"cache-control", b"max-age=60")], media_type="application/jwk-set+json")


def _door(request: Request) -> AccountsDoor:
    door = request.edge.door
    if door is None or door.issuer is None:
        raise PathUnknown("this registry makes no tokens: `auth.jettison` in its settings would have it make some")
    return door.issuer


def _check_service(door: AccountsDoor, service: str | None) -> None:
    if service and service != door.service.name:
        raise BadRequest(f"tokens for {quoted(service)} are not made here, but for {door.service.name}")


async def _sender(request: Request, door: AccountsDoor) -> Caller:
    """Who sent it. A token is none to get another with: it would never end."""
    header = authorization.header_of(request.scope["headers"])
    shown = authorization.parse(header) if header is not None else None
    if shown is None:
        return await door.stranger(request)
    if not isinstance(shown, Basic):
        raise Unauthorized("a token is got with a name and a password, or with a refresh token by POST")
    return await door.sign_in(request, shown)


async def _by_grant(request: Request, door: AccountsDoor, form: dict[str, str]) -> tuple[Caller, str | None]:
    """Who sent it, and the refresh token that they go on with."""
    grant = form.get("grant_type")
    if grant == "password":
        name, password = form.get("username", ""), form.get("password", "")
        return await door.sign_in(request, authorization.credentials(name, password)), None
    if grant != "refresh_token":
        raise BadRequest("grant_type is password or refresh_token")
    door.require_safe(request)
    token = form.get("refresh_token", "")
    registry = request.edge.registry
    return await request.edge.run(lambda: sessions.use(registry, token, Purpose.REFRESH)), token


async def _refresh_token(request: Request, caller: Caller, client: str | None) -> str | None:
    """One for whoever has signed in; what anybody may needs none."""
    if caller.kind is Kind.ANONYMOUS:
        return None
    to = client or request.header(b"user-agent") or _UNKNOWN_CLIENT
    registry = request.edge.registry
    return await request.edge.run(lambda: sessions.issue(registry, caller, Purpose.REFRESH, to))


async def _form(request: Request) -> dict[str, str]:
    """The body's fields. Raises BadRequest for one that is there twice: which is meant?"""
    media_type = (request.header(b"content-type") or "").split(";")[0].strip().lower()
    if media_type != FORM:
        raise TypeUnsupported(f"the Content-Type of this request has to be {FORM}")
    content = await request.body.whole(LARGEST)
    if content is None:
        raise TooLarge(f"the body has more than {LARGEST} bytes, which is the most that is accepted")
    try:
        pairs = parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError as error:
        raise BadRequest("the form cannot be read: percent-encode it, in UTF-8") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadRequest("a field of the form is there twice")
    return form


def _issued(door: AccountsDoor, caller: Caller, wanted: Sequence[Scope], refresh: str | None) -> Response:
    issued = door.issue(caller, wanted)
    body: dict[str, Any] = {
        "token": issued.token,
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.seconds,
        "issued_at": f"{datetime.fromtimestamp(issued.at, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "scope": " ".join(f"{each['type']}:{each['name']}:{_words(each['actions'])}" for each in issued.access),
    }
    if refresh is not None:
        body["refresh_token"] = refresh
    return json_response(200, body, NOT_KEPT)


def _words(actions: object) -> str:
    return ",".join(map(str, actions)) if isinstance(actions, list) else ""


def _oauth_refusal(error: RegistryError) -> Response:
    """The refusal, with the words of RFC 6749, 5.2, beside those of all others here."""
    response = error_response(error)
    word = "invalid_request" if isinstance(error, BadRequest) else "invalid_grant"
    body = {**json.loads(response.body), "error": word, "error_description": error.message}
    return json_response(response.status, body, NOT_KEPT)

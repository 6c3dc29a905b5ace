"""The API that a vendor has beside `/v2`: where it is, and who asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jettison.client.address import Host
from jettison.client.credentials import Credentials
from jettison.client.errors import NotAllowed
from jettison.client.transport import Transport

if TYPE_CHECKING:
    from jettison.client.registry import Registry
    from jettison.client.repository import Repository


def signed_in(registry: Registry, repository: Repository | None, title: str, wanted: str) -> Credentials:
    """The credentials that are kept for the registry.

    Raises NotAllowed where there are none: what asks an API of a vendor has to say at once who it is. `wanted` says
    what they have to be, as in "a personal access token".
    """
    found = registry.transport.credentials(() if repository is None else repository.scopes("delete"))
    if found.is_anonymous:
        raise NotAllowed(
            f"{title} deletes by an API of its own, which takes {wanted}, and there are no credentials for "
            f"{registry.host}: sign in with `jettison login {registry.host}`"
        )
    return found


@contextmanager
def asking(registry: Registry, host: str | None = None) -> Iterator[Transport]:
    """A way to the vendor's API, at another host or beside `/v2`: no credentials go there unless a request has them.

    Raises NotAllowed for another host where the registry is asked by plain http: secrets go elsewhere by https only.
    """
    place = registry.host if host is None else Host.parse(host)
    if place != registry.host and not place.is_loopback and registry.transport.base.startswith("http:"):
        raise NotAllowed(
            f"the API at {place} takes a secret, which is not sent there by plain http: ask {registry.host} by https"
        )
    with registry.transport.beside(place) as transport:
        yield transport


def challenge(registry: Registry, headers: Mapping[str, str] | None = None) -> str:
    """How the registry asks who one is, as it stands in WWW-Authenticate; empty where it has not asked.

    `headers` are those of an answer that was refused, if there is one: a challenge that was met is known already.
    """
    asked = registry.transport.challenge
    if asked is None:
        return (headers or {}).get("www-authenticate", "")
    return f"{asked.scheme} " + ",".join(f'{name}="{value}"' for name, value in asked.parameters.items())


def bearer(token: str) -> Mapping[str, str]:
    """The header of a bearer token (RFC 6750)."""
    return {"Authorization": f"Bearer {token}"}


def basic(credentials: Credentials) -> Mapping[str, str]:
    """The header of HTTP Basic (RFC 7617)."""
    return {"Authorization": credentials.basic}

"""Where an answer may send this client: redirects, upload locations, next pages and token servers.

The rules:

- What begins over https is never continued over http.
- Credentials go to the origin (scheme, host and port) that they are for, and to the token server that it names.
- A page's successor and an upload's location are of the registry itself. One that differs in the scheme only (a proxy
  that ends TLS and does not tell the registry) is asked at the registry's own origin.
- A read may be redirected to another host (that is how registries hand out blobs), without credentials; nothing that
  changes something may.
- A token server (`realm`) may be on any host over https: Docker Hub's is auth.docker.io, and whoever can name another
  in an answer of the registry's own could have asked for the password outright. Over http it may be only where the
  registry itself is asked over http; if that is a loopback address, the realm has to be one too.
- Nothing but a loopback address may lead to a loopback address.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from jettison.client.address import Host
from jettison.client.errors import Untrustworthy
from jettison.oci.errors import quoted

_PORTS: Final = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int]:
    """The scheme, host and port of a URL (RFC 6454). Raises Untrustworthy where it has none that can be asked."""
    return _origin(_split(url))


def redirected(url: str, location: str, *, reads: bool) -> str:
    """Where a redirect from `url` leads. Raises Untrustworthy where it must not be followed."""
    parts = _joined(url, location)
    target = urlunsplit(parts)
    if url.startswith("https:") and parts.scheme != "https":
        raise Untrustworthy(f"{url} redirects to plain http, {quoted(target)}, which is not followed")
    if _origin(parts) != origin(url) and not reads:
        raise Untrustworthy(f"{url} redirects a request that changes something to another host, {quoted(target)}")
    _check_loopback(url, parts)
    return urlunsplit(parts._replace(fragment=""))


def own(url: str, location: str) -> str:
    """The URL at the origin of `url` that a Location or Link of its answer names. Raises Untrustworthy for another."""
    parts, here = _joined(url, location), _split(url)
    there = _origin(parts)
    default = there[2] == _PORTS[parts.scheme]
    behind_proxy = here.scheme == "https" and parts.scheme == "http" and parts.hostname == here.hostname and default
    if not behind_proxy and there != _origin(here):
        raise Untrustworthy(
            f"{url} names a place on another host, {quoted(location)}: "
            "is the registry told its own address (http.host, or the proxy's X-Forwarded headers)?"
        )
    return urlunsplit(parts._replace(scheme=here.scheme, netloc=here.netloc, fragment=""))


def checked_realm(url: str, realm: str) -> str:
    """The token server that the answer of `url` names, if it may be asked. Raises Untrustworthy."""
    try:
        parts = urlsplit(realm)
        secure, _, _ = _origin(parts)
    except (ValueError, Untrustworthy):
        raise Untrustworthy(f"{url} names a token server that is no URL: {quoted(realm)}") from None
    if secure != "https" and (url.startswith("https:") or (is_loopback(url) and not is_loopback(realm))):
        raise Untrustworthy(
            f"{url} names a token server over plain http, {quoted(realm)}: no credentials are sent there"
        )
    _check_loopback(url, parts)
    return urlunsplit(parts._replace(fragment=""))


def is_loopback(url: str) -> bool:
    """Whether the host of a URL is a loopback address or name."""
    return Host((urlsplit(url).hostname or "").lower()).is_loopback


def _check_loopback(url: str, parts: SplitResult) -> None:
    if Host((parts.hostname or "").lower()).is_loopback and not is_loopback(url):
        raise Untrustworthy(f"{url} leads to this machine itself, {quoted(urlunsplit(parts))}")


def _joined(url: str, location: str) -> SplitResult:
    try:
        return urlsplit(urljoin(url, location))
    except ValueError:
        raise Untrustworthy(f"{url} names a place that is no URL: {quoted(location)}") from None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise Untrustworthy(f"an answer names a place that is no URL: {quoted(url)}") from None


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS or not parts.hostname or port == -1 or "@" in parts.netloc:
        raise Untrustworthy(f"an answer names a place that cannot be asked: {quoted(urlunsplit(parts))}")
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme]

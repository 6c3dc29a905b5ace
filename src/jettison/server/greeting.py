"""What is said at start: where the registry is, which file it read, where its data lies, and the first thing to try."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from jettison import __version__
from jettison.server.bucket import place
from jettison.server.replica import replica
from jettison.settings import Address, Loaded, Settings

if TYPE_CHECKING:
    from jettison.server.certificate import Certificate


def greeting(loaded: Loaded, where: Address | Path, certificate: Certificate | None = None) -> str:
    """About six plain lines for the person who started a server that now listens on ``where``, an address or a socket,
    with the ``certificate`` that it shows.
    """
    settings = loaded.settings
    lines = [
        f"Jettison {__version__} listens on {_listening(settings, where)}",
        f"  settings  {_source(loaded)}",
        f"  data      {_data(settings)}",
        f"  deletion  {_deletion(loaded)}",
    ]
    name = replica(settings)
    if name is not None:
        lines.append(f"  replica   {name}")
    if certificate is not None:
        lines.append(
            f"  tls       {', '.join(certificate.names)}, until {certificate.ends:%Y-%m-%d}{_asking(certificate)}"
        )
    lines += _to_try(settings, where)
    if settings.auth.mode != "none":
        lines.append(f"  sign-in   {_sign_in(settings)}")
    elif isinstance(where, Address) and not is_loopback(where.host) and not (certificate and certificate.authorities):
        may = "push, pull and delete" if settings.storage.delete.enabled else "push and pull"
        lines.append(
            f"  notice    whoever reaches {where} may {may}: there is no login. Have them sign in (auth,"
            " REGISTRY_AUTH=jettison), or listen on 127.0.0.1 (http.addr, REGISTRY_HTTP_ADDR)"
        )
    return "".join(f"{line}\n" for line in lines)


def _data(settings: Settings) -> str:
    """Where bytes and rows lie."""
    database = "SQLite" if settings.jettison.database.url is None else "PostgreSQL"
    s3, folder = settings.storage.s3, settings.storage.folder
    where = place(s3) if s3 is not None else folder and folder.resolve()
    return f"{where} (database: {database})"


def _sign_in(settings: Settings) -> str:
    """Who may come in; and, where that is so, that passwords may be read on the way."""
    auth = settings.auth
    if auth.htpasswd is not None:
        who = f"names and passwords of {auth.htpasswd.path}"
    elif auth.token is not None:
        return f"tokens of {auth.token.issuer}"
    else:
        who = "accounts of this registry: `jettison user add --admin NAME` makes the first"
    readable = settings.jettison.signin.insecure and settings.http.tls is None
    return f"{who}, over plain HTTP too, where whoever is on the way reads them" if readable else who


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``; an empty one is every interface."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _to_try(settings: Settings, where: Address | Path) -> list[str]:
    """A push and a deletion that can be copied; where no client reaches it as it is, how one asks for it by hand."""
    prefix = settings.http.prefix
    if isinstance(where, Address):
        reachable = _reachable(where)
        curl, url = "curl", f"{_scheme(settings)}://{reachable}{prefix}"
    else:
        reachable = None
        curl, url = f"curl --unix-socket {where}", f"{_scheme(settings)}://localhost{prefix}"
    if reachable is None or prefix:
        lines = [f"  try       {curl} {url}/v2/_catalog"]
    else:
        lines = [f"  push      docker tag alpine {reachable}/repo1 && docker push {reachable}/repo1"]
    if settings.storage.delete.enabled:
        lines.append(f"  delete    {curl} -X DELETE {url}/v2/repo1")
    return lines


def _source(loaded: Loaded) -> str:
    if loaded.path is not None:
        return str(loaded.path.absolute())
    return "built-in, since no file was named or found: `jettison serve FILE` reads one"


def _asking(certificate: Certificate) -> str:
    return "; clients need a certificate too" if certificate.authorities else ""


def _scheme(settings: Settings) -> str:
    return "http" if settings.http.tls is None else "https"


def _listening(settings: Settings, where: Address | Path) -> str:
    if isinstance(where, Path):
        return f"the socket {where}{' (TLS)' if settings.http.tls else ''}"
    if _is_every_interface(where.host):
        return f"port {where.port} of every interface: {_scheme(settings)}://localhost:{where.port}"
    return f"{_scheme(settings)}://{where}"


def _reachable(address: Address) -> str:
    here = _is_every_interface(address.host) or address.host == "127.0.0.1"
    return str(Address("localhost", address.port) if here else address)


def _is_every_interface(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104  (recognised, not listened on)


def _deletion(loaded: Loaded) -> str:
    if loaded.settings.storage.delete.enabled:
        return "on"
    origin = loaded.origins.get("storage.delete.enabled")
    where = f" ({origin})" if origin else ""
    return f"off{where}: `storage.delete.enabled: true` or REGISTRY_STORAGE_DELETE_ENABLED=true turns it on"

"""What is said at start: where the registry is, where its data lies, and the first thing to try."""

from __future__ import annotations

from ipaddress import ip_address

from jettison import __version__
from jettison.settings import Address, Loaded


def greeting(loaded: Loaded, address: Address) -> str:
    """About five plain lines for the person who started a server that now listens on ``address``."""
    settings = loaded.settings
    reachable = _reachable(address)
    database = "SQLite" if settings.jettison.database.url is None else "PostgreSQL"
    lines = [
        f"Jettison {__version__} listens on {_listening(address)}",
        f"  data      {settings.storage.filesystem.rootdirectory.resolve()} (database: {database})",
        f"  deletion  {_deletion(loaded)}",
        f"  push      docker tag alpine {reachable}/repo1 && docker push {reachable}/repo1",
    ]
    if settings.storage.delete.enabled:
        lines.append(f"  delete    curl -X DELETE http://{reachable}/v2/repo1")
    if not is_loopback(address.host):
        may = "push, pull and delete" if settings.storage.delete.enabled else "push and pull"
        lines.append(
            f"  notice    whoever reaches {address} may {may}: there is no login. Listen on 127.0.0.1 (http.addr,"
            " REGISTRY_HTTP_ADDR), or put a proxy that asks for one in front"
        )
    return "".join(f"{line}\n" for line in lines)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``; an empty one is every interface."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(address: Address) -> str:
    if _is_every_interface(address.host):
        return f"port {address.port} of every interface: http://localhost:{address.port}"
    return f"http://{address}"


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

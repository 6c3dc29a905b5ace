"""Whether a registry is asked over https or http: https, and http only for the machine itself or where that is said."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from jettison.client.address import Host
from jettison.client.errors import Unreachable

_PROBE_TIMEOUT: Final = 3.0


def find_base(host: Host, *, plain_http: bool, connect_timeout: float) -> str:
    """The beginning of the URLs of a registry, as in `https://ghcr.io`.

    A loopback address is tried with TLS first, as docker does, and asked over plain http where there is none. A
    certificate that is not trusted is still TLS: that never leads to plain http. Raises Unreachable.
    """
    if plain_http:
        return f"http://{host.authority}"
    if not host.is_loopback or _speaks_tls(host, min(connect_timeout, _PROBE_TIMEOUT)):
        return f"https://{host.authority}"
    return f"http://{host.authority}"


def _speaks_tls(host: Host, seconds: float) -> bool:
    """Whether a handshake begins well; nothing is sent and nobody is trusted by it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host.hostname, host.port or 443), seconds) as connection,
            context.wrap_socket(connection, server_hostname=host.hostname),
        ):
            return True
    except ssl.SSLError as error:
        # An alert is TLS too: the server may ask for a certificate, or for another version.
        return "ALERT" in (error.reason or "")
    except ConnectionRefusedError as error:
        if host.port is None:
            return False
        raise Unreachable(f"{host} cannot be reached: {error}; is the registry running there?") from error
    except socket.gaierror as error:
        raise Unreachable(f"{host} cannot be reached: {error}; check the address") from error
    except OSError:
        return False

"""A site with TLS, and connections to it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import PrivateFormat

from tests.http.raw import SECONDS, Connection
from tests.server.running import RunningSite, until
from tests.support.certificates import Authority, Pair

RENEWED_SECONDS = 30


class SecureSite(RunningSite):
    """A site whose certificate is one of ``authority``, by default ``pair``; ``http`` are more settings."""

    def __init__(
        self,
        folder: Path,
        authority: Authority,
        pair: Pair | None = None,
        *,
        form: PrivateFormat = PrivateFormat.PKCS8,
        http: Mapping[str, object] | None = None,
        **more: Any,
    ) -> None:
        self.folder = folder
        self.trusted = authority.write(folder)
        certificate, key = (pair or authority.issue("first")).write(folder, "server", form)
        settings = {"tls_certificate": certificate, "tls_key": key, **(http or {})}
        super().__init__(folder, http=settings, **more)

    def secure(self, client: ssl.SSLContext | None = None) -> TlsConnection:
        """A connection that trusts the authority alone, or as ``client`` says."""
        return TlsConnection(("127.0.0.1", self.port), client or self.client())

    def client(self, *, certificate: tuple[Path, Path] | None = None, alpn: Sequence[str] = ()) -> ssl.SSLContext:
        """A client that trusts the authority, and shows a certificate, if it is given that and its key."""
        context = ssl.create_default_context(cafile=self.trusted)
        if certificate is not None:
            context.load_cert_chain(*certificate)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    @property
    def shown(self) -> str:
        """The name in the certificate that it shows now."""
        with self.secure() as connection:
            return connection.shown

    def renew(self, pair: Pair) -> None:
        """Put another certificate in the place of the first, and wait until it is shown."""
        before = self.shown
        pair.write(self.folder, "server")
        assert until(lambda: self.shown != before, RENEWED_SECONDS), self.log


class TlsConnection(Connection):
    """A connection with TLS."""

    _socket: ssl.SSLSocket

    def __init__(self, address: tuple[str, int], client: ssl.SSLContext) -> None:
        super().__init__(address)
        try:
            self._socket = client.wrap_socket(self._socket, server_hostname="localhost")
        except BaseException:
            self._socket.close()
            raise
        self._socket.settimeout(SECONDS)

    @property
    def shown(self) -> str:
        """The name in the certificate that the server showed."""
        certificate = x509.load_der_x509_certificate(self._socket.getpeercert(binary_form=True) or b"")
        return certificate.subject.rfc4514_string().removeprefix("CN=")

    @property
    def version(self) -> str | None:
        """The version of TLS."""
        return self._socket.version()

    @property
    def protocol(self) -> str | None:
        """What was agreed on by ALPN."""
        return self._socket.selected_alpn_protocol()

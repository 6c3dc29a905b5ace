"""A registry, any: the door of this client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from jettison.client.address import Address, Host
from jettison.client.credentials import Credentials
from jettison.client.errors import Invalid
from jettison.client.keychain import Keychain
from jettison.client.paging import names
from jettison.client.rate_limit import RateLimit
from jettison.client.repository import Repository
from jettison.client.transport import CONCURRENCY, CONNECT_TIMEOUT, IDLE_TIMEOUT, Transport
from jettison.oci.errors import NameInvalid
from jettison.oci.reference import RepositoryName

if TYPE_CHECKING:
    from jettison.client.answer import Answer


CATALOG_SCOPES: Final = ("registry:catalog:*",)


class Registry:
    """A registry at `HOST[:PORT]`. A context manager: leaving it closes its connections.

    - `credentials`: what to sign in with; None looks where docker and podman keep theirs (`Keychain`), when the
      registry asks for them and not before.
    - `plain_http`: http and never https; without it, http is used for loopback addresses only, where there is no TLS.
    - `ca_cert`: a PEM file of authorities to trust besides the system's; `insecure_skip_verify` trusts anybody.
    - `concurrency`: requests at a time; `connect_timeout` and `idle_timeout` are in seconds.

    Raises Invalid for an address that cannot be read. Nothing is asked before the first method that needs it.

    >>> from jettison.client import Registry
    >>> with Registry("localhost:5000", concurrency=4) as registry:
    ...     for name in registry.repositories():
    ...         print(name, *registry.repository(name).tags())
    repo1 latest v1
    team/app v1
    """

    def __init__(
        self,
        host: str | Host,
        *,
        credentials: Credentials | Keychain | None = None,
        plain_http: bool = False,
        ca_cert: Path | None = None,
        insecure_skip_verify: bool = False,
        concurrency: int = CONCURRENCY,
        connect_timeout: float = CONNECT_TIMEOUT,
        idle_timeout: float = IDLE_TIMEOUT,
    ) -> None:
        self.host = Host.parse(host) if isinstance(host, str) else host
        self.transport = Transport(
            self.host,
            credentials=Keychain() if credentials is None else credentials,
            plain_http=plain_http,
            ca_cert=ca_cert,
            insecure_skip_verify=insecure_skip_verify,
            concurrency=concurrency,
            connect_timeout=connect_timeout,
            idle_timeout=idle_timeout,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Closing twice does nothing."""
        self.transport.close()

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the registry last said of its rate limit (Docker Hub does); None where it said nothing."""
        return self.transport.rate_limit

    def ping(self) -> Answer:
        """What `GET /v2/` answers, signed in if that is asked for (OCI distribution 1.1, "Determining Support")."""
        return self.transport.request("GET", "/v2/")

    def repositories(self) -> Iterator[RepositoryName]:
        """All repositories that the registry lists, page by page (`/v2/_catalog`, CNCF distribution's).

        Raises NotAllowed and Unsupported where a registry does not tell (Docker Hub, GHCR), Untrustworthy for pages
        that repeat themselves or never end. A name outside of the grammar is left out: nothing can be asked of it.
        """
        for name in names(self.transport, "/v2/_catalog", "repositories", CATALOG_SCOPES, f"list {self.host}"):
            try:
                parsed = RepositoryName.parse(name)
            except NameInvalid:
                continue
            yield parsed

    def repository(self, name: str | RepositoryName) -> Repository:
        """A repository of this registry; asks nothing. Raises Invalid for a name outside of the grammar."""
        if isinstance(name, str):
            try:
                name = RepositoryName.parse(name)
            except NameInvalid as error:
                raise Invalid(error.message) from None
        return Repository(self, name)

    def address(self, repository: RepositoryName) -> Address:
        """The address of a repository here, for messages."""
        return Address(self.host, repository)

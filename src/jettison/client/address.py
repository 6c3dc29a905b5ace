"""Addresses: which registry, and what in it, from docker's reference grammar (distribution/reference).

    Host.parse("localhost:5000")                             the registry
    Address.parse("ghcr.io/org/app:v1@sha256:...")           what is in it
    Address.parse("alpine")                                  docker.io/library/alpine

A first component is a host if it has a dot or a port, or is `localhost`; anything else is a repository of Docker Hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from jettison.client.errors import Invalid
from jettison.oci.digest import Digest
from jettison.oci.errors import RegistryError, quoted
from jettison.oci.reference import Reference, RepositoryName, Tag

DOCKER_HUB: Final = "docker.io"
DOCKER_HUB_API: Final = "registry-1.docker.io"
_DOCKER_HUB_NAMES: Final = frozenset({DOCKER_HUB, "index.docker.io", DOCKER_HUB_API, "registry.hub.docker.com"})

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?"
_matches_host = re.compile(rf"({_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::([0-9]{{1,5}}))?").fullmatch


@dataclass(frozen=True, slots=True, order=True)
class Host:
    """A registry: its host name in lower case (an IPv6 address without brackets), and its port where one was given.

    Docker Hub is `docker.io` under each of its names.
    """

    hostname: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Host:
        """The host that `HOST[:PORT]` writes; an ending slash is left out. Raises Invalid."""
        if "://" in text:
            raise Invalid(f"{quoted(text)}: leave out {text.partition('://')[0]}://; plain http is --plain-http")
        found = _matches_host(text.removesuffix("/"))
        if found is None:
            raise Invalid(f"{quoted(text)} is not the address of a registry: write HOST or HOST:PORT")
        hostname, port = found[1].lower(), None if found[2] is None else int(found[2])
        if port is not None and not 0 < port < 65536:
            raise Invalid(f"{quoted(text)}: {port} is not a port; ports are 1 to 65535")
        if hostname.startswith("["):
            hostname = _ipv6(hostname[1:-1])
        if hostname in _DOCKER_HUB_NAMES and port in {None, 443}:
            return cls(DOCKER_HUB)
        return cls(hostname, port)

    @property
    def is_docker_hub(self) -> bool:
        """Whether this is Docker Hub."""
        return self.hostname == DOCKER_HUB and self.port is None

    @property
    def is_loopback(self) -> bool:
        """Whether this is the machine itself: `localhost`, names under it, 127.0.0.0/8 and ::1."""
        if self.hostname == "localhost" or self.hostname.endswith(".localhost"):
            return True
        try:
            return ip_address(self.hostname).is_loopback
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """Where its API is asked, as it stands in a URL: for Docker Hub, registry-1.docker.io."""
        return DOCKER_HUB_API if self.is_docker_hub else str(self)

    def __str__(self) -> str:
        hostname = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return hostname if self.port is None else f"{hostname}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """Something in a registry: a whole registry (no repository), a repository, or a tag or digest of one.

    With `REPO:TAG@DIGEST` both are known; what it refers to is the digest.
    """

    host: Host
    repository: RepositoryName | None = None
    tag: Tag | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `[HOST[:PORT]/]REPO[:TAG][@DIGEST]` writes, or `HOST[:PORT]` alone. Raises Invalid.

        Without a slash, `localhost:5000` and `ghcr.io` are registries and `alpine:3` is an image of Docker Hub; a
        registry of one word is written with a slash at its end, as in `registry:5000/`.
        """
        if not text:
            raise Invalid("an empty text is no address: write HOST[:PORT]/REPO[:TAG][@DIGEST]")
        if "://" in text:
            raise Invalid(f"{quoted(text)}: leave out {text.partition('://')[0]}://; plain http is --plain-http")
        first, slash, rest = text.partition("/")
        if _is_host(first, alone=not slash):
            host = Host.parse(first)
            return cls(host) if not rest else cls._within(host, rest, text)
        return cls._within(Host(DOCKER_HUB), text, text)

    @property
    def reference(self) -> Reference | None:
        """What is meant of the repository: the digest, else the tag, else None."""
        return self.digest or self.tag

    def __str__(self) -> str:
        text = str(self.host) if self.repository is None else f"{self.host}/{self.repository}"
        tagged = text if self.tag is None else f"{text}:{self.tag}"
        return tagged if self.digest is None else f"{tagged}@{self.digest}"

    @classmethod
    def _within(cls, host: Host, text: str, whole: str) -> Address:
        named, at, digest = text.partition("@")
        name, colon, tag = named.partition(":")
        if host.is_docker_hub and "/" not in name:
            name = f"library/{name}"
        try:
            return cls(
                host,
                RepositoryName.parse(name),
                Tag.parse(tag) if colon else None,
                Digest.parse(digest) if at else None,
            )
        except RegistryError as error:
            raise Invalid(f"{quoted(whole)}: {error.message}") from None


def _is_host(first: str, *, alone: bool) -> bool:
    name = first.partition(":")[0]
    if name == "localhost" or first.startswith("["):
        return True
    if alone:
        return "." in name and "@" not in first and _matches_host(first) is not None
    return "." in name or ":" in first or name != name.lower()


def _ipv6(text: str) -> str:
    try:
        return ip_address(text).compressed
    except ValueError:
        raise Invalid(f"[{text}] is not an IPv6 address") from None

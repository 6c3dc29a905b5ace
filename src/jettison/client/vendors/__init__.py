"""What registries do beside OCI distribution: one file for each vendor, and which of them a registry is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jettison.client.errors import ClientError, Invalid
from jettison.client.fields import objects
from jettison.client.vendors.acr import Acr
from jettison.client.vendors.api import challenge
from jettison.client.vendors.artifactregistry import ArtifactRegistry
from jettison.client.vendors.distribution import Distribution
from jettison.client.vendors.dockerhub import DockerHub
from jettison.client.vendors.ecr import Ecr
from jettison.client.vendors.ghcr import Ghcr
from jettison.client.vendors.gitea import Gitea
from jettison.client.vendors.gitlab import GitLab
from jettison.client.vendors.harbor import Harbor
from jettison.client.vendors.jettison import Jettison
from jettison.client.vendors.quay import Quay
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.client.vendors.zot import DISCOVERY, Zot

if TYPE_CHECKING:
    from jettison.client.registry import Registry

VENDORS: Final[tuple[type[Vendor], ...]] = (
    DockerHub,
    Ghcr,
    Ecr,
    Acr,
    ArtifactRegistry,
    Jettison,
    GitLab,
    Gitea,
    Harbor,
    Quay,
    Zot,
    Distribution,
)
"""In the order in which they are asked: those with hosts of their own, then the more telling signs before the fewer."""


def named(name: str, registry: Registry, api: str | None = None) -> Vendor:
    """The vendor of this name, whatever the registry shows. Raises Invalid for a name that is none."""
    for vendor in VENDORS:
        if vendor.name == name.lower():
            return vendor(registry, api)
    raise Invalid(f"{name!r} is no vendor: use one of {', '.join(vendor.name for vendor in VENDORS)}")


def recognised(registry: Registry) -> Vendor:
    """The vendor whose signs the registry shows; `Vendor` itself, which speaks OCI distribution alone, where none fits.

    Asks `GET /v2/`, unless the host's name tells already. Raises what that raises where there is no answer.
    """
    by_name = _first(Signs(registry.host, {}))
    if by_name is not None:
        return by_name(registry)
    answer = registry.ping()
    signs = Signs(registry.host, answer.headers, challenge(registry, answer.headers))
    found = _first(signs)
    if found in {None, Distribution}:
        extended = Signs(signs.host, signs.headers, signs.challenge, _extensions(registry))
        found = _first(extended)
    return (found or Vendor)(registry)


def _first(signs: Signs) -> type[Vendor] | None:
    return next((vendor for vendor in VENDORS if vendor.recognises(signs)), None)


def _extensions(registry: Registry) -> frozenset[str]:
    """The names of the registry's extensions; none where it has no list of them, or one that cannot be read."""
    answer = registry.transport.request("GET", DISCOVERY)
    if not answer.ok:
        return frozenset()
    try:
        body = answer.json()
    except ClientError:
        return frozenset()
    listed = objects(body.get("extensions")) if isinstance(body, dict) else []
    return frozenset(str(each.get("name")) for each in listed)


__all__ = ["VENDORS", "Done", "Limits", "Signs", "Vendor", "named", "recognised"]

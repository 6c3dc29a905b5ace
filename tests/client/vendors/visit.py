"""Going to a fake with the client, as a vendor that is named or recognised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jettison.client import Credentials, Registry, Repository
from jettison.client.vendors import Vendor, named, recognised
from tests.client.vendors.fake import PASSWORD, USER, Fake

NAME = "group/project/app"


@contextmanager
def visiting(
    fake: Fake, vendor: str | None, name: str = NAME, *, username: str = USER, password: str = PASSWORD
) -> Iterator[tuple[Repository, Vendor]]:
    """A repository of the running fake, and its vendor: the one of this name, or (None) the one it is recognised as."""
    credentials = Credentials(username, password, source="a test")
    with fake, Registry(fake.address, credentials=credentials) as registry:
        found = recognised(registry) if vendor is None else named(vendor, registry, fake.address)
        yield registry.repository(name), found

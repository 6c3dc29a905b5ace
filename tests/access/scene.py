"""What a request of the matrix is about: a repository with something of every kind in it, and names that are free."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName
from jettison.registry import groups, robots, uploads, users
from jettison.registry.access import EVERYONE
from jettison.registry.origin import NOBODY
from tests.access.people import PASSWORD
from tests.access.site import Site
from tests.support.content import image, referrer
from tests.support.repository import Repository

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Scene:
    """The repository ``name``: a tagged manifest ``digest`` with a ``layer``, a blob ``loose`` that nothing needs, an
    ``upload`` that its owner has begun, the ``deletion`` of a tag of it; and accounts to be managed.
    """

    name: str
    digest: str
    layer: str
    loose: str
    upload: str
    deletion: int
    user: str = "managed"
    robot: str = "managed-robot"
    group: str = "managed-group"
    free: str = "free"


def set_scene(site: Site, below: str, owner: str = "") -> Scene:
    """A new repository below ``below``, in which whoever has the identity ``owner`` has begun an upload."""
    number = next(_numbers)
    name = f"{below}/app-{number}"
    repository = Repository(site.registry, name)
    layer = f"the layer of {name}".encode()
    draft = image(layer)
    repository.push(draft, "v1", "gone")
    repository.push(referrer(draft), "signature")
    loose = repository.upload(f"loose in {name}".encode())
    gone = repository.delete("gone")
    upload = uploads.start(site.registry, RepositoryName.parse(name), owner=owner)
    return Scene(name, str(draft.digest), str(Digest.of(layer)), str(loose), upload.id, gone.id)


def set_management(site: Site, scene: Scene) -> Scene:
    """The same with accounts of its own that are there to be changed."""
    number = next(_numbers)
    user, robot, group = (f"{kind}-{number}" for kind in ("user", "robot", "group"))
    users.add(site.registry, EVERYONE, NOBODY, user, PASSWORD)
    robots.create(site.registry, EVERYONE, NOBODY, robot, [], days=1)
    groups.add(site.registry, EVERYONE, NOBODY, group)
    groups.join(site.registry, EVERYONE, NOBODY, group, user)
    return replace(scene, user=user, robot=robot, group=group, free=f"free-{number}")

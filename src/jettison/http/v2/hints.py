"""What to send instead: no DELETE under /v2 ends in a bare "page not found"."""

from __future__ import annotations

import re
from functools import partial

from jettison.http.request import PathUnknown, Request
from jettison.oci.errors import NameInvalid, NameUnknown, RegistryError, Unsupported
from jettison.oci.reference import NAME_PATTERN
from jettison.registry.listing import is_listed

_is_name = re.compile(NAME_PATTERN).fullmatch
MISTAKEN = ("repositories/", "library/", "v2/", "_catalog/")
WAYS = (
    "DELETE /v2/<name> deletes a repository, DELETE /v2/<name>/manifests/<tag> a tag, "
    "DELETE /v2/<name>/manifests/<digest> a version"
)


async def refuse_delete(request: Request) -> RegistryError:
    """The error for a DELETE that no route serves; nothing is deleted. Names the request that was meant, if it can."""
    path = request.path
    if path.endswith("/"):
        return Unsupported(
            f"DELETE {path} ends with a slash, as when a variable was not set: nothing is deleted. {WAYS}."
        )
    return PathUnknown(f"DELETE {path} is nothing that can be deleted. {WAYS}.")


async def meant(request: Request, error: NameUnknown | NameInvalid) -> RegistryError:
    """The error for a DELETE in a repository that is not there or cannot be, naming the one that was meant if it is."""
    name, registry = request.parts["name"], request.edge.registry
    # Who meant to delete a tag is not told how to delete its repository.
    for prefix in MISTAKEN if request.parts.keys() == {"name"} else ():
        rest = name.removeprefix(prefix)
        if rest == name or not _is_name(rest):
            continue
        if request.caller.may_list(rest) and await request.edge.read(partial(is_listed, registry, rest)):
            message = f"there is no repository {name}, but there is {rest}: send DELETE /v2/{rest}"
            return NameUnknown(message, error.detail)
    return type(error)(f"{error.message}. {WAYS}.", error.detail)

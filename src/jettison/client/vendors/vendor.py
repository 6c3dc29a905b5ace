"""A vendor: what a registry does beside `/v2`, what it does differently, and what it cannot do.

`Vendor` itself is any registry that speaks OCI distribution 1.1 and nothing else. Each vendor overrides what it has
more of. What one cannot do raises Unsupported, whose message ends in the next step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jettison.client.answer import Answer
from jettison.client.errors import Unsupported
from jettison.oci.digest import Digest
from jettison.oci.reference import Reference, RepositoryName, Tag

if TYPE_CHECKING:
    from jettison.client.address import Host
    from jettison.client.item import Item
    from jettison.client.registry import Registry
    from jettison.client.repository import Repository


@dataclass(frozen=True, slots=True)
class Signs:
    """What a registry shows of itself.

    - `headers`: those of `GET /v2/`, names in lower case.
    - `challenge`: how it asks who one is (WWW-Authenticate); empty where it does not.
    - `extensions`: the names of its extensions (OCI distribution, extensions, "_oci/ext/discover").
    """

    host: Host
    headers: Mapping[str, str]
    challenge: str = ""
    extensions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one has to know of a registry before deleting in it.

    - `deletes_repositories`: a repository can be deleted as a whole.
    - `deletes_versions`: a version can be deleted by its digest; else it goes with its last tag.
    - `keeps_names`: a repository that was emptied is still listed.
    - `tags_first`: a version that has tags cannot be deleted; its tags go one by one before it.
    - `last_tag_takes_version`: when the last tag of a version goes, the version goes.
    - `tags_alone`: it is documented to take a tag alone by DELETE, so that the siblings need not be read before.
    - `cascades`: what a version brings with it (children, referrers) the registry deletes by itself.
    - `lists`: whether all repositories can be listed.
    - `restores`: it keeps what was deleted, and brings it back when `jettison undo` asks it to.
    - `together`: how many items it deletes as one, by `delete_together`; 0: it does not.
    - `undo`: how the registry itself can bring something back; None where it cannot.
    - `notes`: anything else that a plan should say.
    """

    deletes_repositories: bool = False
    deletes_versions: bool = True
    keeps_names: bool = False
    tags_first: bool = False
    last_tag_takes_version: bool = False
    tags_alone: bool = False
    cascades: bool = False
    lists: bool = True
    restores: bool = False
    together: int = 0
    undo: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """That something was deleted: how, and the number of the registry's own journal entry where it keeps one.

    `later`: the registry does it in the background, so that it may be there for a while.
    """

    how: str
    deletion: int | None = None
    later: bool = False


class Vendor:
    """A registry as its vendor runs it. `api` is `HOST[:PORT]` of the vendor's own API where that is elsewhere."""

    name: ClassVar[str] = "oci"
    title: ClassVar[str] = "a registry of OCI distribution"
    limits: ClassVar[Limits] = Limits()
    off: ClassVar[str] = "the registry deletes no version by its digest either, and nothing was changed"
    """What it means where the deletion of any digest is refused."""

    def __init__(self, registry: Registry, api: str | None = None) -> None:
        self.registry = registry
        self.api = api

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        """Whether a registry that shows these signs is one of this vendor's."""
        return False

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        """Deletes a tag, and nothing else, by the vendor's own API: what comes after DELETE by tag was not understood.

        Raises Unsupported where the vendor has nothing for it, NotFound, NotAllowed, and what else a request raises.
        """
        raise Unsupported(f"{self.title} has no API of its own for deleting a tag")

    def delete_version(self, repository: Repository, digest: Digest, tags: Sequence[Tag], *, purge: bool) -> Done:
        """Deletes a version and its `tags`. Raises what `Answer.error` makes of a refusal, and Unsupported."""
        doing = f"delete {repository.name}@{digest}"
        answer = self.delete(repository, digest, purge=purge)
        refusal = self.refusal(answer, doing)
        if refusal is not None:
            raise refusal
        answer.check(doing)
        return Done("DELETE by digest", self.deletion(answer))

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        """Deletes a repository as a whole. Raises Unsupported where only its tags and versions can be deleted."""
        raise Unsupported(f"{self.title} cannot delete a repository as a whole: its tags and versions can be deleted")

    def show_together(self, items: Sequence[Item]) -> str:
        """Has the registry plan the deletion of several items as one; what names that plan. Raises as the next."""
        raise Unsupported(f"{self.title} deletes one item at a time")

    def delete_together(self, items: Sequence[Item], shown: str, *, purge: bool) -> Done:
        """Deletes several items as one, all or none of them, if that takes what was `shown`.

        Raises Unsupported where the vendor cannot, Refused where something else would go by now, and what else a
        request raises.
        """
        raise Unsupported(f"{self.title} deletes one item at a time")

    def repositories(self) -> Iterator[RepositoryName]:
        """All repositories. Raises Unsupported where the registry does not tell, with what to do in place of it."""
        return self.registry.repositories()

    def delete(self, repository: Repository, reference: Reference, *, purge: bool = False) -> Answer:
        """One DELETE of OCI distribution 1.1, "Deleting tags" and "Deleting Manifests", whatever it answers."""
        return repository.delete_manifest(reference)

    def deletion(self, answer: Answer) -> int | None:
        """The number under which the registry's journal has what was just deleted; None where it keeps none."""
        return None

    def refusal(self, answer: Answer, doing: str) -> Exception | None:
        """The error that an answer of DELETE means with this vendor, where it means more than its status says."""
        return None

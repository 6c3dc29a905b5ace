"""What is done to a registry that dies in the middle of it: act by act, with what must be there after each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from jettison.oci.digest import Digest
from tests.support.content import Draft, image, index, referrer

APP, COPY, SCRATCH, LAST = "app", "app/copy", "scratch", "last"
LAYERS = (b"a layer", b"another layer", b"a large layer " * 30_000, b"one more layer")
A = image(LAYERS[0], LAYERS[1])
B = image(LAYERS[1], LAYERS[2])
C = image(LAYERS[3])
AB = index(A, B)
SPARSE = index(A, C)
SBOM = referrer(AB)
DRAFTS = (A, B, C, AB, SPARSE, SBOM)
UNNEEDED = b"a blob that no manifest needs"
NAMES = (APP, COPY, SCRATCH, LAST)

Way = Literal["whole", "parts", "cold"]
"""How bytes come: in one request; in a PATCH and a PUT; in several, of which the server remembers no hash."""


class Refused(Exception):
    """It is not there, or has happened already."""


class Hands(Protocol):
    """A way to do things to a registry, and to see what is there. A name is that of a repository.

    What deletes, restores and purges raises Refused where there is nothing (left) to do it to.
    """

    def upload(self, name: str, content: bytes, way: Way) -> None:
        """Upload a blob."""

    def upload_wrong(self, name: str) -> None:
        """Upload bytes that have another digest, which is refused."""

    def cancel(self, name: str) -> None:
        """Begin an upload, and cancel it."""

    def leave(self, name: str) -> None:
        """Begin an upload, and never go on with it."""

    def mount(self, name: str, content: bytes, source: str) -> None:
        """Mount a blob."""

    def ask(self, name: str, content: bytes) -> None:
        """Ask for a blob by HEAD, when over half of the lease that it was mounted with has passed."""

    def put(self, name: str, draft: Draft, tag: str | None) -> None:
        """Push a manifest alone, by its tag or its digest."""

    def delete(self, name: str, reference: str | None = None, *, blob: bool = False, purge: bool = False) -> None:
        """Delete a tag, a manifest, a blob or the repository."""

    def restore(self, name: str) -> None:
        """Undo the last deletion of the repository."""

    def purge(self, name: str) -> None:
        """Make the last deletion of the repository final."""

    def pass_time(self) -> None:
        """Let what only time keeps end, and have it swept."""

    def tags(self, name: str) -> set[str]:
        """The tags of the repository; none if it is unknown."""

    def manifest(self, name: str, reference: str) -> bytes | None:
        """The bytes of a manifest, by tag or digest."""

    def blob(self, name: str, digest: str) -> bytes | None:
        """The bytes of a blob."""


@dataclass(frozen=True)
class Content:
    """What a repository has: its tags, and its manifests, tagged or not."""

    tags: Mapping[str, Draft]
    manifests: frozenset[Draft]


EMPTY = Content({}, frozenset())
State = Mapping[str, Content]
"""The content of each repository that has any."""


@dataclass(frozen=True)
class Act:
    """One step of the script: what is done (at most one request of it changes what is seen), and what is seen then."""

    name: str
    do: Callable[[Hands], None]
    after: Callable[[State], State]
    days: float = 0
    """How long it takes. What takes time changes nothing that is seen."""

    def do_again(self, hands: Hands) -> None:
        """Do it where it may have happened already, unseen."""
        with contextlib.suppress(Refused):
            self.do(hands)


def same(state: State) -> State:
    """Nothing changes."""
    return state


def act(name: str, do: Callable[[Hands], object], after: Callable[[State], State] = same, days: float = 0) -> Act:
    """An act with the change that it makes."""

    def done(hands: Hands) -> None:
        do(hands)

    return Act(name, done, after, days)


def have(name: str, tags: Mapping[str, Draft], *manifests: Draft) -> Callable[[State], State]:
    """The repository has these tags, what they point at, and these manifests beside."""
    content = Content(tags, frozenset((*tags.values(), *manifests)))
    return lambda state: {**state, name: content}


def lose(name: str) -> Callable[[State], State]:
    """The repository is gone."""
    return lambda state: {each: content for each, content in state.items() if each != name}


def push(hands: Hands, name: str, draft: Draft, tag: str | None, *ways: Way) -> None:
    """Push a manifest after its blobs, which come in these ways, over and over."""
    for number, blob in enumerate(draft.blobs):
        hands.upload(name, blob, ways[number % len(ways)])
    hands.put(name, draft, tag)


def mount_and_push(hands: Hands) -> None:
    """An image goes to another repository without its bytes."""
    for blob in A.blobs:
        hands.mount(COPY, blob, APP)
    hands.put(COPY, A, "one")


def spoil(hands: Hands) -> None:
    """Uploads that become no blob."""
    hands.upload_wrong(SCRATCH)
    hands.cancel(SCRATCH)
    hands.leave(SCRATCH)


def scatter(hands: Hands) -> None:
    """Blobs that nothing needs: a lease keeps them."""
    hands.upload(SCRATCH, UNNEEDED, "whole")
    hands.mount(SCRATCH, LAYERS[0], APP)


ALL = have(APP, {"one": A, "two": AB}, B, SBOM)

SCRIPT = (
    act("push an image", lambda h: push(h, APP, A, "one", "whole", "parts", "cold"), have(APP, {"one": A})),
    act("push an image by digest", lambda h: push(h, APP, B, None, "cold"), have(APP, {"one": A}, B)),
    act("push an index", lambda h: h.put(APP, AB, "two"), have(APP, {"one": A, "two": AB}, B)),
    act("push a referrer", lambda h: push(h, APP, SBOM, None, "parts"), ALL),
    act("mount", mount_and_push, have(COPY, {"one": A})),
    act("push again", lambda h: push(h, APP, A, "more", "whole"), have(APP, {"one": A, "two": AB, "more": A}, B, SBOM)),
    act("spoil uploads", spoil),
    act("scatter blobs", scatter),
    act("ask for a blob", lambda h: h.ask(SCRATCH, LAYERS[0]), days=0.03),
    act("pull a blob", lambda h: h.blob(APP, str(Digest.of(LAYERS[2])))),
    act("delete a blob", lambda h: h.delete(SCRATCH, str(Digest.of(UNNEEDED)), blob=True)),
    act("delete a tag", lambda h: h.delete(APP, "more"), ALL),
    act("restore it", lambda h: h.restore(APP), have(APP, {"one": A, "two": AB, "more": A}, B, SBOM)),
    act("delete it again", lambda h: h.delete(APP, "more"), ALL),
    act("purge it", lambda h: h.purge(APP)),
    act("delete an index", lambda h: h.delete(APP, str(AB.digest)), have(APP, {"one": A})),
    act("restore the index", lambda h: h.restore(APP), ALL),
    act("delete the index again", lambda h: h.delete(APP, str(AB.digest)), have(APP, {"one": A})),
    act("push across it", lambda h: h.put(APP, AB, "three"), have(APP, {"one": A, "three": AB}, B)),
    act("restore beside it", lambda h: h.restore(APP), have(APP, {"one": A, "two": AB, "three": AB}, B, SBOM)),
    act("delete a repository", lambda h: h.delete(COPY), lose(COPY)),
    act("push its tag", lambda h: push(h, COPY, B, "one", "whole", "parts"), have(COPY, {"one": B})),
    act("restore what is left", lambda h: h.restore(COPY), have(COPY, {"one": B}, A)),
    act("delete and purge", lambda h: h.delete(APP, purge=True), lose(APP)),
    act("pass time", lambda h: h.pass_time(), days=20),
    act("push what is gone", lambda h: push(h, APP, A, "one", "parts", "whole"), have(APP, {"one": A})),
    act("delete an image", lambda h: h.delete(COPY, str(B.digest)), have(COPY, {}, A)),
    act("push an index before its children", lambda h: h.put(LAST, SPARSE, "sparse"), have(LAST, {"sparse": SPARSE})),
    act("push a child", lambda h: push(h, LAST, C, "end", "parts"), have(LAST, {"sparse": SPARSE, "end": C})),
    act("push the other child", lambda h: push(h, LAST, A, None, "whole"), have(LAST, {"sparse": SPARSE, "end": C}, A)),
    act("pass time again", lambda h: h.pass_time(), days=20),
)


def state_after(acts: int) -> State:
    """What must be there after so many acts of the script."""
    state: State = {}
    for each in SCRIPT[:acts]:
        state = each.after(state)
    return state


def look(hands: Hands, state: State) -> None:
    """Exactly this is there: every tag, manifest and blob, byte for byte, and no manifest more. AssertionError else."""
    for name in NAMES:
        content = state.get(name, EMPTY)
        assert hands.tags(name) == content.tags.keys(), f"{name} has the tags {hands.tags(name)}"
        for tag, draft in content.tags.items():
            assert hands.manifest(name, tag) == draft.content, f"{name}:{tag} is not what was pushed"
        for draft in DRAFTS:
            there = hands.manifest(name, str(draft.digest))
            wanted = draft.content if draft in content.manifests else None
            assert there == wanted, f"{name}@{draft.digest} is {'not ' if wanted else ''}there"
        for blob in {blob for draft in content.manifests for blob in draft.blobs}:
            assert hands.blob(name, str(Digest.of(blob))) == blob, f"{name} lacks a blob: {blob[:20]!r}"


def settle(hands: Hands, done: int) -> int:
    """After a crash in the act after ``done`` ones: it was done, or was not. Answers how many are done now."""
    wrong = []
    for now in (done, done + 1):
        try:
            look(hands, state_after(now))
        except AssertionError as error:
            wrong.append(str(error))
        else:
            return now
    raise AssertionError(f"{SCRIPT[done].name!r} is neither undone ({wrong[0]}) nor done ({wrong[1]})")

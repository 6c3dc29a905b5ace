"""A small world of blobs and manifests that share and name each other, for tests that try whatever order of events."""

from __future__ import annotations

from typing import Final

from tests.support.content import Draft, image, index

LAYERS: Final = (b"layer 0", b"layer 1", b"layer 2", b"layer 3")
CONFIG: Final = b"{}"
BLOBS: Final = (CONFIG, *LAYERS)

A: Final = image(LAYERS[0], config=CONFIG)
B: Final = image(LAYERS[0], LAYERS[1], config=CONFIG)
C: Final = image(LAYERS[2], config=CONFIG)
SBOM_OF_A: Final = image(LAYERS[3], config=CONFIG, subject=A)
AB: Final = index(A, B)
BC: Final = index(B, C, blobs=(LAYERS[3],))
NESTED: Final = index(AB, C)
SIGNATURE_OF_AB: Final = image(LAYERS[1], config=CONFIG, subject=AB)
BUNDLE_OF_C: Final = index(A, subject=C)
OUTER: Final = index(NESTED, BUNDLE_OF_C)

NAMES: Final = {
    "A": A,
    "B": B,
    "C": C,
    "SBOM_OF_A": SBOM_OF_A,
    "AB": AB,
    "BC": BC,
    "NESTED": NESTED,
    "SIGNATURE_OF_AB": SIGNATURE_OF_AB,
    "BUNDLE_OF_C": BUNDLE_OF_C,
    "OUTER": OUTER,
}
SUBJECTS: Final = {"SBOM_OF_A": "A", "SIGNATURE_OF_AB": "AB", "BUNDLE_OF_C": "C"}
MANIFESTS: Final = tuple(NAMES.values())
SIGNERS_TAGS: Final = {f"sha256-{A.digest.hex}.sig": "A", f"sha256-{AB.digest.hex}": "AB"}
TAGS: Final = ("a", "b", *SIGNERS_TAGS)


def name_of(draft: Draft) -> str:
    """Its name in this world."""
    return next(name for name, each in NAMES.items() if each is draft)


def children_of(name: str) -> tuple[str, ...]:
    """The names of the manifests that it lists."""
    return tuple(name_of(child) for child in NAMES[name].children)

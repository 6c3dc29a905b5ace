"""Repository names and references, from OCI distribution 1.1, "Pulling manifests"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from jettison.oci.digest import Digest
from jettison.oci.errors import NameInvalid, TagInvalid, quoted

# No two of these parts can match the same text in two ways, so that a failing match costs time linear in its length.
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
NAME_PATTERN: Final = rf"{_COMPONENT}(?:/{_COMPONENT})*"
TAG_PATTERN: Final = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"

LONGEST_NAME: Final = 255

_matches_name = re.compile(NAME_PATTERN).fullmatch
_matches_tag = re.compile(TAG_PATTERN).fullmatch


@dataclass(frozen=True, slots=True, order=True)
class RepositoryName:
    """The name of a repository, such as `library/debian`."""

    value: str

    @classmethod
    def parse(cls, text: str) -> RepositoryName:
        """The name that `text` writes. Raises NameInvalid."""
        if len(text) > LONGEST_NAME:
            raise NameInvalid(
                f"repository name {quoted(text)} has {len(text)} characters: it may have at most {LONGEST_NAME}"
            )
        if _matches_name(text) is None:
            raise NameInvalid(
                f"repository name {quoted(text)} is not valid: it is components separated by single slashes, each of "
                "lower-case letters and digits, which '.', '_', '__' or any number of '-' may separate"
            )
        return cls(text)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """The name that a repository gives to one of its manifests, such as `latest`."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Tag:
        """The tag that `text` writes. Raises TagInvalid."""
        if _matches_tag(text) is None:
            raise TagInvalid(
                f"tag {quoted(text)} is not valid: it is 1 to 128 letters, digits, '_', '.' and '-', "
                "and does not begin with '.' or '-'"
            )
        return cls(text)

    def __str__(self) -> str:
        return self.value


Reference: TypeAlias = Tag | Digest


def parse_reference(text: str) -> Reference:
    """The digest or tag that `text` writes: a digest if it has a colon. Raises DigestInvalid or TagInvalid."""
    return Digest.parse(text) if ":" in text else Tag.parse(text)

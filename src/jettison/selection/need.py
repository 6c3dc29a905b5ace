"""What versions need of each other: an index its platforms, a signature its subject, a subject its signatures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from jettison.oci.digest import Digest
from jettison.selection.version import Version

_SHORT: Final = 19
"""Characters of a digest in a reason: `sha256:` and twelve more."""


def needed(
    versions: Mapping[Digest, Version], staying: Iterable[Version], names: Mapping[Digest, str]
) -> dict[Digest, str]:
    """All that must be there for what is `staying`, that itself not counted, each with the reason.

    The entries of an index, the subject of a version, and what refers to a version: its signatures and bills of
    materials are found by nothing else, and go when it goes. `names` are how versions are
    called in a reason, where that is not by their digest.
    """
    referrers: dict[Digest, list[Digest]] = {}
    for version in versions.values():
        if version.subject is not None:
            referrers.setdefault(version.subject, []).append(version.digest)
    queue = deque(staying)
    seen = {version.digest for version in queue}
    reasons: dict[Digest, str] = {}
    while queue:
        version = queue.popleft()
        called = names.get(version.digest) or str(version.digest)[:_SHORT]
        subject = () if version.subject is None else (version.subject,)
        for digests, reason in (
            (version.children, f"part of {called}, which stays"),
            (subject, f"the subject of {called}, which stays"),
            (referrers.get(version.digest, ()), f"refers to {called}, which stays"),
        ):
            for digest in digests:
                if digest in versions and digest not in seen:
                    seen.add(digest)
                    reasons[digest] = reason
                    queue.append(versions[digest])
    return reasons

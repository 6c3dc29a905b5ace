"""The rows of a simulated registry, as statements that both databases understand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from benchmarks.million.size import LARGE_NAME, Size

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"

AT_ONCE = 500_000
"""Rows that one statement adds, more or less."""

YEAR = 365 * 86_400_000_000
KEPT = 30 * 86_400_000_000
"""Microseconds over which the lines of the audit log are spread."""


class Words(Protocol):
    """Where the SQL of the two databases differs."""

    def numbers(self, first: int, last: int) -> str:
        """A table ``n`` with a column ``i`` of whole numbers."""

    def utf8(self, text: str) -> str:
        """The bytes of an expression."""

    def packed(self, content: str) -> str:
        """The packed digest of an expression."""

    def hex(self, content: str) -> str:
        """The hexadecimal digits of an expression."""


@dataclass(frozen=True, slots=True)
class Range:
    """Manifests of consecutive ids, with the expressions for the repository and the number of each within it."""

    first: int
    last: int
    repository: str
    version: str

    def parts(self) -> Iterator[Range]:
        """The same in parts of AT_ONCE."""
        for first in range(self.first, self.last + 1, AT_ONCE):
            yield Range(first, min(first + AT_ONCE - 1, self.last), self.repository, self.version)


@dataclass(frozen=True, slots=True)
class Filling:
    """The statements that fill an empty registry of ``size``, at the time ``now`` (microseconds since 1970)."""

    size: Size
    words: Words
    now: int

    def stages(self) -> Iterator[tuple[str, Iterator[str]]]:
        """What is filled, each with its statements, in an order in which nothing is looked up that is not there yet."""
        yield "repositories", self._repositories()
        yield "blobs", self._blobs()
        yield "links", self._links()
        yield "contents of manifests", self._of_manifests(self._content)
        yield "manifests", self._of_manifests(self._manifest)
        yield "tags", self._of_manifests(self._tag)
        yield "blobs of manifests", self._of_manifests(self._needs)
        yield "platforms", self._of_manifests(self._platforms)
        yield "pulls", self._pulls()
        yield "journal and audit log", self._past()

    @property
    def rows(self) -> int:
        """How many rows these are."""
        size = self.size
        repositories = size.ordinary + 1
        # Of a manifest: itself, its content, tag, platforms, three needs, the link to its configuration, blob and key.
        return 10 * size.manifests + 9 * repositories + repositories // 10 + 2 * size.bases + 1

    def _of_manifests(self, statement: object) -> Iterator[str]:
        assert callable(statement)
        for each in self._ranges():
            for part in each.parts():
                yield statement(part)

    def _ranges(self) -> Iterator[Range]:
        size = self.size
        ordinary = size.ordinary * size.versions
        yield Range(1, ordinary, f"((n.i - 1) / {size.versions} + 1)", f"((n.i - 1) % {size.versions})")
        yield Range(ordinary + 1, size.manifests, str(size.ordinary + 1), f"(n.i - {ordinary + 1})")

    def _all_repositories(self) -> str:
        return self.words.numbers(1, self.size.ordinary + 1)

    def _repositories(self) -> Iterator[str]:
        large = self.size.ordinary + 1
        name = f"case when n.i = {large} then '{LARGE_NAME}' else 'team' || (n.i % 1000) || '/app' || n.i end"
        source = self._all_repositories()
        yield f"""insert into repository (id, name, listed, created_at)
                  select n.i, {name}, 1, {self.now - YEAR} + n.i from {source}"""
        versions = f"case when n.i = {large} then {self.size.large} else {self.size.versions} end"
        yield f"""insert into overview (repository, name, exclusive, shared, versions, tags, pushed_at, pulled_at,
                                        counted_at, due_at)
                  select n.i, {name}, n.i * 7919 % 1000003 * 1000, n.i * 104729 % 1000003 * 1000, {versions},
                         {versions}, {self.now} - n.i * 7919 % 1000003 * 1000000, {self.now} - n.i * 1000, {self.now},
                         {self.now + YEAR} + n.i from {source}"""

    def _blobs(self) -> Iterator[str]:
        words = self.words
        digits = words.hex(words.packed(words.utf8("'key ' || n.i")))
        key = f"substr({digits}, 3, 32)"
        for first in range(1, self.size.blobs + 1, AT_ONCE):
            source = words.numbers(first, min(first + AT_ONCE - 1, self.size.blobs))
            yield f"insert into stored (key, size) select {key}, {_bytes('n.i')} from {source}"
            yield f"""insert into blob (id, digest, size, key)
                      select n.i, {self._digest("n.i")}, {_bytes("n.i")}, {key} from {source}"""

    def _links(self) -> Iterator[str]:
        yield from self._of_manifests(
            lambda part: (
                f"""insert into repository_blob (repository, blob)
                             select {part.repository}, n.i from {self._numbers(part)}"""
            )
        )
        for blob in (self._layer("n.i"), self._base("n.i")):
            yield f"insert into repository_blob (repository, blob) select n.i, {blob} from {self._all_repositories()}"

    def _content(self, part: Range) -> str:
        base, layer = self._base(part.repository), self._layer(part.repository)
        content = " || ".join(
            [
                f"""'{{"schemaVersion":2,"mediaType":"{MANIFEST_TYPE}","config":'""",
                self._descriptor(CONFIG_TYPE, "n.i"),
                """',"layers":['""",
                self._descriptor(LAYER_TYPE, base),
                "','",
                self._descriptor(LAYER_TYPE, layer),
                """'],"annotations":{"org.opencontainers.image.version":"v'""",
                part.version,
                """'"}}'""",
            ]
        )
        return f"""insert into manifest_content (manifest, content)
                   select n.i, {self.words.utf8(content)} from {self._numbers(part)}"""

    def _manifest(self, part: Range) -> str:
        age = YEAR // self.size.manifests
        return f"""insert into manifest (id, repository, digest, media_type, size, pushed_at)
                   select n.i, {part.repository}, {self.words.packed("c.content")}, '{MANIFEST_TYPE}',
                          length(c.content), {self.now} - ({self.size.manifests} - n.i) * {age}
                   from {self._numbers(part)} join manifest_content c on c.manifest = n.i order by n.i"""

    def _tag(self, part: Range) -> str:
        age = YEAR // self.size.manifests
        pushed = f"{self.now} - ({self.size.manifests} - n.i) * {age}"
        return f"""insert into tag (repository, name, manifest, created_at, updated_at)
                   select {part.repository}, 'v' || {part.version}, n.i, {pushed}, {pushed}
                   from {self._numbers(part)}"""

    def _needs(self, part: Range) -> str:
        layer, base = self._layer(part.repository), self._base(part.repository)
        return f"""insert into manifest_blob (manifest, repository, blob)
                   select n.i, {part.repository}, case k.which when 0 then n.i when 1 then {layer} else {base} end
                   from {self._numbers(part)}
                   cross join (select 0 as which union all select 1 union all select 2) as k"""

    def _platforms(self, part: Range) -> str:
        return f"""insert into manifest_platforms (manifest, platforms)
                   select n.i, 'linux/amd64' from {self._numbers(part)}"""

    def _pulls(self) -> Iterator[str]:
        source = self._all_repositories()
        first = f"(n.i - 1) * {self.size.versions} + 1"
        yield f"insert into manifest_pulled (manifest, at) select {first}, {self.now} - n.i * 1000 from {source}"
        yield f"""insert into tag_pulled (repository, name, at)
                  select n.i, 'v0', {self.now} - n.i * 1000 from {source}"""

    def _past(self) -> Iterator[str]:
        """A registry that has lived: a deletion that is over for ten repositories, a line of the log for each."""
        repositories = self.size.ordinary + 1
        yield f"""insert into deletion (id, kind, state, repository, actor, reason, deleted_at, expires_at, ended_at,
                                        summary)
                  select n.i, 'tag', 'expired', 'team' || (n.i % 1000) || '/app' || n.i, 'ci', '',
                         {self.now - YEAR} + n.i, {self.now - YEAR} + n.i, {self.now - YEAR} + n.i,
                         '{{"kind":"tag","tags":1,"versions":0,"goes":[],"breaks":[],"stays":[]}}'
                  from {self.words.numbers(1, repositories // 10)}"""
        yield f"""insert into audit (id, at, kind, who, address, request, action, repository, target, result, detail)
                  select n.i, {self.now} - ({repositories} - n.i) * {KEPT // repositories}, 'robot', 'ci', '192.0.2.1',
                         '0123456789abcdef', 'push', 'team' || (n.i % 1000) || '/app' || n.i, 'v9', 'done', '{{}}'
                  from {self._all_repositories()}"""
        yield f"update overview_read set audit = {repositories}"

    def _numbers(self, part: Range) -> str:
        return self.words.numbers(part.first, part.last)

    def _digest(self, blob: str) -> str:
        return self.words.packed(self.words.utf8(f"'blob ' || {blob}"))

    def _layer(self, repository: str) -> str:
        return f"({self.size.first_layer} + {repository})"

    def _base(self, repository: str) -> str:
        return f"({self.size.first_base} + {repository} % {self.size.bases})"

    def _descriptor(self, media_type: str, blob: str) -> str:
        digits = f"substr({self.words.hex(self._digest(blob))}, 3)"
        return (
            f"""'{{"mediaType":"{media_type}","digest":"sha256:' || {digits} || '","size":' || {_bytes(blob)} || '}}'"""
        )


def _bytes(blob: str) -> str:
    return f"(1000 + {blob} % 5000)"

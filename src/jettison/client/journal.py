"""The journal of deletions, on this machine: what `undo` needs to push back what a registry without undo deleted.

    $XDG_STATE_HOME/jettison/deletions/20261123T202502Z-5f2c/
        deletion.json        where, what was planned, and when it ended, what became of it
        kept.jsonl           a line for each manifest, with its exact bytes

Nobody else can read it (0700, 0600). `deletion.json` is whole or not there; `kept.jsonl` grows, each line being on the
disk before anything of its manifest is deleted, and one that was cut off is passed over. Beyond `LIMIT` entries the
oldest is dropped.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jettison.client.errors import Invalid, NotFound
from jettison.client.fields import entries, text
from jettison.client.manifest import Manifest
from jettison.client.outcome import Result
from jettison.client.plan import Plan
from jettison.oci.digest import Digest
from jettison.oci.errors import Json
from jettison.oci.reference import RepositoryName, Tag

LIMIT: Final = 100
_DELETION: Final = "deletion.json"
_KEPT: Final = "kept.jsonl"


@dataclass(frozen=True, slots=True)
class Kept:
    """A manifest that is kept: of which repository, its bytes, and the tags that pointed at it and were to go."""

    repository: RepositoryName
    digest: Digest
    media_type: str
    tags: tuple[Tag, ...] = ()
    content: bytes = field(default=b"", repr=False, compare=False)

    def manifest(self) -> Manifest:
        """The manifest itself. Raises NotFound where its bytes are lost, or are not those of the digest."""
        if not self.content:
            raise NotFound(f"the journal has lost {self.digest}")
        if Digest.of(self.content, self.digest.algorithm) != self.digest:
            raise NotFound(f"what the journal has as {self.digest} is something else")
        return Manifest.read(self.content, self.media_type, self.digest.algorithm)


@dataclass(frozen=True, slots=True)
class Entry:
    """One deletion. `result` is None while it is under way, and for one that was cut off."""

    name: str
    at: str
    plan: Plan
    result: Result | None
    folder: Path = field(repr=False)

    @property
    def kept(self) -> tuple[Kept, ...]:
        """All manifests that are kept, in the order in which they were read. Raises Invalid."""
        found: dict[tuple[RepositoryName, Digest], Kept] = {}
        contents: dict[Digest, bytes] = {}
        for each in _lines(self.folder / _KEPT):
            known = found.get((each.repository, each.digest))
            tags = tuple(dict.fromkeys((*(known.tags if known else ()), *each.tags)))
            # The bytes are in the first line that is about the manifest.
            content = contents.setdefault(each.digest, each.content)
            found[each.repository, each.digest] = replace(each, tags=tags, content=content)
        return tuple(found.values())


class Writer:
    """Writes one entry while its deletion goes on; may be used by several threads."""

    def __init__(self, folder: Path, plan: Plan, at: str) -> None:
        self.folder = folder
        self._plan = plan
        self._at = at
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[str] = []
        self._known: set[Digest] = set()
        self._failure: OSError | None = None
        _write(folder / _DELETION, _entry(plan, at, None))
        _write(folder / _KEPT, b"")
        _sync_folder(folder.parent)

    @property
    def name(self) -> str:
        """The name of the entry."""
        return self.folder.name

    def keep(self, repository: RepositoryName, manifest: Manifest, tags: tuple[Tag, ...] = ()) -> None:
        """Writes a manifest down, so that it outlives this process and a loss of power. Raises Invalid.

        What several threads keep at a time reaches the disk by one write.
        """
        line: dict[str, Json] = {
            "repository": str(repository),
            "digest": str(manifest.digest),
            "mediaType": manifest.media_type,
            "tags": [str(tag) for tag in tags],
        }
        with self._lock:
            if manifest.digest not in self._known:
                self._known.add(manifest.digest)
                line["content"] = b64encode(manifest.content).decode()
            self._waiting.append(json.dumps(line) + "\n")
        with self._writing:
            with self._lock:
                lines, self._waiting = self._waiting, []
            self._append("".join(lines))

    def finish(self, result: Result) -> None:
        """Writes down what became of it."""
        _write(self.folder / _DELETION, _entry(self._plan, self._at, result))

    def drop(self) -> None:
        """Takes the entry away: nothing was deleted that could be pushed back."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _append(self, lines: str) -> None:
        """Has no lines where another thread has written them; that failed for all of them if it failed."""
        try:
            if self._failure is not None:
                raise self._failure
            if lines:
                with open(self.folder / _KEPT, "a", encoding="utf-8", opener=_private) as out:
                    out.write(lines)
                    out.flush()
                    os.fsync(out.fileno())
        except OSError as error:
            self._failure = error
            raise Invalid(
                f"the undo journal cannot be written to {self.folder}: {error.strerror}: nothing more is deleted; make "
                "room there, set XDG_STATE_HOME to another place, or go without undo by --no-journal"
            ) from None


class Journal:
    """The journal in `folder`; None: where XDG has state (XDG Base Directory Specification)."""

    def __init__(self, folder: Path | None = None, limit: int = LIMIT) -> None:
        self.folder = state_folder() / "deletions" if folder is None else folder
        self._limit = limit

    def begin(self, plan: Plan) -> Writer:
        """A new entry. Raises Invalid where the folder cannot be written."""
        now = datetime.now(UTC)
        folder = self.folder / f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}Z-{secrets.token_hex(2)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(mode=0o700)
            writer = Writer(folder, plan, now.isoformat(timespec="seconds"))
        except OSError as error:
            raise Invalid(
                f"the undo journal cannot be written to {self.folder}: {error.strerror}: set XDG_STATE_HOME to one "
                "that can be, or go without undo by --no-journal"
            ) from None
        for old in sorted(self._folders())[: -self._limit]:
            shutil.rmtree(old, ignore_errors=True)
        return writer

    def entries(self) -> Iterator[Entry]:
        """All entries that can be read, the newest first."""
        for folder in sorted(self._folders(), reverse=True):
            try:
                yield self.entry(folder.name)
            except (NotFound, Invalid):
                continue

    def entry(self, name: str) -> Entry:
        """The entry of this name. Raises NotFound, and Invalid where it cannot be read."""
        folder = self.folder / name
        if not name or "/" in name or name.startswith(".") or not folder.is_dir():
            raise NotFound(f"the journal has no deletion {name}: `jettison undo --list` shows those that it has")
        try:
            body = json.loads((folder / _DELETION).read_bytes())
        except (OSError, ValueError) as error:
            raise Invalid(f"the journal's {name} cannot be read: {error}") from None
        plan, result = body.get("plan"), body.get("result")
        return Entry(
            name,
            text(body, "at"),
            Plan.from_json(plan if isinstance(plan, Mapping) else {}),
            Result.from_json(result) if isinstance(result, Mapping) else None,
            folder,
        )

    def latest(self, host: str | None = None) -> Entry:
        """The newest entry, of `host` if that is given. Raises NotFound where there is none."""
        for entry in self.entries():
            if host in {None, entry.plan.host}:
                return entry
        raise NotFound(f"the journal has no deletion{'' if host is None else f' of {host}'}: there is nothing to undo")

    def drop(self, name: str) -> None:
        """Takes an entry away. Raises NotFound."""
        shutil.rmtree(self.entry(name).folder)

    def _folders(self) -> list[Path]:
        return [each for each in self.folder.iterdir() if each.is_dir()] if self.folder.is_dir() else []


def state_folder() -> Path:
    """Where this program keeps its state: `$XDG_STATE_HOME/jettison`, or `~/.local/state/jettison`."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state") / "jettison"


def _entry(plan: Plan, at: str, result: Result | None) -> bytes:
    body: dict[str, Json] = {"at": at, "plan": plan.to_json(), "result": None if result is None else result.to_json()}
    return json.dumps(body).encode()


def _lines(file: Path) -> Iterator[Kept]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue  # cut off while it was written
        yield Kept(
            RepositoryName.parse(text(value, "repository")),
            Digest.parse(text(value, "digest")),
            text(value, "mediaType"),
            tuple(Tag.parse(str(tag)) for tag in entries(value, "tags")),
            _decoded(value.get("content")),
        )


def _decoded(content: object) -> bytes:
    try:
        return b64decode(content, validate=True) if isinstance(content, str) else b""
    except ValueError:
        return b""


def _write(file: Path, content: bytes) -> None:
    """Writes a file that is whole or not there, after a loss of power too, and readable by its owner alone."""
    part = file.with_name(f".{file.name}.part")
    with open(part, "wb", opener=_private) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    """Has the names in a folder outlive a loss of power. Windows has no such call, and needs none."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

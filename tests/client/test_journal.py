from __future__ import annotations

import errno
import json
import os
import stat
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jettison.client.errors import Invalid, NotFound
from jettison.client.item import Item, Kind, Stay
from jettison.client.journal import Journal, Kept, state_folder
from jettison.client.manifest import Manifest
from jettison.client.outcome import Outcome, Result, Status
from jettison.client.plan import Plan
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag
from tests.support.content import image

NAME = RepositoryName("team/app")
DRAFT = image(b"layer")
MANIFEST = Manifest.read(DRAFT.content, DRAFT.media_type)
ITEM = Item(
    Kind.VERSION,
    NAME,
    "asked for",
    digest=MANIFEST.digest,
    media_type=MANIFEST.media_type,
    tags=(Tag("v1"), Tag("v2")),
    children=(Digest.of(b"child"),),
    stays=(Stay("tag v3", "has another digest"),),
    size=12,
)
PLAN = Plan("registry.example:5000", "distribution", (ITEM,), missing=("team/app:v9",), notes=("a note",), at_most=12)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "deletions", limit=3)


def test_an_entry_has_the_exact_bytes_and_the_tags(journal: Journal) -> None:
    """What is kept of a manifest is what the registry served, and the tags that are to come back."""
    writer = journal.begin(PLAN)
    writer.keep(NAME, MANIFEST, (Tag("v1"),))
    writer.keep(NAME, MANIFEST, (Tag("v2"),))
    result = Result((Outcome(ITEM, Status.DONE, how="DELETE by digest", deletion=7),), writer.name)
    writer.finish(result)
    entry = journal.entry(writer.name)
    assert entry.plan == PLAN
    assert entry.result == result
    assert entry.kept == (Kept(NAME, MANIFEST.digest, MANIFEST.media_type, (Tag("v1"), Tag("v2"))),)
    assert entry.kept[0].manifest().content == DRAFT.content


def test_nobody_else_can_read_it(journal: Journal) -> None:
    """Folders are 0700 and files 0600, whatever the umask."""
    writer = journal.begin(PLAN)
    writer.keep(NAME, MANIFEST)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [writer.folder, *writer.folder.iterdir()]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700


def test_what_was_cut_off_can_be_read(journal: Journal) -> None:
    """A process that ended in the middle leaves an entry without a result, and maybe half a line."""
    writer = journal.begin(PLAN)
    writer.keep(NAME, MANIFEST, (Tag("v1"),))
    with (writer.folder / "kept.jsonl").open("a") as lines:
        lines.write('{"repository": "team/ap')
    entry = journal.latest()
    assert entry.result is None
    assert [kept.digest for kept in entry.kept] == [MANIFEST.digest]


def test_bytes_that_changed_are_not_pushed_back(journal: Journal) -> None:
    """A manifest whose bytes were damaged or lost is not found."""
    writer = journal.begin(PLAN)
    writer.keep(NAME, MANIFEST)
    file = writer.folder / "kept.jsonl"
    line = json.loads(file.read_text())
    file.write_text(json.dumps({**line, "content": b64encode(DRAFT.content + b" ").decode()}) + "\n")
    with pytest.raises(NotFound, match="something else"):
        journal.latest().kept[0].manifest()
    file.write_text(json.dumps({**line, "content": "no base64"}) + "\n")
    with pytest.raises(NotFound, match="has lost"):
        journal.latest().kept[0].manifest()


def test_what_is_kept_is_on_the_disk_before_it_is_said(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line is written and synced when `keep` returns, whatever number of threads keep at a time."""
    synced: list[int] = []
    sync = os.fsync

    def note(file: int) -> None:
        sync(file)
        synced.append(os.fstat(file).st_size)

    writer = journal.begin(PLAN)
    monkeypatch.setattr("os.fsync", note)

    def keep(number: int) -> int:
        writer.keep(NAME, Manifest.read(image(b"%d" % number).content, MANIFEST.media_type), (Tag(f"v{number}"),))
        return max(synced)

    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(keep, range(64)))
    content = (writer.folder / "kept.jsonl").read_text()
    for number, size in enumerate(sizes):
        assert content.index(f'"v{number}"') < size
    assert len(synced) <= 64
    assert {str(each.tags[0]) for each in journal.latest().kept} == {f"v{number}" for number in range(64)}


def test_what_cannot_be_kept_is_said_to_all_that_wait(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: nobody goes on as if the manifest were safe, then or later."""
    writer = journal.begin(PLAN)

    def fail(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fail)
        with pytest.raises(Invalid, match="No space left"):
            writer.keep(NAME, MANIFEST)
    with pytest.raises(Invalid, match="nothing more is deleted"):
        writer.keep(NAME, MANIFEST)


def test_the_oldest_entries_are_dropped(journal: Journal) -> None:
    """Beyond the limit, the oldest go when a new one begins; the newest is the latest."""
    names = [journal.begin(PLAN).name for _ in range(5)]
    assert [entry.name for entry in journal.entries()] == sorted(names, reverse=True)[:3]
    assert journal.latest().name == max(names)


def test_the_latest_of_a_host_is_found(journal: Journal) -> None:
    """Entries of other registries are passed over; where there is none, that is said."""
    first = journal.begin(PLAN).name
    journal.begin(Plan("other.example", "oci", ()))
    assert journal.latest("registry.example:5000").name == first
    with pytest.raises(NotFound, match="nothing to undo"):
        journal.latest("third.example")


@pytest.mark.parametrize("name", ["never", "../deletions", ".", "", "a/b"])
def test_a_name_that_is_none_is_not_found(journal: Journal, name: str) -> None:
    """Names come from people: none leads out of the folder."""
    journal.begin(PLAN)
    with pytest.raises(NotFound):
        journal.entry(name)


def test_an_entry_can_be_dropped(journal: Journal) -> None:
    """Afterwards it is not there."""
    name = journal.begin(PLAN).name
    journal.drop(name)
    assert list(journal.entries()) == []


def test_an_entry_that_cannot_be_read_hides_no_other(journal: Journal) -> None:
    """It is passed over in the list, and named where it is asked for."""
    good, bad = journal.begin(PLAN), journal.begin(PLAN)
    (bad.folder / "deletion.json").write_text("{")
    assert [entry.name for entry in journal.entries()] == [good.name]
    with pytest.raises(Invalid):
        journal.entry(bad.name)


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_deleted(tmp_path: Path) -> None:
    """The message has the setting."""
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(Invalid, match="XDG_STATE_HOME"):
        Journal(file / "deletions").begin(PLAN)


def test_the_folder_is_where_xdg_has_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path in the variable does not count, as the specification has it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "jettison"
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", given)
        assert state_folder() == tmp_path / ".local" / "state" / "jettison"


def test_a_plan_is_the_same_when_it_is_read_back() -> None:
    """Every field outlives JSON."""
    assert Plan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_plans_of_one_registry_are_joined() -> None:
    """Items and numbers come together; a number that is not known makes the sum unknown; registries do not mix."""
    joined = Plan.join([PLAN, PLAN.with_items(()), Plan("registry.example:5000", "distribution", (), at_most=3)])
    assert joined.items == (ITEM,)
    assert joined.notes == ("a note",)
    assert joined.at_most is None
    assert Plan.join([PLAN, PLAN]).at_most == 24
    assert (joined.tags, joined.versions) == (2, 1)
    with pytest.raises(Invalid):
        Plan.join([PLAN, Plan("other.example", "oci", ())])
    with pytest.raises(Invalid):
        Plan.join([])

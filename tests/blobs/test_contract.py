"""What every backend promises of uploads, until they are blobs. A new one is listed in backends.py."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.blobs.store import AlreadyKept, Blobs, BytesMissing, Key, KeyTaken, WriterRevoked
from tests.blobs.backends import Opener
from tests.blobs.session import Session, content, read, store


def test_an_upload_is_resumed_at_its_recorded_offset_after_a_restart(reopen: Opener) -> None:
    """Each request, in whichever process, goes on where the last recorded one ended."""
    whole = content(300_000)
    session = Session(reopen().new_key())
    for start in range(0, len(whole), 100_000):
        session.receive(reopen(), whole[start : start + 100_000])
    blobs = reopen()
    session.keep(blobs)
    session.finish(blobs)
    assert read(blobs, session.key) == whole


def test_bytes_beyond_the_recorded_offset_are_dropped(reopen: Opener) -> None:
    """What a crashed request wrote and nobody recorded is gone when the next one goes on."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"recorded ")
    session.receive_unrecorded(blobs, b"lost in a crash, and longer than what follows")
    blobs = reopen()
    session.receive(blobs, b"retried")
    session.keep(blobs)
    assert read(blobs, session.key) == b"recorded retried"


def test_keep_drops_what_was_never_recorded(reopen: Opener) -> None:
    """A blob has the size that was recorded, even where no request came after the crashed one."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"recorded")
    session.receive_unrecorded(blobs, b" and lost")
    blobs = reopen()
    session.keep(blobs)
    assert blobs.size(session.key) == 8
    assert read(blobs, session.key) == b"recorded"


def test_a_writer_of_nothing_new_drops_nothing_recorded(blobs: Blobs) -> None:
    """A request without a body syncs what is there and ends, as often as it likes."""
    session = Session(blobs.new_key())
    session.receive(blobs, b"body")
    session.receive(blobs)
    session.receive(blobs)
    session.keep(blobs)
    assert read(blobs, session.key) == b"body"


def test_a_late_twin_is_refused(blobs: Blobs) -> None:
    """A newer writer of an upload revokes the older, whose bytes and sync are refused."""
    session = Session(blobs.new_key())
    stalled = blobs.writer(session.upload, session.key, None, 0)
    stalled.write(b"first of the stalled request")
    session.receive(blobs, b"the retried request")
    with pytest.raises(WriterRevoked):
        stalled.write(b"second of the stalled request")
    with pytest.raises(WriterRevoked):
        stalled.sync()
    stalled.close()
    session.keep(blobs)
    assert read(blobs, session.key) == b"the retried request"


def test_a_twin_that_never_stops_writing_does_not_interleave(blobs: Blobs) -> None:
    """Two writers of one upload at the same instant leave the bytes of the newer one only."""
    session = Session(blobs.new_key())
    session.receive(blobs, content(1000))
    started, refused = threading.Event(), threading.Event()

    def stall() -> None:
        twin = blobs.writer(session.upload, session.key, session.state, session.offset)
        try:
            for _ in range(10_000):
                twin.write(b"late" * 4096)
                started.set()
        except WriterRevoked:
            refused.set()

    thread = threading.Thread(target=stall)
    thread.start()
    assert started.wait(30)
    session.receive(blobs, *[content(50_000, seed) for seed in range(20)])
    thread.join(60)
    assert refused.is_set()
    session.keep(blobs)
    assert read(blobs, session.key) == content(1000) + b"".join(content(50_000, seed) for seed in range(20))


def test_a_closed_writer_refuses_bytes(blobs: Blobs) -> None:
    """Closing twice is fine, writing after it is not."""
    session = Session(blobs.new_key())
    writer = blobs.writer(session.upload, session.key, None, 0)
    writer.write(b"some")
    writer.close()
    writer.close()
    with pytest.raises(WriterRevoked):
        writer.write(b"more")


def test_closing_a_revoked_writer_leaves_the_newer_one_alone(blobs: Blobs) -> None:
    """A stalled request that ends at last does not end its successor."""
    session = Session(blobs.new_key())
    stalled = blobs.writer(session.upload, session.key, None, 0)
    stalled.write(b"stalled")
    writer = blobs.writer(session.upload, session.key, None, 0)
    writer.write(b"new")
    stalled.close()
    writer.write(b"er")
    session.state, session.offset = writer.sync(), writer.offset
    session.keep(blobs)
    assert read(blobs, session.key) == b"newer"


def test_a_piece_may_be_reused_after_it_was_written(blobs: Blobs) -> None:
    """A receiver can fill the same buffer again, whatever kind of buffer it is."""
    session = Session(blobs.new_key())
    buffer = bytearray(b"one ")
    writer = blobs.writer(session.upload, session.key, None, 0)
    writer.write(buffer)
    buffer[:] = b"two "
    writer.write(memoryview(buffer))
    buffer[:] = b"gone"
    writer.write(b"three")
    assert writer.offset == 13
    session.state, session.offset = writer.sync(), writer.offset
    session.keep(blobs)
    assert read(blobs, session.key) == b"one two three"


def test_keep_repeated_after_a_crash_succeeds(reopen: Opener) -> None:
    """A process that died between keep and the commit leaves a retry that gives the same blob."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"kept")
    session.keep(blobs)
    session.keep(blobs)
    blobs = reopen()
    session.keep(blobs)
    session.finish(blobs)
    assert read(blobs, session.key) == b"kept"
    assert list(blobs.keys()) == [(session.key, 4)]


def test_keep_revokes_the_writer(blobs: Blobs) -> None:
    """Once kept, nobody can change a blob's bytes."""
    session = Session(blobs.new_key())
    writer = blobs.writer(session.upload, session.key, None, 0)
    writer.write(b"kept")
    session.state, session.offset = writer.sync(), writer.offset
    session.keep(blobs)
    with pytest.raises(WriterRevoked):
        writer.write(b" and changed")
    writer.close()
    assert read(blobs, session.key) == b"kept"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_kept_upload_takes_no_more_bytes(reopen: Opener, restarted: bool) -> None:
    """A retry that meets a keep whose commit is on its way, or was lost, cannot change the blob, only keep it again."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"recorded ")
    before_last_part = dataclasses.replace(session)
    session.receive(blobs, b"last part")
    session.keep(blobs)
    blobs = reopen() if restarted else blobs
    for retry in (before_last_part, dataclasses.replace(session)):
        with pytest.raises(AlreadyKept):
            retry.receive(blobs, b"another last part")
    assert read(blobs, session.key) == b"recorded last part"
    session.keep(blobs)
    session.finish(blobs)
    assert read(blobs, session.key) == b"recorded last part"


def test_keep_cannot_cut_what_was_kept(blobs: Blobs) -> None:
    """A stale size, kept after the right one, is refused."""
    session = Session(blobs.new_key())
    session.receive(blobs, b"recorded ")
    stale = dataclasses.replace(session)
    session.receive(blobs, b"and more")
    session.keep(blobs)
    with pytest.raises(AlreadyKept):
        stale.keep(blobs)
    assert read(blobs, session.key) == b"recorded and more"


def test_abandon_after_keep_without_a_commit_frees_both(reopen: Opener) -> None:
    """A crash between keep and the commit leaves nothing that abandoning the upload does not free."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"never acknowledged")
    session.keep(blobs)
    blobs = reopen()
    session.abandon(blobs)
    assert list(blobs.keys()) == []
    assert list(blobs.uploads()) == []
    assert blobs.size(session.key) is None


@pytest.mark.parametrize("restarted", [False, True])
def test_abandon_after_finish_touches_nothing(reopen: Opener, restarted: bool) -> None:
    """An old database's stale upload, abandoned, cannot hurt the blob that it became."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"acknowledged")
    session.keep(blobs)
    session.finish(blobs)
    blobs = reopen() if restarted else blobs
    session.abandon(blobs)
    assert read(blobs, session.key) == b"acknowledged"


def test_what_came_late_goes_and_the_blob_stays(reopen: Opener) -> None:
    """A request that woke up after a twin's commit, in another process."""
    blobs, late = reopen(), reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"acknowledged")
    session.keep(blobs)
    session.finish(blobs)
    Session(session.key, session.upload).receive_unrecorded(late, b"too late")
    late.drop_late(session.upload, session.key, kept=True)
    assert read(blobs, session.key) == b"acknowledged"
    assert list(blobs.uploads()) == []


def test_what_came_late_goes_with_what_it_was_kept_as(reopen: Opener) -> None:
    """A request that woke up after its upload was cancelled, in another process, and was told so at the commit."""
    blobs, late = reopen(), reopen()
    session = Session(blobs.new_key())
    session.abandon(blobs)
    session.receive(late, b"too late")
    session.keep(late)
    for _ in range(2):
        late.drop_late(session.upload, session.key, kept=False)
    assert list(blobs.uploads()) == []
    assert list(blobs.keys()) == []


def test_abandon_drops_what_an_unfinished_upload_left(blobs: Blobs) -> None:
    """An abandoned upload leaves nothing, its writer is refused, and abandoning it again is fine."""
    session = Session(blobs.new_key())
    session.receive(blobs, b"recorded")
    writer = blobs.writer(session.upload, session.key, session.state, session.offset)
    writer.write(b" and going on")
    session.abandon(blobs)
    with pytest.raises(WriterRevoked):
        writer.write(b" for ever")
    writer.close()
    session.abandon(blobs)
    assert list(blobs.uploads()) == []
    assert list(blobs.keys()) == []


def test_an_upload_that_never_was_is_abandoned_and_finished_in_peace(blobs: Blobs) -> None:
    """A row whose process died before the first byte has nothing to drop."""
    session = Session(blobs.new_key())
    session.abandon(blobs)
    session.finish(blobs)
    assert list(blobs.uploads()) == []


def test_a_leftover_is_finished_by_its_id_alone(reopen: Opener) -> None:
    """A process that died between the commit and finish leaves what a sweep can drop without touching the blob."""
    blobs = reopen()
    session = Session(blobs.new_key())
    session.receive(blobs, b"acknowledged")
    session.keep(blobs)
    blobs = reopen()
    for upload in [*blobs.uploads(), session.upload]:
        blobs.finish(upload)
    assert list(blobs.uploads()) == []
    assert read(blobs, session.key) == b"acknowledged"


@pytest.mark.parametrize("synced", [False, True])
def test_an_empty_blob_is_a_blob(reopen: Opener, synced: bool) -> None:
    """No byte was ever written, and the blob is there all the same."""
    blobs = reopen()
    session = Session(blobs.new_key())
    if synced:
        session.receive(blobs)
    session.keep(blobs)
    session.finish(blobs)
    blobs = reopen()
    assert blobs.size(session.key) == 0
    assert list(blobs.read(session.key)) == []
    assert list(blobs.keys()) == [(session.key, 0)]


def test_an_upload_whose_bytes_are_lost_cannot_go_on(blobs: Blobs) -> None:
    """Recorded bytes that storage does not have are an error for each step that needs them."""
    session = Session(blobs.new_key(), offset=5)
    writer = blobs.writer(session.upload, session.key, session.state, session.offset)
    with pytest.raises(BytesMissing):
        writer.write(b"more")
    with pytest.raises(BytesMissing):
        writer.sync()
    writer.close()
    with pytest.raises(BytesMissing):
        session.keep(blobs)
    assert list(blobs.keys()) == []


def test_uploads_at_the_same_time_do_not_mix(blobs: Blobs) -> None:
    """Eight threads, each with uploads of several requests, and every blob is its own."""

    def push(seed: int) -> tuple[Key, int]:
        session = Session(blobs.new_key())
        for part in range(4):
            session.receive(blobs, *[content(40_000, seed * 100 + part * 10 + piece) for piece in range(3)])
        session.keep(blobs)
        session.finish(blobs)
        return session.key, seed

    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(push, range(32)))
    for key, seed in stored:
        expected = [content(40_000, seed * 100 + part * 10 + piece) for part in range(4) for piece in range(3)]
        assert read(blobs, key) == b"".join(expected)
    assert len(list(blobs.keys())) == 32


def test_a_key_with_bytes_takes_no_others(blobs: Blobs) -> None:
    """A second upload for the same key is refused and can be abandoned; the blob stays as it is."""
    key = store(blobs, b"first")
    second = Session(key)
    second.receive(blobs, b"other")
    with pytest.raises(KeyTaken):
        second.keep(blobs)
    second.abandon(blobs)
    assert read(blobs, key) == b"first"

from __future__ import annotations

import contextlib
import dataclasses
import urllib.request
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from jettison.blobs import multipart
from jettison.blobs.bucket import LEAST_PART, Bucket
from jettison.blobs.multipart import Part, Progress, load
from jettison.blobs.s3 import S3Blobs
from jettison.blobs.store import AlreadyKept, BytesMissing, Key, Unreachable, Unsuitable
from tests.blobs.session import Session, content, read, store
from tests.support.s3 import S3Engine

pytestmark = pytest.mark.needs("s3")

MIB = 1024 * 1024
LARGE = LEAST_PART + 2 * MIB


@pytest.fixture
def bucket(s3_engine: S3Engine) -> Bucket:
    """An empty bucket whose parts are as small as they can be."""
    return dataclasses.replace(s3_engine.bucket("registry"), part_size=LEAST_PART)


@pytest.fixture
def blobs(bucket: Bucket) -> Iterator[S3Blobs]:
    """The storage of one replica."""
    with contextlib.closing(S3Blobs(bucket)) as opened:
        yield opened


@pytest.fixture
def other(bucket: Bucket) -> Iterator[S3Blobs]:
    """That of another one, on the same bucket."""
    with contextlib.closing(S3Blobs(bucket)) as opened:
        yield opened


@pytest.fixture
def own_engine() -> Iterator[S3Engine]:
    """An engine that a test may kill."""
    with S3Engine() as engine:
        yield engine


def names(blobs: S3Blobs) -> list[str]:
    """All objects there are."""
    return [name for name, _ in blobs.objects.list("")]


def running(blobs: S3Blobs) -> int:
    """How many multipart uploads there are."""
    found = blobs.objects.client.list_multipart_uploads(Bucket=blobs.objects.bucket.name)
    return len(found.get("Uploads", []))


def require_only(blobs: S3Blobs, *keys: Key) -> None:
    """Nothing lies in the bucket but these blobs, and nothing is on its way."""
    assert sorted(names(blobs)) == sorted(f"blobs/{key[:2]}/{key}" for key in keys)
    assert running(blobs) == 0


def test_small_patches_become_parts_of_a_legal_size(blobs: S3Blobs, other: S3Blobs) -> None:
    """A session that moves between two replicas at each PATCH gathers its bytes, and leaves only the blob."""
    session = Session(blobs.new_key())
    pieces = [content(MIB + 7, seed) for seed in range(12)]
    for number, piece in enumerate(pieces):
        session.receive((blobs, other)[number % 2], piece)
    parts = load(session.state).parts
    assert [part.size for part in parts] == [LEAST_PART, LEAST_PART]
    session.keep(other)
    session.finish(blobs)
    assert read(blobs, session.key) == b"".join(pieces)
    require_only(blobs, session.key)


def test_no_more_than_one_tail_stays_behind(blobs: S3Blobs) -> None:
    """The tails before the recorded one are dropped as the session goes on."""
    session = Session(blobs.new_key())
    for seed in range(8):
        session.receive(blobs, content(1000, seed))
    assert len(names(blobs)) <= 2


def test_a_small_upload_is_never_a_multipart(blobs: S3Blobs) -> None:
    """What is smaller than a part is put as a whole."""
    session = Session(blobs.new_key())
    session.receive(blobs, content(LEAST_PART - 1))
    assert running(blobs) == 0
    assert load(session.state).multipart == ""
    session.keep(blobs)
    session.finish(blobs)
    require_only(blobs, session.key)


@pytest.mark.parametrize("size", [LEAST_PART, 2 * LEAST_PART, 2 * LEAST_PART + 1, LARGE])
def test_a_large_upload_is_kept_again_after_an_answer_was_lost(blobs: S3Blobs, other: S3Blobs, size: int) -> None:
    """Completed but not told so: whoever keeps again, here or elsewhere, finds it done."""
    session = Session(blobs.new_key())
    session.receive(blobs, content(size))
    session.keep(blobs)
    session.keep(blobs)
    session.keep(other)
    assert read(other, session.key) == content(size)
    session.finish(other)
    require_only(blobs, session.key)


def test_a_stalled_twin_elsewhere_mixes_nothing_in(blobs: S3Blobs, other: S3Blobs) -> None:
    """Two replicas go on from the same progress: what is kept is the recorded one's, to the byte."""
    session = Session(blobs.new_key())
    session.receive(blobs, content(LARGE, 1))
    twin = blobs.writer(session.upload, session.key, session.state, session.offset)
    twin.write(content(LARGE, 2))
    session.receive(other, content(LARGE, 3))
    session.keep(other)
    with pytest.raises((AlreadyKept, BytesMissing)):
        twin.write(content(LARGE, 4))
    twin.close()
    session.finish(other)
    assert read(other, session.key) == content(LARGE, 1) + content(LARGE, 3)
    require_only(blobs, session.key)


def test_two_first_requests_leave_one_blob(blobs: S3Blobs, other: S3Blobs) -> None:
    """Each of two twins has begun a multipart upload of its own: the one that is not recorded goes at the end."""
    session = Session(blobs.new_key())
    twin = blobs.writer(session.upload, session.key, None, 0)
    twin.write(content(LARGE, 1))
    session.receive(other, content(LARGE, 2))
    assert running(blobs) == 2
    session.keep(other)
    session.finish(other)
    assert read(blobs, session.key) == content(LARGE, 2)
    require_only(blobs, session.key)


def test_a_part_in_the_place_of_another_is_never_served(
    blobs: S3Blobs, other: S3Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two twins draw the same number, the recorded bytes are kept or none are."""
    monkeypatch.setattr("jettison.blobs.multipart.random.randrange", lambda _: 0)
    session = Session(blobs.new_key())
    session.receive(blobs, content(LEAST_PART, 1))
    twin = blobs.writer(session.upload, session.key, session.state, session.offset)
    session.receive(other, content(LEAST_PART, 2))
    twin.write(content(LEAST_PART, 3))
    try:
        session.keep(other)
    except BytesMissing:
        assert other.size(session.key) is None
    else:
        assert read(other, session.key) == content(LEAST_PART, 1) + content(LEAST_PART, 2)


def test_a_twin_that_kept_first_is_not_overwritten(blobs: S3Blobs, other: S3Blobs) -> None:
    """Small uploads of two replicas, each with a whole of its own: the second one is told."""
    session, twin = Session(blobs.new_key()), None
    twin = dataclasses.replace(session)
    session.receive(blobs, b"these bytes")
    twin.receive(other, b"other bytes")
    session.keep(blobs)
    with pytest.raises(AlreadyKept):
        twin.keep(other)
    session.keep(other)
    assert read(other, session.key) == b"these bytes"


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("size", [100, LARGE])
def test_abandoning_leaves_nothing(blobs: S3Blobs, other: S3Blobs, size: int, recorded: bool) -> None:
    """Parts, tails, marks and twins' multiparts go, also where the row knows of none of them."""
    session = Session(blobs.new_key())
    if recorded:
        session.receive(blobs, content(size))
    session.receive_unrecorded(blobs, content(size))
    session.receive_unrecorded(other, content(size))
    assert recorded or size < LEAST_PART or list(blobs.uploads()) == [session.upload]
    session.abandon(other)
    require_only(blobs)


def test_abandoning_a_kept_large_upload_leaves_nothing(blobs: S3Blobs, other: S3Blobs) -> None:
    """What was completed and never committed goes, by the marks that are still there."""
    session = Session(blobs.new_key())
    session.receive(blobs, content(LARGE))
    session.keep(blobs)
    session.abandon(other)
    require_only(blobs)


def test_what_a_late_twin_leaves_is_found_by_its_mark(blobs: S3Blobs, other: S3Blobs) -> None:
    """A multipart upload begun after the end of its upload is dropped by its id alone; the blob stays."""
    session = Session(blobs.new_key())
    late = other.writer(session.upload, session.key, None, 0)
    session.receive(blobs, b"the blob")
    session.keep(blobs)
    session.finish(blobs)
    late.write(content(LARGE))
    assert list(blobs.uploads()) == [session.upload]
    blobs.finish(session.upload)
    assert read(blobs, session.key) == b"the blob"
    require_only(blobs, session.key)


def test_parts_that_came_late_go_though_no_mark_tells_of_them(blobs: S3Blobs, other: S3Blobs) -> None:
    """The mark came before the end of the upload, which took it away, and the multipart upload after."""
    session = Session(blobs.new_key())
    late = other.writer(session.upload, session.key, None, 0)
    late.write(content(LARGE))
    for mark in blobs.objects.list("uploads/"):
        blobs.objects.delete(mark[0])
    other.drop_late(session.upload, session.key, kept=False)
    require_only(blobs)


def test_an_adopted_blob_lies_where_distribution_put_it(blobs: S3Blobs) -> None:
    """It is listed, read and deleted under the name of its digest."""
    key = Key("sha256:" + "ab" * 32)
    blobs.objects.put(f"docker/registry/v2/blobs/sha256/ab/{'ab' * 32}/data", b"adopted")
    blobs.objects.put("docker/registry/v2/repositories/a/_layers/sha256/x/link", b"no blob")
    assert list(blobs.keys()) == [(key, 7)]
    assert read(blobs, key) == b"adopted"
    blobs.delete(key)
    assert list(blobs.keys()) == []


def test_a_signed_url_serves_the_blob_with_its_headers(blobs: S3Blobs) -> None:
    """Without credentials, whole or a range, as what the caller says it is."""
    key = store(blobs, b"0123456789")
    url = blobs.url(key, 60, {"content-type": "application/vnd.oci.image.config.v1+json", "x-other": "unheard"})
    request = urllib.request.Request(url, headers={"range": "bytes=2-4"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.read() == b"234"
        assert answer.headers["content-type"] == "application/vnd.oci.image.config.v1+json"


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"name": "no-such-bucket"}, r"storage\.s3\.bucket"),
        ({"secret_key": "wrong"}, r"storage\.s3\.secretkey"),
        ({"access_key": "unknown"}, r"storage\.s3\.accesskey"),
        ({"endpoint": "http://127.0.0.1:9"}, r"storage\.s3\.regionendpoint"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_refused_at_start(bucket: Bucket, change: dict[str, str], remedy: str) -> None:
    """With the setting that mends it, and no secret."""
    with pytest.raises(Unsuitable, match=remedy) as raised:
        S3Blobs(dataclasses.replace(bucket, **change))  # type: ignore[arg-type]
    assert bucket.secret_key not in str(raised.value)


def test_no_secret_is_shown(bucket: Bucket) -> None:
    """What a log shows of a bucket does not open it."""
    assert bucket.secret_key not in repr(bucket)


def test_an_engine_killed_in_the_middle_of_a_part_loses_nothing_recorded(own_engine: S3Engine) -> None:
    """The write is told, what was recorded is gone on with, by another process, once the engine is back."""
    bucket = dataclasses.replace(own_engine.bucket(), part_size=LEAST_PART)
    blobs, session = S3Blobs(bucket), Session(Key("0" * 32))
    session.receive(blobs, content(LARGE, 1))
    writer = blobs.writer(session.upload, session.key, session.state, session.offset)
    writer.write(content(MIB, 2))
    own_engine.kill()
    with pytest.raises(Unreachable):
        writer.write(content(LARGE, 2))
    with pytest.raises(Unreachable):
        session.keep(blobs)
    with pytest.raises(Unreachable):
        blobs.size(session.key)
    own_engine.start()
    again = S3Blobs(bucket)
    session.receive(again, content(LARGE, 3))
    session.keep(again)
    session.finish(again)
    assert read(again, session.key) == content(LARGE, 1) + content(LARGE, 3)
    require_only(again, session.key)


def test_an_engine_killed_around_completing_has_the_blob_or_its_parts(own_engine: S3Engine) -> None:
    """Whether it had completed or not, keeping again gives the blob."""
    bucket = dataclasses.replace(own_engine.bucket(), part_size=LEAST_PART)
    blobs, session = S3Blobs(bucket), Session(Key("0" * 32))
    session.receive(blobs, content(LARGE))
    complete = multipart.complete
    with pytest.MonkeyPatch.context() as patch:

        def answer_lost(*arguments: object) -> None:
            complete(*arguments)  # type: ignore[arg-type]
            own_engine.kill()
            raise Unreachable("the engine has died")

        patch.setattr(multipart, "complete", answer_lost)
        with pytest.raises(Unreachable):
            session.keep(blobs)
    own_engine.start()
    session.keep(blobs)
    session.finish(blobs)
    assert read(blobs, session.key) == content(LARGE)
    require_only(blobs, session.key)


@pytest.mark.parametrize(("size", "at"), [(100, "put_object"), (LARGE, "complete_multipart_upload")])
def test_a_twin_that_was_about_to_keep_and_did_not_costs_another_try(
    blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch, size: int, at: str
) -> None:
    """The engine refuses one of two that write at once; if the other one dies, nothing is lost: 503, not 500."""
    session = Session(blobs.new_key())
    session.receive(blobs, content(size))
    answer = {"Error": {"Code": "ConditionalRequestConflict"}, "ResponseMetadata": {"HTTPStatusCode": 409}}

    def conflict(**_: object) -> None:
        raise ClientError(answer, at)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(blobs.objects.client, at, conflict)
        with pytest.raises(Unreachable):
            session.keep(blobs)
    session.keep(blobs)
    session.finish(blobs)
    assert read(blobs, session.key) == content(size)
    require_only(blobs, session.key)


def test_a_failed_write_may_be_saved_up_to_the_piece_before(blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that does not come costs the piece in hand only."""
    session = Session(blobs.new_key())
    writer = blobs.writer(session.upload, session.key, None, 0)
    writer.write(content(MIB))
    send = multipart.send

    def fail(*_: object) -> Part:
        raise Unreachable("not now")

    monkeypatch.setattr(multipart, "send", fail)
    with pytest.raises(Unreachable):
        writer.write(content(LEAST_PART))
    assert writer.offset == MIB
    monkeypatch.setattr(multipart, "send", send)
    session.state, session.offset = writer.sync(), writer.offset
    session.keep(blobs)
    assert read(blobs, session.key) == content(MIB)


def test_progress_comes_back_from_its_row() -> None:
    """What an engine calls a part is kept where it is not the part's MD5."""
    parts = (Part(3, LEAST_PART, "0" * 32, "0" * 32), Part(9, LEAST_PART, "1" * 32, "an ETag of its own"))
    progress = Progress("id", parts, "2" * 32, 17, ("3" * 32,))
    assert load(progress.dump()) == progress
    assert load(None) == Progress()
    assert load(Progress().dump()) == Progress()


def test_parts_below_the_legal_size_are_refused(bucket: Bucket) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="too small"):
        dataclasses.replace(bucket, part_size=LEAST_PART - 1)

"""Deleting in registries that say something else than what is so: no tag is lost, and no success is claimed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jettison.client import look
from jettison.client.journal import Journal
from jettison.client.outcome import Outcome, Result, Status
from jettison.client.planning import plan_deletion
from jettison.client.undo import undo
from jettison.oci.digest import Digest
from tests.client.vendors.distribution import FakeDistribution
from tests.client.vendors.fake import Answered, Asked, Fake, Held, error
from tests.client.vendors.harbor import FakeHarbor
from tests.client.vendors.visit import visiting
from tests.support.content import image

NAME = "team/app"


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The journal of a test is its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def deleted(fake: Fake, *targets: str, vendor: str = "distribution", whole: bool = False) -> Result:
    """What becomes of a deletion."""
    with visiting(fake, vendor, NAME) as (repository, found):
        return plan_deletion(repository, targets, vendor=found, whole=whole).execute()


def the_one(result: Result) -> Outcome:
    """The only outcome."""
    [outcome] = result.outcomes
    return outcome


class TakingSiblings(FakeDistribution):
    """Takes DELETE by tag, and deletes all tags of its version; `keeps`: the version stays, without tags."""

    def __init__(self, *, keeps: bool = False) -> None:
        super().__init__()
        self.keeps = keeps

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        digest = held.tags.get(reference, reference)
        if digest not in held.manifests:
            return error(404, "MANIFEST_UNKNOWN")
        if self.keeps:
            for tag in held.tagged(digest):
                del held.tags[tag]
        else:
            held.drop(digest)
        return Answered(202)


class LastTagTakes(FakeDistribution):
    """Takes DELETE by tag, the tag alone; a version goes with its last tag."""

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        digest = held.tags.pop(reference)
        if not held.tagged(digest):
            held.drop(digest)
        return Answered(202)


# ------------------------------------------------------------------------------------------------- siblings by tag


@pytest.mark.parametrize("keeps", [False, True], ids=["version-too", "tags-only"])
def test_siblings_of_several_versions_are_pushed_back(keeps: bool) -> None:
    """Each comes back to the version that it pointed at, however many versions were deleted from at once."""
    fake = TakingSiblings(keeps=keeps)
    one = str(fake.push(NAME, image(b"one"), "v1", "one"))
    two = str(fake.push(NAME, image(b"two"), "v2", "two"))
    result = deleted(fake, "v1", "v2")
    assert {outcome.status for outcome in result.outcomes} == {Status.FAILED}, result
    assert fake.tags(NAME) == {"one": one, "two": two}


def test_a_tag_that_somebody_else_deleted_is_not_pushed_back() -> None:
    """It goes while another one goes with its version: it had nothing to do with that, and comes back as nothing."""
    fake = LastTagTakes()
    fake.push(NAME, image(b"one"), "v1")
    fake.push(NAME, image(b"two"), "theirs")
    fake.push(NAME, image(b"three"), "kept")

    def meanwhile(asked: Asked) -> Answered | None:
        if asked.method == "DELETE":
            fake.repositories[NAME].tags.pop("theirs", None)
        return None

    fake.before = meanwhile
    assert the_one(deleted(fake, "v1")).status is Status.DONE
    assert set(fake.tags(NAME)) == {"kept"}


def test_a_tag_that_somebody_else_deleted_is_not_pushed_back_after_a_digest() -> None:
    """The same for what goes by digest: a tag whose own version has gone was not of this one."""
    fake = FakeDistribution()
    digest = str(fake.push(NAME, image(b"one"), "v1"))
    theirs = str(fake.push(NAME, image(b"two"), "theirs"))

    def meanwhile(asked: Asked) -> Answered | None:
        if asked.method == "DELETE" and asked.path.endswith(digest):
            fake.repositories[NAME].drop(theirs)
        return None

    fake.before = meanwhile
    assert the_one(deleted(fake, "v1")).status is Status.DONE
    assert fake.tags(NAME) == {}


def test_what_cannot_be_looked_for_afterwards_is_no_success() -> None:
    """The tag was deleted as the registry says, which then does not tell its tags any more."""
    fake = LastTagTakes()
    fake.push(NAME, image(b"one"), "v1", "v2")
    gone: list[bool] = []

    def shut(asked: Asked) -> Answered | None:
        if asked.method == "DELETE":
            gone.append(True)
        return error(403, "DENIED") if gone and asked.path.endswith("/tags/list") else None

    fake.before = shut
    outcome = the_one(deleted(fake, "v1"))
    assert outcome.status is Status.FAILED
    assert "could not be looked for" in outcome.reason


# -------------------------------------------------------------------------------------------- lists that hide siblings


def paged(answers: dict[str, Answered]) -> Callable[[Asked], Answered | None]:
    """Pages of tags, by the `last` that asks for them."""
    return lambda asked: answers[asked.query.get("last", "")] if asked.path.endswith("/tags/list") else None


@pytest.mark.parametrize(
    "pages",
    [
        {
            "": Answered(200, {"tags": ["v1"]}, {"Link": f'</v2/{NAME}/tags/list?last=v1>; rel="next"'}),
            "v1": error(404, "NAME_UNKNOWN"),
        },
        {"": Answered(404, b"<html>", {"Content-Type": "text/html"})},
        {"": Answered(200, {"tags": None})},
        {"": Answered(200, {"tags": ["another"]})},
    ],
    ids=["second-page-404", "404", "empty", "another"],
)
def test_a_list_that_hides_siblings_deletes_no_digest(pages: dict[str, Answered]) -> None:
    """Where the list of tags ends in an error, or has not even the tag itself, nothing is known of its siblings."""
    fake = FakeDistribution()
    digest = str(fake.push(NAME, image(b"layer"), "v1", "v2"))
    fake.before = paged(pages)
    assert the_one(deleted(fake, "v1")).status is Status.FAILED
    assert digest not in " ".join(fake.sent("DELETE"))
    assert fake.tags(NAME) == {"v1": digest, "v2": digest}


def test_a_list_that_hides_tags_deletes_no_version() -> None:
    """The list has not even a tag of the plan which is still there: others may be hidden too."""
    fake = FakeDistribution()
    digest = fake.push(NAME, image(b"layer"), "v1")
    with visiting(fake, "distribution", NAME) as (repository, vendor):
        plan = plan_deletion(repository, [digest], vendor=vendor)
        fake.repositories[NAME].tags["release"] = str(digest)
        fake.before = paged({"": Answered(200, {"tags": []})})
        result = plan.execute()
    assert the_one(result).status is Status.FAILED
    assert set(fake.tags(NAME)) == {"v1", "release"}


def test_each_version_is_looked_at_just_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag that is pushed while the first versions go stops the last one: what was read at first is not believed."""
    monkeypatch.setattr(look, "FRESH", 0.0)
    monkeypatch.setattr(look, "FRESH_TIMES", 0.0)
    fake = FakeDistribution()
    digests = [fake.push(NAME, image(b"%d" % number), f"v{number}") for number in range(20)]
    last = str(digests[-1])

    def pushing(asked: Asked) -> Answered | None:
        if asked.method == "DELETE":
            fake.repositories[NAME].tags["release"] = last
        return None

    fake.before = pushing
    with visiting(fake, "distribution", NAME) as (repository, vendor):
        result = plan_deletion(repository, digests, vendor=vendor).execute()
    assert result.outcomes[-1].status is Status.SKIPPED, result.outcomes[-1]
    assert fake.tags(NAME)["release"] == last


# ---------------------------------------------------------------------------------------------------- 404 that is none


def test_a_404_from_a_vendors_api_is_no_success() -> None:
    """APIs answer 404 to accounts that may not see something: the tag is there, and so it is not gone."""
    fake = FakeHarbor()
    fake.push(NAME, image(b"layer"), "v1", "v2")
    fake.before = lambda asked: error(404, "NOT_FOUND") if asked.path.startswith("/api/") else None
    outcome = the_one(deleted(fake, "v1", vendor="harbor"))
    assert outcome.status is Status.FAILED
    assert "it is there" in outcome.reason
    assert set(fake.tags(NAME)) == {"v1", "v2"}


def test_a_placeholder_that_is_not_found_is_no_success() -> None:
    """404 to the deletion of the placeholder: the tag is put back, and was not gone."""
    fake = FakeDistribution()
    before = dict.fromkeys(["v1", "v2"], str(fake.push(NAME, image(b"layer"), "v1", "v2")))
    moved: set[str] = set()

    def losing(asked: Asked) -> Answered | None:
        if asked.method == "PUT" and asked.path.endswith("/v1") and b"dev.jettison.placeholder" in asked.body:
            moved.add(str(Digest.of(asked.body)))
        if asked.method == "DELETE" and asked.path.rpartition("/")[2] in moved:
            return error(404, "MANIFEST_UNKNOWN")
        return None

    fake.before = losing
    outcome = the_one(deleted(fake, "v1"))
    assert moved
    assert outcome.status is Status.FAILED
    assert "is back at" in outcome.reason
    assert fake.tags(NAME) == before


def test_a_repository_that_is_there_afterwards_is_no_success() -> None:
    """The vendor's API says that it was deleted, and its tags are listed as before."""
    fake = FakeHarbor()
    fake.push(NAME, image(b"layer"), "v1")
    fake.before = lambda asked: Answered(200) if asked.method == "DELETE" else None
    outcome = the_one(deleted(fake, vendor="harbor", whole=True))
    assert outcome.status is Status.FAILED
    assert "v1" in outcome.reason


@pytest.mark.parametrize("body", [b"[]", b'"no"', b"<html>"])
def test_an_answer_of_another_shape_is_an_outcome(body: bytes) -> None:
    """What a server answers in place of an object is no error of this program."""
    fake = FakeDistribution()
    fake.push(NAME, image(b"layer"), "v1")
    fake.before = lambda asked: Answered(202, body) if asked.method == "DELETE" else None
    assert the_one(deleted(fake, "v1", vendor="jettison")).status is Status.FAILED


# ------------------------------------------------------------------------------------------------------------ the undo


def test_a_tag_that_was_left_on_a_placeholder_comes_back() -> None:
    """The registry failed before it could be put back: nobody pushed the placeholder, and undo takes its place."""
    fake = FakeDistribution()
    digest = str(fake.push(NAME, image(b"layer"), "v1", "v2"))
    down: list[bool] = []

    def failing(asked: Asked) -> Answered | None:
        if down and asked.method in {"PUT", "DELETE"}:
            return error(403, "DENIED", "read-only")
        if asked.path.endswith("/v1") and b"dev.jettison.placeholder" in asked.body:
            down.append(True)
        return None

    fake.before = failing
    with visiting(fake, "distribution", NAME) as (repository, vendor):
        result = plan_deletion(repository, ["v1"], vendor=vendor).execute()
        assert "jettison undo" in the_one(result).reason
        assert "placeholder" in json.dumps(fake.repositories[NAME].manifests[fake.tags(NAME)["v1"]][0].decode())
        fake.before = lambda _: None
        undone = undo(Journal().latest(), repository.registry)
    assert undone.back == [f"{NAME}:v1"]
    assert fake.tags(NAME) == {"v1": digest, "v2": digest}

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jettison.client import Registry
from jettison.client.outcome import Outcome, Status
from jettison.client.planning import plan_deletion
from jettison.oci.digest import Digest
from tests.client.pushing import push
from tests.client.vendors.distribution import FakeDistribution
from tests.client.vendors.fake import Answered, Asked, Fake, Held, error
from tests.client.vendors.visit import visiting
from tests.support.content import image, index
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer

NAME = "team/app"


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The journal of a test is its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def fake() -> FakeDistribution:
    """A distribution 2 that holds one version with three tags, and another; it runs while it is visited."""
    made = FakeDistribution()
    made.push(NAME, image(b"layer"), "v1", "v2", "latest")
    made.push(NAME, image(b"other"), "other")
    return made


def deleted(fake: Fake, tag: str = "v1", *, placeholder: bool = True, vendor: str = "distribution") -> Outcome:
    """What becomes of a tag when it is deleted."""
    with visiting(fake, vendor, NAME) as (repository, found):
        [outcome] = plan_deletion(repository, [tag], vendor=found).execute(placeholder=placeholder).outcomes
    return outcome


def is_placeholder(asked: Asked) -> bool:
    """Whether a request pushes a placeholder."""
    return asked.method == "PUT" and b"dev.jettison.placeholder" in asked.body


def failing(when: Callable[[Asked], bool], answer: Answered, times: int = 100) -> Callable[[Asked], Answered | None]:
    """Answers in the registry's place, the first `times` times."""
    left = iter(range(times))

    def before(asked: Asked) -> Answered | None:
        return answer if when(asked) and next(left, None) is not None else None

    return before


# ----------------------------------------------------------------------------------------------------------- the ladder


def test_delete_by_tag_comes_first(fake: FakeDistribution) -> None:
    """Where the registry takes it, there is no second way, and one DELETE."""
    fake.before = lambda asked: (
        Answered(202) if asked.method == "DELETE" and fake.repositories[NAME].tags.pop("v1", "") else None
    )
    assert deleted(fake).how == "DELETE by tag"
    assert len(fake.sent("DELETE")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "DIGEST_INVALID"),
        error(405, "UNSUPPORTED"),
        Answered(405, b"<html>Method Not Allowed</html>", {"Content-Type": "text/html"}),
        Answered(404, b"404 page not found\n", {"Content-Type": "text/plain"}),
    ],
    ids=["400", "405", "405-html", "404-page"],
)
def test_it_falls_back_where_delete_by_tag_is_not_known(fake: FakeDistribution, answer: Answered) -> None:
    """These answers mean that the registry does not know such a thing: the tag goes by another way."""
    fake.before = failing(lambda asked: asked.method == "DELETE" and asked.path.endswith("/v1"), answer)
    assert deleted(fake).status is Status.DONE
    assert set(fake.tags(NAME)) == {"v2", "latest", "other"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (error(401, "UNAUTHORIZED"), Status.NOT_ALLOWED),
        (error(403, "DENIED"), Status.NOT_ALLOWED),
        (error(404, "MANIFEST_UNKNOWN"), Status.FAILED),  # which is not so
        (error(409, "CONFLICT"), Status.FAILED),
        (error(500, "UNKNOWN"), Status.FAILED),
        (error(503, "UNAVAILABLE"), Status.FAILED),
    ],
    ids=["401", "403", "404", "409", "500", "503"],
)
def test_it_never_falls_back_on_a_refusal(fake: FakeDistribution, answer: Answered, status: Status) -> None:
    """A refusal, a fault, and a registry's own 404 end it: nothing is pushed, and no digest is deleted."""
    fake.before = failing(lambda asked: asked.method == "DELETE", answer)
    assert deleted(fake).status is status
    assert set(fake.sent("DELETE")) == {f"/v2/{NAME}/manifests/v1"}
    assert fake.sent("PUT") == []
    assert set(fake.tags(NAME)) == {"v1", "v2", "latest", "other"}


def test_a_passing_limit_is_waited_for(fake: FakeDistribution) -> None:
    """429 is asked again after what Retry-After says, and never taken for "not known"."""
    limited = Answered(429, error(429, "TOOMANYREQUESTS").body, {"Retry-After": "0"})
    fake.before = failing(lambda asked: asked.method == "DELETE" and asked.path.endswith("/v1"), limited, times=1)
    assert deleted(fake).status is Status.DONE
    assert fake.sent("DELETE")[:2] == [f"/v2/{NAME}/manifests/v1"] * 2
    assert set(fake.tags(NAME)) == {"v2", "latest", "other"}


def test_the_only_tag_goes_by_digest(fake: FakeDistribution) -> None:
    """Where no other tag and no index needs the version, it goes by its digest, without a placeholder."""
    outcome = deleted(fake, "other")
    assert outcome.status is Status.DONE
    assert outcome.how == "DELETE by digest, whose only tag it was"
    assert fake.sent("PUT") == []
    assert set(fake.tags(NAME)) == {"v1", "v2", "latest"}


def test_a_shared_digest_goes_by_a_placeholder(fake: FakeDistribution) -> None:
    """It is first known that deletion is on and that a placeholder goes; nothing of either is left afterwards."""
    before = set(fake.repositories[NAME].manifests)
    outcome = deleted(fake)
    assert outcome.how == "placeholder"
    unknown, first, second = fake.sent("DELETE")[1:]
    assert len({unknown, first, second}) == 3
    assert [path.rpartition("/")[2][:7] for path in fake.sent("PUT")] == ["sha256:", "v1"]
    assert set(fake.repositories[NAME].manifests) == before


def test_the_guards_are_asked_once_for_a_repository(fake: FakeDistribution) -> None:
    """Two tags by placeholder: whether deletion is on, and whether a placeholder goes, is known after the first."""
    with visiting(fake, "distribution", NAME) as (repository, vendor):
        assert plan_deletion(repository, ["v1", "v2"], vendor=vendor).execute().complete
    # Two by tag, one of nothing, one trial, and for v1 a placeholder and for v2 one, since latest has the digest still.
    assert len(fake.sent("DELETE")) == 6
    assert set(fake.tags(NAME)) == {"latest", "other"}


def test_the_last_of_the_siblings_goes_by_digest(fake: FakeDistribution) -> None:
    """When all tags of a version are deleted, the last one is its only one by then."""
    with visiting(fake, "distribution", NAME) as (repository, vendor):
        result = plan_deletion(repository, ["v1", "v2", "latest"], vendor=vendor).execute()
    assert sorted(str(outcome.how) for outcome in result.outcomes) == [
        "DELETE by digest, whose only tag it was",
        "placeholder",
        "placeholder",
    ]
    assert set(fake.tags(NAME)) == {"other"}


# --------------------------------------------------------------------------------------------------------- its refusals


def test_a_placeholder_can_be_forbidden(fake: FakeDistribution) -> None:
    """Then a tag that shares its digest stays, and nothing was pushed or deleted."""
    outcome = deleted(fake, placeholder=False)
    assert outcome.status is Status.UNSUPPORTED
    assert "--no-placeholder" in outcome.reason
    assert fake.sent("PUT") == []
    assert fake.sent("DELETE") == [f"/v2/{NAME}/manifests/v1"]


@pytest.mark.parametrize("tag", ["v1", "other"])
def test_where_deletion_is_off_nothing_is_changed(tag: str, fake: FakeDistribution) -> None:
    """405 to the deletion of a digest stops it, before anything was pushed; the setting is named."""
    fake.enabled = False
    before = fake.tags(NAME)
    outcome = deleted(fake, tag)
    assert outcome.status is Status.UNSUPPORTED
    assert "storage.delete.enabled" in outcome.reason
    assert fake.sent("PUT") == []
    assert fake.tags(NAME) == before


def test_a_placeholder_that_stays_stops_it(fake: FakeDistribution) -> None:
    """Where the trial placeholder cannot be deleted, the tag is not touched."""
    manifests = set(fake.repositories[NAME].manifests)
    trial = error(405, "UNSUPPORTED")
    fake.before = failing(
        lambda asked: (
            asked.method == "DELETE"
            and asked.path.rpartition("/")[2] in fake.repositories[NAME].manifests.keys() - manifests
        ),
        trial,
    )
    outcome = deleted(fake)
    assert outcome.status is Status.UNSUPPORTED
    assert "no tag was touched" in outcome.reason
    assert set(fake.tags(NAME)) == {"v1", "v2", "latest", "other"}


def test_a_placeholder_that_may_not_be_pushed_stops_it(fake: FakeDistribution) -> None:
    """An account that may delete and not push changes nothing."""
    fake.before = failing(is_placeholder, error(403, "DENIED"))
    assert deleted(fake).status is Status.NOT_ALLOWED
    assert set(fake.tags(NAME)) == {"v1", "v2", "latest", "other"}


# ------------------------------------------------------------------------------------------------- faults in the middle


@pytest.mark.parametrize(
    "answer", [error(500, "UNKNOWN"), error(403, "DENIED"), error(405, "UNSUPPORTED")], ids=["500", "403", "405"]
)
def test_a_tag_is_put_back_where_its_placeholder_cannot_be_deleted(fake: FakeDistribution, answer: Answered) -> None:
    """The tag was moved already: it is back at its version, and the outcome says so."""
    before = fake.tags(NAME)
    moved: set[str] = set()

    def interfering(asked: Asked) -> Answered | None:
        if is_placeholder(asked) and asked.path.endswith("/v1"):
            moved.add(str(Digest.of(asked.body)))
        return answer if asked.method == "DELETE" and asked.path.rpartition("/")[2] in moved else None

    fake.before = interfering
    outcome = deleted(fake)
    assert moved
    assert outcome.status in {Status.FAILED, Status.NOT_ALLOWED, Status.UNSUPPORTED}
    assert "is back at" in outcome.reason
    assert fake.tags(NAME) == before


def test_a_tag_that_was_pushed_in_the_middle_is_left(fake: FakeDistribution) -> None:
    """Somebody pushes the tag between its placeholder and the placeholder's deletion: theirs stays."""
    fresh = fake.push(NAME, image(b"fresh"))

    def interfering(asked: Asked) -> Answered | None:
        held = fake.repositories[NAME]
        moved = held.manifests.get(held.tags.get("v1", ""), (b"", ""))[0]
        if asked.method == "DELETE" and b"dev.jettison.placeholder" in moved:
            held.tags["v1"] = str(fresh)
        return None

    fake.before = interfering
    deleted(fake)
    assert fake.tags(NAME)["v1"] == str(fresh)
    assert set(fake.tags(NAME)) == {"v1", "v2", "latest", "other"}


def test_a_tag_that_cannot_be_put_back_is_told_of(fake: FakeDistribution) -> None:
    """Where the registry fails for good in the middle, the outcome says where the tag is and how to bring it back."""
    down: list[bool] = []

    def interfering(asked: Asked) -> Answered | None:
        if down and asked.method in {"PUT", "DELETE"}:
            return error(403, "DENIED", "read-only")
        if is_placeholder(asked) and asked.path.endswith("/v1"):
            down.append(True)
        return None

    fake.before = interfering
    outcome = deleted(fake)
    assert outcome.status is Status.FAILED
    assert "jettison undo" in outcome.reason
    assert "placeholder" in outcome.reason


def test_a_sibling_that_came_in_between_is_pushed_back(fake: FakeDistribution) -> None:
    """A tag that is moved to the version while that is deleted by digest goes with it, and is brought back."""
    digest = fake.tags(NAME)["other"]
    fake.push(NAME, image(b"elsewhere"), "moved")

    def interfering(asked: Asked) -> Answered | None:
        if asked.method == "DELETE" and asked.path.endswith(digest):
            fake.repositories[NAME].tags["moved"] = digest
        return None

    fake.before = interfering
    outcome = deleted(fake, "other")
    assert outcome.status is Status.FAILED
    assert "moved" in outcome.reason
    assert fake.tags(NAME)["moved"] == digest


def test_a_tag_that_moves_before_the_fallback_is_left(fake: FakeDistribution) -> None:
    """Moved after DELETE by tag was refused: what it points at now was not planned."""
    fresh = str(fake.push(NAME, image(b"fresh")))

    def interfering(asked: Asked) -> Answered | None:
        if asked.method == "DELETE" and asked.path.endswith("/other"):
            fake.repositories[NAME].tags["other"] = fresh
        return None

    fake.before = interfering
    assert deleted(fake, "other").status is Status.SKIPPED
    assert fake.tags(NAME)["other"] == fresh


# --------------------------------------------------------------------------------------------------- looking afterwards


def test_a_registry_that_lies_is_found_out(fake: FakeDistribution) -> None:
    """202 and the tag is still there: that is a failure."""
    fake.before = failing(lambda asked: asked.method == "DELETE" and asked.path.endswith("/v1"), Answered(202))
    outcome = deleted(fake)
    assert outcome.status is Status.FAILED
    assert "it is there" in outcome.reason


class Greedy(FakeDistribution):
    """Deletes the version with all its tags when one of them is deleted, as some registries did."""

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        held.drop(held.tags.get(reference, reference))
        return Answered(202)


def test_siblings_that_a_registry_took_are_pushed_back() -> None:
    """DELETE by tag took the version: the others are back, and the outcome is a failure that says so."""
    fake = Greedy()
    digest = fake.push(NAME, image(b"layer"), "v1", "v2", "latest")
    outcome = deleted(fake)
    assert outcome.status is Status.FAILED
    assert "pushed back" in outcome.reason
    assert fake.tags(NAME) == {"v2": str(digest), "latest": str(digest)}


# ------------------------------------------------------------------------------------------------------ the real things


@pytest.fixture(scope="module", params=["docker-registry", "registry"])
def off(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a distribution with deletion turned off."""
    with DistributionServer(request.param, config={"storage": {"delete": {"enabled": False}}}) as server:
        yield server.address


@pytest.mark.needs("docker-registry", "distribution")
@pytest.mark.parametrize("tag", ["v1", "single", "amd64"])
def test_distribution_with_deletion_off_changes_nothing(off: str, tag: str) -> None:
    """Both versions refuse, whatever the tag shares: nothing is pushed, nothing moved, and the setting is named."""
    with Registry(off) as registry:
        repository = registry.repository(f"off/{tag}")
        push(repository, image(b"layer"), "v1", "v2")
        push(repository, image(b"single"), "single")
        push(repository, index(image(b"amd64")), "all")
        push(repository, image(b"amd64"), "amd64")
        before = {str(each): repository.head(each).digest for each in repository.tags()}
        [outcome] = repository.plan_deletion([tag]).execute().outcomes
        assert outcome.status is Status.UNSUPPORTED
        assert "storage.delete.enabled" in outcome.reason
        assert {str(each): repository.head(each).digest for each in repository.tags()} == before


@pytest.mark.slow
def test_jettison_with_deletion_off_changes_nothing() -> None:
    """Jettison says the same of itself."""
    off = {"storage": {"delete": {"enabled": False}}}
    with JettisonServer(config=off) as server, Registry(server.address) as registry:
        repository = registry.repository("app")
        push(repository, image(b"layer"), "v1", "v2")
        [outcome] = repository.plan_deletion(["v1"]).execute().outcomes
        assert outcome.status is Status.UNSUPPORTED, outcome
        assert sorted(map(str, repository.tags())) == ["v1", "v2"]

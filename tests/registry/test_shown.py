from __future__ import annotations

import json
from typing import Any

import pytest

from jettison.oci.errors import PlanOutdated
from jettison.registry import deletion
from jettison.registry.plan import Plan
from jettison.registry.shown import CHANGES_TOLD, Shown
from jettison.registry.target import Target
from tests.support.content import image, index, referrer
from tests.support.repository import Repository


def detail_of(shown: Shown, made: Plan) -> dict[str, Any]:
    """The detail of the refusal, as JSON has it."""
    with pytest.raises(PlanOutdated, match="look at the new plan") as raised:
        shown.compare(made)
    found: dict[str, Any] = json.loads(json.dumps(raised.value.detail))
    return found


def changes_of(shown: Shown, made: Plan) -> dict[str, tuple[str | None, str | None]]:
    """What the refusal says that has changed, by name."""
    return {each["name"]: (each["shown"], each["now"]) for each in detail_of(shown, made)["changed"]}


def test_what_goes_too_and_what_goes_no_more_is_named(repository: Repository) -> None:
    """A signature was pushed, and a child was tagged."""
    child = image(b"child")
    draft = index(child)
    repository.push(draft, "v1")
    shown = Shown.of(repository.plan(draft.digest))
    signature = referrer(draft)
    repository.push(signature)
    repository.put(child, "kept")

    assert changes_of(shown, repository.plan(draft.digest)) == {
        f"app@{child.digest}": ("goes, a child that no other index holds", "stays, tagged kept"),
        "app:kept": (None, f"stays with {child.digest}"),
        f"app@{signature.digest}": (None, f"goes, refers to {draft.digest}"),
    }


def test_a_tag_that_points_elsewhere_is_a_change(repository: Repository) -> None:
    """The tag is still there, and what it would untag is another version."""
    old, new = image(b"old"), image(b"new")
    repository.push(old, "latest")
    shown = Shown.of(repository.plan("latest"))
    repository.push(new, "latest")

    assert changes_of(shown, repository.plan("latest")) == {
        f"app@{old.digest}": ("stays, becomes untagged", None),
        f"app@{new.digest}": (None, "stays, becomes untagged"),
    }


def test_a_whole_repository_changes_by_its_numbers(repository: Repository) -> None:
    """What it holds is not listed."""
    repository.push(image(b"layer"), "v1")
    shown = Shown.of(repository.plan())
    repository.push(image(b"another"), "v2")

    assert changes_of(shown, repository.plan()) == {
        "app": ("goes with all it has: tags 1, versions 1", "goes with all it has: tags 2, versions 2")
    }


def test_several_targets_are_told_apart(repository: Repository, other: Repository) -> None:
    """Each thing is named with its repository."""
    draft = image(b"layer")
    for each in (repository, other):
        each.push(draft, "v1", "v2")
    targets = [Target(repository.name, draft.digest), Target(other.name)]
    shown = Shown.of(deletion.plan(repository.registry, *targets))
    other.put(draft, "v3")

    assert changes_of(shown, deletion.plan(repository.registry, *targets)) == {
        "other/app": ("goes with all it has: tags 2, versions 1", "goes with all it has: tags 3, versions 1")
    }


def test_bytes_do_not_make_another_plan(repository: Repository, other: Repository) -> None:
    """Somebody pushes the same layer elsewhere: less comes back, and the same goes."""
    draft = image(b"layer")
    repository.push(draft, "v1")
    plan = repository.plan(draft.digest)
    other.push(draft, "v1")
    now = repository.plan(draft.digest)

    assert now.bytes != plan.bytes
    assert now.id == plan.id
    repository.delete(draft.digest, expected=plan)
    assert not repository.has(draft)


def test_of_a_plan_known_by_its_id_alone_the_new_one_is_told(repository: Repository) -> None:
    """What changed cannot be known; the new plan comes with its own id, which can be confirmed."""
    draft = image(b"layer")
    repository.push(draft, "v1")
    shown = Shown(repository.plan(draft.digest).id)
    repository.put(draft, "v2")

    made = repository.plan(draft.digest)
    detail = detail_of(shown, made)

    assert detail["changed"] is None
    assert detail["plan"] == {**made.to_json(), "plan_id": made.id}
    Shown(detail["plan"]["plan_id"]).compare(made)


def test_of_many_changes_the_first_are_told(repository: Repository) -> None:
    """The answer does not grow with the repository."""
    draft = index()
    repository.push(draft, "v0")
    shown = Shown.of(repository.plan(draft.digest))
    for number in range(1, CHANGES_TOLD + 10):
        repository.put(draft, f"v{number}")

    assert len(changes_of(shown, repository.plan(draft.digest))) == CHANGES_TOLD


def test_the_id_of_a_plan_does_not_depend_on_its_order_of_keys(repository: Repository) -> None:
    """It is the digest of what it says: the same in every process."""
    repository.push(image(b"layer"), "v1", "v2")
    assert repository.plan("v1").id == repository.plan("v1").id
    assert repository.plan("v1").id != repository.plan("v2").id

"""Several items of a Jettison server go as one deletion, which one undo takes back; or one by one, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.client import ANONYMOUS, Registry
from jettison.client.journal import Journal
from jettison.client.outcome import Status
from jettison.client.plan import Plan
from jettison.client.snapshot import head_or_none
from jettison.client.undo import undo
from jettison.client.vendors.jettison import Jettison
from tests.client.pushing import push
from tests.support.content import image, index
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a Jettison server."""
    with JettisonServer() as running:
        yield running.address


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The journal of a test is its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def jettison(server: str) -> Iterator[Registry]:
    """The server as a registry, by somebody who may do everything."""
    with Registry(server, credentials=ANONYMOUS) as opened:
        yield opened


def test_tags_versions_and_repositories_go_as_one(jettison: Registry) -> None:
    """One number for all of them, in three repositories; undo asks once, and brings back all."""
    app, tool, old = (jettison.repository(f"one/{name}") for name in ("app", "tool", "old"))
    push(app, image(b"app"), "v1", "v2", "v3")
    whole = index(image(b"amd64"), image(b"arm64"))
    push(tool, whole, "v1", "latest")
    push(old, image(b"old"), "v1")
    plans = [app.plan_deletion(["v1", "v2"]), tool.plan_deletion([whole.digest]), old.plan_deletion(whole=True)]
    result = Plan.join(plans).execute()
    assert result.complete, result.outcomes
    assert len({outcome.deletion for outcome in result.outcomes}) == 1
    assert result.outcomes[0].deletion is not None
    assert [str(tag) for tag in app.tags()] == ["v3"]
    undone = undo(Journal().latest(), jettison)
    assert (undone.left, undone.failed) == ([], [])
    assert sorted(map(str, app.tags())) == ["v1", "v2", "v3"]
    assert sorted(map(str, tool.tags())) == ["latest", "v1"]
    assert all(head_or_none(tool, draft.digest) is not None for draft in whole.closure())
    assert [str(tag) for tag in old.tags()] == ["v1"]


def test_what_changed_is_skipped_and_the_rest_goes(jettison: Registry) -> None:
    """One tag was pushed since: it stays, and the others go, one by one."""
    app = jettison.repository("two/app")
    push(app, image(b"old"), "v1", "v2", "v3")
    plan = app.plan_deletion(["v1", "v2"])
    fresh = push(app, image(b"fresh"), "v1")
    assert [outcome.status for outcome in plan.execute().outcomes] == [Status.SKIPPED, Status.DONE]
    assert app.head("v1").digest == fresh


def test_what_changes_after_it_was_looked_at_is_not_deleted(
    jettison: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push between the look and the deletion: the server refuses what it has not shown, and the push stays."""
    app = jettison.repository("three/app")
    push(app, image(b"old"), "v1", "v2", "v3")
    plan = app.plan_deletion(["v1", "v2"])
    native = Jettison.delete_together

    def late(*arguments: object, **options: object) -> object:
        push(app, image(b"fresh"), "v1")
        return native(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Jettison, "delete_together", late)
    assert [outcome.status for outcome in plan.execute().outcomes] == [Status.SKIPPED, Status.DONE]
    assert sorted(map(str, app.tags())) == ["v1", "v3"]


def test_purged_together_the_journal_brings_it_back(jettison: Registry) -> None:
    """For good on the server: what was written down here is pushed."""
    app = jettison.repository("four/app")
    digest = push(app, image(b"layer"), "v1", "v2", "v3")
    assert app.plan_deletion(["v1", "v2"]).execute(purge=True).complete
    undone = undo(Journal().latest(), jettison)
    assert (sorted(undone.back), undone.failed) == (["four/app:v1", "four/app:v2"], [])
    assert app.head("v1").digest == digest

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.http.repository import Repository
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry in which two repositories were pushed to, and one was deleted."""
    with (
        JettisonServer() as running,
        httpx2.Client(base_url=running.url, timeout=20, trust_env=False) as client,
    ):
        Repository(client, "team/app").push_image("layer", "v1")
        Repository(client, "other").push_image("layer", "v1")
        assert client.delete("/v2/other").status_code == 202
        yield running


def audit(server: JettisonServer, *arguments: str) -> Done:
    """`jettison audit` beside the server."""
    return verb("audit", *arguments, "--config", server.config_file)


def test_a_person_sees_a_table_with_the_newest_last(server: JettisonServer) -> None:
    """As one reads a log."""
    done = audit(server)
    assert (done.returncode, done.stderr) == (0, "")
    heading, *rows = done.stdout.splitlines()
    assert heading.split() == ["AT", "WHO", "ADDRESS", "ACTION", "RESULT", "REPOSITORY", "TARGET"]
    assert [row.split()[1:] for row in rows] == [
        ["(everyone)", "127.0.0.1", "push", "done", "team/app", "v1"],
        ["(everyone)", "127.0.0.1", "push", "done", "other", "v1"],
        ["(everyone)", "127.0.0.1", "delete", "done", "other", "1"],
    ]


def test_a_program_reads_a_json_object_a_line(server: JettisonServer) -> None:
    """With all that is known, as the API has it."""
    done = audit(server, "--jsonl", "--action", "delete")
    [line] = map(json.loads, done.stdout.splitlines())
    assert json.loads(audit(server, "--json", "--action", "delete").stdout) == [line]
    assert line["detail"]["targets"] == ["other"]
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        assert client.get("/api/v1/audit?action=delete").json()["audit"] == [line]


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (["--repository", "team/app"], 1),
        (["-r", "other", "--action", "push"], 1),
        (["--who", "nobody"], 0),
        (["--since", "1h"], 3),
        (["--until", "1h"], 0),
        (["--since", "2999-01-01T00:00:00Z"], 0),
        (["--limit", "2"], 2),
    ],
)
def test_filters_choose_lines(server: JettisonServer, options: list[str], number: int) -> None:
    """Those of the API, and a time may be a length before now."""
    done = audit(server, "--jsonl", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == number


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--action", "pushed"], "sign-in"),
        (["--repository", "UPPER"], "UPPER"),
        (["--since", "yesterday"], "24h"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_what_is_misspelled_is_said(server: JettisonServer, options: list[str], said: str) -> None:
    """With what may stand there."""
    done = audit(server, *options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr


def test_more_lines_than_a_page_are_read_in_several(server: JettisonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are asked for."""
    from jettison.cli import audit as module
    from jettison.metadata.audit import Filter
    from jettison.server.existing import open_existing
    from jettison.settings import load

    monkeypatch.setattr(module, "PAGE", 2)
    registry = open_existing(load(server.config_file, {}).settings)
    try:
        found = module._last(registry, Filter(), 100)
        assert [entry.action for entry in found] == ["push", "push", "delete"]
        assert [entry.action for entry in module._last(registry, Filter(), 1)] == ["delete"]
    finally:
        registry.close()

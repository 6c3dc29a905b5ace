from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.http.conftest import open_client
from tests.http.manage.api import Api
from tests.http.repository import Repository, index
from tests.support.command import run
from tests.support.server import JettisonServer

SECONDS = 25
PROGRAM = Path(sys.executable).parent / "schemathesis"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_answer_is_as_described(tmp_path: Path) -> None:
    """What fits the description is taken, what does not is refused; every status and body is one that is described.

    Schemathesis makes the requests out of the description: its examples, what lies on the borders of each field, and
    whatever else comes to its mind in the time it has, with all of its checks.
    """
    with JettisonServer() as server, open_client(server) as client:
        api = Api(client)
        for name in ("team/app", "team/base", "a", "0"):
            repository = Repository(client, name)
            repository.push(index(annotations={"of": name}), "v1.0", "v2", "A", *(f"x{number}" for number in range(10)))
            for number in range(10):
                api.delete(f"{name}:x{number}")
        run(
            [
                *(str(PROGRAM), "run", f"{server.url}/api/openapi.json", f"--max-time={SECONDS}", "--checks=all"),
                *("--phases=examples,coverage,fuzzing", "--continue-on-failure", "--warnings=off"),
            ],
            cwd=tmp_path,
            seconds=SECONDS + 90,
        )
        answered = Counter(re.findall(r"method=(\w+) path=/api/v1/([a-z]+)\S* status=(\d+) ", server.log))
    assert answered.total() > 300, "it hardly began"
    assert not [each for each in answered if each[2].startswith("5")]
    told = {(noun, status) for _, noun, status in answered}
    assert told >= {("deletions", status) for status in ("200", "201", "400", "404", "409")}, "it did not get far"
    assert told >= {("sweep", "200"), ("usage", "200"), ("usage", "404"), ("why", "200"), ("why", "400")}

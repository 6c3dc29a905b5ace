from __future__ import annotations

import re

from tests.http.console.surfer import Surfer
from tests.support.accounts import PASSWORD
from tests.support.server import JettisonServer


def test_whoever_has_the_code_becomes_the_first_administrator() -> None:
    """With the code that the server has printed; a wrong one is refused, and says where to find it."""
    with JettisonServer(config={"auth": {"jettison": {}}}) as running:
        [code] = re.findall(r"open /console/setup in a browser and give it the code ([a-z0-9-]+)", running.log)
        somebody = Surfer(running.url)
        with somebody.client:
            form = somebody.get("/console/setup").form("/console/setup")
            refused = somebody.send(form, code="aaaaa-aaaaa", name="first", password=PASSWORD)
            assert refused.status == 403
            assert "the server prints a new one" in refused.text
            somebody.send(form, code=code, name="first", password=PASSWORD)
            page = somebody.sign_in("first", PASSWORD)
            assert page.status == 200
            assert "Nothing here yet" in page.text
            assert f"docker login {running.address}" in page.text

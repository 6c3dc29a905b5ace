"""What the lists of users, robots, groups and grants have in common."""

from __future__ import annotations

import pytest

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD

SCOPE = {"pattern": "team/**", "actions": ["pull"]}
NEW = {
    "users": lambda name: {"name": name, "password": PASSWORD},
    "robots": lambda name: {"name": name, "scopes": [SCOPE]},
    "groups": lambda name: {"name": name},
}


@pytest.mark.parametrize("kind", NEW)
def test_a_list_of_accounts_is_paged(root: Api, kind: str) -> None:
    """The path of the next page is told until there is none; each is on one page."""
    names = [f"paged-{kind}-{number}" for number in range(5)]
    for name in names:
        assert root.post(f"/api/v1/{kind}", NEW[kind](name)).status_code == 201
    seen: list[str] = []
    path: str | None = f"/api/v1/{kind}?limit=2"
    while path is not None:
        page = root.get(path)
        assert 0 < len(page[kind]) <= 2
        seen, path = [*seen, *(each["name"] for each in page[kind])], page["next"]
    assert seen == sorted(set(seen))
    assert set(names) <= set(seen)
    assert root.get(f"/api/v1/{kind}", limit=1000)["next"] is None
    for name in names:
        assert root.post(f"/api/v1/{kind}/{name}/{'revoke' if kind == 'robots' else 'remove'}").status_code == 200


def test_the_list_of_grants_is_paged(root: Api) -> None:
    """Of one holder, too."""
    root.post("/api/v1/groups", {"name": "paged"})
    for number in range(5):
        granted = {"to": "group:paged", "pattern": f"paged-{number}/**", "actions": ["pull"]}
        assert root.post("/api/v1/grants", granted).status_code == 201
    seen: list[str] = []
    path: str | None = "/api/v1/grants?limit=2&to=group:paged"
    while path is not None:
        page = root.get(path)
        seen, path = [*seen, *(each["pattern"] for each in page["grants"])], page["next"]
    assert seen == [f"paged-{number}/**" for number in range(5)]
    assert root.post("/api/v1/groups/paged/remove").status_code == 200


@pytest.mark.parametrize("kind", [*NEW, "grants"])
@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "after=a&after=b", "page=2"])
def test_a_page_that_cannot_be_is_refused(root: Api, kind: str, query: str) -> None:
    """Rather than passed over."""
    assert_refused(root.client.get(f"/api/v1/{kind}?{query}"), 400, "UNSUPPORTED")

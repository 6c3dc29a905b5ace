"""The picture of the disk over HTTP."""

from __future__ import annotations

from tests.http.manage.api import Api
from tests.http.manage.test_repositories import until
from tests.http.repository import Repository


def test_the_picture_is_what_usage_says(own: Api) -> None:
    """Once it was counted; with what a deletion holds, and the day."""
    Repository(own.client, "app").push_image("the layer of app", "v1")
    Repository(own.client, "gone").push_image("the layer of gone", "v1")
    own.delete("gone")

    usage = own.get("/api/v1/usage")["bytes"]
    disk = until(lambda: (found := own.get("/api/v1/disk"))["bytes"] == usage and found)

    assert [back["why"] for back in disk["returning"]][-1:] == ["undo"]
    assert disk["days"][-1]["bytes"] == disk["bytes"]
    assert disk["shared"] == []
    until(lambda: own.get("/api/v1/disk")["repositories"][0]["bytes"]["exclusive"] == len("the layer of app{}"))

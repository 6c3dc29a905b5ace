"""The console's pages of the example, by what each is called."""

from __future__ import annotations

from typing import Final

import httpx2

PAGES: Final = (
    ("repositories", "/"),
    ("repository", "/console/repositories/shop/web"),
    ("version", "/console/repositories/shop/web@{digest}"),
    ("choosing", "/console/repositories/shop/web?tag=v*&rule-tag=v*&keep=3"),
    ("deleting", "/console/deleting?t=shop/web@{digest}"),
    ("deleting-repository", "/console/deleting?t=data/etl"),
    ("rule", "/console/deleting?rule=shop/web&tag=v*&keep=3"),
    ("trash", "/console/trash"),
    ("deletion", "/console/trash/1"),
    ("space", "/console/space"),
    ("why", "/console/why/{digest}"),
    ("activity", "/console/activity"),
    ("nothing", "/console/nothing"),
)
GUARDED: Final = (("access", "/console/access"), ("password", "/console/password"))
SIGNING_IN: Final = (("sign-in", "/console/sign-in"), ("setup", "/console/setup"))


def path_of(page: str, client: httpx2.Client) -> str:
    """The address of a page of the table."""
    if "{digest}" not in page:
        return page
    answer = client.get("/v2/shop/web/manifests/v1.8")
    return page.replace("{digest}", answer.headers["docker-content-digest"])

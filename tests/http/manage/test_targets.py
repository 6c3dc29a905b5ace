"""What a request may ask to delete, and what is refused before anything is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.manage.api import DELETIONS, Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, index

# ------------------------------------------------------------------------------------------------------------- filters


@pytest.fixture
def filled(own: Api) -> Api:
    """A registry of three repositories, each with the tags v1, v2 and latest."""
    for name in ("app", "team/app", "team/old/app"):
        Repository(own.client, name).push(index(annotations={"of": name}), "v1", "v2", "latest")
    return own


def tags(api: Api) -> dict[str, list[str]]:
    """The tags of each repository that the catalog lists."""
    return {name: Repository(api.client, name).tags() for name in catalog(api.client)}


ALL = ["latest", "v1", "v2"]
LATEST = ["latest"]
UNTOUCHED = {"app": ALL, "team/app": ALL, "team/old/app": ALL}


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"repository": "team/**"}, {"app": ALL}),
        ({"repository": "team/*"}, {"app": ALL, "team/old/app": ALL}),
        ({"repository": "**/app", "tag": "v*"}, {"app": LATEST, "team/app": LATEST, "team/old/app": LATEST}),
        ({"repository": "*", "tag": "latest"}, {"app": ["v1", "v2"], "team/app": ALL, "team/old/app": ALL}),
        ({"repository": "app"}, {"team/app": ALL, "team/old/app": ALL}),
    ],
)
def test_a_filter_deletes_what_matches(filled: Api, wanted: dict[str, Any], left: dict[str, list[str]]) -> None:
    """As its plan said, as one deletion, and no more; it can be undone as one."""
    plan = filled.plan(filter=wanted)
    assert tags(filled) == UNTOUCHED

    deleted = filled.delete(filter=wanted, expect=plan)

    assert tags(filled) == left
    assert filled.restore(deleted["deletion"]).status_code == 200
    assert tags(filled) == UNTOUCHED


def test_a_filter_chooses_untagged_versions(filled: Api) -> None:
    """Those that nothing needs; named targets go with them."""
    app = Repository(filled.client, "app")
    loose = app.push(index(annotations={"loose": "1"}))

    deleted = filled.delete("team/app:v1", filter={"repository": "**", "untagged": True})

    assert deleted["targets"] == ["team/app:v1", f"app@{loose}"]
    assert not app.has(loose)
    assert tags(filled) == {"app": ALL, "team/app": ["latest", "v2"], "team/old/app": ALL}


@pytest.mark.parametrize("wanted", [{"repository": "**"}, {"repository": "**", "tag": "*"}])
def test_a_filter_that_matches_everything_is_refused(filled: Api, wanted: dict[str, Any]) -> None:
    """409 that says what confirms it; nothing is lost until it is."""
    for dry_run in (True, False):
        error = assert_refused(filled.ask(filter=wanted, dry_run=dry_run), 409, "FILTER_TOO_WIDE")
        assert "send all=true" in error.message
    assert tags(filled) == UNTOUCHED

    filled.delete(filter=wanted, all=True)

    assert not any(tags(filled).values())


@pytest.mark.parametrize(
    "wanted",
    [
        {"repository": "teams/**"},
        {"repository": "absent"},
        {"repository": "team"},
        {"repository": "**", "tag": "V*"},
        {"repository": "**", "untagged": True},
    ],
)
def test_a_filter_that_matches_nothing_is_an_error(filled: Api, wanted: dict[str, Any]) -> None:
    """404, with the filter as it was read, also if all of it would be confirmed."""
    error = assert_refused(filled.ask(filter=wanted, all=True), 404, "NOTHING_MATCHED")
    assert wanted["repository"] in error.message
    assert tags(filled) == UNTOUCHED


# ------------------------------------------------------------------------------------------------------ what is no form

REPOSITORY = "kept/by-refusals"
GOOD = {"targets": [{"repository": REPOSITORY}]}


@pytest.fixture
def kept(api: Api) -> Repository:
    """A repository that every request of the tests below would delete, if it were understood by half."""
    repository = Repository(api.client, REPOSITORY)
    repository.push(index(), "v1")
    return repository


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"dryrun": True}, "body.dryrun: is not known here"),
        ({"dry-run": True}, "body.dry-run: is not known here"),
        ({"dry_run": "true"}, "body.dry_run"),
        ({"dry_run": 1}, "body.dry_run"),
        ({"dry_run": None}, "'dry_run' is null"),
        ({"purge": "no"}, "body.purge"),
        ({"expect": None}, "'expect' is null"),
        ({"expect": {}}, "body.expect"),
        ({"expect": {"plan_id": "sha256:" + "0" * 64}}, "body.expect"),
        ({"expect": 7}, "body.expect"),
        ({"filter": None}, "'filter' is null"),
        ({"filter": {}}, "body.filter.repository: is missing"),
        ({"filter": {"repository": REPOSITORY, "tag": None}}, "'tag' is null"),
        ({"filter": {"repository": REPOSITORY, "tags": "v1"}}, "body.filter.tags: is not known here"),
        ({"filter": {"repository": REPOSITORY, "untagged": "yes"}}, "body.filter.untagged"),
        ({"reason": "two\nlines"}, "body.reason"),
        ({"reason": "nul\0"}, "body.reason"),
        ({"reason": "a terminal's \x9b31m"}, "body.reason"),
        ({"reason": "turned \u202e around"}, "body.reason"),
        ({"reason": "two\u2028lines"}, "body.reason"),
        ({"reason": "x" * 1001}, "body.reason"),
        ({"all": "true"}, "body.all"),
        ({"targets": None}, "'targets' is null"),
        ({"targets": []}, "body.targets"),
        ({"targets": REPOSITORY}, "body.targets"),
        ({"targets": [REPOSITORY]}, "body.targets.0"),
        ({"targets": [{}]}, "body.targets.0.repository: is missing"),
        ({"targets": [{"repository": None}]}, "'repository' is null"),
        ({"targets": [{"repository": REPOSITORY, "tag": None}]}, "'tag' is null"),
        ({"targets": [{"repository": REPOSITORY, "digest": None}]}, "'digest' is null"),
        ({"targets": [{"repository": REPOSITORY, "reference": "v1"}]}, "body.targets.0.reference: is not known"),
        ({"targets": [{"repository": REPOSITORY, "tag": 1}]}, "body.targets.0.tag"),
        (
            {"targets": [{"repository": REPOSITORY, "tag": "v1", "digest": f"sha256:{'0' * 64}"}]},
            "body.targets.0: has a tag and a digest",
        ),
    ],
)
def test_a_form_that_is_not_understood_whole_deletes_nothing(
    api: Api, kept: Repository, more: dict[str, Any], where: str
) -> None:
    """400 that says where: a field that is misspelled, or became null with an unset variable, is not passed over."""
    error = assert_refused(api.ask(**{**GOOD, **more}), 400, "UNSUPPORTED")

    assert where in error.message
    assert kept.tags() == ["v1"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"targets": [{"repository": ""}]}, "NAME_INVALID"),
        ({"targets": [{"repository": "Upper"}]}, "NAME_INVALID"),
        ({"targets": [{"repository": f"{REPOSITORY}/"}]}, "NAME_INVALID"),
        ({"targets": [{"repository": REPOSITORY, "tag": ""}]}, "TAG_INVALID"),
        ({"targets": [{"repository": REPOSITORY, "tag": "v1*"}]}, "TAG_INVALID"),
        ({"targets": [{"repository": REPOSITORY, "digest": ""}]}, "DIGEST_INVALID"),
        ({"targets": [{"repository": REPOSITORY, "digest": "sha256:0"}]}, "DIGEST_INVALID"),
        ({"filter": {"repository": ""}}, "PATTERN_INVALID"),
        ({"filter": {"repository": REPOSITORY, "tag": ""}}, "PATTERN_INVALID"),
        ({"filter": {"repository": "kept/b**"}}, "PATTERN_INVALID"),
        ({"filter": {"repository": REPOSITORY, "tag": "[v]1"}}, "PATTERN_INVALID"),
        ({**GOOD, "expect": "sha256:0"}, "DIGEST_INVALID"),
        ({**GOOD, "expect": ""}, "DIGEST_INVALID"),
    ],
)
def test_names_are_refused_in_their_own_words(api: Api, kept: Repository, wanted: dict[str, Any], code: str) -> None:
    """As under /v2; an empty tag is not the whole repository."""
    assert_refused(api.ask(**wanted), 400, code)
    assert kept.tags() == ["v1"]


@pytest.mark.parametrize("body", [{}, {"dry_run": False}, {"all": True}, {"purge": True, "reason": "all of it"}])
def test_nothing_named_deletes_nothing(api: Api, body: dict[str, Any]) -> None:
    """An empty request is not one for everything."""
    assert "name what is to go" in assert_refused(api.post(DELETIONS, body), 400, "UNSUPPORTED").message


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"x"', b"0", b"{}{}", b'{"targets": [}', b"\xff\xfe", b"\x00", b"NaN"),
        *(b"[" * 100_000, b'{"targets":' * 10_000, b'{"reason": "\\ud800", "targets": [{"repository": "a"}]}'),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    """400, whatever it is, and not a word of a server that failed."""
    answer = api.client.post(DELETIONS, content=body, headers={"Content-Type": "application/json"})
    assert_refused(answer, 400, "UNSUPPORTED")


def test_a_body_has_a_size(api: Api, kept: Repository) -> None:
    """413, and the connection can be used again or is closed in order."""
    body = b'{"targets": [{"repository": "%s"}], "reason": "%s"}' % (REPOSITORY.encode(), b"x" * 5_000_000)
    answer = api.client.post(DELETIONS, content=body, headers={"Content-Type": "application/json"})
    assert_refused(answer, 413, "SIZE_INVALID")
    assert kept.tags() == ["v1"]


def test_there_are_only_so_many_targets(api: Api, kept: Repository) -> None:
    """More than ten thousand are refused; so are more repositories than one deletion can hold at once."""
    many = [{"repository": REPOSITORY, "tag": f"v{number}"} for number in range(10_001)]
    assert "body.targets" in assert_refused(api.ask(targets=many), 400, "UNSUPPORTED").message
    wide = [{"repository": f"{REPOSITORY}/{number}"} for number in range(1001)]
    assert "1000 repositories" in assert_refused(api.ask(targets=wide), 413, "SIZE_INVALID").message
    assert kept.tags() == ["v1"]

from __future__ import annotations

import re
from urllib.parse import urlencode

import httpx2

from jettison.oci.media_types import OCI_IMAGE
from tests.http.console.surfer import Form, Page, Surfer
from tests.http.repository import Repository, index


def _ticked(page: Page) -> list[str]:
    """What is ticked already."""
    return [
        given["value"] or ""
        for tag, given in page.tags
        if tag == "input" and "checked" in given and given.get("name") == "t"
    ]


def _chosen(page: Page, ticked: list[str]) -> list[tuple[str, str]]:
    """What a browser sends of the list with these boxes ticked, as the server takes it."""
    [form] = [each for each in page.forms if each.action == "/console/deleting"]
    return [*form.fields, *(("t", each) for each in ticked)]


def test_a_version_is_deleted_and_brought_back_without_a_script(surfer: Surfer, repository: Repository) -> None:
    """Tick it, see the plan, press Delete, press Undo: forms alone do it."""
    digest = repository.push_image("content", "v1", "latest")
    page = surfer.get(f"/console/repositories/{repository.name}")
    assert f'value="{repository.name}@{digest}"' in page.text
    plan = surfer.get(f"/console/deleting?t={repository.name}@{digest}")
    assert "Delete one version" in plan.text
    assert f"jettison rm {surfer.origin.removeprefix('http://')}/{repository.name}@{digest}" in plan.text
    done = surfer.send(plan.form("/console/deleting"), reason="too old")
    assert "It can be undone" in done.text
    assert "too old" in done.text
    assert repository.tags() == []
    back = surfer.send(done.form(f"{done.answer.url.path}/restore"))
    assert "Restored" in back.text
    assert sorted(repository.tags()) == ["latest", "v1"]


def test_removing_a_tag_leaves_its_version(surfer: Surfer, repository: Repository) -> None:
    """That is said before, and so it is."""
    digest = repository.push_image("content", "v1", "latest")
    plan = surfer.get(f"/console/deleting?t={repository.name}:v1")
    assert "Remove the tag v1" in plan.text
    assert "other tags: latest" in plan.text
    surfer.send(plan.form("/console/deleting"))
    assert repository.tags() == ["latest"]
    assert repository.has(digest)


def test_the_tags_of_ticked_versions_go_without_them(surfer: Surfer, repository: Repository) -> None:
    """The other button of the list: all tags of what is ticked."""
    digest = repository.push_image("content", "v1", "latest")
    plan = surfer.get(f"/console/deleting?t={repository.name}@{digest}&only=tags")
    assert "Remove 2 tags" in plan.text
    surfer.send(plan.form("/console/deleting"))
    assert repository.tags() == []
    assert repository.has(digest)


def test_a_whole_repository_takes_its_name_typed(surfer: Surfer, repository: Repository) -> None:
    """Of a repository the name is typed, as it is; until then nothing is deleted."""
    repository.push_image("content", "v1")
    form = surfer.get(f"/console/deleting?t={repository.name}").form("/console/deleting")
    page = surfer.send(form, typed=repository.name[:-1])
    assert "The name was not typed as it is" in page.text
    assert repository.tags() == ["v1"]
    surfer.send(form, typed=repository.name)
    assert repository.tags() == []


def test_what_was_pushed_while_the_plan_was_open_is_told(surfer: Surfer, repository: Repository) -> None:
    """Nothing is deleted then: the page says what is different, and shows the new plan."""
    digest = repository.push_image("content", "v1")
    form = surfer.get(f"/console/deleting?t={repository.name}@{digest}").form("/console/deleting")
    repository.push_image("content", "v2")
    page = surfer.send(form)
    assert page.status == 409
    assert "What is different now" in page.text
    assert f"{repository.name}:v2" in page.text
    assert sorted(repository.tags()) == ["v1", "v2"]
    surfer.send(page.form("/console/deleting"))
    assert repository.tags() == []


def test_two_people_who_delete_the_same_thing_are_both_told_how_it_ended(
    surfer: Surfer, repository: Repository
) -> None:
    """The second is told that it is not there, and nothing fails."""
    repository.push_image("content", "v1")
    form = surfer.get(f"/console/deleting?t={repository.name}:v1").form("/console/deleting")
    other = Surfer(surfer.origin)
    with other.client:
        theirs = other.get(f"/console/deleting?t={repository.name}:v1").form("/console/deleting")
        assert other.send(theirs).status == 200
    assert surfer.send(form).status == 404


def test_a_rule_chooses_before_anything_is_deleted(surfer: Surfer, repository: Repository) -> None:
    """Keep the newest two of `v*`: the plan names the others, and the command says the same."""
    for number in range(4):
        repository.push_image(f"content {number}", f"v{number}")
    repository.push_image("another", "main")
    plan = surfer.get(f"/console/deleting?rule={repository.name}&tag=v*&keep=2")
    assert "Remove 2 tags" in plan.text
    assert "--tag &#39;v*&#39; --keep 2" in plan.text
    surfer.send(plan.form("/console/deleting"))
    assert sorted(repository.tags()) == ["main", "v2", "v3"]


def test_a_rule_that_says_nothing_is_refused(surfer: Surfer, repository: Repository) -> None:
    """An empty rule is no rule for everything."""
    repository.push_image("content", "v1")
    assert surfer.get(f"/console/deleting?rule={repository.name}").status == 400


def test_a_rule_ticks_what_goes_where_it_is_written(surfer: Surfer, repository: Repository) -> None:
    """The list shows it, beside whatever it is filtered by, and leads to the plan; the address has it all."""
    for number in range(4):
        repository.push_image(f"content {number}", f"v{number}")
    repository.push_image("another", "main")
    page = surfer.get(f"/console/repositories/{repository.name}?rule-tag=v*&keep=3&tag=*")
    assert "lets go of 1 tag, on all pages" in page.text
    assert _ticked(page) == [f"{repository.name}:v0"]
    plan = surfer.get(f"/console/deleting?{urlencode(_chosen(page, _ticked(page)))}")
    assert "Remove the tag v0" in plan.text
    assert "--tag &#39;v*&#39; --keep 3" in plan.text
    assert "lets nothing go" in surfer.get(f"/console/repositories/{repository.name}?keep=9").text
    assert surfer.get(f"/console/repositories/{repository.name}?older=soon").status == 400
    assert surfer.get(f"/console/repositories/{repository.name}").text.count("going") == 0


def test_what_is_unticked_is_spared_by_the_rule(surfer: Surfer, repository: Repository) -> None:
    """It stays, whatever else the rule lets go; what is ticked beside that goes with it. The command says the same."""
    for number in range(4):
        repository.push_image(f"content {number}", f"v{number}")
    repository.push_image("another", "main")
    page = surfer.get(f"/console/repositories/{repository.name}?rule-tag=v*&keep=1")
    assert "lets go of 3 tags" in page.text
    left = [each for each in _ticked(page) if not each.endswith(":v1")]
    query = urlencode(_chosen(page, [*left, f"{repository.name}:main"]))
    plan = surfer.get(f"/console/deleting?{query}")
    assert "Remove 3 tags" in plan.text
    assert "jettison rm" in plan.text
    assert "jettison prune" not in plan.text
    surfer.send(plan.form("/console/deleting"))
    assert sorted(repository.tags()) == ["v1", "v3"]


def test_a_rule_with_all_of_it_unticked_deletes_nothing(surfer: Surfer, repository: Repository) -> None:
    """Where the one tag that it lets go is un-ticked, nothing is chosen any more."""
    repository.push_image("content", "v1")
    page = surfer.get(f"/console/repositories/{repository.name}?rule-tag=v*")
    answer = surfer.get(f"/console/deleting?{urlencode(_chosen(page, []))}")
    assert answer.status == 404
    assert repository.tags() == ["v1"]


def test_versions_without_tags_are_ticked_by_a_rule(surfer: Surfer, repository: Repository) -> None:
    """A rule about them ticks the versions, one of which can be un-ticked."""
    digests = {f"{repository.name}@{repository.push_image(f'content {number}', 'v')}" for number in range(3)}
    page = surfer.get(f"/console/repositories/{repository.name}?rule-untagged=1")
    ticked = _ticked(page)
    assert len(ticked) == 2
    assert set(ticked) < digests
    plan = surfer.get(f"/console/deleting?{urlencode(_chosen(page, ticked[1:]))}")
    assert "Delete one version" in plan.text


def test_a_rule_does_not_break_an_index_that_stays(surfer: Surfer, repository: Repository) -> None:
    """A platform whose own tag goes is not a version without tags: the index needs it."""
    child = repository.push_image("content", "v1-amd64")
    repository.push(index({"mediaType": OCI_IMAGE, "digest": child, "size": 500}), "v1")
    plan = surfer.get(f"/console/deleting?rule={repository.name}&tag=*-amd64&untagged=1")
    assert "Remove the tag v1-amd64" in plan.text
    assert "Breaks" not in plan.text


def test_indexes_that_would_break_are_named(surfer: Surfer, repository: Repository) -> None:
    """Deleting one platform says which index loses it."""
    child = repository.push_image("content")
    entry = {"mediaType": OCI_IMAGE, "digest": child, "size": 500}
    whole = repository.push(index(entry), "v1")
    page = surfer.get(f"/console/deleting?t={repository.name}@{child}")
    assert "Breaks" in page.text
    assert whole[:19] in page.text


def test_all_that_match_a_search_go_together(surfer: Surfer, client: httpx2.Client, name: str) -> None:
    """The search is asked again when they go, and their number is typed."""
    for end in ("one", "two"):
        Repository(client, f"{name}/{end}").push_image(end, "v1")
    plan = surfer.get(f"/console/deleting?search={name}/")
    assert "Delete 2 repositories" in plan.text
    surfer.send(plan.form("/console/deleting"), typed="2 repositories")
    assert not Repository(client, f"{name}/one").tags()


def test_a_broken_form_is_refused(surfer: Surfer, repository: Repository) -> None:
    """What no page of ours sends is answered, and deletes nothing."""
    repository.push_image("content", "v1")
    form = surfer.get(f"/console/deleting?t={repository.name}:v1").form("/console/deleting")
    for broken in ({"said": "{"}, {"said": "[1]"}, {"said": '{"a":1}'}, {"plan": ""}, {"t": "../x"}, {"t": ""}):
        sent = Form(form.action, form.method, [(key, broken.get(key, value)) for key, value in form.fields])
        assert surfer.send(sent).status in (400, 404), broken
    assert repository.tags() == ["v1"]


def test_purging_is_final(surfer: Surfer, repository: Repository) -> None:
    """What was purged is no longer offered to be undone."""
    repository.push_image("content", "v1")
    form = surfer.get(f"/console/deleting?t={repository.name}:v1").form("/console/deleting")
    done = surfer.send(form)
    gone = surfer.send(done.form(f"{done.answer.url.path}/purge"))
    assert "gone for good" in gone.text
    assert not [each for each in gone.forms if each.action.endswith("/restore")]
    assert surfer.send(done.form(f"{done.answer.url.path}/restore")).status == 409


def test_the_trash_lists_what_can_be_undone(surfer: Surfer, repository: Repository) -> None:
    """With who deleted it, and a button that restores it."""
    repository.push_image("content", "v1")
    surfer.send(surfer.get(f"/console/deleting?t={repository.name}:v1").form("/console/deleting"))
    page = surfer.get("/console/trash")
    [id] = re.findall(rf'/console/trash/(\d+)" data-open>{repository.name}:v1<', page.text)
    surfer.send(page.form(f"/console/trash/{id}/restore"))
    assert repository.tags() == ["v1"]


def test_a_tag_that_was_pushed_again_is_left_and_named(surfer: Surfer, repository: Repository) -> None:
    """Restoring overwrites nothing."""
    repository.push_image("content", "v1", "v2")
    digest = repository.push_image("content")
    form = surfer.get(f"/console/deleting?t={repository.name}@{digest}").form("/console/deleting")
    done = surfer.send(form)
    repository.push_image("other", "v1")
    page = surfer.send(done.form(f"{done.answer.url.path}/restore"))
    assert "stayed as they are" in page.text
    assert f"{repository.name}:v1" in page.text

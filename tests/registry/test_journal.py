from __future__ import annotations

from jettison.oci.reference import RepositoryName
from jettison.registry import deletion, journal, restore
from jettison.registry.target import Target
from tests.support.content import image
from tests.support.repository import Repository


def test_pages_begin_with_the_newest(repository: Repository) -> None:
    """Each page goes on where the last ended, and the last says that nothing follows."""
    repository.push(image(b"layer"), *(f"v{number}" for number in range(5)))
    made = [repository.delete(f"v{number}").id for number in range(5)]

    found, before, more = [], journal.NEWEST, True
    while more:
        page = journal.page(repository.registry, 2, before)
        found += [entry.id for entry in page.entries]
        before, more = page.entries[-1].id, page.more

    assert found == made[::-1]


def test_a_page_can_be_of_one_state(repository: Repository) -> None:
    """What can be undone, apart from what was."""
    repository.push(image(b"layer"), "a", "b", "c")
    made = {tag: repository.delete(tag).id for tag in ("a", "b", "c")}
    restore.restore(repository.registry, made["a"])
    restore.purge(repository.registry, made["b"])

    for state, tag in (("restored", "a"), ("purged", "b"), ("deleted", "c")):
        page = journal.page(repository.registry, 10, state=state)
        assert [entry.id for entry in page.entries] == [made[tag]]
    assert journal.page(repository.registry, 10, state="expired").entries == []


def test_a_page_can_be_of_one_repository(repository: Repository, other: Repository) -> None:
    """Deletions of it alone, and of many at once among which it is; a name that is part of another is not it."""
    registry = repository.registry
    near = [Repository(registry, name) for name in ("apps", "my/app", "a-p", "a_p", "axp")]
    for each in (repository, other, *near):
        each.push(image(b"layer"), "v1", "v2")
    alone = repository.delete("v1").id
    other.delete("v1")
    many = deletion.delete(registry, *(Target(each.name) for each in (repository, other))).id
    without = deletion.delete(registry, *(Target(each.name) for each in near)).id

    def of(name: str) -> list[int]:
        return [entry.id for entry in journal.page(registry, 10, repository=RepositoryName(name)).entries]

    assert of("app") == [many, alone]
    assert of("a_p") == [without]
    assert of("p") == []

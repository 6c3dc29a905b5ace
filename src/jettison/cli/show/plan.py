"""A plan as a tree: what goes, why, what goes with it, and what stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from jettison.cli.sizes import number, short_size

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from jettison.client.item import Item
    from jettison.client.plan import Plan
    from jettison.oci.digest import Digest

MOST_SHOWN: Final = 60
"""Items of a repository before a question; a dry run shows all."""
MOST_TAGS: Final = 8


def tree(plan: Plan, *, most: int | None = None) -> Tree:
    """All that goes of a registry by repositories; of each at most `most` items."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(f"{plan.host}: {total(plan)}"))
    by_repository: dict[str, list[Item]] = {}
    for item in plan.items:
        by_repository.setdefault(str(item.repository), []).append(item)
    for name, items in by_repository.items():
        whole = next((item for item in items if item.reference is None), None)
        branch = root.add(_whole(whole) if whole is not None else Text(name))
        _items(branch, [item for item in items if item is not whole], most)
    for stay in plan.stays:
        root.add(_styled("stays ", stay.what, stay.reason, style="green"))
    for note in plan.notes:
        root.add(Text(f"note: {note}", style="dim"))
    return root


def total(plan: Plan) -> str:
    """How much goes, and how many bytes come back, as far as that is known."""
    repositories = sum(item.reference is None for item in plan.items)
    parts = [number(repositories, "repository", "repositories")] if repositories else []
    parts += [number(plan.tags, "tag")] if plan.tags else []
    parts += [number(plan.versions, "version")] if plan.versions else []
    text = f"{' and '.join(parts) or 'nothing'} to delete"
    if plan.freed is not None:
        return f"{text}, {short_size(plan.freed)} come back"
    return text if plan.at_most is None else f"{text}, at most {short_size(plan.at_most)} come back"


def _whole(item: Item) -> Text:
    contents = [number(len(item.tags), "tag")]
    contents += [number(item.versions, "version")] if item.versions is not None else []
    return _styled("repository ", str(item.repository), f"whole, {' and '.join(contents)}", style="red")


def _items(branch: Tree, items: Sequence[Item], most: int | None) -> None:
    """The items as branches, each below what brings it."""
    from rich.text import Text

    shown = items if most is None else items[:most]
    places: dict[Digest, Tree] = {}
    for item in shown:
        above = places.get(item.part_of, branch) if item.part_of is not None else branch
        place = above.add(_item(item))
        if item.tag is None and item.digest is not None:
            places[item.digest] = place
        for stay in item.stays:
            place.add(_styled("stays ", stay.what, stay.reason, style="green"))
    if len(items) > len(shown):
        branch.add(Text(f"and {len(items) - len(shown)} more: --dry-run shows all"))


def _item(item: Item) -> Text:
    if item.tag is not None:
        return _styled("tag ", str(item.tag), item.reason, style="red")
    tags = ", ".join(map(str, item.tags[:MOST_TAGS]))
    more = f" and {len(item.tags) - MOST_TAGS} more" if len(item.tags) > MOST_TAGS else ""
    tagged = f"with the tags {tags}{more}; " if len(item.tags) > 1 else f"with the tag {tags}; " if tags else ""
    size = "" if item.size is None else f"; {short_size(item.size)}"
    return _styled("version ", str(item.digest), f"{tagged}{item.reason}{size}", style="red")


def _styled(kind: str, name: str, reason: str, *, style: str) -> Text:
    from rich.text import Text

    return Text.assemble((kind, "dim"), (name, style), (f"  {reason}", "dim"))

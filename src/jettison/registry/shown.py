"""A plan as somebody saw it before they decided, and what is different from it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jettison.oci.errors import Json, PlanOutdated
from jettison.registry.plan import Plan

CHANGES_TOLD = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """The plan of this ``id``. ``says`` is what it said of each thing it named, None where only the id is known."""

    id: str
    says: Mapping[str, str] | None = None

    @classmethod
    def of(cls, plan: Plan) -> Shown:
        """The plan, had it been shown."""
        return cls.parse(plan.id, plan.to_json())

    @classmethod
    def parse(cls, id: str, plan: Mapping[str, Any]) -> Shown:
        """The plan whose JSON object this is, which is trusted to have the form of one."""
        return cls(id, dict(_statements(plan)))

    def compare(self, made: Plan) -> None:
        """Raise PlanOutdated, which tells what is different, unless ``made`` says the same."""
        if made.id == self.id:
            return
        now = made.to_json()
        detail: dict[str, Json] = {"changed": None, "plan": {**now, "plan_id": made.id}}
        if self.says is not None:
            detail["changed"] = _changes(self.says, dict(_statements(now)))
        named = ", ".join(made.repositories[:3])
        raise PlanOutdated(
            f"{named} changed since the plan was made, so nothing was deleted: look at the new plan, then decide again",
            detail,
        )


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[Json]:
    """The first things of which something else is said now, by name. None: nothing is said of it."""
    different = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return [{"name": name, "shown": before.get(name), "now": now.get(name)} for name in different[:CHANGES_TOLD]]


def _statements(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the plan says, by the name of what it says it of, as in ``app@sha256:...: goes, asked for``."""
    targets = plan["targets"] if plan["kind"] == "many" else [plan["target"]]
    yield from ((target, "goes, asked for") for target in targets)
    for part in plan["repositories"] if plan["kind"] == "many" else [plan]:
        repository = part["repository"]
        if part.get("whole") or plan["kind"] == "repository":
            yield repository, f"goes with all it has: tags {part['tags']}, versions {part['versions']}"
            continue
        for what in ("goes", "breaks", "stays"):
            for item in part[what]:
                yield f"{repository}@{item['digest']}", f"{what}, {item['reason']}"
                yield from ((f"{repository}:{tag}", f"{what} with {item['digest']}") for tag in item["tags"])

"""A run: one happening after another, each in repositories of its own, every answer entered in the books."""

from __future__ import annotations

import random
from functools import partial

from .ask import Steps
from .ledger import Ledger
from .sides import Sides
from .steps import catalog, deleting, hostile, pushing, reading, uploading
from .steps.tour import TOUR
from .world import STANDS_ALONE, Step, World

WEIGHTS: dict[Step, int] = {
    pushing.push_image: 3,
    pushing.push_index: 2,
    pushing.push_referrer: 2,
    pushing.push_again: 2,
    pushing.push_incomplete: 2,
    pushing.push_by_digest: 2,
    pushing.push_with_tags: 1,
    pushing.push_changed: 4,
    pushing.push_changed_index: 2,
    pushing.push_nonsense: 2,
    pushing.push_artifact: 1,
    reading.ask_root: 1,
    reading.list_tags: 8,
    reading.list_catalog: 1,
    reading.get_manifest: 12,
    reading.get_blob: 16,
    reading.get_manifest_as_blob: 1,
    reading.list_referrers: 2,
    uploading.upload: 2,
    uploading.upload_in_chunks: 3,
    uploading.upload_out_of_order: 3,
    uploading.upload_wrongly: 3,
    uploading.upload_at_once: 2,
    uploading.mount: 4,
    uploading.cancel: 2,
    uploading.go_on_after_the_end: 2,
    uploading.upload_without_state: 2,
    uploading.upload_to_nothing: 2,
    uploading.upload_oddly: 2,
    deleting.delete_tag: 2,
    deleting.delete_manifest: 2,
    deleting.delete_blob: 2,
    deleting.delete_repository: 1,
    deleting.delete_with_parameters: 1,
    hostile.call_oddly: 5,
    hostile.name_oddly: 4,
    hostile.refer_oddly: 4,
    hostile.push_oddly: 2,
    hostile.go_elsewhere: 8,
    hostile.escape: 2,
    hostile.head_oddly: 2,
}
STEPS_EACH = 25
ALONE, MIXED = 2, 10
"""Happenings of one kind of step, for each kind, and of all kinds; times the size of the run."""


def happen(world: World) -> Steps:
    """Something is pushed, then one step after another, as chance has it."""
    yield from pushing.push_image(world)
    yield from pushing.push_index(world)
    for step in world.rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS_EACH):
        yield from step(world)


def alone(step: Step, world: World) -> Steps:
    """Something is pushed, then the same step some times."""
    yield from pushing.push_image(world)
    for _ in range(WEIGHTS[step] + 3):
        yield from step(world)


def play(steps: Steps, sides: Sides, ledger: Ledger) -> None:
    """Make the requests on both sides, until all are made or the two no longer hold the same."""
    ask = next(steps, None)
    while ask is not None:
        exchange = sides.ask(ask)
        ledger.enter(exchange)
        if exchange.parts and STANDS_ALONE not in ask.about:
            steps.close()
            return
        try:
            ask = steps.send(exchange)
        except StopIteration:
            return


def run_catalog(sides: Sides, ledger: Ledger, seed: str) -> None:
    """What the catalog lists, in registries that were empty."""
    world = World(random.Random(f"{seed} catalog"), "catalog")
    play(catalog.of_plain_names(world), sides, ledger)
    play(catalog.of_names_below_others(world), sides, ledger)


def run(sides: Sides, ledger: Ledger, seed: str, size: int) -> None:
    """Every kind of step by itself, some times, then all of them mixed; the same ``seed`` makes the same requests."""
    for number, step in enumerate(TOUR):
        play(step(World(random.Random(f"{seed} tour {number}"), f"t{number}")), sides, ledger)
    each = [partial(alone, step) for step in WEIGHTS for _ in range(ALONE * size)]
    happenings: list[Step] = [*each, *[happen] * (MIXED * size)]
    for number, happening in enumerate(happenings):
        play(happening(World(random.Random(f"{seed} {number}"), f"h{number}")), sides, ledger)

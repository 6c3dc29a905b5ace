from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import Denied, NameUnknown
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry.access import EVERYONE, Action, Caller, Kind, grant
from jettison.registry.registry import Registry
from jettison.registry.ruled import let_go
from jettison.selection.choice import select
from jettison.selection.pattern import Pattern
from jettison.selection.rules import Rules, TagRule, Untagged
from jettison.selection.version import Tagged, Version
from tests.support.clock import Clock
from tests.support.content import image, index, referrer
from tests.support.repository import Repository

KEEP_ONE = Rules((TagRule((), 1, None),))


def goes(repository: Repository, rules: Rules) -> list[str]:
    """What the rules let go of it."""
    return [str(each.reference) for each in let_go(repository.registry, repository.name, rules, EVERYONE)]


def test_the_newest_tags_stay(repository: Repository, clock: Clock) -> None:
    """Of those that the pattern matches; the others are none of the rule's business."""
    for number in range(3):
        repository.push(image(bytes([number])), f"v{number}")
        clock.advance(60)
    repository.push(image(b"main"), "main")
    assert goes(repository, Rules((TagRule((Pattern.parse("v*"),), 1, None),))) == ["v1", "v0"]


def test_an_age_is_counted_by_the_clock_of_the_database(repository: Repository, clock: Clock) -> None:
    """As old as the tag is where it points now."""
    repository.push(image(b"1"), "old")
    clock.advance(3600)
    repository.push(image(b"2"), "new")
    clock.advance(60)
    assert goes(repository, Rules((TagRule((), 0, timedelta(minutes=30)),))) == ["old"]


def test_a_platform_of_what_stays_stays(repository: Repository, clock: Clock) -> None:
    """Though its own tag goes, and versions without tags do."""
    one = image(b"1")
    repository.push(one, "v1-amd64")
    clock.advance(60)
    repository.push(index(one, image(b"2")), "v1")
    assert goes(repository, Rules((TagRule((), 1, None),), untagged=Untagged(None))) == ["v1-amd64"]


def test_what_goes_along_is_not_named_again(repository: Repository, clock: Clock) -> None:
    """An index takes its platforms and signatures: one target is enough."""
    both = index(image(b"1"), image(b"2"))
    repository.push(both, "v1")
    repository.push(referrer(both, "application/spdx+json"))
    repository.push(image(b"signature"), f"sha256-{both.digest.hex}.sig")
    clock.advance(60)
    repository.push(image(b"3"), "v2")
    assert goes(repository, Rules((TagRule((), 1, None),), untagged=Untagged(None))) == ["v1", str(both.digest)]


def test_many_tags_are_decided_on_while_somebody_writes_the_rule() -> None:
    """Ten thousand take a fraction of a second: the time grows with their number, not with its square."""
    at = datetime(2026, 11, 24, tzinfo=UTC)
    versions = [
        Version(Digest.of(f"{number}".encode()), (Tagged(Tag(f"v{number}"), at + timedelta(seconds=number)),), at)
        for number in range(10_000)
    ]
    began = time.perf_counter()
    assert sum(each.goes for each in select(versions, Rules((TagRule((), 10, None),)), at)) == 9990
    assert time.perf_counter() - began < 2


def test_a_signature_is_no_tag_to_be_counted(repository: Repository, clock: Clock) -> None:
    """Its tag is newer than what it signs, and would push that out."""
    draft = image(b"1")
    repository.push(draft, "v1")
    clock.advance(60)
    repository.push(image(b"signature"), f"sha256-{draft.digest.hex}.sig")
    assert goes(repository, KEEP_ONE) == []
    assert goes(repository, Rules((TagRule((Pattern.parse("sha256-*"),), 0, None),))) == []


def test_whoever_may_not_pull_learns_nothing(repository: Repository, registry: Registry) -> None:
    """Of what is there and what is not alike."""
    repository.push(image(b"1"), "v1")
    ana = Caller(Kind.USER, "ana", (grant([Action.PULL, Action.DELETE], "other"),))
    for name in (repository.name, RepositoryName("absent")):
        with pytest.raises(Denied):
            let_go(registry, name, KEEP_ONE, ana)
    with pytest.raises(NameUnknown):
        let_go(registry, RepositoryName("absent"), KEEP_ONE, EVERYONE)

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from jettison.metadata import keys as rows
from jettison.registry import audit
from jettison.registry.keys import LONGEST_TOKEN, ensure_key, rotate, signing_keys
from jettison.registry.registry import Registry
from tests.support.clock import Clock


def test_a_key_is_made_once(registry: Registry) -> None:
    """At the first start, however many start together."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: ensure_key(registry), range(4)))
    (key,) = signing_keys(registry)
    ensure_key(registry)
    assert signing_keys(registry) == [key]
    assert key.ends_at is None
    assert repr(key.private) not in repr(key)


def test_a_new_key_signs_and_the_old_one_is_believed_until_its_tokens_have_ended(
    registry: Registry, clock: Clock
) -> None:
    """The longest of them; then it is forgotten with the next rotation."""
    ensure_key(registry)
    (old,) = signing_keys(registry)
    clock.advance(1)
    new = rotate(registry)
    assert [key.id for key in signing_keys(registry)] == [new.id, old.id]
    clock.advance(LONGEST_TOKEN / 1_000_000 - 1)
    assert [key.id for key in signing_keys(registry)] == [new.id, old.id]
    clock.advance(1000)
    assert [key.id for key in signing_keys(registry)] == [new.id]
    newest = rotate(registry)
    assert registry.database.read(lambda tx: tx.all("select count(*) from signing_key")) == [(2,)]
    assert signing_keys(registry)[0].id == newest.id


def test_a_revoked_key_is_gone(registry: Registry) -> None:
    """With all that were before it."""
    ensure_key(registry)
    rotate(registry)
    key = rotate(registry, revoke=True)
    assert [each.id for each in signing_keys(registry)] == [key.id]
    assert registry.database.read(rows.all_of) == signing_keys(registry)


def test_the_audit_log_has_what_was_done_with_keys(registry: Registry) -> None:
    """Their names, and no key."""
    ensure_key(registry)
    key = rotate(registry, revoke=True)
    entries = audit.page(registry, 10).entries
    assert [(entry.action, entry.target) for entry in entries] == [("keys", key.id), ("keys", "")]
    assert all(len(entry.detail) < 50 for entry in entries)

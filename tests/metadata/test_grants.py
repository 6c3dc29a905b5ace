from __future__ import annotations

from jettison.metadata import accounts, grants, groups
from jettison.metadata.database import Database, Transaction
from jettison.metadata.grants import Holder


def test_each_holder_has_one_grant_by_a_pattern(database: Database) -> None:
    """Put again it is another; an account, a group and everybody are told apart, though their numbers are the same."""

    def fill(tx: Transaction) -> tuple[int, int]:
        account, group = accounts.add_user(tx, "ana", "a hash", ""), groups.add(tx, "dev")
        for holder in (Holder(), Holder(account=account), Holder(group=group)):
            grants.put(tx, holder, "a", "pull")
            grants.put(tx, holder, "a", "push")
            grants.put(tx, holder, "b", "pull")
        return account, group

    account, group = database.write(fill)
    listed = database.read(grants.all_grants)
    assert [(row.account, row.group, row.pattern, row.actions) for row in listed] == [
        (None, None, "a", "push"),
        (None, None, "b", "pull"),
        (None, "dev", "a", "push"),
        (None, "dev", "b", "pull"),
        ("ana", None, "a", "push"),
        ("ana", None, "b", "pull"),
    ]
    database.write(lambda tx: grants.take(tx, Holder(group=group), "a"))
    assert database.read(lambda tx: grants.actions(tx, Holder(group=group), "a")) is None
    assert database.read(lambda tx: grants.actions(tx, Holder(account=account), "a")) == "push"
    assert database.read(lambda tx: grants.of_holder(tx, Holder(group=group))) == [("b", "pull")]
    database.write(lambda tx: grants.take_all(tx, Holder()))
    assert database.read(grants.everybodys) == []
    assert len(database.read(grants.all_grants)) == 3


def test_what_counts_for_an_account_is_its_own_its_groups_and_everybodys(database: Database) -> None:
    """And nothing of others."""

    def fill(tx: Transaction) -> int:
        ana, bo = (accounts.add_user(tx, name, "a hash", "") for name in ("ana", "bo"))
        dev, ops = (groups.add(tx, name) for name in ("dev", "ops"))
        groups.join(tx, dev, ana)
        groups.join(tx, ops, bo)
        for number, holder in enumerate(
            (Holder(), Holder(account=ana), Holder(account=bo), Holder(group=dev), Holder(group=ops))
        ):
            grants.put(tx, holder, f"p{number}", "pull")
        return ana

    ana = database.write(fill)
    assert {pattern for pattern, _ in database.read(lambda tx: grants.counting(tx, ana))} == {"p0", "p1", "p3"}
    assert [pattern for pattern, _ in database.read(grants.everybodys)] == ["p0"]

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.metadata import accounts as rows
from jettison.metadata.database import Database
from jettison.oci.errors import DiskFull, RegistryError, TooManyRequests, Unauthorized
from jettison.registry import accounts, passwords, robots, users
from jettison.registry.access import EVERYONE, Action, Caller, Kind
from jettison.registry.accounts import any_account, by_token, caller_of, is_account, sign_in
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from tests.support.accounts import PASSWORD, add_group, add_robot, add_user, cheap_passwords, give, take
from tests.support.clock import Clock

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")

NAMES = ["", "ana", "ci", "nobody", "Ana", "a\x00b", "\ud800", "x" * 10_000, "ana:x", "anonymous"]
SECRETS = ["", "wrong", "\x00", "\ud800", "x" * 10_000, "jettison_wrong"]


def ana_may(registry: Registry, action: Action, name: str | None = None) -> bool:
    """Whether ana may do it now."""
    return sign_in(registry, "ana", PASSWORD).may(action, name)


# -------------------------------------------------------------------------------------------------------------- sign in


def test_a_user_signs_in_with_the_password(registry: Registry) -> None:
    """And may do what was granted."""
    caller = add_user(registry, "ana", "team/**:pull,push")
    assert (caller.kind, caller.name) == (Kind.USER, "ana")
    assert caller.may(Action.PUSH, "team/app")
    assert not caller.may(Action.DELETE, "team/app")


def test_a_robot_signs_in_with_its_token_as_the_password(registry: Registry) -> None:
    """As docker login sends it; and by the token alone."""
    token = add_robot(registry, "ci", "team/**:pull,push")
    caller = sign_in(registry, "ci", token)
    assert (caller.kind, caller.name) == (Kind.ROBOT, "ci")
    assert caller == by_token(registry, token)
    assert caller.may(Action.PUSH, "team/app")
    assert not caller.may(Action.DELETE, "team/app")


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_nobody_signs_in_with_what_is_wrong(registry: Registry, name: str) -> None:
    """Whatever it is, one is told the same: not which of the two is wrong, nor whether there is such an account."""
    add_user(registry, "ana")
    token = add_robot(registry, "ci")
    for secret in (*SECRETS, *([token] if name != "ci" else [PASSWORD])):
        with pytest.raises(Unauthorized) as caught:
            sign_in(registry, name, secret)
        assert caught.value.message == "the name or the password is wrong"


@pytest.mark.parametrize("token", SECRETS, ids=ascii)
def test_a_token_that_is_none_is_refused(registry: Registry, token: str) -> None:
    """A password is none either."""
    add_user(registry, "ana")
    for wrong in (token, PASSWORD):
        with pytest.raises(Unauthorized, match="the token is wrong, or was revoked"):
            by_token(registry, wrong)


def test_the_hash_that_is_kept_opens_nothing(registry: Registry) -> None:
    """Who has read the database cannot sign in with what is there."""
    add_user(registry, "ana")
    add_robot(registry, "ci")
    ana, ci = registry.database.read(lambda tx: (rows.find(tx, "ana"), rows.find(tx, "ci")))
    assert ana is not None
    assert ci is not None
    assert ana.password is not None
    assert ci.token is not None
    for name, secret in (("ana", ana.password), ("ci", ci.token.hex()), ("ci", ci.token.decode("latin-1"))):
        with pytest.raises(Unauthorized):
            sign_in(registry, name, secret)


def test_no_secret_lies_in_the_database(registry: Registry) -> None:
    """Nor in the audit log."""
    add_user(registry, "ana")
    token = add_robot(registry, "ci")
    tables = ("account", "granted", "session", "audit")
    lying = registry.database.read(lambda tx: [tx.all(f"select * from {table}") for table in tables])
    assert "ana" in repr(lying)
    assert PASSWORD not in repr(lying)
    assert token.removeprefix("jettison_") not in repr(lying)


@pytest.mark.slow
def test_an_unknown_name_takes_as_long_as_a_wrong_password(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's, a robot's, and one that nobody has."""
    monkeypatch.setattr(passwords, "ROUNDS", 2)
    monkeypatch.setattr(passwords, "MEMORY", 8192)
    add_user(registry, "ana")
    add_robot(registry, "ci")

    def took(name: str) -> float:
        began = time.perf_counter()
        with pytest.raises(Unauthorized):
            sign_in(registry, name, "wrong password")
        return time.perf_counter() - began

    seconds: dict[str, list[float]] = {"ana": [], "ci": [], "nobody": [], "No Name": []}
    for _ in range(15):
        for name, found in seconds.items():
            found.append(took(name))
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians
    assert min(medians.values()) > 0.005, "it is not hashed at all"


def test_what_is_disabled_expired_or_revoked_opens_nothing(registry: Registry, clock: Clock) -> None:
    """At once; who has the right password or token is told why."""
    add_user(registry, "ana")
    tokens = {name: add_robot(registry, name, days=days) for name, days in (("short", 1), ("gone", 9), ("stays", None))}
    clock.advance(24 * 3600)
    users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=True)
    robots.revoke(registry, EVERYONE, NOBODY, "gone")

    for name, secret, message in (
        ("ana", PASSWORD, "ana is disabled"),
        ("ana", "wrong", "the name or the password is wrong"),
        ("short", tokens["short"], "the token of short expired at 2023-11-15T22:13:20Z"),
        ("gone", tokens["gone"], "the name or the password is wrong"),
    ):
        with pytest.raises(Unauthorized, match=message):
            sign_in(registry, name, secret)
    for name in ("short", "gone"):
        with pytest.raises(Unauthorized):
            by_token(registry, tokens[name])
    clock.advance(10 * 365 * 24 * 3600)
    assert sign_in(registry, "stays", tokens["stays"]).name == "stays"


def test_what_changes_while_a_password_is_checked_counts(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check takes a while, in which an account may be disabled, removed, or get another password."""
    add_user(registry, "ana")
    matches = registry.passwords.matches

    def meanwhile(change: Callable[[], object]) -> None:
        def slow(kept: str | None, password: str) -> bool:
            right = matches(kept, password)
            monkeypatch.setattr(registry.passwords, "matches", matches)
            change()
            return right

        monkeypatch.setattr(registry.passwords, "matches", slow)
        with pytest.raises(Unauthorized):
            sign_in(registry, "ana", PASSWORD)

    meanwhile(lambda: users.set_password(registry, EVERYONE, NOBODY, "ana", "another password"))
    users.set_password(registry, EVERYONE, NOBODY, "ana", PASSWORD)
    meanwhile(lambda: users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=True))
    users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=False)
    meanwhile(lambda: users.remove(registry, EVERYONE, NOBODY, "ana"))
    add_user(registry, "ana")

    def replaced() -> None:
        users.remove(registry, EVERYONE, NOBODY, "ana")
        add_user(registry, "ana")

    meanwhile(replaced)


def test_a_password_is_hashed_anew_with_the_parameters_of_now(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next sign-in, which is when it is at hand."""
    add_user(registry, "ana")
    monkeypatch.setattr(passwords, "ROUNDS", 2)
    later = Registry(registry.database, registry.blobs)

    def kept() -> str | None:
        row = registry.database.read(lambda tx: rows.find(tx, "ana"))
        assert row is not None
        return row.password

    before = kept()
    registry.database.write(lambda tx: tx.run("update account set used_at = null"))
    assert sign_in(later, "ana", PASSWORD).name == "ana"
    after = kept()
    assert before is not None
    assert after is not None
    assert "t=1" in before
    assert "t=2" in after
    assert sign_in(later, "ana", PASSWORD).name == "ana"


# ------------------------------------------------------------------------------------------------------------- last use


def test_a_sign_in_is_written_at_most_once_a_minute(registry: Registry, clock: Clock) -> None:
    """Of users and robots alike, however it was made."""
    add_user(registry, "ana")
    token = add_robot(registry, "ci")

    def used() -> list[int | None]:
        found = registry.database.read(lambda tx: [*rows.all_of(tx, "user"), *rows.all_of(tx, "robot")])
        return [row.used_at for row in found]

    began = clock.now
    assert used() == [began, None]
    by_token(registry, token)
    clock.advance(59)
    for _ in range(2):
        sign_in(registry, "ana", PASSWORD)
        sign_in(registry, "ci", token)
    assert used() == [began, began]
    later = clock.advance(1)
    sign_in(registry, "ana", PASSWORD)
    by_token(registry, token)
    assert used() == [later, later]


def test_a_full_disk_keeps_nobody_out(registry: Registry, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Who comes to delete something must get in: the time of the last use is only a hint."""
    add_user(registry, "ana")
    token = add_robot(registry, "ci")
    clock.advance(3600)

    class Full:
        inline = registry.database.inline
        read = registry.database.read

        def write(self, *_: object, **__: object) -> None:
            raise DiskFull("the disk is full")

    full = Registry(Full(), registry.blobs)  # type: ignore[arg-type]
    assert sign_in(full, "ana", PASSWORD).name == "ana"
    assert by_token(full, token).name == "ci"


def test_too_many_at_once_are_told_to_come_again(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is let in for it."""
    add_user(registry, "ana")

    def busy(*_: object) -> bool:
        raise TooManyRequests("busy")

    monkeypatch.setattr(registry.passwords, "matches", busy)
    with pytest.raises(TooManyRequests):
        sign_in(registry, "ana", PASSWORD)


# --------------------------------------------------------------------------------------------------------- who may what


def test_anonymous_may_what_is_granted_to_everybody(registry: Registry) -> None:
    """Nothing at first; and whoever has signed in may do that too."""
    add_user(registry, "ana")
    token = add_robot(registry, "ci")
    assert accounts.anonymous(registry) == Caller(Kind.ANONYMOUS)
    give(registry, "anonymous", "public/**:pull")
    for caller in (accounts.anonymous(registry), sign_in(registry, "ana", PASSWORD), by_token(registry, token)):
        assert caller.may(Action.PULL, "public/app")
        assert not caller.may(Action.PUSH, "public/app")
        assert not caller.may(Action.PULL, "team/app")


def test_what_is_granted_to_a_group_counts_for_its_members(registry: Registry) -> None:
    """From the next sign-in on, until they leave."""
    from jettison.registry import groups

    add_user(registry, "ana")
    add_user(registry, "bo")
    add_group(registry, "dev", "ana")
    give(registry, "group:dev", "team/**:push")
    assert ana_may(registry, Action.PUSH, "team/app")
    assert not sign_in(registry, "bo", PASSWORD).may(Action.PUSH, "team/app")
    groups.leave(registry, EVERYONE, NOBODY, "dev", "ana")
    assert not ana_may(registry, Action.PUSH, "team/app")


def test_a_name_says_who_it_is(registry: Registry) -> None:
    """Now: None for another kind, and for who is kept out."""
    add_user(registry, "ana", "**:admin")
    add_robot(registry, "ci", days=1)
    ana = caller_of(registry, Kind.USER, "ana")
    assert ana is not None
    assert ana.may(Action.ADMIN)
    assert caller_of(registry, Kind.ROBOT, "ana") is None
    assert caller_of(registry, Kind.ANONYMOUS, "ana") is None
    assert caller_of(registry, Kind.ROBOT, "ci") is not None
    for name in NAMES[3:]:
        assert caller_of(registry, Kind.USER, name) is None


def test_an_account_that_is_kept_out_is_no_caller(registry: Registry, clock: Clock) -> None:
    """Disabled, expired, revoked."""
    add_user(registry, "ana")
    add_robot(registry, "ci", days=1)
    users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=True)
    clock.advance(24 * 3600)
    assert caller_of(registry, Kind.USER, "ana") is None
    assert caller_of(registry, Kind.ROBOT, "ci") is None


def test_whether_there_is_an_account(registry: Registry) -> None:
    """Any, and of that name."""
    assert not any_account(registry)
    add_robot(registry, "ci")
    assert any_account(registry)
    assert is_account(registry, "ci")
    assert not any(is_account(registry, name) for name in NAMES if name != "ci")


# ------------------------------------------------------------------------------------------------------ deny by default

PATTERNS = ["**", "team/**", "team/app", "*/app", "other"]
REPOSITORIES = ["team/app", "team/db", "other", "other/app"]
ACTIONS = ["pull", "push", "delete", "admin"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["give", "take"]),
        st.sampled_from(["ana", "bo", "ci", "group:dev", "group:ops", "anonymous"]),
        st.sampled_from(PATTERNS),
        st.sampled_from(ACTIONS),
    ),
    max_size=12,
)
COUNTS = {"ana": {"ana", "group:dev", "anonymous"}, "bo": {"bo", "anonymous"}, "ci": {"ci", "anonymous"}}


@pytest.fixture
def peopled(registry: Registry, database: Database) -> dict[str, str]:
    """Two users, a robot, and two groups of which one has a member; their secrets."""
    for name in ("ana", "bo"):
        add_user(registry, name)
    token = add_robot(registry, "ci")
    add_group(registry, "dev", "ana")
    add_group(registry, "ops")
    return {"ana": PASSWORD, "bo": PASSWORD, "ci": token}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_whatever_is_not_granted_is_refused(
    registry: Registry, peopled: dict[str, str], steps: list[tuple[str, str, str, str]]
) -> None:
    """After any grants and takings, everybody may do exactly what grants say that count for them, and nothing else."""
    from jettison.selection.pattern import Pattern

    registry.database.write(lambda tx: tx.run("delete from granted"))
    granted: set[tuple[str, str, str]] = set()
    for step, to, pattern, action in steps:
        try:
            (give if step == "give" else take)(registry, to, f"{pattern}:{action}")
        except RegistryError:
            continue  # there is nothing to take, or it may not be given or taken
        (granted.add if step == "give" else granted.discard)((to, pattern, action))

    callers = {name: sign_in(registry, name, secret) for name, secret in peopled.items()}
    callers["anonymous"] = accounts.anonymous(registry)
    for name, caller in callers.items():
        mine = {(pattern, action) for to, pattern, action in granted if to in COUNTS.get(name, {"anonymous"})}
        for needed in (Action.PULL, Action.PUSH, Action.DELETE, Action.ADMIN):
            words = {needed.value, "admin"}
            for repository in REPOSITORIES:
                allowed = any(word in words and Pattern.parse(pattern).matches(repository) for pattern, word in mine)
                assert caller.may(needed, repository) == allowed, (name, needed, repository)
            assert caller.may(needed) == any(word in words and pattern == "**" for pattern, word in mine)

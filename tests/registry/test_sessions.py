from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.oci.errors import DiskFull, Unauthorized
from jettison.registry import robots, sessions, users
from jettison.registry.access import ANONYMOUS, EVERYONE, Action, Caller, Kind
from jettison.registry.accounts import by_token
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.sessions import DAY, Purpose, issue, revoke, revoke_all, use
from tests.support.accounts import PASSWORD, add_robot, add_user, cheap_passwords, give
from tests.support.clock import Clock

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")

SECONDS_A_DAY = 24 * 3600


@pytest.fixture
def ana(registry: Registry) -> Caller:
    """A user who has signed in."""
    return add_user(registry, "ana", "team/**:pull")


def assert_ended(registry: Registry, token: str, purpose: Purpose = Purpose.REFRESH) -> None:
    """Nobody gets in with it."""
    with pytest.raises(Unauthorized, match=r"sign in again|is disabled|expired"):
        use(registry, token, purpose)


def test_a_session_stands_for_who_signed_in_with_what_they_may_now(registry: Registry, ana: Caller) -> None:
    """Grants are looked up at each use; the token stays the same."""
    token = issue(registry, ana, Purpose.REFRESH, "docker")
    assert use(registry, token, Purpose.REFRESH) == ana
    give(registry, "ana", "team/**:push")
    assert use(registry, token, Purpose.REFRESH).may(Action.PUSH, "team/app")


def test_a_robot_can_stay_signed_in_until_it_expires(registry: Registry, clock: Clock) -> None:
    """And not a moment longer, nor after it was revoked."""
    robot = by_token(registry, add_robot(registry, "ci", days=2))
    token = issue(registry, robot, Purpose.REFRESH, "docker")
    clock.advance(2 * SECONDS_A_DAY - 1)
    assert use(registry, token, Purpose.REFRESH).name == "ci"
    clock.advance(1)
    assert_ended(registry, token)


def test_a_session_of_one_purpose_is_none_of_the_other(registry: Registry, ana: Caller) -> None:
    """A refresh token that leaked opens no console."""
    refresh, console = (issue(registry, ana, purpose, "x") for purpose in (Purpose.REFRESH, Purpose.CONSOLE))
    assert_ended(registry, refresh, Purpose.CONSOLE)
    assert_ended(registry, console, Purpose.REFRESH)


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "jettison_", PASSWORD], ids=ascii)
def test_a_token_that_is_none_opens_nothing(registry: Registry, ana: Caller, token: str) -> None:
    """Nor does revoking it do anything."""
    issue(registry, ana, Purpose.REFRESH, "docker")
    assert_ended(registry, token)
    assert not revoke(registry, token)


def test_it_ends_when_it_was_not_used_for_a_while(registry: Registry, ana: Caller, clock: Clock) -> None:
    """Each use lets it live on, up to its longest life."""
    token = issue(registry, ana, Purpose.REFRESH, "docker", idle=2 * DAY, most=5 * DAY)
    for _ in range(4):
        clock.advance(1.2 * SECONDS_A_DAY)
        use(registry, token, Purpose.REFRESH)
    clock.advance(0.2 * SECONDS_A_DAY)
    assert_ended(registry, token)

    other = issue(registry, ana, Purpose.REFRESH, "docker", idle=2 * DAY, most=5 * DAY)
    clock.advance(2 * SECONDS_A_DAY)
    assert_ended(registry, other)


@pytest.mark.parametrize(
    "end",
    [
        lambda registry: users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=True),
        lambda registry: users.set_password(registry, EVERYONE, NOBODY, "ana", "another password"),
        lambda registry: users.remove(registry, EVERYONE, NOBODY, "ana"),
        lambda registry: users.change_own_password(
            registry, Caller(Kind.USER, "ana"), NOBODY, PASSWORD, "another password"
        ),
        lambda registry: revoke_all(registry, Caller(Kind.USER, "ana")),
    ],
    ids=["disabled", "password", "removed", "own password", "everywhere"],
)
def test_it_ends_with_what_it_stands_for(registry: Registry, ana: Caller, end: Callable[[Registry], object]) -> None:
    """At once and for good: who is enabled again signs in again. Others are not touched."""
    bo = add_user(registry, "bo")
    tokens = [issue(registry, ana, purpose, "x") for purpose in Purpose]
    others = issue(registry, bo, Purpose.REFRESH, "x")
    end(registry)
    for token, purpose in zip(tokens, Purpose, strict=True):
        assert_ended(registry, token, purpose)
    assert use(registry, others, Purpose.REFRESH) == bo


def test_enabling_an_account_brings_no_session_back(registry: Registry, ana: Caller) -> None:
    """It was disabled for a reason."""
    token = issue(registry, ana, Purpose.REFRESH, "docker")
    for disabled in (True, False):
        users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=disabled)
    assert_ended(registry, token)


def test_a_session_is_revoked_alone(registry: Registry, ana: Caller) -> None:
    """Signing out here leaves one signed in there."""
    here, there = (issue(registry, ana, Purpose.CONSOLE, "a browser") for _ in range(2))
    assert revoke(registry, here)
    assert not revoke(registry, here)
    assert_ended(registry, here, Purpose.CONSOLE)
    assert use(registry, there, Purpose.CONSOLE) == ana
    assert revoke_all(registry, ana) == 1


@pytest.mark.parametrize("caller", [ANONYMOUS, EVERYONE, Caller(Kind.OUTSIDE, "ana"), Caller(Kind.ROBOT, "ana")])
def test_only_accounts_stay_signed_in(registry: Registry, ana: Caller, caller: Caller) -> None:
    """A name that somebody outside has is not that of ours."""
    with pytest.raises(Unauthorized, match="only a user or a robot of this registry"):
        issue(registry, caller, Purpose.REFRESH, "docker")
    assert revoke_all(registry, caller) == 0


def test_who_is_kept_out_by_now_gets_no_session(registry: Registry, ana: Caller) -> None:
    """Though they had signed in a moment before."""
    users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=True)
    with pytest.raises(Unauthorized, match="disabled"):
        issue(registry, ana, Purpose.REFRESH, "docker")


def test_another_account_of_the_same_name_is_not_signed_in(registry: Registry) -> None:
    """A session belongs to the account, not to its name."""
    robot = by_token(registry, add_robot(registry, "ci"))
    token = issue(registry, robot, Purpose.REFRESH, "docker")
    robots.revoke(registry, EVERYONE, NOBODY, "ci")
    add_robot(registry, "ci")
    assert_ended(registry, token)


def test_those_that_have_ended_are_forgotten(registry: Registry, ana: Caller, clock: Clock) -> None:
    """With the next that begins."""
    for _ in range(3):
        issue(registry, ana, Purpose.REFRESH, "docker", idle=DAY)
    clock.advance(SECONDS_A_DAY)
    issue(registry, ana, Purpose.REFRESH, "docker")
    assert registry.database.read(lambda tx: tx.one("select count(*) from session")) == (1,)


def test_a_use_is_written_at_most_once_a_minute_and_never_needed(registry: Registry, ana: Caller, clock: Clock) -> None:
    """A full disk keeps nobody out."""
    token = issue(registry, ana, Purpose.REFRESH, "docker")
    writes = 0

    class Counting:
        inline = registry.database.inline
        read = registry.database.read

        def write(self, *_: object, **__: object) -> None:
            nonlocal writes
            writes += 1
            raise DiskFull("the disk is full")

    full = Registry(Counting(), registry.blobs)  # type: ignore[arg-type]
    clock.advance(59)
    assert use(full, token, Purpose.REFRESH) == ana
    assert writes == 0
    clock.advance(1)
    assert use(full, token, Purpose.REFRESH) == ana
    assert writes == 1


def test_what_a_client_calls_itself_is_kept_as_text(registry: Registry, ana: Caller) -> None:
    """Short, and without what a terminal would act on."""
    issue(registry, ana, Purpose.REFRESH, "docker\x1b[2J\x00\ud800" + "x" * 1000)
    [(kept,)] = registry.database.read(lambda tx: tx.all("select issued_to from session"))
    assert kept == "docker[2J" + "x" * 188
    assert sessions.DAY == 86_400_000_000

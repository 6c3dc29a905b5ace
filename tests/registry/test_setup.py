from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.oci.errors import AccountExists, AccountInvalid, Denied
from jettison.registry import users
from jettison.registry.access import EVERYONE, Action
from jettison.registry.accounts import any_account, sign_in
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.setup import new_code, use
from tests.support.accounts import PASSWORD, add_robot, add_user, cheap_passwords
from tests.support.clock import Clock
from tests.support.place import Place

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def code(registry: Registry) -> str:
    """A code that the server has printed."""
    found = new_code(registry)
    assert found is not None
    return found


def test_a_code_makes_the_first_administrator(registry: Registry, code: str) -> None:
    """Typed in whatever case, with spaces around it."""
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){4}", code)
    assert use(registry, NOBODY, f" {code.upper()}\n", "root", PASSWORD).admin
    root = sign_in(registry, "root", PASSWORD)
    assert root.may(Action.ADMIN)
    assert new_code(registry) is None, "there is nothing more to set up"


def test_a_code_is_good_once(registry: Registry, code: str) -> None:
    """And with it all others end, of other replicas too."""
    another = new_code(registry)
    assert another is not None
    use(registry, NOBODY, code, "root", PASSWORD)
    for used in (code, another):
        with pytest.raises(Denied, match="not good"):
            use(registry, NOBODY, used, "second", PASSWORD)
    assert [user.name for user in users.everyone(registry, EVERYONE)] == ["root"]


def test_of_two_who_use_it_at_once_one_is_made(registry: Registry, place: Place, code: str) -> None:
    """In whatever process."""
    together = threading.Barrier(2)

    def attempt(own: Registry, name: str) -> bool:
        together.wait(10)
        try:
            use(own, NOBODY, code, name, PASSWORD)
        except Denied:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(attempt, (registry, place.open_registry()), ("root", "boss"))) == [False, True]
    assert len(users.everyone(registry, EVERYONE)) == 1


@pytest.mark.parametrize("wrong", ["", "x", "aaaaa-aaaaa-aaaaa-aaaaa-aaaaa", "\x00", "\ud800", "x" * 10_000], ids=ascii)
def test_a_wrong_code_makes_nobody(registry: Registry, code: str, wrong: str) -> None:
    """And costs nothing: the password is not even hashed."""
    with pytest.raises(Denied, match="not good"):
        use(registry, NOBODY, wrong, "Not A Name", "short")
    assert not any_account(registry)
    use(registry, NOBODY, code, "root", PASSWORD)


def test_a_code_lasts_a_day(registry: Registry, code: str, clock: Clock) -> None:
    """The next start prints another."""
    clock.advance(24 * 3600)
    with pytest.raises(Denied):
        use(registry, NOBODY, code, "root", PASSWORD)
    another = new_code(registry)
    assert another is not None
    assert registry.database.read(lambda tx: tx.one("select count(*) from setup_code")) == (1,)
    use(registry, NOBODY, another, "root", PASSWORD)


def test_what_cannot_be_had_leaves_the_code_good(registry: Registry, code: str) -> None:
    """A password that is too short is no reason to start the server again."""
    add_robot(registry, "ci", "**:admin")
    for name, password, refusal in (
        ("Root", PASSWORD, AccountInvalid),
        ("root", "short", AccountInvalid),
        ("ci", PASSWORD, AccountExists),
    ):
        with pytest.raises(refusal):
            use(registry, NOBODY, code, name, password)
    use(registry, NOBODY, code, "root", PASSWORD)


def test_an_administrator_who_was_made_otherwise_ends_it(registry: Registry, code: str) -> None:
    """`jettison user add --admin` beside the server that has printed a code."""
    add_user(registry, "root", admin=True)
    with pytest.raises(Denied):
        use(registry, NOBODY, code, "second", PASSWORD)
    assert new_code(registry) is None
    users.set_password(registry, EVERYONE, NOBODY, "root", "another password")
    with pytest.raises(Denied):
        use(registry, NOBODY, code, "second", PASSWORD)


def test_users_who_administer_nothing_do_not_end_it(registry: Registry) -> None:
    """Somebody has to."""
    add_user(registry, "ana", "team/**:admin")
    assert new_code(registry) is not None


def test_the_code_does_not_lie_in_the_database(registry: Registry, code: str) -> None:
    """Who reads it there cannot use it."""
    [(kept,)] = registry.database.read(lambda tx: tx.all("select code from setup_code"))
    assert code.encode() not in kept
    with pytest.raises(Denied):
        use(registry, NOBODY, kept.hex(), "root", PASSWORD)

from __future__ import annotations

from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.errors import AccountInvalid
from jettison.registry.account_name import check_account_name, is_account_name


@pytest.mark.parametrize("name", ["ana", "a", "7", "ci-bot", "ana.b+ci@example.com", "a" * 64, "a__b"])
def test_a_name_is_taken(name: str) -> None:
    """Lower-case letters, digits, and what addresses have in between."""
    check_account_name(name)
    assert is_account_name(name)


@pytest.mark.parametrize(
    "name", ["", "Ana", "ana ", "-ana", "ana-", "a:b", "a/b", "ä", "a\n", "a\x00", "a" * 65, "group:a", "٣", "\ud800"]
)
def test_another_is_refused_with_those_that_can_be_had(name: str) -> None:
    """No colon, which ends a name in Basic credentials; nothing that looks like another name."""
    assert not is_account_name(name)
    with pytest.raises(AccountInvalid, match="a name is 1 to 64 lower-case letters"):
        check_account_name(name)


@pytest.mark.parametrize("name", ["anonymous", "everyone"])
def test_a_name_for_everybody_is_nobodys(name: str) -> None:
    """A grant to it would be one to all."""
    assert not is_account_name(name)
    with pytest.raises(AccountInvalid, match="stands for everybody"):
        check_account_name(name)


@given(st.text())
def test_the_two_questions_have_one_answer(text: str) -> None:
    """Whatever is asked for."""
    with nullcontext() if is_account_name(text) else pytest.raises(AccountInvalid):
        check_account_name(text)

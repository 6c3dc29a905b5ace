from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci import errors
from jettison.oci.errors import LONGEST_QUOTE, RangeInvalid, RegistryError, quoted

SPECIFIED = {
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
}
OURS = {
    *("TAG_INVALID", "RANGE_INVALID", "PAGINATION_NUMBER_INVALID", "PATTERN_INVALID", "UNAVAILABLE"),
    *("PLAN_OUTDATED", "DELETION_UNKNOWN", "DELETION_ENDED", "FILTER_TOO_WIDE", "NOTHING_MATCHED"),
    *("ACCOUNT_INVALID", "ACCOUNT_UNKNOWN", "ACCOUNT_EXISTS", "LAST_ADMINISTRATOR", "GRANT_INVALID", "GRANT_UNKNOWN"),
    "RULE_INVALID",
}


def meanings() -> list[type[RegistryError]]:
    """Every class of error there is."""
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, RegistryError)]


def test_every_code_of_the_specification_has_an_error() -> None:
    """OCI distribution 1.1, "Error Codes", whole; what it has no word for is listed here."""
    codes = {each.code for each in meanings() if each is not RegistryError}
    assert codes == SPECIFIED | OURS


@pytest.mark.parametrize("meaning", meanings())
def test_an_error_carries_its_message_and_detail(meaning: type[RegistryError]) -> None:
    """Every class is made in the same way and says what it means."""
    error = meaning("say what to do", {"n": 1})
    assert (error.message, error.detail, str(error)) == ("say what to do", {"n": 1}, "say what to do")
    assert meaning("only this").detail is None
    assert meaning.__doc__


def test_a_range_error_knows_the_size() -> None:
    """Content-Range of a 416 needs how many bytes there are."""
    assert RangeInvalid("too far", size=0).size == 0
    assert RangeInvalid("not known").size is None


@given(st.text(st.characters(exclude_categories=[])))
def test_a_quote_is_printable_and_short(text: str) -> None:
    """What strangers sent can stand in a log line and in a JSON body, whatever it was."""
    shown = quoted(text)
    assert shown.isprintable()
    assert json.loads(json.dumps(shown).encode("utf-8")) == shown
    assert len(quoted(text * 1000)) <= 10 * LONGEST_QUOTE + 5

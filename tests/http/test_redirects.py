from __future__ import annotations

from collections.abc import Mapping

import pytest

from jettison.blobs.store import Key
from jettison.http.redirects import Redirects
from jettison.http.response import Headers

KEY = Key("0" * 32)


class Signer:
    """Signs with what it was asked."""

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> str | None:
        return f"https://bucket.test/{key}?for={lifetime:g}&type={headers['Content-Type']}"


class Unable:
    """Has no URLs."""

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> str | None:
        return None


def test_a_redirect_keeps_its_headers_and_is_not_to_be_kept() -> None:
    """307, so that the method stays; without a body, and to no cache."""
    headers: Headers = [(b"docker-content-digest", b"sha256:1")]
    answer = Redirects(Signer(), 150).to(KEY, headers)
    assert answer is not None
    assert (answer.status, answer.body) == (307, b"")
    assert dict(answer.headers) == {
        b"docker-content-digest": b"sha256:1",
        b"location": b"https://bucket.test/00000000000000000000000000000000?for=150&type=application/octet-stream",
        b"cache-control": b"no-store",
    }


def test_where_nothing_signs_the_registry_sends_itself() -> None:
    """No answer is made then."""
    assert Redirects(Unable(), 150).to(KEY, []) is None


@pytest.mark.parametrize(
    ("ahead", "redirected"), [(0, True), (74, True), (-74, True), (76, False), (-76, False), (300, False)]
)
def test_a_clock_that_is_far_off_signs_nothing(ahead: float, redirected: bool) -> None:
    """An engine would take its URLs for expired, or for good longer than what they lead to: half their life is far."""
    answer = Redirects(Signer(), 150, lambda: ahead).to(KEY, [])
    assert (answer is not None) is redirected

"""Scopes, Authorization headers, forms and tokens that nobody would send: never a failure, and never a way in."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.access.forging import claims, own_key, part, signed, written
from tests.access.outside import Outside
from tests.access.people import PASSWORD, People, get_token
from tests.access.site import Site, basic, bearer
from tests.http.raw import Answer
from tests.http.refusal import refusal
from tests.support.content import image
from tests.support.repository import Repository

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
SECRET = "/v2/team/app/manifests/v1"
FORM = ("Content-Type", "application/x-www-form-urlencoded")

words = st.sampled_from(
    (
        *("repository", "registry", "catalog", "team/app", "open/app", "pull", "push", "delete", "*", ":", ",", " "),
        *("(", ")", "plugin", "", "..", "/", "**", "team/*", "\x00", "é", "%00", "a" * 300, "REPOSITORY", "a:5000/b"),
    )
)
scopes = st.one_of(
    st.lists(words, max_size=9).map("".join),
    st.lists(words, max_size=5).map(":".join),
    st.text(max_size=30),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=5), below, max_size=3)),
    max_leaves=6,
)


@pytest.fixture(scope="module", autouse=True)
def app(site: Site, people: People) -> Iterator[None]:
    """What nobody must get at; nothing of it has changed after all of it."""
    del people
    repository = Repository(site.registry, "team/app")
    repository.push(image(b"secret"), "v1")
    yield
    assert repository.tags() == ["v1"]


def assert_kept_out(answer: Answer) -> None:
    """Assert that it is a refusal, in the form of all others, or of RFC 6749, 5.2, which has two fields beside that."""
    assert answer.status in (400, 401, 403, 415, 431), answer
    body = json.loads(answer.body)
    if body.pop("error", None) is not None:
        assert isinstance(body.pop("error_description"), str)
        answer = replace(answer, body=json.dumps(body).encode())
    refusal(answer)


@FUZZ
@given(texts=st.lists(scopes, max_size=4), as_form=st.booleans())
def test_no_scope_fails_or_gets_more_than_is_granted(
    site: Site, people: People, texts: list[str], as_form: bool
) -> None:
    """Whatever is asked for: a token for what its holder may, or a refusal."""
    for name, may in (("ci", {"pull", "push"}), ("puller", {"pull"}), ("stranger", set()), (None, set())):
        header = [("Authorization", people.basic(name))] if name else []
        if as_form:
            password = quote(people.secrets[name]) if name else ""
            scope = quote(" ".join(texts).encode("utf-8", "replace"))
            form = f"grant_type=password&username={name or ''}&password={password}&scope={scope}"
            answer = site.ask("POST", "/token", FORM, body=form.encode())
        else:
            query = "&".join(f"scope={quote(text.encode('utf-8', 'replace'))}" for text in texts)
            answer = site.ask("GET", f"/token?{query}", *header)
        if answer.status != 200:
            assert_kept_out(answer)
            continue
        granted = json.loads(answer.body)["scope"]
        for each in granted.split():
            kind, of, actions = each.split(":")
            assert kind == "registry" or of.startswith("open/") or set(actions.split(",")) <= may, (
                name,
                texts,
                granted,
            )


@FUZZ
@given(
    scheme=st.sampled_from(["Basic", "Bearer", "basic", "BEARER", "Digest", "", "Basic Basic", "Bearer,Basic"]),
    gap=st.sampled_from([" ", "", "  ", "\t", " \x0b"]),
    rest=st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(b64encode),
        st.text(max_size=20).map(lambda text: b64encode(f"admin:{text}".encode("utf-8", "replace"))),
        st.text(max_size=20).map(lambda text: b64encode(f"{text}:{PASSWORD}".encode("utf-8", "replace"))),
        st.sampled_from([b"a.b.c", b"..", b"e30.e30.", b"=" * 9, b"A" * 40_000, b"\xff\xfe"]),
    ),
)
def test_no_authorization_header_fails_or_is_a_way_in(site: Site, scheme: str, gap: str, rest: bytes) -> None:
    """Whatever it is: who sends it is refused. No name that is made up has that password."""
    header = ("Authorization", f"{scheme}{gap}".encode() + rest)
    for method, path in (("GET", SECRET), ("DELETE", "/v2/team/app"), ("GET", "/api/v1/users"), ("GET", "/token")):
        assert_kept_out(site.ask(method, path, header))


@FUZZ
@given(changed=st.dictionaries(st.sampled_from(sorted([*claims(), "scope", "roles"])), json_values, max_size=3))
def test_no_claims_of_another_key_are_a_way_in(site: Site, outside: Outside, changed: dict[str, Any]) -> None:
    """Whatever a token says, by a key that is not trusted it says nothing."""
    name, _ = own_key(site)
    header = {"alg": "ES256", "typ": "JWT", "kid": name}
    assert_kept_out(site.ask("GET", SECRET, ("Authorization", bearer(signed(outside.key, header, claims(**changed))))))


@FUZZ
@given(
    access=json_values, changed=st.dictionaries(st.sampled_from(["sub", "kind", "aud", "nbf"]), json_values, max_size=2)
)
def test_no_claims_of_ours_fail(site: Site, access: object, changed: dict[str, Any]) -> None:
    """Even rightly signed, what is not of the form is for nothing."""
    name, key = own_key(site)
    header = {"alg": "ES256", "typ": "JWT", "kid": name}
    token = signed(key, header, {**claims(), "access": access, **changed})
    for method, path in (("GET", SECRET), ("DELETE", SECRET), ("GET", "/v2/_catalog"), ("GET", "/api/v1/deletions")):
        assert_kept_out(site.ask(method, path, ("Authorization", bearer(token))))


@FUZZ
@given(
    header=st.one_of(
        json_values,
        st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "x5c", "b64", "zip"]), json_values),
    ),
    body=st.one_of(st.binary(max_size=60), json_values.map(lambda value: json.dumps(value).encode())),
    signature=st.binary(max_size=70),
)
def test_no_token_fails(site: Site, outside: Outside, header: Any, body: bytes, signature: bytes) -> None:
    """Whatever has the form of a token, or nearly."""
    token = written(header, body, signature)
    for asked in (site, outside.site):
        for sent in (token, token[:-1], f"{token}.", f".{token}", token.replace(".", ".."), f"{token}={part(body)}"):
            assert_kept_out(asked.ask("GET", SECRET, ("Authorization", bearer(sent))))


@FUZZ
@given(where=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_no_bit_of_a_token_can_be_changed(site: Site, people: People, where: int, bit: int) -> None:
    """One that is right is let in; with one bit of it changed it is not, unless that says nothing."""
    token = get_token(site, people.basic("boss"), "repository:team/app:pull")["token"].encode()
    assert site.ask("GET", SECRET, ("Authorization", b"Bearer " + token)).status == 200
    at = where % len(token)
    changed = token[:at] + bytes([token[at] ^ 1 << bit]) + token[at + 1 :]
    # The last letter of each part carries bits that no byte has.
    ends = {index - 1 for index in (token.index(b"."), token.rindex(b"."), len(token))}
    if at not in ends:
        assert_kept_out(site.ask("GET", SECRET, ("Authorization", b"Bearer " + changed)))


@FUZZ
@given(
    body=st.one_of(
        st.binary(max_size=80), st.lists(words, max_size=6).map(lambda each: "&".join(each).encode("utf-8", "replace"))
    )
)
def test_no_form_fails(site: Site, body: bytes) -> None:
    """The token service refuses whatever is no request for a token."""
    for sent in (
        body,
        b"grant_type=refresh_token&refresh_token=" + body,
        b"grant_type=password&username=admin&password=" + body,
    ):
        assert_kept_out(site.ask("POST", "/token", FORM, body=sent))


def test_what_is_fuzzed_works_when_it_is_right(site: Site) -> None:
    """Else all of it would be refused for some other reason."""
    assert site.ask("GET", SECRET, ("Authorization", basic("boss", PASSWORD))).status == 200
    form = f"grant_type=password&username=boss&password={quote(PASSWORD)}&scope=repository:team/app:pull".encode()
    token = json.loads(site.ask("POST", "/token", FORM, body=form).body)["access_token"]
    assert site.ask("GET", SECRET, ("Authorization", bearer(token))).status == 200

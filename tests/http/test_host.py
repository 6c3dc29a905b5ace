"""Names by which a registry that nobody signs in to may be asked on its own machine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.access.site import Site
from tests.http.raw import Answer
from tests.support.content import image
from tests.support.repository import Repository

HERE = ("127.0.0.1", 40000)
ELSEWHERE = ("192.0.2.7", 40000)
REBOUND = "evil.example:5000"
BROWSER = ("Accept-Language", "en")
ORIGIN = ("Origin", f"http://{REBOUND}")
JSON = ("Content-Type", "application/json")
DELETION = json.dumps({"targets": [{"repository": "app"}]}).encode()
PAGES = ("/", "/console/", "/api/v1/repositories", "/api/v1/versions/app", "/api/openapi.json", "/api/v1/deletions")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """One where nobody is asked who they are, with a repository in it."""
    with Site() as opened:
        Repository(opened.registry, "app").push(image(b"a layer"), "v1")
        yield opened


@pytest.fixture(scope="module")
def named() -> Iterator[Site]:
    """One that is told by which URL it is used, beside a proxy that it is told of."""
    config = {"http": {"host": "https://registry.example.com"}, "jettison": {"proxies": ["127.0.0.9"]}}
    with Site(config) as opened:
        yield opened


def get(site: Site, path: str, host: str, *headers: tuple[str, str], client: tuple[str, int] = HERE) -> Answer:
    """The answer to a browser that asks for a page."""
    return site.ask("GET", path, ("Accept", "text/html, */*"), BROWSER, *headers, host=host, client=client)


def refused(answer: Answer) -> bool:
    """Whether it was, for its name, with what to do."""
    return answer.status == 403 and b"http.host" in answer.body


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_name_that_was_made_to_lead_here_reads_nothing(site: Site, path: str) -> None:
    """Neither the console nor the API answers under a name that anybody can give this machine's address."""
    assert refused(get(site, path, REBOUND))
    assert refused(site.ask("GET", path, ("Sec-Fetch-Mode", "navigate"), host=REBOUND))
    assert get(site, path, "localhost:5000").status == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/repositories", "/v2/", "/v2/_catalog", "/v2/app/tags/list", "/v2/app/manifests/v1"]
)
def test_nor_what_registries_clients_read(site: Site, path: str) -> None:
    """A browser is known by what it always sends; a client without it is answered, as it always was behind proxies."""
    assert refused(site.ask("GET", path, BROWSER, host=REBOUND))
    assert site.ask("GET", path, host=REBOUND).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("POST", "/api/v1/deletions", DELETION, [JSON]),
        ("DELETE", "/v2/app", b"", []),
        ("DELETE", "/v2/app/manifests/v1", b"", []),
        ("PUT", "/v2/app/manifests/v2", b"{}", [("Content-Type", "application/vnd.oci.image.index.v1+json")]),
        ("POST", "/v2/app/blobs/uploads/", b"", []),
    ],
)
def test_nor_does_it_change_anything(
    site: Site, method: str, path: str, body: bytes, headers: list[tuple[str, str]]
) -> None:
    """Its origin is the host that it asked, and all the same it is refused."""
    assert refused(site.ask(method, path, ORIGIN, *headers, body=body, host=REBOUND))
    assert site.ask("GET", "/v2/app/tags/list").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:5000",
        "app.localhost:5000",
        "127.0.0.1:5000",
        "127.8.8.8",
        "[::1]:5000",
        "192.0.2.1:5000",
        "registry:5000",
        "registry.internal",
        "nas.local.",
    ],
)
def test_names_that_are_nobodys_and_addresses_are_answered(site: Site, host: str) -> None:
    """No page of somebody else's can have one of them."""
    assert get(site, "/api/v1/repositories", host).status == 200
    assert get(site, "/v2/_catalog", host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example",
        "127.0.0.1.example",
        "127.0.0.1.nip.io",
        "local.evil.example",
        "a@localhost.example",
        "x..y",
        "[",
    ],
)
def test_names_that_look_like_them_are_not(site: Site, host: str) -> None:
    """The end of a name says whose it is."""
    assert refused(get(site, "/api/v1/repositories", host))


def test_from_elsewhere_any_name_is_as_good(site: Site) -> None:
    """Whoever reaches it from another machine may do everything there anyway."""
    assert get(site, "/api/v1/repositories", "registry.example.com", client=ELSEWHERE).status == 200


def test_the_host_that_is_configured_is_answered(named: Site) -> None:
    """With or without its port; another name still is not."""
    assert get(named, "/api/v1/repositories", "registry.example.com").status == 200
    assert get(named, "/api/v1/repositories", "Registry.Example.com:443").status == 200
    assert refused(get(named, "/api/v1/repositories", "example.com"))


def test_a_proxy_that_is_named_is_believed_to_know_its_host(named: Site) -> None:
    """Under whatever name it is asked."""
    assert get(named, "/api/v1/repositories", "elsewhere.example", client=("127.0.0.9", 1)).status == 200


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize("client", [HERE, ELSEWHERE])
def test_a_page_of_another_origin_begins_no_upload(site: Site, origin: str, client: tuple[str, int]) -> None:
    """A form may be sent anywhere by POST, and a POST may store a whole blob."""
    answer = site.ask("POST", "/v2/app/blobs/uploads/", ("Origin", origin), host="127.0.0.1:5000", client=client)
    assert (answer.status, b"origin" in answer.body) == (403, True)


def test_a_page_that_headers_let_in_does() -> None:
    """What http.headers allow to pages of others is theirs to say."""
    allowed = {"http": {"headers": {"Access-Control-Allow-Origin": ["https://ui.example"]}}}
    with Site(allowed) as site:
        for origin, status in (("https://ui.example", 202), ("https://other.example", 403)):
            answer = site.ask("POST", "/v2/app/blobs/uploads/", ("Origin", origin), host="127.0.0.1:5000")
            assert answer.status == status, answer

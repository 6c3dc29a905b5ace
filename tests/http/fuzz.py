"""Requests that nobody would send: half of them nearly right, so that they get past the door."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from jettison.oci.media_types import DOCKER_IMAGE, OCI_IMAGE, OCI_INDEX
from tests.http.raw import Answer, Connection
from tests.http.refusal import refusal
from tests.http.repository import Repository, digest_of, image, index, written

BLOB = digest_of(b"fuzz")
METHODS = (*("GET", "PUT", "POST", "PATCH", "DELETE") * 3, "HEAD", "OPTIONS", "TRACE", "get", "M-SEARCH")
NUMBERS = ("0", "1", "-1", "00", "9" * 18, "9" * 20, "1e9", "0x1", "", " ", "NaN", "1.5")
LONG = tuple(part * times for part in ("x", "/", "a/", "%2F", "..%2f", "0", "-", "%c3%a9") for times in (128, 3000))

printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=10)
escaped = st.binary(max_size=4).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw))
odd = st.one_of(
    printable.filter(lambda text: not set(text) & set('"<>\\^`{|}#')), escaped, st.sampled_from(("", ".", "..", *LONG))
)
digests = st.one_of(
    st.sampled_from((BLOB, digest_of(written(index())), digest_of(b"", "sha512"), "sha256:", "sha256:x", "md5:00")),
    st.text("0123456789abcdef", min_size=60, max_size=65).map("sha256:".__add__),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What there is on the registry that is fuzzed."""

    name: str
    upload: str


@dataclass(frozen=True, slots=True)
class Odd:
    """A request; NAME and UPLOAD in its target are what is Known."""

    method: str
    target: str
    headers: tuple[str, ...]
    body: bytes | None

    def ask(self, connection: Connection, known: Known) -> Answer:
        """Send it and read the answer."""
        target = self.target.replace("NAME", known.name).replace("UPLOAD", known.upload)
        # After a GET with a body the connection ends, whether the answer could still say so or not.
        body = None if self.method in {"GET", "HEAD"} else self.body
        return connection.ask(self.method, target, *self.headers, body=body)


def targets() -> st.SearchStrategy[str]:
    """Paths: of the API, mostly with parts that are there, and odd ones altogether; with a query."""
    name = st.one_of(st.just("NAME"), st.just("NAME"), st.just("fuzz/unknown"), odd)
    reference = st.one_of(st.sampled_from(("v1", "v2", BLOB, "UPLOAD")), digests, odd)
    parts = st.sampled_from(("manifests", "blobs", "referrers", "tags", "blobs/uploads"))
    rest = st.one_of(
        st.tuples(parts, reference).map("/".join),
        st.sampled_from(("tags/list", "blobs/uploads/", "blobs/uploads/UPLOAD", f"blobs/{BLOB}", "manifests/v1")),
    )
    ours = st.tuples(st.just("/v2"), name, rest).map("/".join)
    whole = st.tuples(st.sampled_from(("/v1/repositories", "/v2", "", "/v2/_catalog", "/healthz")), name).map("/".join)
    others = st.lists(odd, max_size=4).map(lambda parts: "/" + "/".join(parts))
    catalog = st.sampled_from(("/v2/_catalog", "/v2/NAME/tags/list"))
    path = st.one_of(ours, ours, ours, catalog, whole, others)
    return st.tuples(path, st.one_of(st.just(""), queries())).map("".join)


def queries() -> st.SearchStrategy[str]:
    """Queries of parameters that mean something somewhere."""
    names = ("n", "last", "digest", "mount", "from", "artifactType", "tag", "dry_run", "purge", "digest-algorithm")
    values = st.one_of(odd, digests, st.sampled_from((*NUMBERS, "true", "false", "NAME", "sha512", OCI_IMAGE)))
    pairs = st.tuples(st.one_of(st.sampled_from(names), odd), values).map("=".join)
    return st.lists(pairs, max_size=4).map(lambda found: "?" + "&".join(found))


def headers() -> st.SearchStrategy[tuple[str, ...]]:
    """Headers that mean something somewhere, with values that may not; no length of the body."""
    numbers = st.sampled_from(NUMBERS)
    span = st.tuples(st.sampled_from(("", "bytes=", "bytes ", "lines=")), numbers, st.just("-"), numbers).map("".join)
    value = st.one_of(span, digests.map('"{}"'.format), digests, st.sampled_from(("*", "text/html", "é")), printable)
    media_type = st.sampled_from((OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, f"{OCI_INDEX}; charset=x", "a/b", ";"))
    name = st.sampled_from(("Range", "If-Range", "If-None-Match", "Content-Range", "Accept", "Host", "Forwarded"))
    field = st.one_of(
        st.tuples(name, value).map(": ".join),
        media_type.map("Content-Type: {}".format),
        st.tuples(st.text("abcXYZ-", min_size=1, max_size=10), printable).map(": ".join),
    )
    return st.lists(field, max_size=4).map(tuple)


def bodies() -> st.SearchStrategy[bytes | None]:
    """No body, bytes, or something like a manifest."""
    leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), digests)
    keys = st.sampled_from(("mediaType", "digest", "size", "manifests", "layers", "config", "subject", "annotations"))
    tree = st.recursive(
        leaf,
        lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(keys, below, max_size=4)),
        max_leaves=8,
    )
    changed = st.tuples(st.sampled_from((index(), image(b"{}", b"fuzz"))), st.dictionaries(keys, tree, max_size=2))
    return st.one_of(
        st.none(),
        st.binary(max_size=50),
        st.just(b"fuzz"),
        changed.map(lambda pair: written({**pair[0], **pair[1]})),
    )


requests = st.builds(Odd, st.sampled_from(METHODS), targets(), headers(), bodies())


def assert_sane(request: Odd, answer: Answer) -> None:
    """Assert that it is no failure of the server's, and an error in the form of the specification.

    What the HTTP server refuses before the application has seen it has no body.
    """
    assert 200 <= answer.status < 500, answer
    if answer.header("docker-distribution-api-version") is None:
        assert answer.status in {400, 414, 431}, answer
        assert answer.body == b""
    elif answer.status >= 400 and request.method != "HEAD":
        refusal(answer)
        assert len(answer.body) < 20_000


def fill(repository: Repository) -> Known:
    """Put something into the registry for requests to hit."""
    repository.push_blob(b"fuzz")
    repository.push_blob(b"{}")
    repository.push(image(b"{}", b"fuzz"), "v1", "v2")
    return Known(repository.name, repository.begin_upload().rpartition("/")[2])


def is_there(connection: Connection, known: Known) -> bool:
    """Whether no request has deleted it."""
    paths = (f"/v2/{known.name}/manifests/v1", f"/v2/{known.name}/blobs/uploads/{known.upload}")
    return all(connection.ask("HEAD", path).status in {200, 204} for path in paths)

"""The code and the body of the errors of every route."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from jettison.http.errors import STATUS, error_response
from jettison.http.routes import ROUTES, Router
from jettison.oci import errors
from jettison.oci.media_types import OCI_INDEX
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of, index, written

THERE = digest_of(written(index()))
NONE = digest_of(b"nobody has this")
UPLOAD = "00000000-0000-4000-8000-000000000000"
INDEX = {"Content-Type": OCI_INDEX}

# Method, path, status and code; NAME is a repository that has the tag v1.
ERRORS = [
    ("GET", "/v2/NAME", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/NAME/", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/_catalog/", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/_catalog?n=-1", 400, "PAGINATION_NUMBER_INVALID"),
    ("GET", "/v1/repositories/NAME", 404, "NAME_UNKNOWN"),
    ("GET", "/nothing", 404, "NAME_UNKNOWN"),
    ("GET", "/token", 404, "NAME_UNKNOWN"),
    ("POST", "/token", 404, "NAME_UNKNOWN"),
    ("GET", "/token/keys", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/NAME/tags/list?n=x", 400, "PAGINATION_NUMBER_INVALID"),
    ("GET", "/v2/unknown/tags/list", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/No-Name/tags/list", 400, "NAME_INVALID"),
    ("GET", "/v2/NAME/tags/other", 404, "NAME_UNKNOWN"),
    ("GET", "/v2/NAME/manifests/v2", 404, "MANIFEST_UNKNOWN"),
    ("GET", f"/v2/NAME/manifests/{NONE}", 404, "MANIFEST_UNKNOWN"),
    ("GET", "/v2/unknown/manifests/v1", 404, "MANIFEST_UNKNOWN"),
    ("GET", "/v2/No-Name/manifests/v1", 400, "NAME_INVALID"),
    ("GET", "/v2/NAME/manifests/-v1", 400, "TAG_INVALID"),
    ("GET", "/v2/NAME/manifests/sha256:1", 400, "DIGEST_INVALID"),
    ("PUT", "/v2/NAME/manifests/v2", 400, "MANIFEST_INVALID"),
    ("PUT", "/v2/No-Name/manifests/v2", 400, "NAME_INVALID"),
    ("PUT", "/v2/NAME/manifests/.v2", 400, "TAG_INVALID"),
    ("PUT", "/v2/NAME/manifests/md5:1", 400, "DIGEST_INVALID"),
    ("DELETE", "/v2/NAME/manifests/v2", 404, "MANIFEST_UNKNOWN"),
    ("DELETE", f"/v2/NAME/manifests/{NONE}", 404, "MANIFEST_UNKNOWN"),
    ("DELETE", "/v2/unknown/manifests/v1", 404, "MANIFEST_UNKNOWN"),
    ("DELETE", "/v2/NAME/manifests/-v1", 400, "TAG_INVALID"),
    ("DELETE", "/v2/NAME/manifests/sha256:1", 400, "DIGEST_INVALID"),
    ("DELETE", "/v2/No-Name/manifests/v1", 400, "NAME_INVALID"),
    ("GET", f"/v2/NAME/blobs/{NONE}", 404, "BLOB_UNKNOWN"),
    ("GET", f"/v2/NAME/blobs/{THERE}", 404, "BLOB_UNKNOWN"),
    ("GET", f"/v2/unknown/blobs/{NONE}", 404, "BLOB_UNKNOWN"),
    ("GET", f"/v2/No-Name/blobs/{NONE}", 400, "NAME_INVALID"),
    ("GET", "/v2/NAME/blobs/v1", 400, "DIGEST_INVALID"),
    ("DELETE", f"/v2/NAME/blobs/{NONE}", 404, "BLOB_UNKNOWN"),
    ("DELETE", "/v2/NAME/blobs/v1", 400, "DIGEST_INVALID"),
    ("DELETE", f"/v2/No-Name/blobs/{NONE}", 400, "NAME_INVALID"),
    ("POST", "/v2/No-Name/blobs/uploads/", 400, "NAME_INVALID"),
    ("POST", "/v2/NAME/blobs/uploads/?digest=x", 400, "DIGEST_INVALID"),
    ("POST", "/v2/NAME/blobs/uploads/?mount=x", 400, "DIGEST_INVALID"),
    ("POST", f"/v2/NAME/blobs/uploads/?mount={NONE}&from=No-Name", 400, "NAME_INVALID"),
    ("POST", "/v2/NAME/blobs/uploads/?digest-algorithm=crc32", 400, "DIGEST_INVALID"),
    ("GET", f"/v2/NAME/blobs/uploads/{UPLOAD}", 404, "BLOB_UPLOAD_UNKNOWN"),
    ("GET", f"/v2/No-Name/blobs/uploads/{UPLOAD}", 400, "NAME_INVALID"),
    ("PATCH", f"/v2/NAME/blobs/uploads/{UPLOAD}", 404, "BLOB_UPLOAD_UNKNOWN"),
    ("PATCH", f"/v2/No-Name/blobs/uploads/{UPLOAD}", 400, "NAME_INVALID"),
    ("PUT", f"/v2/NAME/blobs/uploads/{UPLOAD}?digest={NONE}", 404, "BLOB_UPLOAD_UNKNOWN"),
    ("PUT", f"/v2/NAME/blobs/uploads/{UPLOAD}", 400, "DIGEST_INVALID"),
    ("PUT", f"/v2/No-Name/blobs/uploads/{UPLOAD}?digest={NONE}", 400, "NAME_INVALID"),
    ("DELETE", f"/v2/NAME/blobs/uploads/{UPLOAD}", 404, "BLOB_UPLOAD_UNKNOWN"),
    ("DELETE", f"/v2/No-Name/blobs/uploads/{UPLOAD}", 400, "NAME_INVALID"),
    ("GET", "/v2/NAME/referrers/v1", 400, "DIGEST_INVALID"),
    ("GET", f"/v2/NAME/referrers/{NONE}?last=v1", 400, "DIGEST_INVALID"),
    ("GET", f"/v2/No-Name/referrers/{NONE}", 400, "NAME_INVALID"),
    ("DELETE", "/v2/unknown", 404, "NAME_UNKNOWN"),
    ("DELETE", "/v2/No-Name", 400, "NAME_INVALID"),
    ("DELETE", "/v1/repositories/unknown", 404, "NAME_UNKNOWN"),
    ("DELETE", "/v1/repositories/unknown/", 404, "NAME_UNKNOWN"),
    ("DELETE", "/v1/repositories/No-Name/", 400, "NAME_INVALID"),
    ("PUT", "/v2/", 405, "UNSUPPORTED"),
    ("POST", "/v2/_catalog", 405, "UNSUPPORTED"),
    ("POST", "/healthz", 405, "UNSUPPORTED"),
    ("POST", "/", 405, "UNSUPPORTED"),
    ("POST", "/v2/NAME/manifests/v1", 405, "UNSUPPORTED"),
    ("PATCH", "/v2/NAME/tags/list", 405, "UNSUPPORTED"),
    ("PUT", f"/v2/NAME/blobs/{NONE}", 405, "UNSUPPORTED"),
    ("GET", "/v2/NAME/blobs/uploads/", 405, "UNSUPPORTED"),
    ("POST", f"/v2/NAME/blobs/uploads/{UPLOAD}", 405, "UNSUPPORTED"),
    ("PUT", f"/v2/NAME/referrers/{NONE}", 405, "UNSUPPORTED"),
    ("BREW", "/v2/", 405, "UNSUPPORTED"),
    ("PUT", "/v2/NAME", 404, "NAME_UNKNOWN"),
    ("POST", "/v1/repositories/NAME/", 404, "NAME_UNKNOWN"),
]


@pytest.fixture(scope="module")
def there(client: httpx2.Client) -> Iterator[Repository]:
    """The repository that the table calls NAME."""
    repository = Repository(client, "errors/there")
    repository.push(index(), "v1")
    yield repository
    assert repository.tags() == ["v1"], "an error has changed something"


@pytest.mark.parametrize(("method", "path", "status", "code"), ERRORS)
def test_every_route_refuses_in_the_words_of_the_specification(
    there: Repository, method: str, path: str, status: int, code: str
) -> None:
    """The status, the code and the form of the body; HEAD has the same status, and no body."""
    target = path.replace("NAME", there.name)

    answer = there.client.request(method, target)

    assert_refused(answer, status, code)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
    if method == "GET":
        bare = there.client.head(target)
        assert (bare.status_code, bare.content) == (status, b"")


def test_every_route_has_an_error_in_the_table() -> None:
    """A route that is added is added to it."""
    routes = {(route.method, route.path) for route in ROUTES}
    without = {("GET", "/"), ("GET", "/healthz"), ("GET", "/v2/")}
    router = Router(ROUTES)
    listed = set()
    for method, path, _, _ in ERRORS:
        found = router.find(path.partition("?")[0])
        if found is not None and method in found.methods:
            listed.add((method, found.path))

    assert routes - without == listed


@pytest.mark.parametrize("error", errors.RegistryError.__subclasses__(), ids=lambda error: error.__name__)
def test_every_error_has_a_status(error: type[errors.RegistryError]) -> None:
    """One of the client's or of the server's own, never by accident 500."""
    assert 400 <= STATUS[error] < 600
    assert STATUS[error] != 500
    assert error_response(error("a message")).status == STATUS[error]


def test_what_nobody_foresaw_tells_nothing() -> None:
    """500, without a word of what failed: that is in the log."""
    answer = error_response(ZeroDivisionError("a secret"))

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert b'"code":"UNKNOWN"' in answer.body


def test_who_comes_too_early_is_told_to_come_again() -> None:
    """503 with Retry-After."""
    answer = error_response(errors.Unavailable("the database is locked"))

    assert answer.status == 503
    assert (b"retry-after", b"1") in answer.headers


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "x" * 5000, "'\"{}", "%0d%0aset-cookie:x=1", "%7f"])
def test_what_a_client_sent_is_not_made_more_of(client: httpx2.Client, name: str) -> None:
    """Errors are JSON that no browser takes for a page, and as short as what they say."""
    answer = client.get(f"/v2/{name}/tags/list")

    assert answer.status_code in {400, 404}
    assert len(answer.content) < 1000
    assert "set-cookie" not in answer.headers

from __future__ import annotations

import pytest

from jettison.http.traffic import BOUNDS, Cell, Traffic
from tests.http.conftest import open_client
from tests.http.repository import Repository, digest_of
from tests.server.watching import Watched


def test_requests_are_counted_by_how_long_they_took() -> None:
    """A bound takes what took just as long; what took longer than all is counted last."""
    traffic = Traffic()
    for seconds in (0.0, 0.001, 0.0011, 60.0, 61.0):
        traffic.note("/v2/", "GET", 200, seconds, 1, 10)

    [(key, cell)] = traffic.cells()

    assert key == ("/v2/", "GET", 200)
    assert cell.took == [2, 1, *[0] * (len(BOUNDS) - 3), 1, 1]
    assert (cell.seconds, cell.received, cell.sent) == (121.0021, 5, 50)


def test_methods_that_clients_make_up_are_one() -> None:
    """However many there are, they fill one cell."""
    traffic = Traffic()
    for number in range(100):
        traffic.note("/v2/", f"X{number}", 405, 0, 0, 0)

    [(key, cell)] = traffic.cells()

    assert key == ("/v2/", "unknown", 405)
    assert sum(cell.took) == 100


def test_cells_add_up() -> None:
    """Of one route and method, whatever was answered."""
    one, other = Cell(seconds=1, received=2, sent=3), Cell(seconds=10, received=20, sent=30)
    one.took[0] = other.took[0] = 1
    one.add(other)

    assert one.took[0] == 2
    assert (one.seconds, one.received, one.sent) == (11, 22, 33)


@pytest.mark.slow
def test_a_server_counts_by_route_and_never_by_path() -> None:
    """Every request is counted where the table of routes has it, with the bytes of both bodies; the API's too."""
    with Watched({"prometheus": {"enabled": True}}) as watched, open_client(watched.server) as client:
        repository = Repository(client, "team/app")
        digest = repository.push_blob(b"x" * 1000)
        assert client.get(f"{repository.path}/blobs/{digest}").status_code == 200
        assert client.head(f"{repository.path}/blobs/{digest}").status_code == 200
        assert client.get(f"{repository.path}/blobs/{digest_of(b'none')}").status_code == 404
        assert client.get("/api/v1/why/" + digest).status_code == 200
        for path in ("/nothing", "/v2/NO/tags/list", "/v2/%"):
            client.get(path)
        found = watched.metrics()

    requests = {key: value for key, value in found.items() if key.startswith("registry_http_requests_total{")}
    blob, upload = '{handler="blob",method="get",route="/v2/{name}/blobs/{digest}"}', "/v2/{name}/blobs/uploads/"
    assert requests == {
        _requests("blob", "get", "/v2/{name}/blobs/{digest}", 200): 1,
        _requests("blob", "get", "/v2/{name}/blobs/{digest}", 404): 1,
        _requests("blob", "head", "/v2/{name}/blobs/{digest}", 200): 1,
        _requests("blob_upload", "post", upload, 201): 1,
        _requests("", "get", "/api/v1/why/{digest}", 200): 1,
        _requests("", "get", "", 400): 1,
        _requests("", "get", "", 404): 1,
        _requests("tags", "get", "/v2/{name}/tags/list", 400): 1,
        **{key: value for key, value in requests.items() if 'handler="base"' in key},
    }
    assert found[f"jettison_http_sent_bytes_total{blob}"] > 1000
    assert found[f"jettison_http_sent_bytes_total{blob.replace('get', 'head')}"] == 0
    received = f'jettison_http_received_bytes_total{{handler="blob_upload",method="post",route="{upload}"}}'
    assert found[received] == 1000
    assert found[f"registry_http_request_duration_seconds_count{blob}"] == 2


def _requests(handler: str, method: str, route: str, code: int) -> str:
    return f'registry_http_requests_total{{code="{code}",handler="{handler}",method="{method}",route="{route}"}}'

"""Referrers: signatures, SBOMs and whatever else names a manifest as its subject."""

from __future__ import annotations

from jettison.http.request import Request
from jettison.http.response import Headers, Response, json_response
from jettison.http.v2.paging import link
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_INDEX
from jettison.registry.listing import REFERRERS_A_PAGE, referrers


async def get(request: Request) -> Response:
    """Needs pull. OCI 1.1, "Listing Referrers": an index, empty for a subject that nobody names, filtered if asked."""
    name, subject = request.name, request.digest
    artifact_type = request.argument("artifactType")
    last = request.argument("last")
    after = Digest.parse(last) if last else None
    page = await request.edge.read(lambda: referrers(request.edge.registry, name, subject, artifact_type, after))
    headers: Headers = []
    filters = {}
    if artifact_type is not None:
        headers.append((b"oci-filters-applied", b"artifactType"))
        filters = {"artifactType": artifact_type}
    if page.more:
        path = f"/v2/{name}/referrers/{subject}"
        headers += link(request, path, str(page.entries[-1].digest), REFERRERS_A_PAGE, **filters)
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor.to_json() for descriptor in page.entries],
    }
    return json_response(200, body, headers, media_type=OCI_INDEX)

from __future__ import annotations

import base64
import json

import pytest

from jettison.client.answer import Answer
from jettison.client.errors import Untrustworthy
from jettison.client.manifest import Manifest, served_type
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from tests.support.content import image, index

SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def test_what_a_manifest_says_can_be_read() -> None:
    """Children, blobs and subject, beside the exact bytes."""
    subject = image(b"subject")
    draft = image(b"layer", subject=subject)
    read = Manifest.read(draft.content, draft.media_type)
    assert (read.digest, read.is_index) == (draft.digest, False)
    assert read.subject is not None
    assert read.subject.digest == subject.digest
    assert {blob.digest for blob in read.blobs} == draft.blob_digests
    several = index(draft, subject)
    listed = Manifest.read(several.content, several.media_type)
    assert listed.is_index
    assert [child.digest for child in listed.children] == [draft.digest, subject.digest]


def test_a_manifest_of_an_unknown_type_can_still_be_held() -> None:
    """It names nothing, and has its bytes, digest and type."""
    read = Manifest.read(b'{"anything": 1}', "application/vnd.example.thing+json")
    assert (read.document, read.blobs, read.children, read.subject) == (None, (), (), None)
    assert read.digest == Digest.of(b'{"anything": 1}')


def test_a_signed_manifest_of_schema_1_is_named_by_what_was_signed() -> None:
    """Its digest is not that of its bytes: the signatures were put in after."""
    payload = b'{\n   "name": "app",\n   "schemaVersion": 1\n}'
    cut = payload.rindex(b"\n}")
    told = {"formatLength": cut, "formatTail": base64.urlsafe_b64encode(payload[cut:]).decode().rstrip("=")}
    protected = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    signatures = json.dumps([{"protected": protected, "signature": "x"}]).encode()
    content = payload[:cut] + b',\n   "signatures": ' + signatures + payload[cut:]
    assert Manifest.read(content, SIGNED).digest == Digest.of(payload)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"no JSON", b'{"signatures": [{"protected": "%%%"}]}'])
def test_a_signature_that_cannot_be_read_changes_nothing(content: bytes) -> None:
    """Then the digest is that of the bytes."""
    assert Manifest.read(content, SIGNED).digest == Digest.of(content)


def test_a_media_type_comes_from_the_header_or_the_body() -> None:
    """Servers in front of a registry's files say `application/json`, and the body knows better."""
    body = json.dumps({"mediaType": OCI_INDEX}).encode()
    assert served_type(Answer(200, {"content-type": f"{OCI_IMAGE}; charset=utf-8"}, body)) == OCI_IMAGE
    assert served_type(Answer(200, {"content-type": "application/json"}, body)) == OCI_INDEX
    with pytest.raises(Untrustworthy):
        served_type(Answer(200, {"content-type": "text/html"}, b"<html>"))

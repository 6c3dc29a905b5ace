from __future__ import annotations

import json
import uuid
from typing import Any

from jettison.oci.digest import Digest
from jettison.registry.event import BLOB, Event, Source, Target, references
from jettison.registry.origin import NOBODY, Origin
from tests.support.content import artifact, descriptor, image, index

DIGEST = Digest.of(b"content")
ORIGIN = Origin(
    "7", "192.0.2.1", "192.0.2.1:5", "registry.example", "PUT", "docker/1", "https://registry.example", "someone"
)


def test_an_event_has_distributions_fields_in_its_order() -> None:
    """All of them, where all are known."""
    target = Target("a/b", DIGEST, "a/type", 7, "manifests", "v1", "c/d", image(b"x", config=b"y").content)
    event = Event("push", target, ORIGIN, 1_700_000_000_123_456)
    made = json.loads(event.encode(Source("host:5000", "an-instance")))
    uuid.UUID(made.pop("id"))
    assert made == {
        "timestamp": "2023-11-14T22:13:20.123456Z",
        "action": "push",
        "target": {
            "mediaType": "a/type",
            "digest": str(DIGEST),
            "size": 7,
            "length": 7,
            "repository": "a/b",
            "fromRepository": "c/d",
            "url": f"https://registry.example/v2/a/b/manifests/{DIGEST}",
            "tag": "v1",
            "references": references(image(b"x", config=b"y").content),
        },
        "request": {
            "id": "7",
            "addr": "192.0.2.1:5",
            "host": "registry.example",
            "method": "PUT",
            "useragent": "docker/1",
        },
        "actor": {"name": "someone"},
        "source": {"addr": "host:5000", "instanceID": "an-instance"},
    }
    assert list(made["target"]) == [
        "mediaType", "digest", "size", "length", "repository", "fromRepository", "url", "tag", "references",
    ]  # fmt: skip


def test_what_is_empty_is_left_out_where_distribution_leaves_it_out() -> None:
    """A deleted tag has a media type, a digest and a size all the same, which say nothing."""
    made = json.loads(Event("delete", Target("a/b", tag="v1"), NOBODY, 0).encode(Source()))
    assert made["target"] == {"mediaType": "", "digest": "", "size": 0, "repository": "a/b", "tag": "v1"}
    assert made["request"] == {"id": "", "method": "", "useragent": ""}
    assert (made["actor"], made["source"]) == ({}, {})
    assert made["timestamp"] == "1970-01-01T00:00:00.000000Z"


def test_each_event_has_an_id_of_its_own() -> None:
    """An endpoint that gets one twice knows it by that."""
    event = Event("pull", Target("a", DIGEST, BLOB, 1, "blobs"), NOBODY, 0)
    ids = {json.loads(event.encode(Source()))["id"] for _ in range(100)}
    assert len(ids) == 100


def test_an_event_is_one_line_of_ascii_whatever_clients_send() -> None:
    """A user agent may be anything."""
    origin = Origin(useragent='"\n\\\x00é\ufffd')
    encoded = Event("pull", Target("a"), origin, 0).encode(Source())
    assert encoded.isascii()
    assert "\n" not in encoded
    assert "\x00" not in encoded
    assert json.loads(encoded)["request"]["useragent"] == origin.useragent


def test_references_are_what_a_manifest_names_as_often_as_it_does() -> None:
    """Config first, then layers; of an index its entries; of an artifact its blobs."""
    named: Any = references(image(b"one", b"two", b"one", config=b"config").content)
    assert [each["digest"] for each in named] == [str(Digest.of(b)) for b in (b"config", b"one", b"two", b"one")]
    child = image(b"x")
    assert references(index(child).content) == [descriptor(child.content, child.media_type)]
    assert references(index().content) == []
    assert references(artifact(b"thing").content) == [descriptor(b"thing", "application/octet-stream")]


def test_references_have_the_fields_of_a_descriptor_and_no_others() -> None:
    """What the specification does not name may be anything."""
    known = descriptor(b"x", "a/type", urls=["https://example.com"], annotations={"a": "b"}, data="eA==",
                       platform={"os": "linux"}, artifactType="b/type")  # fmt: skip
    content = json.dumps({"config": known | {"secret": 1}, "layers": None}).encode()
    assert references(content) == [known]

from __future__ import annotations

from jettison.client.scope import merged, repository_of, rungs


def test_scopes_of_one_resource_become_one() -> None:
    """With all the actions, in order; a port in a name is not taken for an action."""
    assert merged(["repository:a:pull"], ["repository:a:pull,delete", "repository:b:pull"]) == (
        "repository:a:pull,delete",
        "repository:b:pull",
    )
    assert merged(["repository:host:5000/a:pull"], ["repository:host:5000/a:push"]) == (
        "repository:host:5000/a:pull,push",
    )


def test_only_a_deletion_ends_in_everything() -> None:
    """Reading is asked for as itself, and then as the challenge says."""
    assert rungs(("repository:a:pull",), ("repository:a:pull",)) == [("repository:a:pull",)]
    assert rungs(("repository:a:delete",), ("repository:a:push",)) == [
        ("repository:a:push,delete",),
        ("repository:a:push",),
        ("repository:a:*",),
    ]


def test_the_repository_of_scopes() -> None:
    """Whose credentials are looked for: the first that is named."""
    assert repository_of(("registry:catalog:*", "repository:a/b:pull")) == "a/b"
    assert repository_of(()) is None

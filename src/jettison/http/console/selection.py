"""What a visitor has chosen to delete, as it stands in an address or a form: named, found by a search, or by a rule."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from jettison.http.console.form import Fields
from jettison.http.request import BadRequest
from jettison.oci.digest import Digest
from jettison.oci.errors import NothingMatched, TooLarge
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import overview
from jettison.registry.access import Action, Caller
from jettison.registry.deletion import MOST_REPOSITORIES
from jettison.registry.overview import Listing
from jettison.registry.registry import Registry
from jettison.registry.ruled import let_go
from jettison.registry.target import Target
from jettison.registry.version import version
from jettison.selection.duration import parse_duration
from jettison.selection.pattern import Pattern
from jettison.selection.rules import MOST_KEPT, Rules, TagRule, Untagged

FIELDS: Final = ("t", "only", "search", "rule", "tag", "keep", "older", "untagged", "but")
COMMAND_NAMES: Final = 200
"""Targets that a command names: with more of them it is too long for a shell."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields that choose; ``only`` the tags of the versions named, where it says so; ``but`` is spared by rules."""

    fields: Fields

    @classmethod
    def of(cls, fields: Fields) -> Selection:
        """What is chosen by these fields, the others left out."""
        pairs = [(key, value) for key, value in fields.pairs if key in FIELDS and value]
        offered = dict.fromkeys(fields.all("offered"))
        if offered:
            # A browser does not send a box that is not ticked: what was offered and is not there was un-ticked. What
            # still is ticked is named by the rule, on this page as on the others.
            ticked = set(fields.all("t"))
            pairs = [(key, value) for key, value in pairs if key != "t" or value not in offered]
            pairs += [("but", value) for value in offered if value not in ticked]
        return cls(Fields(pairs))

    @property
    def rule(self) -> str:
        """The repository that a rule is about; empty where there is none."""
        return self.fields.one("rule")

    def targets(self, registry: Registry, caller: Caller) -> tuple[Target, ...]:
        """What is to go, as things stand. Raises BadRequest, NothingMatched, TooLarge, and what parsing raises."""
        named = [_target(text) for text in self.fields.all("t")]
        if self.fields.one("only") == "tags":
            named = [tag for target in named for tag in _tags(registry, target, caller)]
        if self.fields.one("search"):
            named += _found(registry, self.fields.one("search"), caller)
        if self.rule:
            spared = {_target(text) for text in self.fields.all("but")}
            going = let_go(registry, RepositoryName.parse(self.rule), self.rules(), caller)
            named += [target for target in going if target not in spared]
        if not named:
            raise NothingMatched("nothing is chosen: go back and tick what is to go")
        return tuple(dict.fromkeys(named))

    def command(self, host: str, targets: tuple[Target, ...]) -> str:
        """The command that does the same from a shell; empty where it would be too long."""
        if self.rule and not self.fields.all("t") and not self.fields.all("but"):
            options = [("--tag", "tag"), ("--keep", "keep"), ("--older-than", "older")]
            given = [
                f"{option} {shlex.quote(self.fields.one(name))}" for option, name in options if self.fields.one(name)
            ]
            untagged = ["--untagged"] if self.fields.one("untagged") else []
            return " ".join(["jettison prune", f"{host}/{self.rule}", *given, *untagged])
        if len(targets) > COMMAND_NAMES:
            return ""
        whole = [f"{host}/{target}" for target in targets if target.reference is None]
        parts = [f"{host}/{target}" for target in targets if target.reference is not None]
        commands = [["jettison rm", *parts]] * bool(parts) + [["jettison rm -r", *whole]] * bool(whole)
        return " && ".join(" ".join(command) for command in commands)

    def rules(self) -> Rules:
        """What the rule says. Raises BadRequest, PatternInvalid, RuleInvalid."""
        pattern, older = self.fields.one("tag"), self.fields.one("older")
        length = parse_duration(older) if older else None
        keep = self.fields.number("keep", 0, MOST_KEPT)
        untagged = Untagged(length) if self.fields.one("untagged") else None
        if not (pattern or length or self.fields.one("keep") or untagged):
            raise BadRequest("the rule says nothing: give a pattern, a number to keep, or an age")
        by_tag = TagRule((Pattern.parse(pattern),) if pattern else (), keep, length)
        wants_tags = bool(pattern or self.fields.one("keep") or not untagged)
        return Rules((by_tag,) if wants_tags else (), untagged=untagged)


def _target(text: str) -> Target:
    name, at, digest = text.partition("@")
    if at:
        return Target(RepositoryName.parse(name), Digest.parse(digest))
    name, colon, tag = text.partition(":")
    return Target(RepositoryName.parse(name), Tag.parse(tag) if colon else None)


def _tags(registry: Registry, target: Target, caller: Caller) -> list[Target]:
    if not isinstance(target.reference, Digest):
        return [target]
    caller.require(Action.PULL, target.repository.value)
    found = version(registry, target.repository, target.reference, caller).version
    return [Target(target.repository, Tag.parse(tag.name)) for tag in found.tags]


def _found(registry: Registry, search: str, caller: Caller) -> list[Target]:
    """The repositories that match a search. Raises TooLarge where they are more than one deletion takes."""
    asked = Listing(search, limit=MOST_REPOSITORIES)
    listed = overview.repositories(registry, asked, caller)
    if listed.next is not None:
        raise TooLarge(f"more than {MOST_REPOSITORIES} repositories match: delete in several steps")
    return [Target(RepositoryName(each.name)) for each in listed.repositories]

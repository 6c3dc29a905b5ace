"""What was found out about a configuration: what stops the start, and what is only worth saying."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a line of a file (counted from 1), or a variable or the built-in defaults by name."""

    name: str
    line: int | None = None

    def __str__(self) -> str:
        return self.name if self.line is None else f"{self.name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where it is written, which setting it is about, and what to do.

    `path` is dotted as in `http.addr`, and empty where the finding is about a whole file or variable.
    """

    origin: Origin
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.origin), self.path, self.message) if part)


@dataclass(frozen=True, slots=True)
class Notice(Finding):
    """One thing worth saying at start; it stops nothing."""


class SettingsError(Exception):
    """The configuration cannot be served.

    `findings` are all that is wrong, the file's lines first and in order; `notices` are what would have been said
    at a start.
    """

    def __init__(self, findings: tuple[Finding, ...], notices: tuple[Notice, ...] = ()) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings
        self.notices = notices


@dataclass(slots=True)
class Report:
    """Findings and notices in the making: every step of reading a configuration adds to one report."""

    _findings: list[Finding] = field(default_factory=list)
    _notices: list[Notice] = field(default_factory=list)

    def refuse(self, origin: Origin, path: str, message: str) -> None:
        """Add what stops the start."""
        self._findings.append(Finding(origin, path, message))

    def warn(self, origin: Origin, path: str, message: str) -> None:
        """Add what is only worth saying."""
        self._notices.append(Notice(origin, path, message))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What stops the start, the file's lines first and in order."""
        return tuple(sorted(self._findings, key=_position))

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is worth saying, in the same order."""
        return tuple(sorted(self._notices, key=_position))

    def raise_if_refused(self) -> None:
        """Raise `SettingsError` with everything found so far, if any of it stops the start."""
        if self._findings:
            raise SettingsError(self.findings, self.notices)


def _position(finding: Finding) -> tuple[bool, int]:
    return finding.origin.line is None, finding.origin.line or 0

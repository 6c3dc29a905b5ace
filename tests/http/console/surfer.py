"""A browser without scripts, as far as the console needs one: pages, cookies, and the forms of a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2


@dataclass
class Form:
    """A form of a page: where it goes, how, and its fields with the values that they have."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", given.get("method") or "get"))
        if tag == "input" and given.get("name") and given.get("type") != "checkbox" and self.forms:
            self.forms[-1].fields.append((given["name"] or "", given.get("value") or ""))


@dataclass
class Page:
    """A page that was answered."""

    answer: httpx2.Response

    @property
    def status(self) -> int:
        """The status."""
        return self.answer.status_code

    @property
    def text(self) -> str:
        """The HTML."""
        return self.answer.text

    @property
    def forms(self) -> list[Form]:
        """Its forms."""
        return self._read().forms

    @property
    def tags(self) -> list[tuple[str, dict[str, str | None]]]:
        """All elements, with their attributes."""
        return self._read().tags

    def form(self, action: str) -> Form:
        """The one form of the page that goes there, by POST."""
        [found] = [form for form in self.forms if form.action == action and form.method == "post"]
        return found

    def _read(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.text)
        return parser


class Surfer:
    """Somebody at a browser. ``client`` keeps the cookies."""

    def __init__(self, url: str) -> None:
        self.client = httpx2.Client(base_url=url, timeout=20, trust_env=False, headers={"Accept": "text/html"})
        self.origin = url

    def get(self, path: str, *, follow: bool = True) -> Page:
        """The page there."""
        return Page(self.client.get(path, follow_redirects=follow))

    def send(self, form: Form, *, follow: bool = True, origin: str | None = None, **values: str) -> Page:
        """Send the form, with these values for fields that it has or that are check boxes."""
        fields = [(name, values.pop(name, value)) for name, value in form.fields] + list(values.items())
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        headers = {"Origin": self.origin if origin is None else origin}
        return Page(self.client.post(form.action, data=data, headers=headers, follow_redirects=follow))

    def sign_in(self, name: str, password: str) -> Page:
        """Sign in."""
        return self.send(self.get("/console/sign-in").form("/console/sign-in"), name=name, password=password)

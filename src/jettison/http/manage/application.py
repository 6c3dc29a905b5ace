"""The JSON API as FastAPI describes and checks it, within the edge that all requests have in common."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Never

from fastapi import FastAPI
from fastapi import Request as Asked
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

import jettison
from jettison.http import readonly
from jettison.http.door import gate
from jettison.http.edge import Edge
from jettison.http.manage import guard
from jettison.http.manage.form import Refusals
from jettison.http.manage.invalid import DESCRIPTION, invalid
from jettison.http.manage.routes import REFUSALS, ROUTES, Route
from jettison.http.request import BadRequest, Message, PathUnknown, Request
from jettison.http.response import Response
from jettison.oci.errors import TooLarge, Unsupported
from jettison.registry.access import Action

LARGEST_BODY = 4 * 1024 * 1024

SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""Nothing of a request is told elsewhere, whatever the environment asks for."""

TITLE = "Jettison"
SUMMARY = "Manage a container image registry on which deletion works."


class Application:
    """Answers the requests of the API."""

    def __init__(self, edge: Edge, routes: tuple[Route, ...] = ROUTES) -> None:
        self._edge = edge
        self._app = _described(edge, routes)
        queries = _queries(self._app)
        self._paths: dict[str, dict[str, _Method]] = {DESCRIPTION: dict.fromkeys(("GET", "HEAD"), _Method())}
        for route in routes:
            methods = self._paths.setdefault(route.path, {})
            methods[route.method] = _Method(queries[route.name], route.needs, route.secret)
            if route.method == "GET":
                methods["HEAD"] = methods["GET"]

    async def __call__(self, request: Request) -> Response:
        """The response. Raises what :mod:`jettison.http.errors` has a status for."""
        path, match = next(
            ((path, match) for path in self._paths if (match := re.fullmatch(_pattern(path), request.path))), ("", None)
        )
        if match is None:
            raise PathUnknown(f"{request.path} is no path of this API: {DESCRIPTION} describes it")
        methods = self._paths[path]
        request.route, request.allowed = path, [*methods, "OPTIONS"]
        readonly.check(request)
        allowed = ", ".join(request.allowed)
        if request.method == "OPTIONS":
            return Response(200, [(b"allow", allowed.encode())])
        if request.method not in methods:
            raise Unsupported(f"{request.method} is not supported on {request.path}: it takes {allowed}")
        method = methods[request.method]
        request.needs = method.needs
        await gate.check(request, match.groupdict().get("repository"))
        if method.secret and self._edge.door is not None:
            self._edge.door.require_safe(request)
        request.accept_only(*method.accepted)
        guard.check(request)
        content = await request.body.whole(LARGEST_BODY)
        if content is None:
            raise TooLarge(f"the body has more than {LARGEST_BODY} bytes, which is the most that is accepted")
        return await self._asked(request, content)

    async def _asked(self, request: Request, content: bytes) -> Response:
        whole = request.method != "HEAD"
        scope = {**request.scope, "path": request.path, "method": request.method if whole else "GET", "root_path": ""}
        scope["origin"], scope["caller"] = request.origin, request.caller
        exchange = _Exchange(content)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except RequestValidationError as error:
            raise invalid(error) from error
        except HTTPException as error:
            raise BadRequest(f"{error.detail}: what this request takes is described at {DESCRIPTION}") from error
        return exchange.response(whole=whole)


@dataclass(frozen=True, slots=True)
class _Method:
    """What is asked of a request before it is read: the ``accepted`` parameters of its query, and as of its route."""

    accepted: Sequence[str] = ()
    needs: Action = Action.NOTHING
    secret: bool = False


def _pattern(path: str) -> str:
    """The path's pattern. A name may hold slashes, any other part none."""
    return re.sub(r"{\w+}", "[^/]+", re.sub(r"{(\w+):path}", r"(?P<\1>.+)", path))


class _Exchange:
    """A request whose body is there, and the response that is made of it, as ASGI messages."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._start: Message = {}
        self._body = bytearray()

    async def receive(self) -> Message:
        """The body, whole."""
        return {"type": "http.request", "body": self._content, "more_body": False}

    async def send(self, message: Message) -> None:
        """Take a piece of the response."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    def response(self, *, whole: bool) -> Response:
        """What was sent. Its length is told where it goes out, for every response alike."""
        headers = [(name, value) for name, value in self._start["headers"] if name != b"content-length"]
        body = bytes(self._body)
        return Response(self._start["status"], headers, body if whole else b"", len(body))


def _described(edge: Edge, routes: tuple[Route, ...]) -> FastAPI:
    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=jettison.__version__,
        openapi_url=DESCRIPTION,
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # it would send clients to the host that the request names
        exception_handlers={HTTPException: _raise, RequestValidationError: _raise},
        telemetry=SILENT,
        servers=[{"url": edge.prefix}] if edge.prefix else None,
    )
    app.state.edge = edge
    for route in routes:
        needs, _, does = inspect.cleandoc(route.handler.__doc__ or "").partition(". ")
        app.add_api_route(
            route.path,
            route.handler,
            methods=[route.method],
            operation_id=route.name,
            summary=does,
            description=f"{needs}.",
            tags=[route.name.partition("_")[0]],
            status_code=min(route.answers),
            response_model=None,
            responses=_responses(route),
        )
    _amend(app.openapi())
    return app


async def _raise(_: Asked, error: Exception) -> Never:
    """Leave it to who answers for every error of the edge."""
    raise error


def _responses(route: Route) -> dict[int | str, dict[str, Any]]:
    described: dict[int | str, dict[str, Any]] = {}
    for status, model in route.answers.items():
        described[status] = {"model": model, "description": HTTPStatus(status).phrase}
    for status in sorted(route.refusals):
        described[status] = {"model": Refusals, "description": REFUSALS[status]}
    return described


def _amend(document: dict[str, Any]) -> None:
    """Take away what FastAPI says and is not so here: its own refusal, which is a 400, and null in a query."""
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            for parameter in operation.get("parameters", ()):
                kinds = parameter["schema"].pop("anyOf", [])
                parameter["schema"] |= {key: value for kind in kinds[:1] for key, value in kind.items()}
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _queries(app: FastAPI) -> dict[str, list[str]]:
    """The names of the parameters in the query of each operation that FastAPI describes."""
    return {
        operation["operationId"]: [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        for operations in app.openapi()["paths"].values()
        for operation in operations.values()
    }

"""The first administrator."""

from __future__ import annotations

from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.accounts import AccountText
from jettison.http.manage.form import AnEdge, AnOrigin, answer
from jettison.http.manage.users import PATH as USERS
from jettison.http.manage.users import NewPassword
from jettison.registry import setup

PATH = "/api/v1/setup"


class First(NewPassword):
    """The first administrator to be, and the code that the server has printed at its start."""

    code: str = Field(json_schema_extra={"writeOnly": True, "maxLength": 100})
    name: AccountText


async def post(edge: AnEdge, origin: AnOrigin, wanted: First) -> JSONResponse:
    """Needs nothing. Make the first administrator, with the code that the server prints while there is none."""
    user = await edge.run(lambda: setup.use(edge.registry, origin, wanted.code, wanted.name, wanted.password))
    return answer(user.to_json(), 201, {"Location": edge.url(f"{USERS}/{user.name}").decode()})

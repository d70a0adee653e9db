"""Cloudflare's envelope, its errors, and who may do what."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.cloudflare.state import Token


class ApiError(Exception):
    """An answer of the API that is an error."""

    def __init__(
        self, status: int, code: int, message: str, chain: tuple[tuple[int, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.chain = chain


NO_RIGHT = ApiError(403, 10000, "Authentication error")
NOT_FOUND = ApiError(404, 7003, "Could not route to the resource: it is not there")


def answer(
    result: Any, *, info: Mapping[str, Any] | None = None, message: tuple[int, str] | None = None
) -> JSONResponse:
    """A success; `info` is the page of a list."""
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": result}
    if message:
        body["messages"] = [{"code": message[0], "message": message[1], "type": None}]
    if info:
        body["result_info"] = dict(info)
    return JSONResponse(body, headers=_ray())


def refusal(error: ApiError) -> JSONResponse:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.chain:
        told["error_chain"] = [{"code": c, "message": m} for c, m in error.chain]
    body = {"success": False, "errors": [told], "messages": [], "result": None}
    return JSONResponse(body, status_code=error.status, headers=_ray())


def _ray() -> dict[str, str]:
    return {"cf-ray": f"{secrets.token_hex(8)}-SBX"}


def paged(items: list[Any], request: Request, *, most: int = 100) -> JSONResponse:
    """The page of a list that was asked for, with its `result_info`."""
    page = int(request.query_params.get("page", "1"))
    size = min(most, int(request.query_params.get("per_page", "20")))
    begin = (page - 1) * size
    shown = items[begin : begin + size]
    pages = max(1, -(-len(items) // size))
    info = {
        "page": page, "per_page": size, "count": len(shown), "total_count": len(items),
        "total_pages": pages,
    }  # fmt: skip
    return answer(shown, info=info)


class Gate:
    """Looks at the token of each request before it is answered."""

    def __init__(self, tokens: dict[str, Token]) -> None:
        self._tokens = tokens

    def token(self, request: Request) -> Token:
        """The token of a request. Raises ApiError as the vendor does."""
        header = request.headers.get("authorization", "")
        kind, _, value = header.partition(" ")
        if kind != "Bearer" or not value or len(value) < 20:
            raise ApiError(
                400, 6003, "Invalid request headers",
                ((6103, "Invalid format for X-Auth-Key header"),),
            )  # fmt: skip
        token = self._tokens.get(value)
        if token is None or token.status != "active":
            raise ApiError(401, 1000, "Invalid API Token")
        return token

    def guarded(
        self, handler: Callable[[Request], Any], permission: str | None
    ) -> Callable[[Request], Any]:
        """`handler` for whoever has the permission; errors in the vendor's envelope."""

        async def guard(request: Request) -> JSONResponse:
            try:
                token = self.token(request)
                if permission and permission not in token.permissions:
                    raise NO_RIGHT
                request.state.body = await _json(request)
                request.state.token = token
                reply: JSONResponse = handler(request)
            except ApiError as error:
                return refusal(error)
            return reply

        return guard


async def _json(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(400, 6007, "Malformed JSON in request body")
    return found

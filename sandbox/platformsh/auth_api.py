"""Who may ask, over HTTP: the token end point and the SSH certifier."""

import json
from urllib.parse import parse_qs

from cryptography.exceptions import UnsupportedAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.platformsh.auth import CLIENTS, Authority, basic


class AuthApi:
    """The three end points of the vendor's auth host that a client of git and API needs."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/oauth2/token", self.token, methods=["POST"]),
                Route("/ssh", self.ssh, methods=["POST"]),
                Route("/ssh/authority", self.ssh_authority, methods=["GET"]),
            ]
        )

    async def token(self, request: Request) -> Response:
        client = basic(request.headers.get("authorization", ""))
        if client is None or client[0] not in CLIENTS or client[1]:
            return JSONResponse({"error": "invalid_client"}, 401)
        form = parse_qs((await request.body()).decode())
        if form.get("grant_type") != ["api_token"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if form.get("api_token") != [self._authority.api_token]:
            words = "The API token is invalid or has expired."
            return JSONResponse({"error": "invalid_grant", "error_description": words}, 400)
        answer = {
            "access_token": self._authority.access_token(),
            "expires_in": self._authority.expires_in,
            "token_type": "bearer",
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def ssh(self, request: Request) -> Response:
        if not self._authority.accepts(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_token"}, 401)
        try:
            key = json.loads(await request.body())["key"]
            certificate = self._authority.certify(str(key))
        except (ValueError, KeyError, TypeError, UnsupportedAlgorithm):
            return JSONResponse({"error": "The key is not a public SSH key."}, 400)
        return JSONResponse({"certificate": certificate})

    async def ssh_authority(self, _request: Request) -> Response:
        return JSONResponse({"authorities": [self._authority.public_line]})

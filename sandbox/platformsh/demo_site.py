"""The shop that the demo project serves: pages whose bytes depend on host and path alone."""

from sandbox.platformsh.http11 import Request, Response

_CACHED = ("Cache-Control", "public, max-age=600")
_FRESH = ("Cache-Control", "no-cache")
_HTML = ("Content-Type", "text/html; charset=utf-8")
_TITLES = {
    "/": "The shop",
    "/about": "About the shop",
    "/prices": "Prices",
    "/basket": "Your basket",
    "/contact": "Contact",
}
_ASSETS: dict[str, tuple[str, bytes]] = {
    "/static/app.css": ("text/css", b"body { margin: 2rem; font-family: sans-serif }\n"),
    "/static/print.css": ("text/css", b"nav { display: none }\n"),
    "/static/app.js": ("text/javascript", b"document.documentElement.className = 'js'\n"),
    "/static/logo.svg": (
        "image/svg+xml",
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/>'
        b"</svg>\n",
    ),
}


def respond(request: Request, *, environment: str) -> Response:
    """The application's answer. It sees `X-Client-Verify` as the router set it."""
    if request.path in _ASSETS:
        kind, content = _ASSETS[request.path]
        return Response(200, content, (("Content-Type", kind), _CACHED))
    if request.path == "/verify":
        said = request.header("x-client-verify") or "NONE"
        text = f"X-Client-Verify: {said}\n".encode()
        plain = ("Content-Type", "text/plain; charset=utf-8")
        return Response(
            200, text, (plain, ("X-Client-Verify", said), ("Cache-Control", "no-store"))
        )
    status = 200 if request.path in _TITLES else 404
    title = _TITLES.get(request.path, "No such page")
    return Response(status, _page(request.host, title, environment), (_HTML, _FRESH))


def _page(host: str, title: str, environment: str) -> bytes:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="stylesheet" href="/static/app.css"></head>\n<body><h1>{title}</h1>'
        f"<p>{host}, environment {environment}</p></body></html>\n"
    ).encode()

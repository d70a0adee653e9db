"""The files and commits that the demo project's repository starts with."""

from sandbox.platformsh.repository import Repository

ROUTES = """\
# Routes of the shop. Changes here are deployed with the next push.

# The shop itself.
"https://{default}/":
  type: upstream
  upstream: "app:http"   # see .platform.app.yaml
  cache:
    enabled: true
    default_ttl: 0
    cookies: ["*"]
  redirects:
    expires: 1d
    paths:
      "/old-prices":
        to: "https://{default}/prices"
        code: 302

# People still type www.
"https://www.{default}/":
  type: redirect
  to: "https://{default}/"

# Pictures have a host of their own, two labels below the apex.
"https://img.cdn.example.com/":
  type: upstream
  upstream: "app:http"

# The archive is somebody else's.
"https://{default}/archive/":
  type: proxy
  to: "https://archive.example.org/"
"""

APP = """\
name: app
type: "python:3.12"
disk: 512
source:
  root: /
web:
  commands:
    start: "python server.py"
  locations:
    "/":
      passthru: true
    "/static":
      root: static
      expires: 10m
"""

SERVICES = """\
# Nothing but the application so far.
{}
"""

SERVER = """\
print("the shop")
"""

FILES = {
    ".platform/routes.yaml": ROUTES.encode(),
    ".platform/services.yaml": SERVICES.encode(),
    ".platform.app.yaml": APP.encode(),
    "README.md": b"# Example shop\n",
    "bin/build.sh": b"#!/bin/sh\necho built\n",
    "server.py": SERVER.encode(),
    "static/app.css": b"body { margin: 2rem }\n",
    "static/Stra\xc3\x9fe.txt": b"non-ascii on purpose\n",
}


def fill(repository: Repository) -> None:
    """Three commits on main, one more on staging and on feature-cart."""
    repository.commit("main", FILES, message="The shop\n")
    repository.commit("main", {"README.md": b"# Example shop\n\nMore.\n"}, message="Say more\n")
    repository.commit(
        "staging", {"static/app.css": b"body { margin: 1rem }\n"}, message="Try a margin\n",
        start="main",
    )  # fmt: skip
    repository.commit("main", {"docs/prices.md": b"Prices include VAT.\n"}, message="Prices\n")
    repository.commit("feature-cart", {"cart.py": b"CART = []\n"}, message="A cart\n", start="main")

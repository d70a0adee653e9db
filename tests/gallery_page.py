"""The gallery on one page, drawn by the sandbox page's own renderer: `build/gallery.html`."""

import functools
import http.server
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.slack.page import STATIC
from tests.e2e.people_at_the_page import chromium
from tests.gallery import cases

OUT = Path(__file__).parent.parent / "build" / "gallery.html"
_STYLES = ("theme", "frame", "messages", "blocks", "dialogs")
_SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>mtls-bot: gallery</title><style>{css}
body {{ overflow: auto; height: auto; padding: 16px; }}
.case {{ max-width: 720px; margin: 0 auto 28px; overflow-wrap: anywhere; }}
.case > h2 {{ font-size: 13px; opacity: .75; }}
</style></head><body></body></html>"""
# The same modules as on the page; what they draw is kept, and the page needs no script any more.
_DRAW = """async (cases) => {
  const { shown } = await import("/js/state.js");
  shown.state = { people: {}, channels: [], groups: {}, messages: {}, modals: [] };
  const { blocks } = await import("/js/blocks.js");
  const context = { act() {}, enter() {}, chosen: (b, e) => ({
    value: e.initial_value, selected_option: e.initial_option, selected_options: e.initial_options,
    selected_users: e.initial_users,
  }), suggest: async () => [], errors: {} };
  for (const [name, made] of Object.entries(cases)) {
    const part = document.createElement("section");
    part.className = "case";
    const title = document.createElement("h2");
    title.textContent = name + (made.title ? ` \\u2014 ${made.title.text}` : "");
    part.append(title, blocks(made.blocks, context));
    document.body.append(part);
  }
  for (const i of document.querySelectorAll("input")) {
    i.setAttribute("value", i.value);
    i.toggleAttribute("checked", i.checked);
  }
  for (const o of document.querySelectorAll("option")) o.toggleAttribute("selected", o.selected);
}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_said: Any) -> None:
        """Nothing of it is of interest."""

    def do_GET(self) -> None:
        """The shell at the root, the page's own files beside it."""
        if self.path != "/":
            super().do_GET()
            return
        body = shell().encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def shell() -> str:
    """An empty page with the styles of the sandbox's in it."""
    css = "\n".join((STATIC / "css" / f"{name}.css").read_text() for name in _STYLES)
    return _SHELL.format(css=css)


@contextmanager
def served() -> Iterator[str]:
    """The page's modules on loopback, while they draw."""
    handler = functools.partial(_Quiet, directory=str(STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def drawn(kinds: tuple[str, ...] = ("usual",)) -> str:
    """The whole page, without a script."""
    chosen = {name: made for name, made in cases().items() if name.split("/")[0] in kinds}
    with served() as address, chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        page.evaluate(_DRAW, chosen)
        return re.sub(r"<script.*?</script>", "", page.content(), flags=re.DOTALL)


def main(kinds: tuple[str, ...]) -> None:
    """Write the page; without names only the usual content."""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(drawn(kinds))
    sys.stdout.write(f"{OUT}\n{json.dumps(kinds)}\n")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or ("usual",))

"""Pictures of a terminal: what the commands really print there, colours and all."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from sandbox.bot_process import ROOT
from sandbox.platformsh.stand_in import PlatformshStandIn
from tests.e2e.stage import Stage

COLUMNS = 120
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #fff; }}
pre {{ display: inline-block; margin: 0; padding: 18px 22px; border-radius: 10px;
  background: #1f2421; color: #e8ebe6; font: 14px/1.45 "DejaVu Sans Mono", monospace; }}
b {{ color: #8fd0b5; }}
</style><pre>{printed}</pre>"""


def printed(stage: Stage, *arguments: str) -> str:
    """What the command prints in a terminal, with its escape sequences."""
    mine, theirs = pty.openpty()
    environment = {
        **stage.world.environment(), "PATH": os.defpath, "TERM": "xterm-256color",
        "COLUMNS": str(COLUMNS),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), *arguments], env=environment, cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while chunk := _read(mine):
        said += chunk
    os.close(mine)
    process.wait(timeout=60)
    return said.decode().replace("\r\n", "\n").rstrip("\n")


def _read(mine: int) -> bytes:
    """The next piece; a terminal whose program has ended gives an error instead of an end."""
    try:
        return os.read(mine, 65536)
    except OSError:
        return b""


def picture(browser: Browser, path: Path, told: list[tuple[str, str]]) -> None:
    """Each command with what it printed, as a terminal shows it."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for n, (command, said) in enumerate(told):
        if n:
            console.print()
        console.print(Text(f"$ {command}", style="bold green"))
        console.print(Text.from_ansi(said))
    inside = console.export_html(theme=MONOKAI, inline_styles=True, code_format="{code}").strip()
    page = browser.new_page()
    page.set_content(_PAGE.format(printed=inside))
    page.locator("pre").screenshot(path=path)
    page.close()


def terminal(stage: Stage, browser: Browser, directory: Path) -> None:
    """`check`, then `probe` of the origin before and after a run."""
    told = _without_places(printed(stage, "check"))
    picture(browser, directory / "check.png", [("python app.py check", told)])
    command = f"probe --domain www.example.com --address {_address(stage.world.platformsh)}"
    before = printed(stage, *command.split())
    stage.close_origin()
    after = printed(stage, *command.split())
    picture(browser, directory / "probe.png", [
        (f"python app.py {command}", before), (f"python app.py {command}", after),
    ])  # fmt: skip


def _without_places(table: str) -> str:
    """The table up to the first moved seam: where the rest lead is of this sandbox only."""
    lines = table.splitlines()
    first = next(n for n, line in enumerate(lines) if "Not production" in line)
    return "\n".join([*lines[: first + 1], "…"])


def _address(vendor: PlatformshStandIn) -> str:
    """One address of the origin, as the sandbox has it."""
    return f"{vendor.addresses[0]}:{vendor.https_port}"

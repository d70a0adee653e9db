"""The tree keeps its rules; and each rule finds a text that breaks it."""

import ast
import statistics
from collections.abc import Callable, Iterator

import pytest

from tests import architecture as a

Rule = Callable[[a.Source], Iterator[str]]

PRODUCT = a.sources(*a.PRODUCT)
TREE = (*PRODUCT, *a.sources("tests"))

# (the rule, a path, a text that breaks it, a text of the same kind that does not)
PLANTED: tuple[tuple[Rule, str, str, str], ...] = (
    (a.imports_go_one_way, "bot/engine/fold.py", "from bot.slack.blocks import Card",
     "from steps.step import Plan"),
    (a.imports_go_one_way, "bot/engine/work.py", "import steps.clients.http",
     "import steps.errors"),
    (a.imports_go_one_way, "bot/engine/work.py", "from steps import routes",
     "from steps import step"),
    (a.imports_go_one_way, "bot/store/sqlite.py", "from bot.slack.desk import Desk",
     "from bot.engine.events import Event"),
    (a.imports_go_one_way, "bot/slack/desk.py", "from bot.store.sqlite import SqliteStore",
     "from bot.engine.engine import Engine"),
    (a.imports_go_one_way, "bot/slack/desk.py", "from bot.settings import Settings",
     "from bot.slack.people import People"),
    (a.imports_go_one_way, "bot/watch.py", "from steps.clients.cloudflare import cloudflare",
     "from bot.engine.engine import Engine"),
    (a.imports_go_one_way, "steps/gate.py", "from bot.engine.events import Event",
     "from steps.route_step import RouteStep"),
    (a.imports_go_one_way, "steps/gate.py", "from sandbox.world import World",
     "from steps.step import Step"),
    (a.imports_go_one_way, "steps/clients/http.py", "from steps.step import Plan",
     "from steps.errors import Denied"),
    (a.imports_go_one_way, "steps/origin/look.py", "from steps.clients import http",
     "from steps.origin import wire"),
    (a.imports_go_one_way, "steps/routes.py", "from steps.clients.http import Service",
     "from steps.routes_tree import Node"),
    (a.imports_go_one_way, "steps/errors.py", "from steps.step import Plan", "import enum"),
    (a.imports_go_one_way, "sandbox/world.py", "from steps.certificates import covers",
     "from sandbox.dns import Table"),
    (a.imports_go_one_way, "sandbox/world.py",
     "def late() -> None:\n    from bot.engine import fold", "import bottle"),
    (a.imports_go_one_way, "bot/engine/work.py", "from ..slack.desk import Desk",
     "from .fold import fold"),
    (a.imports_go_one_way, "bot/engine/work.py", "from .. import slack", "from . import fold"),
    (a.imports_go_one_way, "steps/gate.py", "from importlib import import_module",
     "import inspect"),
    (a.imports_go_one_way, "elsewhere/new.py", "import os", ""),
    (a.the_outside_has_its_places, "bot/engine/work.py", "import httpx", "import structlog"),
    (a.the_outside_has_its_places, "steps/gate.py", "from slack_sdk import WebClient",
     "import json"),
    (a.the_outside_has_its_places, "bot/slack/desk.py", "import sqlite3", "import slack_sdk"),
    (a.the_outside_has_its_places, "steps/reading.py", "from cloudflare import Cloudflare",
     "from steps.clients.cloudflare import CloudflareClient"),
    (a.only_the_store_speaks_sql, "bot/engine/engine.py",
     "QUERY = 'select run from runs where outcome is null'",
     "WORDS = 'Select the site from the list.'.lower()"),
    (a.only_the_store_speaks_sql, "app.py", "Q = 'PRAGMA user_version'", "Q = 'no pragma'"),
    (a.the_environment_is_a_parameter, "bot/settings.py", "import os\nTOKEN = os.environ['T']",
     "def read(env: dict[str, str]) -> str:\n    return env['T']"),
    (a.the_environment_is_a_parameter, "steps/gate.py", "from os import getenv",
     "from os import path"),
    (a.time_and_chance_are_parameters, "bot/engine/work.py", "NOW = datetime.now(UTC)",
     "NOW = clock()"),
    (a.time_and_chance_are_parameters, "steps/gate.py", "time.sleep(1)", "time.monotonic()"),
    (a.synchronous_throughout, "bot/slack/desk.py", "async def go() -> None: ...",
     "def go() -> None: ..."),
    (a.names_say_what_a_thing_is, "bot/slack/utils.py", "", ""),
    (a.names_say_what_a_thing_is, "bot/slack/desk.py", "class RunManager: ...",
     "class Managed: ..."),
    (a.names_say_what_a_thing_is, "steps/gate.py", "def tls_helper() -> None: ...",
     "def database() -> None: ..."),
    (a.everything_is_typed, "steps/gate.py", "def f(a) -> None: ...", "def f(a: int) -> None: ..."),
    (a.everything_is_typed, "steps/gate.py", "def f(self, *, k: int): ...",
     "class A:\n    def f(self, *, k: int) -> None: ..."),
    (a.files_are_short, "steps/gate.py", "\n" * 301, "\n" * 300),
    (a.functions_are_short, "steps/gate.py", "def f() -> None:\n" + "    1\n" * 50,
     "def f() -> None:\n" + "    1\n" * 49),
    (a.modules_say_what_belongs_here, "steps/gate.py", "import os", '"""The gate."""'),
    (a.catch_alls_stand_in_their_place, "steps/gate.py",
     "try:\n    go()\nexcept (ValueError, Exception):\n    pass",
     "try:\n    go()\nexcept ExceptionGroup:\n    pass"),
    (a.catch_alls_stand_in_their_place, "sandbox/world.py", "try:\n    go()\nexcept:\n    pass",
     "try:\n    go()\nexcept OSError:\n    pass"),
    (a.catch_alls_stand_in_their_place, "steps/gate.py", "contextlib.suppress(Exception)",
     "contextlib.suppress(OSError)"),
    (a.only_access_decides, "bot/slack/desk.py", "raise NotAllowed('no')", "raise Rejected('no')"),
    (a.only_access_decides, "bot/slack/desk.py", "if who.guest:\n    go()",
     "Person(user, guest=True)"),
    (a.only_access_decides, "bot/slack/desk.py", "self.engine.submit(run, command)",
     "self.engine.submit(run, command, admit=admit)"),
    (a.only_access_decides, "bot/slack/desk.py", "self.engine.start(command)",
     "self.engine.start(command, admit=admit)"),
)  # fmt: skip


@pytest.mark.parametrize("rule", a.RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_every_rule(rule: Rule) -> None:
    """Nothing in the product or its tests breaks the rule."""
    assert [broken for source in TREE for broken in rule(source)] == []


@pytest.mark.parametrize(
    ("rule", "path", "bad"),
    [(rule, path, bad) for rule, path, bad, _ in PLANTED],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_text_that_breaks_a_rule_is_found(rule: Rule, path: str, bad: str) -> None:
    """The negative control: the rule sees what was planted."""
    assert list(rule(a.Source(path, bad))) != []


@pytest.mark.parametrize(
    ("rule", "path", "good"),
    [(rule, path, good) for rule, path, bad, good in PLANTED if good and bad],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_text_that_keeps_a_rule_is_left_alone(rule: Rule, path: str, good: str) -> None:
    """The rule does not cry wolf at what looks alike."""
    assert list(rule(a.Source(path, good))) == []


def test_every_rule_has_a_control() -> None:
    """A rule that nobody has ever seen find anything is no rule."""
    assert {rule.__name__ for rule, *_ in PLANTED} == {rule.__name__ for rule in a.RULES}


def test_two_places_catch_everything() -> None:
    """What keeps our loops going, and Bolt's error handler, and no third."""
    handlers = [found for source in PRODUCT for found in a.catch_alls(source)]
    of_bolt = [
        f"{source.path}:{node.lineno}"
        for source in PRODUCT
        for node in source.functions
        if "app.error" in [ast.unparse(d) for d in node.decorator_list]
    ]
    assert (len(handlers), len(of_bolt)) == (1, 1), (handlers, of_bolt)


def test_only_app_reads_the_settings() -> None:
    """Every part is handed the values that it needs; none reaches for the settings itself."""
    readers = {s.path for s in PRODUCT for name, _ in s.imports if name == "bot.settings"}
    assert "bot/wiring.py" in readers
    assert [r for r in readers if r != "bot/wiring.py" and not r.startswith("bot/terminal/")] == []


def test_functions_are_mostly_a_few_lines() -> None:
    """The median function has at most 9 lines, nine in ten at most 30."""
    lengths = sorted(a.length(node) for source in PRODUCT for node in source.functions)
    assert statistics.median(lengths) <= 9
    assert lengths[len(lengths) * 9 // 10] <= 30


def test_the_rules_see_the_whole_tree() -> None:
    """Every part of the product is among what the rules read."""
    tops = {source.path.split("/")[0] for source in TREE}
    assert tops == {"app.py", "bot", "steps", "sandbox", "tests"}
    assert len(PRODUCT) > 100

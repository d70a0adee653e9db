"""The rules of the tree, as functions from one source text to the sentences that it breaks.

Each rule takes a `Source` and yields what is wrong; `tests/unit/test_architecture.py` runs every
rule over the tree, and over a planted text that breaks it.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRODUCT = ("app.py", "bot", "steps", "sandbox")
MOST_LINES, MOST_FUNCTION_LINES = 300, 50
CATCH_ALL_HOME = "bot/engine/loops.py"
_VAGUE = re.compile(r"(^|_)(utils?|helpers?|managers?|common|base)(_|$)")
_STATEMENTS = (
    r"select\s.+\sfrom\s", r"insert\s+(or\s+\w+\s+)?into\s", r"create\s+(table|trigger|index)\s",
    r"delete\s+from\s", r"update\s+\w+\s+set\s", r"pragma\s",
)  # fmt: skip
_LOWER = "|".join(_STATEMENTS)
_SQL = re.compile(f"{_LOWER}|(?=[A-Z]{{2}})(?i:{_LOWER})", re.DOTALL)
"""In small or in capital letters; a sentence begins with one capital letter."""
_DATABASES = {"sqlite3", "sqlite_utils", "psycopg", "sqlalchemy"}
_SLACK = {"slack_sdk", "slack_bolt"}
_OUTSIDE = _SLACK | _DATABASES | {
    "httpx", "requests", "socket", "ssl", "paramiko", "dulwich", "dns", "urllib", "cryptography",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One file of the tree: its path from the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree, in the order of `ast.walk`: every rule reads the same walk."""
        return tuple(ast.walk(self.tree))

    @property
    def module(self) -> str:
        """The dotted name: ``bot.engine.fold``; a package has the name of its folder."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Every imported module and its line, also those inside functions."""
        return tuple(self._imported())

    def _imported(self) -> Iterator[tuple[str, int]]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                # `from steps import routes` means the module steps.routes
                if module in PACKAGES:
                    yield from ((f"{module}.{a.name}", node.lineno) for a in node.names)
                else:
                    yield module, node.lineno

    def _absolute(self, node: ast.ImportFrom) -> str:
        """The module that is meant, also by dots: one is the package that the file is in."""
        above = self.path.split("/")[: -node.level] if node.level else []
        return ".".join([*above, *filter(None, [node.module])])

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
        found = (n for n in self.nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
        return tuple(found)


PACKAGES = frozenset({
    "bot", "bot.engine", "bot.slack", "bot.store", "bot.terminal", "steps", "steps.clients",
    "steps.origin", "sandbox",
})  # fmt: skip
_ROUTES = (
    "steps.routes_events", "steps.routes_tree", "steps.routes_meaning", "steps.routes_text",
    "steps.routes_read", "steps.routes_findings", "steps.routes_draft", "steps.routes_tls",
    "steps.routes_edit", "steps.routes_undo", "steps.routes_notes", "steps.routes_proof",
    "steps.routes", "steps.routes_default", "steps.routes_directory", "steps.routes_files",
)  # fmt: skip
"""The edit of a routes file, each part above those that it may know."""
MAY_IMPORT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("steps.errors", ()),
    ("steps.step", ()),
    ("steps.clients", ("steps.clients", "steps.errors")),
    ("steps.origin", ("steps.origin", "steps.errors")),
    ("steps.certificates", ("steps.errors",)),
    *((part, ("steps.errors", *_ROUTES[:n])) for n, part in enumerate(_ROUTES)),
    ("steps", ("steps",)),
    ("bot.engine", ("bot.engine", "steps.step", "steps.errors")),
    ("bot.store", ("bot.store", "bot.engine", "steps.step", "steps.errors")),
    ("bot.slack", ("bot.slack", "bot.engine", "steps.step", "steps.errors")),
    ("bot.watch", ("bot.engine", "steps.step", "steps.errors")),
    ("bot.settings", ("bot.approval_settings", "bot.setting_kinds", "steps.errors")),
    ("bot.approval_settings", ("bot.setting_kinds",)),
    ("bot.setting_kinds", ()),
    ("bot.logs", ()),
    (
        "bot.wiring",
        (
            "bot.engine",
            "bot.setting_kinds",
            "bot.settings",
            "bot.slack",
            "bot.store",
            "bot.watch",
            "steps",
        ),
    ),
    ("bot.terminal", ("bot", "steps")),
    ("sandbox", ("sandbox",)),
    ("app", ("bot.terminal",)),
)
"""The first line that fits a module says which of ours it may import. Imports go one way."""


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def imports_go_one_way(source: Source) -> Iterator[str]:
    """Which of our modules a module may know."""
    if source.module.startswith("tests"):
        return
    allowed = next((to for of, to in MAY_IMPORT if _within(source.module, of)), None)
    if allowed is None and source.text.strip():
        yield f"{source.path} is in no place that the rules know"
    for name, line in source.imports:
        if name.split(".")[0] == "importlib":
            yield f"{source.path}:{line} imports by a name that no rule can read"
        ours = name.split(".")[0] in ("bot", "steps", "sandbox", "app", "tests")
        if ours and not any(_within(name, one) for one in allowed or ()):
            yield f"{source.path}:{line} imports {name}"


def the_outside_has_its_places(source: Source) -> Iterator[str]:
    """The engine knows nothing outside; Slack and databases stand where they belong."""
    for name, line in source.imports:
        root = name.split(".")[0]
        if _within(source.module, "bot.engine") and root in _OUTSIDE:
            yield f"{source.path}:{line} the engine imports {root}"
        if root in _SLACK and _within(source.module, "steps"):
            yield f"{source.path}:{line} a step imports {root}"
        if root in _DATABASES and _in(source, "bot", "steps") and not _stores(source):
            yield f"{source.path}:{line} imports {root}, which only bot/store does"
        if root in {"cloudflare", "platformshconfig"} and _in(source, "bot", "steps", "app"):
            yield f"{source.path}:{line} imports a vendor's SDK"


def _in(source: Source, *packages: str) -> bool:
    return any(_within(source.module, package) for package in packages)


def _stores(source: Source) -> bool:
    return _within(source.module, "bot.store")


def only_the_store_speaks_sql(source: Source) -> Iterator[str]:
    """No text outside `bot/store` is a statement of SQL."""
    if not _in(source, "bot", "steps", "app") or _stores(source):
        return
    for node in source.nodes:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        text = node.value.strip()
        if _SQL.match(text):
            yield f"{source.path}:{node.lineno} holds SQL: {text[:40]}"


def the_environment_is_a_parameter(source: Source) -> Iterator[str]:
    """`app.py` hands the environment over; nothing else in bot or steps reaches for it."""
    if not _in(source, "bot", "steps"):
        return
    wanted = {"environ", "environb", "getenv", "getenvb"}
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in wanted:
            yield f"{source.path}:{node.lineno} reads the environment"
        elif isinstance(node, ast.ImportFrom) and wanted & {a.name for a in node.names}:
            yield f"{source.path}:{node.lineno} imports the environment"


def time_and_chance_are_parameters(source: Source) -> Iterator[str]:
    """Nothing in bot or steps asks the wall clock or throws dice by itself; the wiring hands it."""
    if not _in(source, "bot", "steps") or source.module == "bot.wiring":
        return
    for node in source.nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        called = ast.unparse(node.func)
        if called in {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.sleep",
                      "uuid.uuid4"} or called.startswith("random."):  # fmt: skip
            yield f"{source.path}:{node.lineno} calls {called}"


def synchronous_throughout(source: Source) -> Iterator[str]:
    """No coroutine in the bot: its time is the driver's."""
    for node in source.functions if _in(source, "bot", "steps", "app") else ():
        if isinstance(node, ast.AsyncFunctionDef):
            yield f"{source.path}:{node.lineno} {node.name} is a coroutine"


def names_say_what_a_thing_is(source: Source) -> Iterator[str]:
    """No module, class or function is called utils, helper, manager, common or base."""
    if any(_VAGUE.search(part) for part in source.module.lower().split(".")):
        yield f"{source.path} has a name that says nothing"
    for node in source.nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()
            if _VAGUE.search(snake):
                yield f"{source.path}:{node.lineno} {node.name} says nothing"


def everything_is_typed(source: Source) -> Iterator[str]:
    """Every parameter and every return is annotated."""
    for node in source.functions:
        a = node.args
        named = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
        bare = [p.arg for p in named if p.annotation is None and p.arg not in ("self", "cls")]
        if bare or node.returns is None:
            yield f"{source.path}:{node.lineno} {node.name} is not typed: {bare or 'its return'}"


def files_are_short(source: Source) -> Iterator[str]:
    """No file of the product is longer than 300 lines."""
    if not _in(source, "bot", "steps", "sandbox", "app"):
        return
    lines = source.text.count("\n")
    if lines > MOST_LINES:
        yield f"{source.path} has {lines} lines"


def functions_are_short(source: Source) -> Iterator[str]:
    """No function is longer than 50 lines, docstring included."""
    for node in source.functions:
        lines = length(node)
        if lines > MOST_FUNCTION_LINES:
            yield f"{source.path}:{node.lineno} {node.name} has {lines} lines"


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From the `def` to the last line."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def modules_say_what_belongs_here(source: Source) -> Iterator[str]:
    """A file that holds anything begins with a docstring."""
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield f"{source.path} does not say what belongs here"


def catch_alls(source: Source) -> Iterator[str]:
    """Handlers that take every exception."""
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            names = ast.unparse(node.type) if node.type else "BaseException"
            if re.search(r"\b(Base)?Exception\b", names):
                yield f"{source.path}:{node.lineno} catches everything"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            suppressed = {ast.unparse(arg) for arg in node.args}
            if suppressed & {"Exception", "BaseException"}:
                yield f"{source.path}:{node.lineno} suppresses everything"


def catch_alls_stand_in_their_place(source: Source) -> Iterator[str]:
    """Only what keeps our loops going catches everything (the other one is Bolt's own handler)."""
    if source.path != CATCH_ALL_HOME:
        yield from catch_alls(source)


ACCESS = "bot/slack/access.py"
_OF_A_PERSON = {"guest", "in_group", "ours"}


def only_access_decides(source: Source) -> Iterator[str]:
    """Nobody else refuses a person or looks at what they are; no command goes past it."""
    if not _in(source, "bot") or source.path == ACCESS:
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("NotAllowed"):
            yield f"{source.path}:{node.lineno} refuses a person by itself"
        if isinstance(node, ast.Attribute) and node.attr in _OF_A_PERSON:
            yield f"{source.path}:{node.lineno} looks at a person's {node.attr}"
        if isinstance(node, ast.Call) and _in(source, "bot.slack") and _past_access(node):
            yield f"{source.path}:{node.lineno} submits a command without `admit`"


def _past_access(call: ast.Call) -> bool:
    """Whether a person's command goes to the engine without the question whether they may."""
    if not isinstance(call.func, ast.Attribute):
        return False
    submits = call.func.attr in {"submit", "start", "ask_policy"}
    to_engine = submits and ast.unparse(call.func.value).endswith("engine")
    return to_engine and not any(keyword.arg == "admit" for keyword in call.keywords)


RULES: tuple[Callable[[Source], Iterator[str]], ...] = (
    imports_go_one_way, the_outside_has_its_places, only_the_store_speaks_sql,
    the_environment_is_a_parameter, time_and_chance_are_parameters, synchronous_throughout,
    names_say_what_a_thing_is, everything_is_typed, files_are_short, functions_are_short,
    modules_say_what_belongs_here, catch_alls_stand_in_their_place, only_access_decides,
)  # fmt: skip


def sources(*tops: str) -> tuple[Source, ...]:
    """Every Python file under the given files and folders of the project."""
    found: list[Source] = []
    for top in tops:
        start = ROOT / top
        paths = [start] if start.is_file() else sorted(start.rglob("*.py"))
        found += [Source(p.relative_to(ROOT).as_posix(), p.read_text()) for p in paths]
    return tuple(found)

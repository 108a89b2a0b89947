"""House rules: who imports whom, how long things are, and what no module does.

A rule of the architecture that can be checked is checked here.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "instantly_mcp"

SHARED = {"_credential", "_deferred", "_json_codec", "_log", "__init__"}
SHARED |= {
    "_noop",
    "_object_ids",
    "_prerequisites",
    "_rights",
    "_times",
    "_visible_text",
}
"""Words that every package may use; they import no other package."""

ALLOWED: dict[str, set[str]] = {
    "bundle": {"icons"},
    "catalog": set(),
    "protocol": set(),
    "metrics": set(),
    "clients": set(),
    "icons": set(),
    "api": {"catalog"},
    "pipeline": {"protocol"},
    "transports": {"pipeline", "protocol"},
    "bridge": {"api.http", "api.upstream", "protocol.wire", "transports.stdio_lines"},
    "features": {
        "protocol.interfaces",
        "protocol.wire",
        "protocol.arguments",
        "protocol.calls",
        "protocol.primitives",
        "catalog",
        "api",
        "access",
    },
    "web": {
        "icons",
        "bundle",
        "pipeline",
        "metrics",
        "clients",
        "protocol.wire",
        "access.interfaces",
        "access.approvals.interfaces",
        "access.approvals.approval",
    },
    "sandbox": {"catalog"},
    "access": {
        "catalog",
        "api.grant",
        "pipeline.interfaces",
        "pipeline.credential_errors",
        "protocol.wire",
    },
    "state": {
        "access.interfaces",
        "access.rails.interfaces",
        "access.rails.records",
        "access.tokens.interfaces",
        "access.tokens.token",
        "access.workspaces.entry",
        "access.workspaces.interfaces",
        "access.preview",
        "access.approvals.approval",
        "access.approvals.approver",
        "access.approvals.interfaces",
        "protocol.interfaces",
        "pipeline.interfaces",
        "api.interfaces",
        "protocol.calls.session",
        "protocol.wire",
    },
}
ABOVE_ALL = {"daemon", "tap", "cli", "__main__"}
"""These may import everything; nothing else imports them."""

COMMANDS_MAY_IMPORT = {"bundle", "cli", "clients", "daemon", "protocol"}

TOKEN_OF_A_RELAY = {"bridge.settings", "bridge.http.daemon_http"}
"""They check the form of the token that a relay presents, and send it."""

CIRCLE = {
    f"web.http.{name}" for name in ("channel", "channel_writer", "request", "site")
}
"""They mirror Site, HTTPChannel and Request of twisted.web, which know each other."""

WEB_WORDS = ("klein", "twisted.web", "treq", "werkzeug")
BANNED_NAMES = {"util", "utils", "helpers", "common", "manager", "handler", "handlers"}
BANNED_NAMES |= {"engine", "middleware", "mock", "config", "misc"}

MAX_FILE = 350
MAX_CATALOG_FILE = 450
MAX_FUNCTION = 45


@frozen
class Module:
    """One file of the package, parsed."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """The dotted name below the package, ``pipeline.exchange``."""
        parts = self.path.relative_to(PACKAGE).with_suffix("").parts
        return ".".join(parts)

    @property
    def package(self) -> str:
        """The top-level part it belongs to."""
        return self.name.split(".")[0]

    def imports(self) -> Iterator[str]:
        """Yield absolute names of what is imported, ours as ``instantly_mcp.…``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from self._imported(node)

    def own_imports(self) -> Iterator[str]:
        """Yield the dotted names below the package that are imported from it."""
        for name in self.imports():
            if name.startswith("instantly_mcp."):
                yield name.removeprefix("instantly_mcp.")

    def _imported(self, node: ast.ImportFrom) -> Iterator[str]:
        if node.level == 0:
            base = node.module or ""
        else:
            here = ["instantly_mcp", *self.name.split(".")]
            if self.path.name != "__init__.py":
                parents = here[: -node.level]
            else:
                parents = here[: len(here) - node.level]
            base = ".".join([*parents, *filter(None, [node.module])])
        yield base
        for alias in node.names:
            yield f"{base}.{alias.name}"


@cache
def modules() -> list[Module]:
    """Parse every file of the package."""
    return [
        Module(path, ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def exists(name: str) -> bool:
    """Say whether a dotted name below the package is a module or a package."""
    path = PACKAGE.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def names_module(name: str, wanted: str) -> bool:
    """Say whether `name` is the module `wanted` or something in it."""
    return name == wanted or name.startswith(f"{wanted}.")


def module_of(name: str) -> str:
    """Return the module that a dotted name below the package is, or is defined in."""
    path = PACKAGE.joinpath(*name.split("."))
    if path.with_suffix(".py").exists():
        return name
    return f"{name}.__init__" if path.is_dir() else module_of(name.rpartition(".")[0])


def import_graph() -> dict[str, set[str]]:
    """Return the modules that each module imports, TYPE_CHECKING included."""
    return {
        module.name: {module_of(name) for name in module.own_imports()} - {module.name}
        for module in modules()
    }


def rooms_of(folder: str, graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what each module and folder of a folder imports of the others in it."""
    inside = f"{folder}." if folder else ""

    def room(name: str) -> str:
        return inside + name.removeprefix(inside).split(".")[0]

    rooms: dict[str, set[str]] = {}
    for name, imported in graph.items():
        if name.startswith(inside):
            others = {room(other) for other in imported if other.startswith(inside)}
            rooms.setdefault(room(name), set()).update(others - {room(name)})
    return rooms


def may_import(module: Module, name: str) -> bool:
    """Say whether the table allows it; a bare package is judged by its modules."""
    allowed = ALLOWED[module.package] | SHARED | {module.package}
    return any(names_module(name, one) or names_module(one, name) for one in allowed)


class ImportTests(SynchronousTestCase):
    """The rules would notice."""

    def imports(self, source: str) -> list[str]:
        """Return what a module of the catalog with this source imports."""
        module = Module(PACKAGE / "catalog" / "new.py", ast.parse(source))
        return [name for name in module.own_imports() if exists(name)]

    def test_relative_and_absolute(self):
        """Every way to import a module is seen."""
        for source in (
            "from ..api import errors",
            "from ..api.errors import ApiError",
            "import instantly_mcp.api.errors",
            "from instantly_mcp.api import errors",
            "def late():\n    from ..api.errors import Reason",
        ):
            self.assertIn("api.errors", self.imports(source), source)

    def test_table(self):
        """A module that the table does not allow is refused, a sibling is not."""
        module = Module(PACKAGE / "state" / "new.py", ast.parse(""))
        self.assertFalse(may_import(module, "protocol.server"))
        self.assertFalse(may_import(module, "web"))
        self.assertTrue(may_import(module, "protocol.interfaces"))
        self.assertTrue(may_import(module, "state.seals"))
        self.assertTrue(may_import(module, "_json_codec"))

    def test_rooms(self):
        """Folders count at every depth, also those whose modules make no circle."""
        graph = {
            "web.pages.low.one": {"web.pages.high.one"},
            "web.pages.high.one": set(),
            "web.pages.high.two": {"web.pages.low.two", "web.app"},
            "web.pages.low.two": set(),
            "web.app": set(),
        }
        low, high = "web.pages.low", "web.pages.high"
        self.assertEqual(rooms_of("web.pages", graph), {low: {high}, high: {low}})
        self.assertEqual(
            rooms_of("web", graph), {"web.pages": {"web.app"}, "web.app": set()}
        )


class HouseRulesTests(SynchronousTestCase):
    """Every rule, on every file."""

    def check(self, broken: Callable[[Module], Iterator[str]], fix: str) -> None:
        """Fail with all the places that break a rule, and with what to do."""
        found = [
            f"{module.name}: {what}" for module in modules() for what in broken(module)
        ]
        if found:
            self.fail("\n".join(["", *found, f"To satisfy the rule: {fix}."]))

    def test_import_table(self):
        """A package imports only what the table allows."""

        def broken(module: Module) -> Iterator[str]:
            if module.package in ABOVE_ALL | SHARED:
                return
            for name in filter(exists, module.own_imports()):
                if not may_import(module, name):
                    yield f"imports {name}"

        self.check(
            broken,
            "move what both need into a lower package, declare an interface in the "
            "package that calls it, or pass the object in from `daemon`",
        )

    def test_only_access_grants(self):
        """Nothing but the rules of access makes a grant to call Instantly."""

        def broken(module: Module) -> Iterator[str]:
            if module.package == "access":
                return
            for node in ast.walk(module.tree):
                made = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if made.endswith("Grant"):
                    yield f"makes {made}"

        self.check(broken, "call `FeatureContext.execute`, which gets the grant")

    def test_only_the_guard_gets_grants_to_write(self):
        """Only the guard of all writes asks for the grant of a write."""

        def broken(module: Module) -> Iterator[str]:
            if module.name in {"access.grants", "features.consent.guard"}:
                return
            if "access.grants.grant_to_write" in module.own_imports():
                yield "imports grant_to_write"

        self.check(broken, "call `FeatureContext.execute`, which asks the guard")

    def test_only_the_daemon_composes(self):
        """The commands import `daemon`, `bundle`, `clients`, and types.

        They build nothing.
        """

        def broken(module: Module) -> Iterator[str]:
            if module.package not in {"cli", "tap", "__main__"}:
                return
            for name in module.own_imports():
                package = name.split(".")[0]
                if package not in {*COMMANDS_MAY_IMPORT, *SHARED}:
                    yield f"imports {name}"

        self.check(
            broken,
            "add a function to `daemon` that builds it",
        )

    def test_no_import_circle(self):
        """No module imports itself by way of others, but for the one listed circle."""
        graph = import_graph()
        for name in CIRCLE:
            graph[name] -= CIRCLE
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            self.fail(
                "an import circle: "
                + " -> ".join(error.args[1])
                + ". Move what both need into a module below them."
            )

    def test_rooms_import_one_way(self):
        """At no depth two folders import each other, not even by way of others."""
        graph = import_graph()
        for name in CIRCLE:
            graph[name] -= CIRCLE
        folders = {name.rpartition(".")[0] for name in graph}
        for folder in sorted(folders):
            try:
                TopologicalSorter(rooms_of(folder, graph)).prepare()
            except CycleError as error:
                self.fail(
                    "folders import each other: "
                    + " -> ".join(error.args[1])
                    + ". Move what both need into the lower folder."
                )

    def test_listed_circle_exists(self):
        """The exception is listed only as long as it is needed."""
        graph = import_graph()
        with self.assertRaises(CycleError, msg="remove the names from CIRCLE"):
            TopologicalSorter({name: graph[name] for name in CIRCLE}).prepare()

    def test_shared_modules_import_no_package(self):
        """The modules that every package uses import no package."""

        def broken(module: Module) -> Iterator[str]:
            if module.package in SHARED:
                for name in module.own_imports():
                    if name.split(".")[0] not in SHARED:
                        yield name

        self.check(
            broken,
            "move what needs the import into the package that uses it",
        )

    def test_protocol_and_catalog_import_no_web(self):
        """MCP and the catalog import no HTTP library."""

        def broken(module: Module) -> Iterator[str]:
            if module.package in {"protocol", "catalog"}:
                for name in module.imports():
                    if any(names_module(name, word) for word in WEB_WORDS):
                        yield f"imports {name}"

        self.check(
            broken,
            "read the HTTP request in `pipeline` or `web`, and pass a value in",
        )

    def test_klein_stays_at_the_edge(self):
        """Klein and ``IRequest`` are seen in ``web`` and ``sandbox/app.py`` only."""

        def broken(module: Module) -> Iterator[str]:
            if module.package == "web" or module.name == "sandbox.app":
                return
            for name in module.imports():
                if names_module(name, "klein") or name.endswith(".IRequest"):
                    yield f"imports {name}"

        self.check(
            broken,
            "take an `Exchange` of `pipeline/exchange.py` instead of a request",
        )

    def test_no_global_reactor(self):
        """Only ``tap`` and ``cli`` import the reactor; other modules are given it."""

        def broken(module: Module) -> Iterator[str]:
            if module.package in {"tap", "cli"}:
                return
            for name in module.imports():
                if names_module(name, "twisted.internet.reactor"):
                    yield f"imports {name}"

        self.check(
            broken,
            "take the reactor or a clock as an argument; `tap` and `cli` pass it in",
        )

    def test_stages_do_not_know_each_other(self):
        """No stage of the pipeline imports another stage."""

        def broken(module: Module) -> Iterator[str]:
            if module.name.startswith("pipeline.stages."):
                for name in module.own_imports():
                    other = names_module(name, "pipeline.stages")
                    if other and not names_module(name, module.name):
                        yield f"imports {name}"

        self.check(
            broken,
            "pass the fact on in the `Exchange`, or move the code that both need into "
            "another module of `pipeline`",
        )

    def test_eras_do_not_know_each_other(self):
        """``legacy`` and ``modern`` do not import each other."""

        def broken(module: Module) -> Iterator[str]:
            room = "protocol.methods"
            other = {f"{room}.legacy": "modern", f"{room}.modern": "legacy"}
            if module.name in other:
                for name in module.own_imports():
                    if names_module(name, f"{room}.{other[module.name]}"):
                        yield f"imports {name}"

        self.check(
            broken,
            "move what both need into another module of `protocol/methods`",
        )

    def test_environment_is_read_in_one_place(self):
        """Only ``daemon/settings/loading.py`` reads the environment."""

        def broken(module: Module) -> Iterator[str]:
            if module.name == "daemon.settings.loading":
                return
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and node.attr in {
                    "environ",
                    "environb",
                    "getenv",
                }:
                    yield f"line {node.lineno} reads the environment"

        self.check(
            broken,
            "add a setting to daemon/settings/table.py; see CONTRIBUTING.md",
        )

    def test_secrets_are_revealed_in_two_packages(self):
        """``Secret.reveal`` is for sending a key and for comparing it."""

        def broken(module: Module) -> Iterator[str]:
            if module.package in {"api", "access"} or module.name in TOKEN_OF_A_RELAY:
                return
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and node.attr == "reveal":
                    yield f"line {node.lineno} reveals a secret"

        self.check(
            broken,
            "pass the `Secret` on; only `api` sends it and only `access` compares it",
        )

    def test_file_sizes(self):
        """No file outgrows its purpose."""

        def broken(module: Module) -> Iterator[str]:
            lines = len(module.path.read_text(encoding="utf-8").splitlines())
            cap = MAX_CATALOG_FILE if module.package == "catalog" else MAX_FILE
            if lines > cap:
                yield f"has {lines} lines"

        self.check(
            broken,
            f"split it by purpose into files of at most {MAX_FILE} lines "
            f"({MAX_CATALOG_FILE} in `catalog`)",
        )

    def test_sizes_of_other_programs(self):
        """No JavaScript of the package is too long to read."""
        programs = sorted(PACKAGE.rglob("*.js"))
        self.assertNotEqual(programs, [])
        for path in programs:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            self.assertLessEqual(lines, MAX_FILE, path)

    def test_function_sizes(self):
        """No function body is longer than a screen."""

        def broken(module: Module) -> Iterator[str]:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    body = node.body
                    if ast.get_docstring(node) is not None:
                        body = body[1:]
                    if body:
                        lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
                        if lines > MAX_FUNCTION:
                            yield f"{node.name} has {lines} lines"

        self.check(
            broken,
            f"split it into functions with bodies of at most {MAX_FUNCTION} lines",
        )

    def test_module_names_say_something(self):
        """No module is named after nothing in particular."""

        def broken(module: Module) -> Iterator[str]:
            yield from BANNED_NAMES.intersection(module.name.split("."))

        self.check(
            broken,
            "name the module after what it contains",
        )

    def test_class_names_mean_one_thing(self):
        """No two classes of the package have the same name."""
        defined: dict[str, list[str]] = {}
        for module in modules():
            for node in module.tree.body:
                if isinstance(node, ast.ClassDef):
                    defined.setdefault(node.name, []).append(module.name)
        shared = {name: where for name, where in defined.items() if len(where) > 1}
        self.assertEqual(
            shared, {}, "Give each class a name that says which of the two it is."
        )

    def test_protocol_is_independent_of_the_vendor(self):
        """``protocol`` is MCP itself: what is special to Instantly is passed to it."""
        vendor = re.compile(
            r"instantly(?!_mcp)|\bapi.?key|\bcampaigns?\b|\bleads?\b|\bmailbox",
            re.IGNORECASE,
        )

        def broken(module: Module) -> Iterator[str]:
            if module.package == "protocol":
                for word in vendor.findall(module.path.read_text(encoding="utf-8")):
                    yield f"says {word!r}"

        self.check(
            broken,
            "pass it in from `features` or `daemon`",
        )

    def test_interpreter_keeps_its_modules(self):
        """No module of the package hides one of Python when it is run as a file."""

        def broken(module: Module) -> Iterator[str]:
            if module.name in sys.stdlib_module_names:
                yield "has the name of a module of Python"

        self.check(
            broken,
            "choose another name",
        )

    def test_no_stubs(self):
        """Nothing is left for later."""

        def broken(module: Module) -> Iterator[str]:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Name) and node.id == "NotImplementedError":
                    yield f"line {node.lineno} is not written yet"

        self.check(
            broken,
            "write the function, or leave it out",
        )

    def test_plugin_folder_is_not_a_package(self):
        """There is no ``__init__.py`` under ``twisted/``: it would hide Twisted."""
        found = list((ROOT / "twisted").rglob("__init__.py"))
        self.assertEqual(found, [], "remove it: it would hide Twisted")

    def test_every_module_is_documented(self):
        """Every module says what it is for."""

        def broken(module: Module) -> Iterator[str]:
            if not ast.get_docstring(module.tree):
                yield "has no docstring"

        self.check(
            broken,
            "begin the file with a docstring that says what the module is for",
        )


class SuiteRulesTests(SynchronousTestCase):
    """What the tests themselves must not do."""

    def test_one_limit(self):
        """No test case has a limit of its own: it would not hold on a busy machine.

        ``PATIENCE_SECONDS`` of ``tests/support/timing.py`` is the limit of each.
        """
        own = re.compile(r"^    timeout = [\d.]+$|timeout=[\d.]+[,)]", re.MULTILINE)
        found = [
            str(path.relative_to(ROOT))
            for path in (ROOT / "tests").rglob("*.py")
            if own.search(path.read_text(encoding="utf-8"))
        ]
        self.assertEqual(found, [], "remove the limit; see tests/support/timing.py")

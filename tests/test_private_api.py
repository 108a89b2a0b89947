"""The private names of Twisted that the code uses are listed, and exist.

``docs/decisions.md`` has the list and names the version that it was checked with.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import twisted

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "instantly_mcp"
DOCUMENT = ROOT / "docs" / "decisions.md"
ROW = re.compile(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \| (`_.*) \|$", re.MULTILINE)
PRIVATE = re.compile(r"_[A-Za-z]\w*")
DOCUMENTED = {"os", "sys"}
"""Modules of Python whose names with an underscore are documented."""
NEWER = {"_bindPath"}
"""Names that the oldest supported version of Twisted does not have."""
OTHERS = {"twisted", "klein", "treq", "werkzeug", "OpenSSL"}
VERSION = twisted.__version__


@cache
def listed() -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Return file, class or module, and private names of each row."""
    rows = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    return tuple(
        (file, owner, frozenset(re.findall(r"`(\w+)`", names)))
        for file, owner, names in rows
    )


def is_foreign(cls: type) -> bool:
    """Say whether a class is from a distribution that this one requires."""
    return cls.__module__.split(".")[0] in OTHERS


def names_in(cls: type) -> set[str]:
    """Return the private attributes that a class or its instances have."""
    try:
        assigned = re.findall(r"self\.(_\w+)", inspect.getsource(cls))
    except (OSError, TypeError):
        assigned = []
    return {
        name for name in (*vars(cls), *assigned) if PRIVATE.fullmatch(name) is not None
    }


def private_imports(tree: ast.Module) -> Iterator[str]:
    """Yield the private names that a module imports from another distribution."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            top = (node.module or "").split(".")[0]
            if top not in {"instantly_mcp", "__future__"}:
                names = (alias.name for alias in node.names)
                yield from filter(PRIVATE.fullmatch, names)


def inherited_names(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the private names of foreign base classes that its classes use."""
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        cls = getattr(import_module(dotted), node.name)
        bases = inspect.getmro(cls) if isinstance(cls, type) else ()
        theirs = {name for base in bases if is_foreign(base) for name in names_in(base)}
        yield from theirs & set(names_used(node))


def foreign_attributes(tree: ast.Module, own: set[str]) -> Iterator[str]:
    """Yield private attributes of objects of other classes, defined nowhere here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr not in own and owner not in DOCUMENTED:
                yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
            yield from filter(PRIVATE.fullmatch, constants(node.args[1:2]))


def names_used(tree: ast.AST) -> Iterator[str]:
    """Yield the names of attributes, functions and variables in a piece of code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def defined_names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module defines: functions, variables, attributes of ``self``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and is_own_store(node):
            yield node.attr


def constants(nodes: list[ast.expr]) -> Iterator[str]:
    """Yield the texts among expressions."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_own_store(node: ast.Attribute) -> bool:
    """Say whether an attribute of ``self`` is set."""
    own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return own and isinstance(node.ctx, ast.Store)


def used() -> dict[str, set[str]]:
    """Return the private names of other distributions that each file uses."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in {"__init__.py", "__main__.py"}
    }
    own = {name for tree in trees.values() for name in defined_names(tree)}
    found: dict[str, set[str]] = {}
    for path, tree in trees.items():
        names = {
            *private_imports(tree),
            *inherited_names(path, tree),
            *foreign_attributes(tree, own),
        }
        if names:
            found[str(path.relative_to(PACKAGE))] = names
    return found


class PrivateNamesTests(SynchronousTestCase):
    def test_list_is_complete(self):
        """The list has each private name that the code uses, and no other."""
        rows = {(file, name) for file, _, names in listed() for name in names}
        uses = {(file, name) for file, names in used().items() for name in names}
        wrong = [f"{file}: {name} is not listed" for file, name in sorted(uses - rows)]
        wrong += [f"{file}: {name} is not used" for file, name in sorted(rows - uses)]
        self.assertEqual(
            wrong,
            [],
            "The last table of docs/decisions.md lists, for each file, the private "
            "names of Twisted that it uses. Avoid the name, or add it there.",
        )

    def test_names_exist(self):
        """Each name exists in the installed version of Twisted."""
        missing = [
            f"{owner}.{name}"
            for _, owner, names in listed()
            for name in sorted(names - NEWER)
            if not exists(owner, name)
        ]
        self.assertEqual(
            missing,
            [],
            f"Gone in Twisted {VERSION}: read what replaced it in twisted.web, change "
            "the code that uses it, and the table and version in docs/decisions.md.",
        )

    def test_version_is_named(self):
        """The document names a version with which the list was checked."""
        text = DOCUMENT.read_text(encoding="utf-8")
        self.assertRegex(text, r"Checked with Twisted \d+\.\d+\.\d+")


def exists(owner: str, name: str) -> bool:
    """Say whether a class or module of another distribution has a private name."""
    try:
        return hasattr(import_module(owner), name)
    except ModuleNotFoundError:
        module, _, cls = owner.rpartition(".")
        bases = inspect.getmro(getattr(import_module(module), cls))
        return any(name in names_in(base) for base in bases)

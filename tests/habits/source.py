"""The project's own files as text, and what can be read out of them."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from webapp.kernel.base.outcomes import AppError

ROOT = Path(__file__).resolve().parents[2]
MADE_BY_MACHINES = {".git", ".venv", "node_modules", "instance", "vendor", "out", "test-results", "build"}
ALSO_MADE = ("_cache", "__pycache__", ".egg-info", ".hypothesis")
TEXT = {".py", ".js", ".css", ".html", ".md", ".toml", ".json", ".yml", ".sh", ".txt", ".po", ".service", ""}


def our_files(*suffixes: str) -> list[Path]:
    """Every file that people wrote, by suffix ("" = none); all of them without a suffix given."""
    return sorted(path for path in _walk(ROOT) if not suffixes or path.suffix in suffixes)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in MADE_BY_MACHINES or path.name.endswith(ALSO_MADE):
            continue
        if path.is_dir():
            yield from _walk(path)
        elif not path.is_symlink():
            yield path


def shown(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    """What the file says."""
    return path.read_text(encoding="utf-8", errors="replace")


def length(path: Path) -> int:
    """Lines in the file."""
    return len(text_of(path).splitlines())


CODE = {shown(path): text_of(path) for path in our_files(".py")}
APP = {path: text for path, text in CODE.items() if path.startswith("webapp/")}
PAGES = {shown(path): text_of(path) for path in our_files(".html") if "templates" in path.parts}


def sentences() -> dict[str, str]:
    """Code → Japanese sentence, of every messages.py together (a large room has more than one)."""
    files = [path for path in APP if path.endswith("messages.py")]
    modules = [importlib.import_module(path.removesuffix(".py").replace("/", ".")) for path in files]
    return {code: text for module in modules for code, text in module.SENTENCES.items()}


def codes() -> dict[str, str]:
    """Every code with which the program says no → a file that says it."""
    return {code: path for path, text in APP.items() for code in _codes_in(ast.parse(text)) if code}


def _codes_in(tree: ast.AST) -> Iterator[str]:
    nos = {"Refusal", *(kind.__name__ for kind in _kinds(AppError))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in nos:
            yield from map(_string, node.args[:1])
            yield from (_string(word.value) for word in node.keywords if word.arg == "code")
        if isinstance(node, ast.ClassDef) and node.name in nos:
            yield from map(_code_of_class, node.body)


def _kinds(kind: type[AppError]) -> Iterator[type[AppError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _string(value: ast.expr | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _code_of_class(line: ast.stmt) -> str:
    """`code = "room.reason"` in the body of an AppError."""
    targets = line.targets if isinstance(line, ast.Assign) else []
    targets = [line.target] if isinstance(line, ast.AnnAssign) else targets
    named = any(isinstance(target, ast.Name) and target.id == "code" for target in targets)
    return _string(line.value) if named and isinstance(line, ast.Assign | ast.AnnAssign) else ""

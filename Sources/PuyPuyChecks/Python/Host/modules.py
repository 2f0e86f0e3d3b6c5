"""Loads modules, finds what is to be called in them, and calls it."""

from __future__ import annotations

import linecache
import os
import re
import sys
import types
from typing import Any, Callable, Optional

from puypuy_host import run
from puypuy_host.lib_getconfig import config
from puypuy_host.lib_pushdata import point_of
from puypuy_host.values import Refused

# Valid in Python 2 only, each at the start of a line or in an obvious place.
_PYTHON_2 = re.compile(
    r"""^\s*print\s+[^\s(=]|^\s*print\s*>>|^\s*except\s+[^:]+,\s*\w+\s*:|^\s*exec\s+["'\w]"""
    r"""|^\s*raise\s+\w+\s*,|<>|`[^`]+`|(?<![\w.])0[0-7]+L?\b(?!\.)|\b[0-9]+L\b|\bur["']"""
)
_PYTHON_2_MODULES = frozenset(
    "ConfigParser Queue StringIO cPickle commands httplib urllib2 urlparse xmlrpclib".split()
)


class ModuleProblem(Exception):
    """A module that cannot be used as it is: words that name file and line."""


class Module:
    """A module as it was loaded, and of which file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = os.path.basename(path)[: -len(".py")]
        self.identity = _identity(path)
        with open(path, "rb") as file:
            source = file.read()
        # Tracebacks show the lines of what runs, not of what the file became since.
        linecache.checkcache(path)
        self.namespace = types.ModuleType(self.name)
        self.namespace.__file__ = path
        # Older modules expect it there.
        self.namespace.__dict__["config"] = config
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise _syntax_problem(path, source, error) from None
        before = sys.modules.get(self.name)
        sys.modules[self.name] = self.namespace
        try:
            exec(code, self.namespace.__dict__)
        except ModuleNotFoundError as error:
            _restore(self.name, before)
            if error.name in _PYTHON_2_MODULES:
                error.msg = f"{error.msg} (it is a module of Python 2)"
            raise
        except BaseException:
            _restore(self.name, before)
            raise

    @property
    def is_current(self) -> bool:
        """False when the file changed since."""
        return _identity(self.path) == self.identity

    def entry_points(self) -> list[Callable[[], Any]]:
        """What one run calls, in order."""
        names = vars(self.namespace)
        check = names.get("Check")
        if isinstance(check, type) and callable(getattr(check, "runcheck", None)):
            return [lambda: _run_object(check())]
        if callable(names.get("runcheck")):
            return [names["runcheck"]]
        short = self.name[len("check_") :] if self.name.startswith("check_") else self.name
        found = []
        for name in dict.fromkeys((short, short.split("_")[0])):
            for entry in (f"run_{name}", f"run_{name}_rate"):
                if callable(names.get(entry)):
                    found.append(names[entry])
            if found:
                return found
        others = [
            value
            for name, value in names.items()
            if name.startswith("run_")
            and isinstance(value, types.FunctionType)
            and value.__module__ == self.name
        ]
        if len(others) == 1:
            return others
        raise ModuleProblem(
            f"{self.path} has nothing to run: no class Check, no runcheck(), no run_{short}()"
        )


def call(entry: Callable[[], Any], path: str) -> None:
    """Calls an entry point of the module at `path`; what it returns are points."""
    result = entry()
    if isinstance(result, dict):
        result = [result]
    if isinstance(result, (list, tuple)) or hasattr(result, "__next__"):
        take(result)
    elif not getattr(entry, "__name__", "").startswith("run_") and not run.current().has_points:
        kind = _kind(result)
        raise ModuleProblem(f"runcheck() of {path} returned {kind}, not a list of points")


def take(points: Any) -> None:
    """Takes over points as dicts."""
    current = run.current()
    for point in points:
        if isinstance(point, dict):
            current.add(point_of(point))
        else:
            current.refuse("", Refused("unreadable", f"a point is a dict, not {_kind(point)}"))


def _run_object(check: Any) -> Any:
    try:
        result = check.runcheck()
    except BaseException:
        # What it measured before it failed counts.
        take(getattr(check, "local_vars", []))
        raise
    if result is None:
        return getattr(check, "local_vars", None) or None
    return result


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def _identity(path: str) -> Optional[tuple[int, ...]]:
    """What tells a file from the one that was there before; None when it is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def _restore(name: str, module: Optional[types.ModuleType]) -> None:
    if module is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = module


def _syntax_problem(path: str, source: bytes, error: Exception) -> ModuleProblem:
    line = getattr(error, "lineno", None) or 0
    lines = source.decode("utf-8", "replace").splitlines()
    # The parser may point behind the offending line.
    near = [number for number in (line, line - 1) if 0 < number <= len(lines)]
    is_old = any(_PYTHON_2.search(lines[number - 1]) for number in near)
    shown = lines[line - 1].strip()[:100] if 0 < line <= len(lines) else ""
    what = "Python 2 syntax" if is_old else type(error).__name__
    reason = getattr(error, "msg", None) or str(error)
    return ModuleProblem(f"{what} in {path} line {line}: {reason}: {shown}")

"""The host: runs one module after the other, as the daemon asks."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Optional

from puypuy_host import frames, isolation, library, rates, run
from puypuy_host.isolation import Isolation
from puypuy_host.modules import Module, ModuleProblem, call

_PROBLEM_CHARACTERS = 4000


class Host:
    """The modules that are loaded, and the readings of their counters."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.boot_id = settings["boot_id"]
        self.memory_limit = int(settings["memory_bytes"])
        self.modules: dict[str, Module] = {}
        self.tables: dict[str, rates.RateTable] = {}
        self.isolation = Isolation(settings["folder"])

    def handle(self, request: list[list[str]]) -> None:
        """Runs a module and sends what it gives; the last record says how it ended."""
        _, name, path, has_readings = request[0]
        frames.send([("began",)])
        if has_readings == "yes":
            self.tables[name] = _table(request[1:])
        current = run.Run(name, self.tables.setdefault(name, rates.RateTable()), self.boot_id)
        run.begin(current)
        problem = self._run(path)
        if not isolation.is_own_process():
            # A child that the module forked came back here.
            isolation.leave(0)
        problems = self.isolation.restore()
        if problems:
            # What it changed when it was loaded it may rely on: it is loaded anew.
            self.modules.pop(path, None)
        _flush_output()
        current.finish()
        run.begin(None)
        self._end(problem, problems)

    def _end(self, problem: Optional[tuple[str, str]], problems: list[str]) -> None:
        # What ends only with this process.
        lasting = [self.isolation.threads_left(), self.isolation.streams_changed()]
        resident = isolation.resident_bytes()
        if resident > self.memory_limit:
            lasting.append(
                f"memory over python_memory_mb: {resident >> 20} of {self.memory_limit >> 20} MB"
            )
        left = [words for words in lasting if words]
        records = [("problem", *problem)] if problem else []
        records += [("problem", words, "") for words in problems + left]
        records.append(("end", "restart" if left else "ready"))
        frames.send(records)

    def _run(self, path: str) -> Optional[tuple[str, str]]:
        """What went wrong, in a line, and its traceback."""
        try:
            for entry in self._module(path).entry_points():
                call(entry, path)
        except ModuleProblem as error:
            return str(error), ""
        except SystemExit as error:
            return _told(error, f"called sys.exit({error.code!r})")
        except RecursionError as error:
            return _told(error, "RecursionError: it calls itself without end")
        except BaseException as error:
            return _told(error, _first_line(error))
        return None

    def _module(self, path: str) -> Module:
        known = self.modules.get(path)
        if known is not None and known.is_current:
            return known
        self.modules.pop(path, None)
        module = Module(path)
        self.modules[path] = module
        return module


def _table(records: list[list[str]]) -> rates.RateTable:
    table = rates.RateTable()
    for _, key, kind, value, wall_ns, boot_ns, boot_id in records:
        moment = rates.Moment(int(wall_ns), int(boot_ns), boot_id)
        table.readings[key] = rates.Reading(int(value) if kind == "i" else float(value), moment)
    return table


def _first_line(error: BaseException) -> str:
    lines = traceback.format_exception_only(type(error), error)
    return lines[-1].strip() or type(error).__name__


def _told(error: BaseException, words: str) -> tuple[str, str]:
    """`words` with the lines that led there, and the traceback below the host."""
    stack = error.__traceback__
    while stack is not None and stack.tb_frame.f_code.co_filename.startswith("<puypuy"):
        stack = stack.tb_next
    places = [
        f"{os.path.basename(frame.filename)} line {frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(stack, limit=-5)
    ]
    text = "".join(traceback.format_exception(type(error), error, stack))
    first = f"{words[:500]} ({' > '.join(places)})" if places else words[:500]
    return first, text[-_PROBLEM_CHARACTERS:]


def _flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass


def _close_in_forks() -> None:
    """Children of modules have no business on the daemon's pipes."""
    own = (frames.REQUESTS, frames.REPLIES, frames.TRACE, frames.LIFELINE)
    for descriptor in own:
        os.set_inheritable(descriptor, False)

    def close() -> None:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in own:
            os.dup2(null, descriptor, inheritable=False)

    os.register_at_fork(after_in_child=close)


def main() -> None:
    """Serves until the daemon closes its end."""
    _close_in_forks()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    isolation.trace_on_request()
    sys.dont_write_bytecode = True
    hello = frames.receive()
    settings = {record[1]: record[2] for record in hello if record[0] == "setting"}
    os.chdir(settings["folder"])
    sys.path.append(settings["checks_folder"])
    library.install(settings["folder"])
    library.configure(hello)
    host = Host(settings)
    frames.send([("ready", sys.version.split()[0], str(os.getpid()))])
    while True:
        host.handle(frames.receive())

"""Undoes what a module does to the process, and says who did it."""

from __future__ import annotations

import _signal
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from types import FrameType
from typing import Any, Optional

from puypuy_host import frames

# How long threads have to end that end anyway.
_THREAD_SECONDS = 0.2
_PR_SET_CHILD_SUBREAPER = 36

_own_id = os.getpid()
_real_chdir = os.chdir
_real_signal = signal.signal
_real_exit = os._exit


class Isolation:
    """The state of the process before a run, and its restoration."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.handlers = self._handlers()
        self.umask = os.umask(0o022)
        os.umask(self.umask)
        self.streams = _streams()
        # Where the last change of each kind was made.
        self.places: dict[str, str] = {}
        self._watch()
        self._adopt_orphans()

    def restore(self) -> list[str]:
        """Restores what changed, and returns that in words."""
        problems = []
        if _directory() != self.folder:
            problems.append(f"changed the directory to {_directory()}{self._place('chdir')}")
            _real_chdir(self.folder)
        signal.alarm(0)
        # All signals after each run: signal.getsignal, which makes enumerations, takes too long.
        look = _signal.getsignal
        changed = [n for n, handler in self.handlers.items() if look(n) != handler]
        for number in changed:
            _real_signal(number, self.handlers[number])
        if signal.SIGUSR2 in changed:
            faulthandler.unregister(signal.SIGUSR2)
            trace_on_request()
        if changed:
            names = ", ".join(signal.Signals(number).name for number in changed)
            problems.append(f"changed the handling of {names}{self._place('signal')}")
        os.umask(self.umask)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        problems += self._end_children()
        self.places = {}
        return problems

    def threads_left(self) -> Optional[str]:
        """Threads of the module that go on, in words: they end only with the process."""
        main = threading.main_thread()
        others = [thread for thread in threading.enumerate() if thread is not main]
        deadline = time.monotonic() + _THREAD_SECONDS
        for thread in others:
            thread.join(max(deadline - time.monotonic(), 0))
        left = [thread for thread in others if thread.is_alive()]
        if not left:
            return None
        stacks = sys._current_frames()
        names = [f"{thread.name}{_where(stacks.get(thread.ident or 0))}" for thread in left]
        return f"left {len(left)} threads running: " + ", ".join(names[:5])

    def streams_changed(self) -> Optional[str]:
        """That the standard streams are not what they were: only another process has them again."""
        if _streams() == self.streams:
            return None
        return "closed or replaced standard input, output or error"

    def _place(self, kind: str) -> str:
        place = self.places.get(kind)
        return f" ({place})" if place else ""

    def _watch(self) -> None:
        """Notes the line that changes something; the changes themselves are not in the way."""

        def chdir(path: Any) -> None:
            self.places["chdir"] = _where(sys._getframe(1)).strip(" ()")
            _real_chdir(path)

        def set_signal(number: Any, handler: Any) -> Any:
            self.places["signal"] = _where(sys._getframe(1)).strip(" ()")
            return _real_signal(number, handler)

        def end(status: int) -> None:
            if os.getpid() == _own_id:
                stack = "".join(traceback.format_stack(sys._getframe(1)))
                os.write(frames.TRACE, f"os._exit({status})\n{stack}".encode()[-4000:])
            _real_exit(status)

        os.chdir = chdir
        signal.signal = set_signal
        os._exit = end

    @staticmethod
    def _adopt_orphans() -> None:
        """Grandchildren become children of this process, wherever they hide: prctl(2)."""
        try:
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        except (ImportError, OSError, AttributeError):
            # Then those are missed that leave the process group.
            pass

    @staticmethod
    def _handlers() -> dict[int, Any]:
        fixed = (signal.SIGKILL, signal.SIGSTOP)
        return {
            number: handler
            for number in signal.valid_signals()
            if number not in fixed and (handler := _signal.getsignal(number)) is not None
        }

    @staticmethod
    def _end_children() -> list[str]:
        """Kills and reaps all descendants. Killing one hands its children over to this process."""
        problems = []
        for _ in range(20):
            children = _children()
            if not children:
                break
            for child in children:
                name = _command(child)
                if name:
                    problems.append(f"left the process {child} ({name}) running")
                    os.kill(child, signal.SIGKILL)
            for child in children:
                try:
                    os.waitpid(child, 0)
                except ChildProcessError:
                    pass
        return problems[:5]


def trace_on_request() -> None:
    """From now on SIGUSR2 writes where every thread is, whatever it does."""
    faulthandler.register(signal.SIGUSR2, file=frames.TRACE, all_threads=True)


def is_own_process() -> bool:
    """False in a child that a module forked."""
    return os.getpid() == _own_id


def leave(status: int) -> None:
    """Ends this process at once."""
    _real_exit(status)


def resident_bytes() -> int:
    """The memory of this process: proc_pid_statm(5)."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def _streams() -> list[tuple[int, int]]:
    """What the standard streams are, as far as they are open."""
    found = []
    for descriptor in range(3):
        try:
            status = os.fstat(descriptor)
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append((0, 0))
    return found


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "a directory that is gone"


def _where(frame: Optional[FrameType]) -> str:
    """The innermost line of a module in a stack."""
    while frame is not None:
        file = frame.f_code.co_filename
        if os.path.basename(file).startswith("check_"):
            return f" ({file} line {frame.f_lineno} in {frame.f_code.co_name})"
        frame = frame.f_back
    return ""


def _children() -> list[int]:
    children: list[int] = []
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                children += [int(word) for word in file.read().split()]
    except OSError:
        # A thread that ended meanwhile, or a kernel without the file.
        pass
    return children


def _command(process: int) -> str:
    """What a process runs; nothing when it has ended and only waits to be reaped."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            words = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return words[:60]

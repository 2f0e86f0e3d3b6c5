"""Frames between the daemon and this process: records of words.

A frame is its length in four bytes, least significant first, and then text in UTF-8. A line is a
record; tabs keep its words apart. In words a backslash goes before backslash, tab (t) and line
feed (n). The daemon's side is PythonFrame.swift.
"""

from __future__ import annotations

import os

# As opened by the daemon for this process; see PythonProcess.swift.
REQUESTS = 3
REPLIES = 4
TRACE = 5
LIFELINE = 6


def _escaped(word: str) -> str:
    if "\\" in word:
        word = word.replace("\\", "\\\\")
    if "\t" in word:
        word = word.replace("\t", "\\t")
    if "\n" in word:
        word = word.replace("\n", "\\n")
    return word


def _plain(word: str) -> str:
    if "\\" not in word:
        return word
    parts = []
    rest = iter(word)
    for character in rest:
        if character == "\\":
            character = next(rest, "")
            character = {"t": "\t", "n": "\n"}.get(character, character)
        parts.append(character)
    return "".join(parts)


def _read(count: int) -> bytes:
    """Exactly `count` bytes; ends the process when the daemon is gone."""
    parts = []
    while count > 0:
        part = os.read(REQUESTS, count)
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive() -> list[list[str]]:
    """Waits for a frame."""
    text = _read(int.from_bytes(_read(4), "little")).decode("utf-8", "replace")
    return [[_plain(word) for word in line.split("\t")] for line in text.split("\n")]


def send(records: list[tuple[str, ...]]) -> None:
    """Writes a frame."""
    lines = ["\t".join([_escaped(word) for word in record]) for record in records]
    content = "\n".join(lines).encode("utf-8", "replace")
    rest = memoryview(len(content).to_bytes(4, "little") + content)
    while rest:
        rest = rest[os.write(REPLIES, rest) :]

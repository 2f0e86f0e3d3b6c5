"""lib.commonclient: small clients for HTTP and TCP. They log what fails and return None."""

from __future__ import annotations

import base64
import socket
from typing import Any, Optional, Union

from puypuy_host.lib_pushdata import print_error

_HTTP_SECONDS = 10
_SOCKET_SECONDS = 5
# More is no answer of something that is asked for figures.
_ANSWER_BYTES = 64 * 1024 * 1024


def httpget(name: Any, url: str, auth: Any = None, headers: Any = None) -> Optional[str]:
    """The body of an answer to GET. `auth` is "user:password" or a pair, `headers` a "Name: value",
    several of them, or a dict."""
    return _http(name, url, auth, headers, None)


def httppost(
    name: Any, url: str, auth: Any = None, headers: Any = None, payload: Any = None
) -> Optional[str]:
    """The body of an answer to POST. `payload` is text, bytes, or a dict for a form."""
    from urllib.parse import urlencode

    if hasattr(payload, "items"):
        payload = urlencode(payload)
    content = payload if isinstance(payload, bytes) else str(payload or "").encode()
    return _http(name, url, auth, headers, content)


def socketget(
    name: Any, buff: int, host: str, port: Union[int, str], message: Union[str, bytes]
) -> Optional[str]:
    """What a TCP server answers to `message`, up to its end or a pause; `buff` is a hint."""
    try:
        with socket.create_connection((host, int(port)), _SOCKET_SECONDS) as connection:
            connection.sendall(message if isinstance(message, bytes) else str(message).encode())
            return _received(connection, int(buff))
    except Exception as error:
        print_error(name, f"{host}:{port}: {error}")
        return None


def _received(connection: socket.socket, size: int) -> str:
    """The whole answer: it may come in several pieces, and servers may keep the connection."""
    content = bytearray()
    while len(content) < _ANSWER_BYTES:
        try:
            piece = connection.recv(max(size, 65536))
        except socket.timeout:
            if content:
                break
            raise
        if not piece:
            break
        content += piece
        # A server that keeps the connection is done when nothing follows at once.
        connection.settimeout(0.2)
    return content.decode("utf-8", "replace")


def _http(
    name: Any, url: str, auth: Any, headers: Any, content: Optional[bytes]
) -> Optional[str]:
    # Imported here: it takes longer than everything else together.
    from urllib.request import Request, urlopen

    try:
        request = Request(url, data=content)
        request.add_header("User-Agent", "PuyPuy")
        for key, value in _header_pairs(headers):
            request.add_header(key, value)
        if auth:
            pair = auth if isinstance(auth, str) else ":".join(str(part) for part in auth)
            token = base64.b64encode(pair.encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        with urlopen(request, timeout=_HTTP_SECONDS) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return _decoded(answer.read(_ANSWER_BYTES), charset)
    except Exception as error:
        print_error(name, f"{_without_credentials(url)}: {error}")
        return None


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content.decode("iso-8859-1")


def _header_pairs(headers: Any) -> list[tuple[str, str]]:
    if not headers:
        return []
    if hasattr(headers, "items"):
        return [(str(key), str(value)) for key, value in headers.items()]
    lines = [headers] if isinstance(headers, str) else list(headers)
    pairs = []
    for line in lines:
        key, _, value = line.partition(":") if isinstance(line, str) else (line[0], "", line[1])
        pairs.append((key.strip(), str(value).strip()))
    return pairs


def _without_credentials(url: str) -> str:
    """The address for the log: user, password and query may be secrets."""
    scheme, separator, rest = str(url).partition("://")
    if not separator:
        return str(url).partition("?")[0]
    authority, slash, path = rest.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path.partition("?")[0]

"""One question and its answer, within limits of time and size, to an address that was checked.

Every wait ends at one deadline, so that a server that sends a byte now and then holds nobody.
The body is counted as it comes and as it unpacks: what is too large is cut off, never kept.
The address that was checked is the one that is connected to: a name that resolves to another
one a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpcore2  # what httpx2 itself speaks through; here its connections are made by hand

from broadsheet.errors import UnreachableError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Door = Callable[[str, int], Sequence[str]]
    """Takes a host and a port; returns the addresses that may be connected to."""

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that the open internet routes
_CLOUDS = tuple(  # public by number, but a cloud's own services on its machines
    map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24"))
)
_GZIP = zlib.MAX_WBITS | 16
_STEP = 256 * 1024  # bytes that are unpacked at a time
_WHOLE = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}  # a piece that was asked for is read whole
_EXCERPT = 4096  # bytes of what comes with any other status


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how large an answer may be."""

    connect_s: float = 10.0
    read_s: float = 60.0  # between two pieces
    total_s: float = 300.0  # from the first byte asked to the last byte read
    max_bytes: int = 64 * 1024 * 1024  # of the body, unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a server is asked."""

    url: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said."""

    url: str  # where it came from, after redirects
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class LineError(Exception):
    """There was no whole answer; the next attempt may bring one."""


class PrivateAddressError(UnreachableError):
    """A host is, or claims to be, in a network that outsiders must not reach through us."""


def any_address(host: str, port: int) -> list[str]:
    """Return the addresses of a host.

    Raises:
        LineError: it has none, or cannot be looked up now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise LineError(f"its name cannot be looked up ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public_address(host: str, port: int) -> list[str]:
    """Return the addresses of a host, all of which are public.

    Raises:
        LineError: it has none, or cannot be looked up now.
        PrivateAddressError: one of them is not.
    """
    found = any_address(host, port)
    if private := _private(found):
        raise PrivateAddressError(
            f"{host} is at {private}, which is no public address: Broadsheet does not read "
            "there unless `allow_private_sources` is on"
        )
    return found


def redirected_address(host: str, port: int) -> list[str]:
    """Return the addresses of a host that a server named, all of which are public.

    Raises:
        LineError: it has none, or cannot be looked up now.
        PrivateAddressError: one of them is not; no setting changes that.
    """
    found = any_address(host, port)
    if private := _private(found):
        raise PrivateAddressError(
            f"{host} is at {private}, which is no public address: no redirect is followed there"
        )
    return found


def _private(addresses: Sequence[str]) -> str:
    """Return the first of these that is not public, or ""."""
    return next((one for one in addresses if not is_public(one)), "")


def is_public(address: str) -> bool:
    """Tell whether an address is on the open internet, in whatever form it is wrapped."""
    try:
        parsed: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _wrapped(parsed)
    if inner is not None:
        return is_public(str(inner))
    if isinstance(parsed, ipaddress.IPv6Address) and parsed not in _UNICAST:
        return False
    is_cloud = any(parsed in network for network in _CLOUDS)
    return parsed.is_global and not parsed.is_multicast and not is_cloud


def _wrapped(address: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo


def exchange(
    question: Question,
    *,
    limits: Limits,
    door: Door,
    context: ssl.SSLContext,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Ask once over a connection of its own; return the whole answer, unpacked.

    Of any other answer than 200 and 206 only the beginning of the body is kept.

    Raises:
        LineError: no connection, no whole answer, or not in time.
        UnreachableError: the answer is too large or packed in a way that was not asked for, or
            the address may not be connected to; the message does not say which source it was.
    """
    deadline = clock() + limits.total_s
    backend = _Backend(door, lambda: deadline - clock())
    timeout = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s}
    try:
        with (
            httpcore2.ConnectionPool(network_backend=backend, ssl_context=context) as pool,
            pool.stream(
                question.method,
                question.url,
                headers=list(question.headers.items()),
                content=question.body,
                extensions={"timeout": timeout},
            ) as response,
        ):
            known = {
                name.decode("ascii", "replace").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            read = _body if response.status in _WHOLE else _excerpt
            return Answer(
                url=question.url,
                status=response.status,
                headers=known,
                body=read(response.iter_stream(), known, limits),
            )
    except httpcore2.TimeoutException as error:
        raise LineError(f"no answer in time ({type(error).__name__})") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        raise LineError(str(error) or type(error).__name__) from error


def _excerpt(chunks: Iterable[bytes], headers: Mapping[str, str], _limits: Limits) -> bytes:
    """Return the beginning of what a refusal says: its status counts, however its body ends."""
    body = b""
    if headers.get("content-encoding", "identity") == "identity":
        with suppress(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
            for chunk in chunks:
                body += chunk[:_EXCERPT]
                if len(body) >= _EXCERPT:
                    break
    return body[:_EXCERPT]


def _body(chunks: Iterable[bytes], headers: Mapping[str, str], limits: Limits) -> bytes:
    """Return the body, unpacked.

    Raises:
        LineError: it is damaged, or shorter than it should be.
        UnreachableError: it is larger than it may be.
    """
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"identity", "", "gzip", "x-gzip"}:
        raise UnreachableError(f"it answered packed as {packing!r}, which was not asked for")
    unpack = _Gzip() if "gzip" in packing else None
    body = bytearray()
    for chunk in chunks:
        pieces = unpack.pieces(chunk) if unpack else (chunk,)
        for piece in pieces:
            body += piece
            if len(body) > limits.max_bytes:
                raise UnreachableError(
                    f"it answered with more than {limits.max_bytes:,} bytes; the rest was not read"
                )
    if unpack and not unpack.is_whole:
        raise LineError("the packed answer ends in its middle")
    return bytes(body)


class _Gzip:
    """Unpacks in small steps: a bomb costs time until the limit, never memory."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self._has_begun = False

    @property
    def is_whole(self) -> bool:
        """Tell whether the packed stream has ended, or never began."""
        return self._inner.eof or not self._has_begun

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """Yield what a chunk unpacks to."""
        self._has_begun = self._has_begun or bool(chunk)
        try:
            while chunk:
                if self._inner.eof:  # one packed piece may follow another
                    self._inner = zlib.decompressobj(_GZIP)
                yield self._inner.decompress(chunk, _STEP)
                chunk = self._inner.unconsumed_tail or self._inner.unused_data
        except zlib.error as error:
            raise LineError(f"the packed answer is damaged: {error}") from error


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait ends at the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _within(self._left(), timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _within(self._left(), timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        within = _within(self._left(), timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, within), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    """Connects to the addresses that the door lets through, one after the other."""

    def __init__(self, door: Door, left: Callable[[], float]) -> None:
        self._door = door
        self._left = left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in self._door(host, port):
            within = _within(self._left(), timeout)
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    address, port, within, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            return _Stream(stream, self._left)
        raise failure


def _within(left: float, timeout: float | None) -> float:
    """Return how long a wait may take.

    Raises:
        ReadTimeout: no time is left.
    """
    if left <= 0:
        raise httpcore2.ReadTimeout("the whole answer took too long")
    return left if timeout is None else min(left, timeout)

"""What must all processes of one instance know together?

Who wrote how often, and since when a feed stands as it is.
One process holds it; the others reach it through a socket that only they know the key of
(``multiprocessing.managers``): some tenths of a millisecond, for writes and feeds made anew.
"""

from __future__ import annotations

import threading
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING, Protocol

from broadsheet.web.administrator import TRIES
from broadsheet.web.feeds.conditional import Versions
from broadsheet.web.security import Buckets

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.config import Settings

_METHODS = ("take_write", "take_sign_in", "since")


class Shared(Protocol):
    """What the application asks, whichever process holds it."""

    def take_write(self, address: str, /) -> float:
        """Count a write by a client; return 0, or the seconds until it may write again."""
        ...

    def take_sign_in(self, address: str, /) -> float:
        """Count a try to sign in; return 0, or the seconds until the next one."""
        ...

    def since(self, address: str, etag: str, /, *, now: datetime) -> datetime:
        """Return since when a feed's address has this content."""
        ...


class Held:
    """It itself, in the process that holds it. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._writes = Buckets(settings.rate_limit)
        self._sign_ins = Buckets(TRIES)
        self._versions = Versions()

    def take_write(self, address: str, /) -> float:
        """Count a write by a client; return 0, or the seconds until it may write again."""
        return self._writes.take(address)

    def take_sign_in(self, address: str, /) -> float:
        """Count a try to sign in; return 0, or the seconds until the next one."""
        return self._sign_ins.take(address)

    def since(self, address: str, etag: str, /, *, now: datetime) -> datetime:
        """Return since when a feed's address has this content."""
        return self._versions.since(address, etag, now=now)


def lend(held: Held, key: bytes) -> str:
    """Let processes of this machine that know the key reach it; return where, until we end."""

    class Desk(BaseManager):
        """Of this one."""

    Desk.register("shared", callable=lambda: held, exposed=_METHODS)
    server = Desk(authkey=key).get_server()
    threading.Thread(target=server.serve_forever, name="shared", daemon=True).start()
    return str(server.address)


def reach(address: str, key: bytes) -> Shared:
    """Return what another process holds, as ``lend`` named it."""

    class Desk(BaseManager):
        """Of another one."""

    Desk.register("shared", exposed=_METHODS)
    desk = Desk(address=address, authkey=key)
    desk.connect()
    shared: Shared = desk.shared()  # type: ignore[attr-defined]  # registered above
    return shared

"""Which engine today? Settings become a Library: the only file that names an implementation."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet import config, index, mail, sources, store
from broadsheet.errors import StoreError
from broadsheet.library import Library, arrival
from broadsheet.sources import ahead
from broadsheet.sources.specimens import Specimens
from broadsheet.text.digest import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from broadsheet.config import Settings
    from broadsheet.model import Fault, Observation, Record
    from broadsheet.ports import Clock, Encoder


OWNER_ONLY = 0o700  # of a data folder made here: it holds addresses, mail and the secret


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return ``BROADSHEET_DATA``, or the platform's own place for a program's data."""
    environ = os.environ if environ is None else environ
    if named := environ.get("BROADSHEET_DATA"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("broadsheet", appauthor=False)


def open_library(
    path: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Library:
    """Open the library in a folder, made when missing.

    Args:
        path: The data folder; None: ``BROADSHEET_DATA`` or the platform's own place.
        environ: Where settings are looked up first; None: the process's environment.
        clock: What time it is; None: the machine's clock.

    Raises:
        SettingError: a setting cannot be used.
        StoreError: the folder or the store cannot be opened.
    """
    folder = Path(path) if path is not None else data_folder(environ)
    try:
        folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StoreError(f"{folder} is a file; --data and BROADSHEET_DATA name a folder") from error
    except OSError as error:
        raise StoreError(f"the data folder {folder} cannot be made: {error}") from error
    settings = config.load(folder, environ)
    if not settings.secret:
        settings = replace(settings, secret=_kept_secret(folder / "secret"))
    encoder = index.open_encoder(settings)
    return Library(
        settings=settings,
        store=store.open_store(settings.database or store.sqlite_url(folder / "broadsheet.db")),
        engine=index.open_engine(
            folder / "index",
            dim=encoder.dim,
            exact_limit=settings.dense_exact_limit,
            threads=settings.encoder_threads,
            space=encoder.space,
            origin=f"{settings.encoder_dim} {settings.encoder}",
        ),
        encoder=encoder,
        draft=index.open_draft(settings),
        reopen=lambda origin: _reopened(settings, origin),
        mailer=mail.open_mailer(settings),
        clock=clock or SystemClock(),
        specimens=Specimens,
        read=ahead.batches,
    )


def _reopened(settings: Settings, origin: str) -> Encoder:
    """Return the encoder of which ``open_library`` noted this origin."""
    dim, _, named = origin.partition(" ")
    return index.open_encoder(replace(settings, encoder=named, encoder_dim=int(dim)))


def reread(fault: Fault) -> Sequence[Record | Observation | Fault]:
    """Read a piece in quarantine again: a record as the store writes it, or by its parser.

    Raises:
        FieldError: it is still no record.
        KeyError: it cannot be read again.
    """
    if fault.form == arrival.RECORD:
        return [record_of(fault.raw)]
    return sources.reread(fault)


def restore_library(
    source: Path,
    path: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Fill the empty store of a data folder from what ``backup`` wrote.

    Raises:
        StoreError: the file is no backup, or the store holds papers already.
    """
    folder = Path(path) if path is not None else data_folder(environ)
    folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    settings = config.load(folder, environ)
    store.restore(source, settings.database or store.sqlite_url(folder / "broadsheet.db"))


def _kept_secret(file: Path) -> str:
    """Return the instance's own secret, made at the first call; only its owner may read it.

    Of two processes that make it at once one wins: the file appears whole, by a link.
    """
    if not file.exists():
        draft = file.with_name(f"secret.{os.getpid()}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text(encoding="ascii").strip()

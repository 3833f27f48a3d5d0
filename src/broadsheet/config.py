"""What can be set? One table: name, type, default, unit, help.

The environment (``BROADSHEET_<NAME>``) wins over ``config.toml`` in the data folder, which wins
over the default.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broadsheet.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "config.toml"
PREFIX = "BROADSHEET_"
MOST_WORKERS = 32
SHORTEST_TOKEN = 16  # characters; at 5 tries a minute nobody guesses so many


def _setting(default: Any, text: str, *, unit: str = "", is_secret: bool = False) -> Any:
    return field(default=default, metadata={"help": text, "unit": unit, "is_secret": is_secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, read and checked; ``load`` makes one."""

    data: Path = _setting(Path(), "The folder that holds everything.")
    database: str = _setting(
        "", "SQLAlchemy URL of the store; empty: SQLite in the data folder.", is_secret=True
    )
    host: str = _setting("127.0.0.1", "The address that `serve` listens on.")
    port: int = _setting(8000, "The port that `serve` listens on.")
    workers: int = _setting(
        0, "Processes that answer requests; 0: two, or one on a single core.", unit="processes"
    )
    base_url: str = _setting(
        "", "The public address of this instance, for links in feeds and mail; empty: as asked."
    )
    title: str = _setting("Broadsheet", "The name in the masthead.")
    timezone: str = _setting("UTC", "IANA name of the zone whose midnight ends a day.")
    encoder: str = _setting(
        "builtin",
        "`builtin`; a folder with a model, in Hugging Face layout or our own; or `owner/model` or "
        "`owner/model@revision` of a hub, which `encoder fetch` fetched.",
    )
    encoder_tokens: int = _setting(128, "Where a text is cut before encoding.", unit="tokens")
    encoder_dim: int = _setting(
        0,
        "Vectors are cut to this length, where the model was trained for it; 0: whole.",
        unit="numbers",
    )
    hub_url: str = _setting("https://huggingface.co", "Where `encoder fetch` fetches models from.")
    hub_token: str = _setting(
        "", "A token of the hub, for gated models; empty: as a guest.", is_secret=True
    )
    draft: str = _setting(
        "builtin",
        "`builtin`, or a folder that `encoder train` made: papers are found by its drafts of "
        "their meaning until the encoder has read them; empty: none.",
    )
    encoder_threads: int = _setting(0, "For encoding; 0: one per core.", unit="threads")
    dense_exact_limit: int = _setting(
        50_000,
        "Up to this size meaning is searched exactly, above it approximately.",
        unit="papers",
    )
    smtp_url: str = _setting(
        "",
        "`smtp://user:password@host:587`, `smtps://host:465`; empty: mail goes to `mail/`.",
        is_secret=True,
    )
    mail_from: str = _setting("broadsheet@localhost", "The sender of digests.")
    digest_hour: int = _setting(7, "When a digest goes out unless chosen.", unit="hour, 0 to 23")
    digest_papers: int = _setting(20, "At most so many papers in a digest.", unit="papers")
    page_size: int = _setting(20, "Papers on one page of a list.", unit="papers")
    sources: str = _setting(
        "arxiv,arxiv-oai",
        "What `serve` and `sync` read, separated by commas; empty: nothing. "
        "`broadsheet sync --help` lists what can stand here.",
    )
    sync_interval: int = _setting(
        60, "The time between two looks at a source; OAI-PMH: at least 12 hours.", unit="minutes"
    )
    sync_readers: int = _setting(
        4, "How many sources are read side by side; each site still gets one request at a time."
    )
    arxiv_categories: str = _setting(
        "cs.AI,cs.CL,cs.CV,cs.LG,stat.ML", "Which of arXiv's categories are read."
    )
    arxiv_feed_url: str = _setting("https://rss.arxiv.org", "Where arXiv's feeds are.")
    arxiv_api_url: str = _setting(
        "https://export.arxiv.org/api/query", "Where arXiv answers queries."
    )
    arxiv_oai_url: str = _setting("https://oaipmh.arxiv.org/oai", "Where arXiv speaks OAI-PMH.")
    biorxiv_api_url: str = _setting(
        "https://api.biorxiv.org", "Where bioRxiv and medRxiv answer; one service for both."
    )
    chemrxiv_api_url: str = _setting(
        "https://www.cambridge.org/engage/coe/public-api/v1",
        "Where ChemRxiv's API is; `https://chemrxiv.org/engage/chemrxiv/public-api/v1` is the "
        "same, and refuses programs from many networks.",
    )
    pubmed_api_url: str = _setting(
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils", "Where PubMed's E-utilities are."
    )
    pubmed_api_key: str = _setting(
        "", "NCBI's key: ten requests a second, not three.", is_secret=True
    )
    daily_list_url: str = _setting(
        "https://huggingface.co", "Where the hosted daily list is; it is read as `daily`."
    )
    contact_email: str = _setting(
        "", "Where Crossref may write to about this instance; who gives one is served better."
    )
    openreview_url: str = _setting(
        "https://api2.openreview.net", "Where OpenReview's API, version 2, is."
    )
    openreview_v1_url: str = _setting(
        "https://api.openreview.net", "Where OpenReview's older venues are."
    )
    openreview_token: str = _setting(
        "", "A bearer token of OpenReview; empty: as a guest.", is_secret=True
    )
    acl_url: str = _setting(
        "https://aclanthology.org", "Where the ACL Anthology's whole export is."
    )
    acl_xml_url: str = _setting(
        "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml",
        "Where the ACL Anthology's XML files are.",
    )
    openalex_url: str = _setting("https://api.openalex.org", "Where OpenAlex's API is.")
    openalex_key: str = _setting(
        "", "The key for OpenAlex; empty: very little a day.", is_secret=True
    )
    openalex_dates: str = _setting(
        "published",
        "By which day OpenAlex's works are found: `published`, or with a paid plan `created` or "
        "`updated`.",
    )
    crossref_url: str = _setting("https://api.crossref.org", "Where Crossref's API is.")
    s2_url: str = _setting("https://api.semanticscholar.org", "Where Semantic Scholar's API is.")
    s2_key: str = _setting(
        "", "The key for Semantic Scholar; empty: shared with all the world.", is_secret=True
    )
    allow_private_sources: bool = _setting(
        default=False, text="Read feeds and repositories in private networks."
    )
    rate_limit: int = _setting(
        30, "Writes (votes, subscriptions) per address and minute.", unit="requests/min"
    )
    secret: str = _setting(
        "", "Signs links; empty: made once and kept in the data folder.", is_secret=True
    )
    admin_token: str = _setting(
        "",
        "Whoever knows it may change sources and undo merges on the page, 16 or more characters; "
        "empty: only who sits at this machine, and only while nobody else can reach it.",
        is_secret=True,
    )
    specimens: bool = _setting(
        default=True, text="Show the specimen edition while the library is empty."
    )
    log_level: str = _setting("info", "debug, info, warning or error.")

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources that are read, in order."""
        return tuple(filter(None, map(str.strip, self.sources.split(","))))

    @property
    def category_names(self) -> tuple[str, ...]:
        """ArXiv's categories that are read, in order."""
        return tuple(filter(None, map(str.strip, self.arxiv_categories.split(","))))

    @property
    def public_url(self) -> str:
        """The address for links in feeds and mail, without a final slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    def __post_init__(self) -> None:
        """Refuse values that cannot work, naming the setting."""
        _check_range("port", self.port, 0, 65_535)
        _check_range("workers", self.workers, 0, MOST_WORKERS)
        _check_range("digest_hour", self.digest_hour, 0, 23)
        _check_range("digest_papers", self.digest_papers, 1, 200)
        _check_range("page_size", self.page_size, 1, 100)
        _check_range("encoder_tokens", self.encoder_tokens, 8, 512)
        _check_range("encoder_dim", self.encoder_dim, 0, 8_192)
        _check_range("encoder_threads", self.encoder_threads, 0, 256)
        _check_range("rate_limit", self.rate_limit, 1, 100_000)
        _check_range("sync_readers", self.sync_readers, 1, 32)
        _check_range("sync_interval", self.sync_interval, 1, 10_080)
        if self.log_level not in {"debug", "info", "warning", "error"}:
            raise SettingError(
                f"log_level must be debug, info, warning or error, not {self.log_level!r}",
                field="log_level",
            )
        if self.admin_token and len(self.admin_token) < SHORTEST_TOKEN:
            raise SettingError(
                f"admin_token must have at least {SHORTEST_TOKEN} characters, or be empty",
                field="admin_token",
            )
        if self.openalex_dates not in {"published", "created", "updated"}:
            raise SettingError(
                "openalex_dates must be published, created or updated, not "
                f"{self.openalex_dates!r}",
                field="openalex_dates",
            )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise SettingError(
                f"timezone must be an IANA name such as Europe/Berlin, not {self.timezone!r}",
                field="timezone",
            ) from error


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise SettingError(f"{name} must be from {low} to {high}, not {value}", field=name)


def load(data: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the data folder.

    Raises:
        SettingError: a value has the wrong type or range, or a name in the file is unknown.
    """
    environ = os.environ if environ is None else environ
    values = _from_file(data / FILE_NAME)
    for setting in fields(Settings):
        text = environ.get(PREFIX + setting.name.upper())
        if text is not None and setting.name != "data":
            values[setting.name] = _convert(setting.name, str(setting.type), text)
    values["data"] = data
    return Settings(**values)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingError(f"{path} cannot be read: {error}") from error
    types = {setting.name: str(setting.type) for setting in fields(Settings)}
    unknown = sorted(set(table) - set(types) | (set(table) & {"data"}))
    if unknown:
        raise SettingError(f"{path} has unknown settings: {', '.join(unknown)}", field=unknown[0])
    return {name: _convert(name, types[name], value) for name, value in table.items()}


def _convert(name: str, kind: str, value: object) -> Any:
    if kind == "int":
        return _to_int(name, value)
    if kind == "bool":
        return _to_bool(name, value)
    if not isinstance(value, str):
        raise SettingError(f"{name} must be text, not {value!r}", field=name)
    return value


def _to_int(name: str, value: object) -> int:
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError  # noqa: TRY004, TRY301
        return int(value)
    except ValueError:
        raise SettingError(f"{name} must be a whole number, not {value!r}", field=name) from None


def _to_bool(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise SettingError(f"{name} must be true or false, not {value!r}", field=name)

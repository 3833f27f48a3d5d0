"""``/status``: what was read, when, what is missing and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.model import EditionState
from broadsheet.web import upkeep, view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.library import Library
    from broadsheet.model import DayStanding, Delivery, ImportRun, LibraryStatus, PartDay

FAULTS = 20  # on one page
DELIVERIES = 50  # looked at for the line about digests
KINDS = {
    EditionState.COMPLETE: "ok",
    EditionState.OPEN: "ok",
    EditionState.PARTIAL: "warn",
    EditionState.LATE: "bad",
}
"""The shapes of what an edition can be; empty days have that of rest."""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How something is: a word, always with a shape."""

    kind: str  # "ok", "warn", "bad" or "rest"
    word: str
    detail: str


@router.get("/status")
def show_status(request: Request) -> Response:
    """Show the whole state of the library."""
    library = library_of(request)
    status = library.status()
    lines = upkeep.lines(library)
    page = _lists.page_number(request)
    faults = library.store.quarantined(limit=FAULTS + 1, offset=(page - 1) * FAULTS)
    jobs = [
        ("Words", words_state(status)),
        ("Meaning", meaning_state(status)),
        ("Digests", digests_state(library, library.store.deliveries(limit=DELIVERIES))),
    ]
    return render(
        request,
        "status.html",
        state=status,
        headline=headline(status, lines),
        lines=lines,
        now=library.clock.now(),
        jobs=jobs,
        days=[Day.of(one) for one in library.standings()],
        categories=library.settings.category_names,
        runs=[(run, run_state(run)) for run in status.runs],
        faults=faults[:FAULTS],
        page=page,
        next_url=f"/status?page={page + 1}#quarantine" if len(faults) > FAULTS else None,
        previous_url=f"/status?page={page - 1}#quarantine" if page > 1 else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day: how it stands, and how each category of its listing does, by name."""

    standing: DayStanding
    state: State
    parts: dict[str, State]

    @classmethod
    def of(cls, standing: DayStanding) -> Day:
        """Return a day as the page shows it."""
        kind = KINDS.get(standing.state, "rest")
        return cls(
            standing=standing,
            state=State(kind=kind, word=standing.state.value, detail=standing.standing),
            parts={one.part: part_state(one) for one in standing.parts},
        )


def part_state(one: PartDay) -> State:
    """Return how a day stands in a category: held of expected."""
    if one.state is EditionState.LATE:
        return State(kind="bad", word="late", detail=one.note)
    word = f"{view.number(one.held)} of {view.number(one.expected)}"
    kind = "warn" if one.state is EditionState.PARTIAL else "ok" if one.expected else "rest"
    return State(kind=kind, word=word, detail=one.note)


def headline(status: LibraryStatus, lines: list[upkeep.Line]) -> str:
    """Return the whole state in one line: what needs somebody first."""
    if any(line.fare.kind == "bad" for line in lines):
        return upkeep.headline(lines)
    if not status.papers and status.specimens:
        return "No source has delivered yet; the specimens stand in"
    if not status.papers:
        return "Nothing has been read yet"
    behind = behind_words(status)
    if behind:
        return f"Everything is stored; {view.counted(behind, 'change')} not yet searchable"
    missing = behind_meaning(status)
    if missing:
        return f"Every paper is found by word; {view.number(missing)} not yet by meaning"
    return "Everything read is stored, indexed and searchable"


def behind_words(status: LibraryStatus) -> int:
    """Return how many changes the index for words has yet to apply."""
    return max(0, status.change - status.engine.position)


def behind_meaning(status: LibraryStatus) -> int:
    """Return how many papers cannot be found by meaning yet."""
    return max(0, status.papers + status.specimens - status.serving)


def words_state(status: LibraryStatus) -> State:
    """Return how far the index for words is."""
    behind = behind_words(status)
    engine = status.engine
    detail = (
        f"{view.counted(engine.indexed, 'paper')} indexed; {view.counted(behind, 'change')} behind"
    )
    if behind:
        return State(kind="warn", word="catching up", detail=detail)
    return State(kind="ok", word="level with the store", detail=detail)


def meaning_state(status: LibraryStatus) -> State:
    """Return how far the index for meaning is, what made its vectors, and when all are there."""
    missing, engine = behind_meaning(status), status.engine
    by_encoder = sorted({**engine.former, **engine.encoders}.items())
    made = "; ".join(f"{view.number(count)} by {name}" for name, count in by_encoder)
    how = "exactly" if engine.kind == "exact" else "approximately, then re-ranked"
    detail = f"{view.counted(status.serving, 'paper')} encoded" + (f" ({made})" if made else "")
    detail += f"; searched {how}"
    if missing:
        detail = f"{view.counted(missing, 'paper')} to go; {detail}"
        return State(kind="warn", word="catching up", detail=detail)
    unread = engine.indexed - engine.encoders.get(status.encoder, 0)
    if unread > 0:
        detail = f"{_still_to_read(status, unread)}; {detail}"
        return State(kind="ok", word="complete, getting better", detail=detail)
    return State(kind="ok", word="complete", detail=detail)


def _still_to_read(status: LibraryStatus, unread: int) -> str:
    """Return how much the encoder has yet to read, and how long that takes at its pace."""
    told = f"{view.counted(unread, 'paper')} yet to be read by {status.encoder}"
    if not status.encoded_per_s:
        return told
    left = view.duration(timedelta(seconds=unread / status.encoded_per_s))
    return f"{told}, {status.encoded_per_s:.0f} a second, about {left} left"


def digests_state(library: Library, deliveries: Sequence[Delivery]) -> State:
    """Return what became of the newest digests, and where mail goes."""
    where = (
        "by SMTP"
        if library.mailer.is_real
        else "into the folder mail/, because no SMTP server is set (smtp_url)"
    )
    if not deliveries:
        return State(kind="rest", word="none sent yet", detail=f"Mail goes {where}.")
    failed = sum(delivery.state == "failed" for delivery in deliveries)
    sent = sum(delivery.state == "sent" for delivery in deliveries)
    detail = (
        f"{sent} of the last {len(deliveries)} sent {where}; newest {view.moment(deliveries[0].at)}"
    )
    if failed:
        reason = next(one.detail for one in deliveries if one.state == "failed")
        return State(kind="bad", word=f"{failed} failed", detail=f"{detail}. {reason}")
    return State(kind="ok", word="sent", detail=detail)


def run_state(run: ImportRun) -> State:
    """Return how one import ended, or that it has not."""
    report = run.report
    if run.error:
        return State(kind="bad", word="failed", detail=run.error)
    if run.finished is None:
        return State(
            kind="warn",
            word="not finished",
            detail="It runs still, or was stopped; importing again is safe.",
        )
    if report.quarantined:
        reasons = ", ".join(
            f"{reason} ({count})" for reason, count in sorted(report.reasons.items())
        )
        detail = f"{view.counted(report.quarantined, 'record')} quarantined" + (
            f": {reasons}" if reasons else ""
        )
        return State(kind="warn", word="read, with faults", detail=detail)
    return State(kind="ok", word="read", detail=f"in {report.seconds:.1f} s")

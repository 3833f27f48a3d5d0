"""What happens when a digest is due: claimed, composed, sent once, and noted.

A digest is claimed before it is sent, so of two workers one sends it. When the process dies
between sending and noting, the digest stays "claimed" and is not sent again: at most once. The
papers of such a digest may come in the next one, because only a sent digest joins the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from broadsheet.errors import MailRefusedError, MailRetryError
from broadsheet.library import ranking, subscribing
from broadsheet.model import Period
from broadsheet.publish import mail
from broadsheet.text import days

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from email.message import EmailMessage

    from broadsheet.library.facade import Library
    from broadsheet.model import Digest, Edition, Ranked, Subscription

LOOK_BACK = {Period.DAY: timedelta(days=3), Period.WEEK: timedelta(days=10)}
"""How old a paper of a digest may be: a missed digest or a weekend is made up for."""
RETRY_FIRST = timedelta(minutes=5)  # doubled with every failure in a row
RETRY_LONGEST = timedelta(hours=6)
REFUSALS_MAX = 5  # in a row, then the subscription ends: the address is dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What one subscriber is to get now."""

    papers: Sequence[Ranked]
    note: str
    heading: str
    page: str  # path of the edition on the page


def send_due(library: Library) -> bool:
    """Send one digest that is due; return False when none is, or another worker took it."""
    now = library.clock.now()
    claimed = library.store.claim_due_digest(
        now,
        next_due=lambda subscription: subscribing.next_due(
            subscribing.wishes_of(subscription), after=now
        ),
    )
    if claimed is None:
        return False
    _send(library, claimed, now=now)
    return True


def _send(library: Library, claimed: Digest, *, now: datetime) -> None:
    subscription = claimed.subscription
    issue = compose(library, subscription, now=now)
    if not issue.papers and not _is_news(library, subscription, now=now):
        _finish(library, claimed, "empty", now=now, detail=issue.note)
        return
    try:
        library.mailer.send(_message(library, claimed, issue, now=now))
    except MailRetryError as error:
        _finish(library, claimed, "failed", now=now, detail=str(error))
        pause = min(RETRY_FIRST * 2 ** min(subscription.failures, 10), RETRY_LONGEST)
        library.store.postpone(subscription.key, due=now + pause)
    except MailRefusedError as error:
        _finish(library, claimed, "failed", now=now, detail=str(error))
        if subscription.failures + 1 >= REFUSALS_MAX:
            library.store.end(subscription.key)
    else:
        keys = [ranked.paper.key for ranked in issue.papers]
        _finish(library, claimed, "sent" if keys else "empty", now=now, papers=keys)


def _finish(
    library: Library,
    claimed: Digest,
    state: str,
    *,
    now: datetime,
    papers: Sequence[int] = (),
    detail: str = "",
) -> None:
    library.store.finish_digest(claimed.key, state=state, papers=papers, at=now, detail=detail)


def _is_news(library: Library, subscription: Subscription, *, now: datetime) -> bool:
    """Tell whether an empty digest is worth a mail: on a working day, once a week at most."""
    day = now.astimezone(zone_of(library)).date()
    year, week, weekday = day.isocalendar()
    is_working_day = weekday <= 5  # noqa: PLR2004  # ISO: Saturday is 6
    token = f"empty:{subscription.key}:{year}-{week}"
    return is_working_day and library.store.use_token(token, at=now)


def compose(library: Library, subscription: Subscription, *, now: datetime) -> Issue:
    """Choose the hottest recent papers that this subscriber never got; never a specimen."""
    papers = _candidates(library, subscription, now=now)
    today = now.astimezone(zone_of(library)).date()
    shown = max((one.paper.day for one in papers if one.paper.day), default=today)
    edition = _edition(library, shown, subscription.period)
    if papers:
        counts = ((edition.announced, "announced"), (edition.picked, "picked"))
        said = [f"{count:,} {what}" for count, what in counts if count]
        counted = f"{', '.join(said)}. " if said else ""
        note = f"{counted}{edition.told} {_papers(len(papers))} for you."
    elif edition.total:
        note = f"{edition.told} Nothing is here that you have not got already."
    else:
        note = edition.told
    return Issue(
        papers=papers,
        note=note,
        heading=heading(subscription.period, shown),
        page=f"/papers/{_PATHS[subscription.period]}/{days.name(subscription.period, shown)}",
    )


def _edition(library: Library, day: date, period: Period) -> Edition:
    """Return the edition that a mail is about; the newest says why there is none newer."""
    if period is Period.DAY:
        newest = library.latest_edition(limit=1)
        if newest.first == day and newest.total:
            return newest
    return library.edition(day, period=period, limit=1)


def _candidates(library: Library, subscription: Subscription, *, now: datetime) -> list[Ranked]:
    """Return what may go out, hottest first: the papers of ``LOOK_BACK`` less those delivered."""
    back = LOOK_BACK[subscription.period]
    zone = zone_of(library)
    today = now.astimezone(zone).date()
    keys = library.store.edition_keys(today - back, today)
    old = library.store.delivered(subscription.key, keys)
    papers = [
        paper
        for paper in library.store.papers([key for key in keys if key not in old])
        if not paper.is_specimen
    ]
    signals = library.store.signals([paper.key for paper in papers])
    moment = ranking.Moment(
        period=subscription.period, at=now, now=now, zone=zone, since=now - back
    )
    ranked = ranking.rank(papers, signals, moment)
    limit = library.settings.digest_papers
    return list(ranking.page(ranked, signals, moment, offset=0, limit=limit))


def zone_of(library: Library) -> ZoneInfo:
    """Return the zone whose midnight ends a day of this instance."""
    return ZoneInfo(library.settings.timezone)


_PATHS = {Period.DAY: "date", Period.WEEK: "week"}


def heading(period: Period, day: date) -> str:
    """Return how a mail names its period: "Friday, 21 August 2026"."""
    if period is Period.DAY:
        return f"{day:%A}, {day.day} {day:%B %Y}"
    return f"Week {day.isocalendar().week}, {day.isocalendar().year}"


def _papers(count: int) -> str:
    return "One paper" if count == 1 else f"{count} papers"


def _message(library: Library, claimed: Digest, issue: Issue, *, now: datetime) -> EmailMessage:
    settings, subscription = library.settings, claimed.subscription
    base = settings.public_url
    token = subscribing.leave_token(library, subscription)
    return mail.digest(
        mail.Envelope(
            to=subscription.email,
            sender=settings.mail_from,
            title=settings.title,
            base_url=base,
            sent=now,
            name=f"digest-{claimed.key}-{int(now.timestamp())}",
        ),
        heading=issue.heading,
        papers=issue.papers,
        note=issue.note,
        page_url=base + issue.page,
        leave_url=f"{base}/unsubscribe/{token}",
        wish=subscribing.describe(subscribing.wishes_of(subscription)),
    )

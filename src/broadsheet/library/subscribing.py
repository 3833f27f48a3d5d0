"""What happens when someone subscribes: an address confirmed by its owner, ended by one click."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broadsheet.errors import ForbiddenError, UsageError
from broadsheet.model import Period
from broadsheet.publish import mail

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

    from broadsheet.library.facade import Library
    from broadsheet.model import Subscription

CONFIRM_FOR = timedelta(days=3)  # a link to confirm works so long
ONE_MAIL_PER = timedelta(minutes=10)  # confirmations to one address: nobody is flooded
EMAIL_MAX = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
HOURS = range(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a subscriber asked for."""

    period: Period
    hour: int  # 0 to 23, in `timezone`
    timezone: str


def subscribe(library: Library, email: str, wishes: Wishes, *, base_url: str) -> Subscription:
    """Note the address and mail it a link to confirm; nothing else is sent before that.

    The answer is the same whether or not the address was known, and at most one link goes to
    an address within ``ONE_MAIL_PER``, so that the form cannot be used to flood or to spy.
    """
    address = check_email(email)
    check_wishes(wishes)
    now = library.clock.now()
    subscription = library.store.subscribe(
        address, period=wishes.period, hour=wishes.hour, timezone=wishes.timezone, at=now
    )
    window = int(now.timestamp() // ONE_MAIL_PER.total_seconds())
    if library.store.use_token(f"asked:{subscription.key}:{window}", at=now):
        token = confirm_token(library, subscription, wishes, now=now)
        library.mailer.send(
            mail.confirmation(
                mail.Envelope(
                    to=address,
                    sender=library.settings.mail_from,
                    title=library.settings.title,
                    base_url=base_url,
                    sent=now,
                    name=f"confirm-{subscription.key}-{window}",
                ),
                wish=describe(wishes),
                confirm_url=f"{base_url}/subscribe/confirm/{token}",
                valid_days=CONFIRM_FOR.days,
            )
        )
    return subscription


def confirm(library: Library, token: str) -> Subscription:
    """Make the subscription active with the wishes that its link carries; a link works once."""
    payload = _read(library, token, salt="confirm")
    now = library.clock.now()
    if datetime.fromtimestamp(payload["until"], UTC) < now:
        raise ForbiddenError("this link has expired: subscribe again and a new one is sent")
    wishes = Wishes(
        period=Period(payload["period"]), hour=payload["hour"], timezone=payload["timezone"]
    )
    used = hashlib.blake2b(token.encode(), digest_size=16).hexdigest()
    if not library.store.use_token(f"confirm:{used}", at=now):
        raise ForbiddenError("this link was used before; the subscription stands as it was")
    library.store.activate(
        payload["key"],
        period=wishes.period,
        hour=wishes.hour,
        timezone=wishes.timezone,
        due=next_due(wishes, after=now),
    )
    return _existing(library, payload["key"])


def unsubscribe(library: Library, token: str) -> Subscription:
    """End the subscription that the link names; once more is no error."""
    subscription = subscription_of(library, token)
    library.store.end(subscription.key)
    return _existing(library, subscription.key)


def subscription_of(library: Library, token: str) -> Subscription:
    """Return the subscription that a link to unsubscribe names."""
    return _existing(library, _read(library, token, salt="leave")["key"])


def confirm_token(
    library: Library, subscription: Subscription, wishes: Wishes, *, now: datetime
) -> str:
    """Return the signed part of a link that confirms these wishes until ``CONFIRM_FOR`` ends."""
    payload = {
        "key": subscription.key,
        "period": wishes.period.value,
        "hour": wishes.hour,
        "timezone": wishes.timezone,
        "until": int((now + CONFIRM_FOR).timestamp()),
    }
    return _text(_signer(library, "confirm").dumps(payload))


def leave_token(library: Library, subscription: Subscription) -> str:
    """Return the signed part of the link that ends a subscription; it never expires."""
    payload = {"key": subscription.key}
    return _text(_signer(library, "leave").dumps(payload))


def _signer(library: Library, salt: str) -> URLSafeSerializer:
    from itsdangerous import URLSafeSerializer

    return URLSafeSerializer(library.settings.secret, salt=salt)


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode()


def _read(library: Library, token: str, *, salt: str) -> dict[str, Any]:
    from itsdangerous import BadSignature

    try:
        payload = _signer(library, salt).loads(token)
    except BadSignature:
        raise ForbiddenError("this link is not one of ours; copy it whole from the mail") from None
    if not isinstance(payload, dict):
        raise ForbiddenError("this link is not one of ours; copy it whole from the mail")
    return payload


def _existing(library: Library, key: int) -> Subscription:
    subscription = library.store.subscription(key)
    if subscription is None:
        raise ForbiddenError("the subscription of this link is no longer here")
    return subscription


def next_due(wishes: Wishes, *, after: datetime) -> datetime:
    """Return the first moment after ``after`` at which a digest goes out, in UTC.

    Daily: at the hour on every day. Weekly: on Mondays. Where a clock change skips the hour,
    the moment is the one that the skipped hour would have been (PEP 495).
    """
    zone = ZoneInfo(wishes.timezone)
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, time(wishes.hour), zone).astimezone(UTC)
        if moment > after and (wishes.period is Period.DAY or day.weekday() == 0):
            return moment
        day += timedelta(days=1)


def wishes_of(subscription: Subscription) -> Wishes:
    """Return what a subscription asks for."""
    return Wishes(
        period=subscription.period, hour=subscription.hour, timezone=subscription.timezone
    )


def describe(wishes: Wishes) -> str:
    """Say in words when digests come: ``daily at 07:00 (Europe/Berlin)``."""
    rhythm = "daily" if wishes.period is Period.DAY else "on Mondays"
    return f"{rhythm} at {wishes.hour:02d}:00 ({wishes.timezone})"


def check_email(text: str) -> str:
    """Return the address, trimmed.

    Raises:
        UsageError: it is no address that mail can go to.
    """
    address = text.strip()
    mistake = UsageError(
        f"that is not an e-mail address: {address[:80]!r}; write it like name@example.org",
        field="email",
    )
    if len(address) > EMAIL_MAX or any(
        sign.isspace() or not sign.isprintable() for sign in address
    ):
        raise mistake
    try:
        parsed = Address(addr_spec=address)
    except (MessageError, ValueError, IndexError):
        raise mistake from None
    if not parsed.username or not parsed.domain or parsed.addr_spec != address:
        raise mistake
    return address


def check_wishes(wishes: Wishes) -> None:
    """Refuse an hour, a rhythm or a timezone that cannot be.

    Raises:
        UsageError: naming the field.
    """
    if wishes.hour not in HOURS:
        raise UsageError(f"the hour must be from 0 to 23, not {wishes.hour}", field="hour")
    if wishes.period is Period.MONTH:
        raise UsageError("a digest comes daily or weekly", field="period")
    try:
        ZoneInfo(wishes.timezone)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"there is no timezone {wishes.timezone[:40]!r}; write it like Europe/Berlin",
            field="timezone",
        ) from None


__all__ = [
    "Wishes",
    "check_email",
    "check_wishes",
    "confirm",
    "describe",
    "leave_token",
    "next_due",
    "subscribe",
    "subscription_of",
    "unsubscribe",
    "wishes_of",
]

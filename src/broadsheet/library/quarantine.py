"""What happens when a piece in quarantine is read again?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.library import ingest
from broadsheet.model import Fault, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from broadsheet.model import Observation, Quarantined, Record
    from broadsheet.ports import Clock, Store

    Read = Callable[[Fault], Sequence[Record | Observation | Fault]]

NOT_KEPT = "it cannot be read again from what was kept; its source or its file brings it again"


def retry(one: Quarantined, /, store: Store, clock: Clock, *, read: Read) -> Retry:
    """Read a piece again; when all of it can be kept now, it leaves quarantine.

    Args:
        one: The piece.
        store: Where it is, and where its records go.
        clock: For the time of arrival.
        read: What parses it: raises whatever its parser does.
    """
    if not one.fault.form:
        return Retry(key=one.key, is_kept=False, reason=NOT_KEPT)
    try:
        items = read(one.fault)
    except Exception as error:  # noqa: BLE001  # the piece is hostile: it broke a parser before
        return Retry(key=one.key, is_kept=False, reason=str(error) or type(error).__name__)
    faults = [item for item in items if isinstance(item, Fault)]
    if faults or not items:
        reason = faults[0].reason if faults else "nothing is found in it"
        return Retry(key=one.key, is_kept=False, reason=reason)
    report = ingest.keep(items, store, clock)
    if report.quarantined:
        return Retry(key=one.key, is_kept=False, reason=next(iter(report.reasons)))
    store.forget_quarantined([one.key])
    return Retry(key=one.key, is_kept=True)

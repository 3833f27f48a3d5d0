"""Everything that can go wrong, as one tree.

::

    BroadsheetError
    ├── UsageError            the caller asked for something that makes no sense (exit 2, HTTP 400)
    │   ├── SettingError      a setting has a value that cannot be used
    │   ├── QueryError        a query or one of its parameters cannot be read
    │   └── IdentifierError   a string is not an identifier of a paper
    ├── NotFoundError         what was asked for is not here (exit 1, HTTP 404)
    │   ├── PaperNotFoundError
    │   ├── ShelfNotFoundError
    │   ├── WatchNotFoundError
    │   └── MergeNotFoundError
    ├── ForbiddenError        a link was forged, has expired, or was used before (HTTP 403)
    ├── SourceError           a source could not be read at all
    │   ├── FormatError       a file is of no kind that Broadsheet reads
    │   ├── UnreachableError  a service did not answer, or not with what was asked for
    │   ├── RateLimitedError  a service asks to come back later, and may say when
    │   ├── BudgetSpentError  a run has made all the requests it may; the next one goes on
    │   └── StaleSourceError  a service still shows what it showed before
    ├── StoreError            the store could not be opened, migrated, saved or restored
    │   ├── ConflictError     another process won; the same call may succeed now
    │   └── StoreDownError    nothing can be saved, whatever it is: no room, no server, damage
    ├── IndexFaultError       an index is missing or damaged; `broadsheet reindex` rebuilds it
    ├── EncoderError          the encoder's files are missing, altered, or of another kind
    └── MailError             a message was not accepted
        ├── MailRetryError    by a fault that may pass: try again later
        └── MailRefusedError  for good: trying again will not help
"""

from __future__ import annotations


class BroadsheetError(Exception):
    """The root: catch it to catch all that Broadsheet raises on purpose."""


class UsageError(BroadsheetError):
    """The caller asked for something that makes no sense; the message names field and fix."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class SettingError(UsageError):
    """A setting has a value that cannot be used."""


class QueryError(UsageError):
    """A query or one of its parameters cannot be read."""


class IdentifierError(UsageError):
    """A string is not an identifier of a paper."""


class NotFoundError(BroadsheetError):
    """What was asked for is not in this library."""


class PaperNotFoundError(NotFoundError):
    """No paper has this identifier."""


class WatchNotFoundError(NotFoundError):
    """No search is kept under this name."""


class ShelfNotFoundError(NotFoundError):
    """The reader has no shelf of this name."""


class MergeNotFoundError(NotFoundError):
    """No papers were merged under this number."""


class ForbiddenError(BroadsheetError):
    """A link was forged, has expired, or was used before."""


class SourceError(BroadsheetError):
    """A source could not be read at all; one bad record is a Fault, never an error."""


class FormatError(SourceError):
    """A file is of no kind that Broadsheet reads."""


class UnreachableError(SourceError):
    """A service did not answer, or not with what was asked for."""

    def __init__(self, message: str, *, status: int | None = None, said: str = "") -> None:
        super().__init__(message)
        self.status = status  # HTTP's; None: there was no whole answer
        self.said = said  # the beginning of the answer's text, where it was one


class RateLimitedError(SourceError):
    """A service asks to come back later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds; None: it did not say


class BudgetSpentError(SourceError):
    """A run has made all the requests it may; the next one goes on where it stopped."""


class StaleSourceError(SourceError):
    """A service still shows what it showed before, when something new is due."""


class StoreError(BroadsheetError):
    """The store could not be opened, migrated, saved or restored."""


class ConflictError(StoreError):
    """Another process won; the same call may succeed now."""


class StoreDownError(StoreError):
    """Nothing can be saved now, whatever it is: the disk is full, the server gone, a file damaged.

    It is nobody's record that is to blame: what was not saved must be read again.
    """


class IndexFaultError(BroadsheetError):
    """An index could not be opened or is damaged; ``broadsheet reindex`` rebuilds it."""


class EncoderError(BroadsheetError):
    """The encoder's files are missing, altered, or of another kind."""


class MailError(BroadsheetError):
    """A message was not accepted."""


class MailRetryError(MailError):
    """The message was not accepted by a fault that may pass: try again later."""


class MailRefusedError(MailError):
    """The message was refused for good: trying again will not help."""

"""One statement for many rows: compiled once, and each row converted without detours.

SQLAlchemy prepares every row of an ``executemany`` as if it were a statement of its own, which
costs more than SQLite needs to store it.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.sql.expression import Executable


class Many:
    """A statement without RETURNING; its parameters are two or more named columns."""

    def __init__(self, statement: Executable, columns: Sequence[str], dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=list(columns))  # type: ignore[attr-defined]
        self._sql = str(compiled)
        self._is_positional = compiled.positional
        self._names = compiled.positiontup or list(compiled.binds)
        self._pick = itemgetter(*self._names)
        self._converted = [
            (place, convert)
            for place, name in enumerate(self._names)
            if (convert := _convert(compiled.binds[name].type, dialect)) is not None
        ]

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]], /) -> int:
        """Execute it once per row; return how many rows of the database it touched."""
        if not rows:
            return 0
        values: list[Any] = list(map(self._pick, rows))
        if self._converted:
            values = list(map(self._to_database, values))
        if not self._is_positional:
            values = [dict(zip(self._names, row, strict=True)) for row in values]
        return connection.exec_driver_sql(self._sql, values).rowcount

    def _to_database(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in self._converted:
            values[place] = convert(values[place])
        return tuple(values)


def _convert(type_: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    convert: Callable[[Any], Any] | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return convert

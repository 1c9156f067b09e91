"""What can go wrong on the way to a warehouse, in the words of whoever connected it. None of them holds a password."""

from __future__ import annotations

from loopcare.common.errors import DomainError


class WarehouseError(DomainError):
    """The warehouse does not give what was asked."""

    code = "warehouse"
    status = 422
    exit_code = 2


class Unreachable(WarehouseError):
    """Nobody answers there, or went away in the middle: worth another try later."""

    code = "warehouse_unreachable"
    status = 503
    exit_code = 1


class TableGone(WarehouseError):
    """No such table, or not any more."""

    code = "warehouse_table"


class ColumnGone(WarehouseError):
    """A column that is asked for is not there, or not any more, or of another kind now."""

    code = "warehouse_column"


class EngineMissing(WarehouseError):
    """This machine lacks what the engine needs."""

    code = "warehouse_engine"


class TooSlow(WarehouseError):
    """The answer takes longer than the one who asked may wait."""

    code = "warehouse_slow"
    status = 503
    exit_code = 1


def first_line(error: Exception) -> str:
    """What an engine says, without the statement and the stack that it adds."""
    return str(error).strip().split("\n")[0][:300]

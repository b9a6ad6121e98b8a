"""How far away the control plane is: the time of a statement that costs the server nothing."""

from __future__ import annotations

from statistics import median

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from _timing import monotonic_ns

TIMES = 9  # enough that one that was interrupted does not move the median


def round_trip_ns(url: str) -> float | None:
    """The median of some `SELECT 1`, on a connection that is open already; None where none can be.

    By the driver's own cursor: SQLAlchemy's part would be a third of it on the same host.
    """
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    driver = engine.dialect.loaded_dbapi
    taken = []
    try:
        with engine.connect() as connection:
            cursor = connection.connection.cursor()
            for _ in range(TIMES):
                started = monotonic_ns()
                cursor.execute("SELECT 1")
                cursor.fetchone()
                taken.append(monotonic_ns() - started)
    except (SQLAlchemyError, driver.Error):
        return None
    return median(taken)

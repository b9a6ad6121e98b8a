"""The table `stress_provisioned`: what `stress provision` made on a server, by OID.

    kind  database | role | table | schema        oid  NULL: a database that was about to be made
    name  as it was made                 at   when

`--drop` removes just that: an object of the same name with another OID is somebody else's. Each
entry goes in the transaction that removes its object, or, for a database, after it, so that an
interrupted `--drop` can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg2.sql import SQL, Composable, Identifier, Literal

TABLE = "stress_provisioned"
_OWN = Identifier("public", TABLE)
_LOCK = 0x737472657373  # "stress"


@dataclass(frozen=True)
class Entry:
    """One object that was made and still is there. oid None: not known whether it was made."""

    kind: str
    name: str
    oid: int | None


class Ledger:
    """Writes and reads the table, in the database of the control plane."""

    def hold(self) -> Composable:
        """Says that this session makes something; ends with the session.

        A statement outlives the client that sent it: the server finishes the CREATE DATABASE of a
        provision that was killed. `take` waits for that.
        """
        return SQL("SELECT pg_advisory_lock_shared({})").format(Literal(_LOCK))

    def take(self) -> Composable:
        """Waits until nobody makes anything any more, and keeps others from it."""
        return SQL("SELECT pg_advisory_lock({})").format(Literal(_LOCK))

    def create(self) -> Composable:
        """Creates the table."""
        return SQL(
            "CREATE TABLE {} (kind text, name text, oid oid, at timestamptz DEFAULT now(), "
            "PRIMARY KEY (kind, name))"
        ).format(_OWN)

    def exists(self, cursor: Any) -> bool:
        """Whether something was provisioned here, and not all of it dropped again."""
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{TABLE}",))
        return bool(cursor.fetchone()[0])

    def entries(self, cursor: Any) -> list[Entry]:
        """In the order in which they can be removed: tables first, roles last."""
        order = "array_position(ARRAY['table', 'schema', 'database', 'role'], kind)"
        cursor.execute(
            SQL("SELECT kind, name, oid FROM {} ORDER BY {}, name").format(_OWN, SQL(order))
        )
        return [Entry(kind, name, oid) for kind, name, oid in cursor.fetchall()]

    def databases(self, cursor: Any) -> set[str]:
        """Today's names of the databases that were made here and still are there."""
        made = SQL("SELECT datname FROM pg_database JOIN {} made USING (oid) WHERE kind = {}")
        cursor.execute(made.format(_OWN, Literal("database")))
        return {str(name) for (name,) in cursor.fetchall()}

    def note_role(self, name: str | None) -> Composable:
        """Notes a role that exists."""
        return SQL(
            "INSERT INTO {} SELECT 'role', rolname, oid FROM pg_roles WHERE rolname = {}"
        ).format(_OWN, Literal(name))

    def note_table(self, quoted: str) -> str:
        """Notes a table that exists, by its name as SQL writes it; plain SQL."""
        name = _quoted(quoted)
        return f"INSERT INTO public.{TABLE} SELECT 'table', {name}, {name}::regclass"

    def note_schema(self, name: str) -> str:
        """Notes a schema that exists; plain SQL."""
        return (
            f"INSERT INTO public.{TABLE} SELECT 'schema', nspname, oid FROM pg_namespace "
            f"WHERE nspname = {_quoted(name)}"
        )

    def intend_database(self, name: str | None) -> Composable:
        """Notes that a database is about to be made."""
        return SQL("INSERT INTO {} VALUES ('database', {})").format(_OWN, Literal(name))

    def note_database(self, name: str | None) -> Composable:
        """Completes the note of a database that exists now."""
        return SQL(
            "UPDATE {} SET oid = (SELECT oid FROM pg_database WHERE datname = {name}) "
            "WHERE kind = 'database' AND name = {name}"
        ).format(_OWN, name=Literal(name))

    def remove(self, cursor: Any, entry: Entry) -> None:
        """Removes one object, if it is still there and still the one that was made, and its entry.

        psycopg2.Error where it is in use.
        """
        if entry.kind == "database":
            name = self._database(cursor, entry)
            if name is not None:
                cursor.execute(SQL("DROP DATABASE {}").format(Identifier(name)))
            cursor.execute(self._forget(entry))
            return
        question = {
            "role": "SELECT quote_ident(rolname) FROM pg_roles WHERE oid = %s",
            "schema": "SELECT quote_ident(nspname) FROM pg_namespace WHERE oid = %s",
            "table": "SELECT oid::regclass::text FROM pg_class WHERE oid = %s",
        }[entry.kind]
        cursor.execute(question, (entry.oid,))
        found = cursor.fetchone()
        drop = SQL(f"DROP {entry.kind.upper()} {found[0]}; ") if found else SQL("")
        cursor.execute(drop + self._forget(entry))

    def drop(self) -> Composable:
        """Removes the table itself."""
        return SQL("DROP TABLE {}").format(_OWN)

    def _forget(self, entry: Entry) -> Composable:
        return SQL("DELETE FROM {} WHERE kind = {} AND name = {}").format(
            _OWN, Literal(entry.kind), Literal(entry.name)
        )

    def _database(self, cursor: Any, entry: Entry) -> str | None:
        """The database's name today. One without an OID is ours if a role of ours owns it."""
        if entry.oid is not None:
            cursor.execute("SELECT datname FROM pg_database WHERE oid = %s", (entry.oid,))
        else:
            owned = SQL(
                "SELECT datname FROM pg_database JOIN {} made ON made.oid = datdba "
                "WHERE made.kind = 'role' AND datname = {}"
            )
            cursor.execute(owned.format(_OWN, Literal(entry.name)))
        row = cursor.fetchone()
        return str(row[0]) if row else None


def _quoted(text: str) -> str:
    """An SQL string; percent signs doubled, as the driver wants them."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"

"""The counted loader that a target by hand is given."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from resolver.errors import CredentialsError
from resolver.keyring import Keyring
from resolver.table import TableMapping
from stress.backend.embedded import EmbeddedBackend
from stress.backend.tenants import connect
from stress.target.context import Context, ControlPlane

Notes = list[tuple[str, int, int]]


@pytest.fixture
def notes() -> Notes:
    return []


@pytest.fixture
def plane(backend: EmbeddedBackend, notes: Notes) -> Iterator[ControlPlane]:
    made = ControlPlane(
        backend.control_plane_url,
        backend.encryption_key,
        note=lambda *call: notes.append(call),
    )
    yield made
    made.close()


def session_of(plane: ControlPlane) -> int:
    """The server process that will serve the next load."""
    connection = plane._take()
    plane._idle.append(connection)
    return int(connection.scalar(text("SELECT pg_backend_pid()")))


def test_a_record_opens_the_tenants_own_database(plane: ControlPlane) -> None:
    record = plane.load("tenant-0002")
    assert (record.tenant_id, record.version) == ("tenant-0002", 1)
    with closing(connect(record.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id FROM stress_marker")
        assert cursor.fetchone() == ("tenant-0002",)


def test_every_call_is_counted_and_noted(plane: ControlPlane, notes: Notes) -> None:
    plane.load("tenant-0001")
    plane.load("tenant-0003")
    with pytest.raises(LookupError):
        plane.load("nobody")
    assert plane.loads == 3
    assert [tenant for tenant, _, _ in notes] == ["tenant-0001", "tenant-0003", "nobody"]
    assert all(started <= ended for _, started, ended in notes)
    parts = plane.parts()
    assert parts["loads"] == 3
    assert parts["query_ns"] > 0
    assert parts["decryption_ns"] > 0
    assert parts["query_ns"] + parts["decryption_ns"] <= sum(b - a for _, a, b in notes)


@pytest.mark.parametrize("tenant_id", ["nobody", "", "TENANT-0001", "tenant-0001 ", "' OR true --"])
def test_an_unknown_tenant_is_a_lookup_error(plane: ControlPlane, tenant_id: str) -> None:
    with pytest.raises(LookupError):
        plane.load(tenant_id)


def test_a_connection_is_kept_for_the_next_load_of_any_thread(plane: ControlPlane) -> None:
    sessions: list[int] = []

    def load() -> None:
        plane.load("tenant-0001")
        sessions.append(session_of(plane))

    for _ in range(3):
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
    assert len(set(sessions)) == 1
    assert plane.loads == 3


def test_a_process_has_no_more_connections_than_it_may(backend: EmbeddedBackend) -> None:
    plane = ControlPlane(backend.control_plane_url, backend.encryption_key, most=2)
    ready = threading.Barrier(6)

    def load_often() -> None:
        ready.wait()
        for _ in range(20):
            plane.load("tenant-0001")

    threads = [threading.Thread(target=load_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert plane.loads == 120
    assert 1 <= len(plane._opened) <= 2
    plane.close()


def test_no_connection_crosses_a_fork(plane: ControlPlane) -> None:
    plane.load("tenant-0001")
    before = session_of(plane)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            fresh = plane.loads
            plane.load("tenant-0002")
            os.write(writing, f"{fresh} {plane.loads} {session_of(plane)}".encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    told = os.read(reading, 100).split()
    os.close(reading)
    os.close(writing)
    assert [int(one) for one in told[:2]] == [0, 1]
    assert int(told[2]) != before
    assert session_of(plane) == before
    plane.load("tenant-0001")


def test_a_lost_connection_is_replaced_at_the_next_load(
    plane: ControlPlane,
    backend: EmbeddedBackend,
) -> None:
    with closing(connect(backend.admin_url)) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (session_of(plane),))
    with pytest.raises(OperationalError):
        plane.load("tenant-0001")
    assert plane.load("tenant-0001").tenant_id == "tenant-0001"
    assert plane.loads == 2


def test_another_key_does_not_open_the_row(backend: EmbeddedBackend) -> None:
    plane = ControlPlane(backend.control_plane_url, Keyring.generate())
    with pytest.raises(CredentialsError):
        plane.load("tenant-0001")
    plane.close()
    assert plane.loads == 1


def test_a_suspended_tenant_is_a_lookup_error(backend: EmbeddedBackend) -> None:
    table = TableMapping(active="id <> 'tenant-0001'")
    plane = ControlPlane(backend.control_plane_url, backend.encryption_key, table=table)
    with pytest.raises(LookupError, match="not active"):
        plane.load("tenant-0001")
    plane.close()


def test_no_repr_shows_a_secret(plane: ControlPlane, backend: EmbeddedBackend) -> None:
    context = Context(
        control_plane_url=backend.control_plane_url,
        encryption_key=backend.encryption_key,
        cache_ttl=300.0,
        procs=2,
        threads=5,
        control_plane=plane,
    )
    record = plane.load("tenant-0001")
    told = repr(context) + repr(plane) + repr(record) + str(record.url)
    assert record.url.password
    assert not [secret for secret in backend.secrets() if secret in told]
    assert context.lease == 5.0

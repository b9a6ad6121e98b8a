from __future__ import annotations

import itertools
import os
import random
import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from resolver import CredentialsError, TenantNotFound
from tests.resolver.conftest import MakeResolver, World
from tests.resolver.processes import Line, children, in_threads

pytestmark = pytest.mark.postgres

T1, T2 = "tenant-0001", "tenant-0002"
WHERE = text("select current_database(), current_user, pg_backend_pid()")


def test_a_connection_leads_to_the_tenants_own_database(make: MakeResolver, world: World) -> None:
    resolver = make()
    for tenant in world.backend.tenants:
        with resolver.connect(tenant.tenant_id) as connection:
            found = connection.execute(WHERE).one()
        assert found[:2] == (tenant.database, tenant.url.username)
        assert resolver.resolve(tenant.tenant_id).url == tenant.url


def test_connect_and_engine_are_one_resolve_each(make: MakeResolver) -> None:
    resolver = make()
    with resolver.connect(T1):
        pass
    assert resolver.engine(T1) is resolver.engine(T1)
    assert resolver.get_cache_stats()["requests"] == 3


def test_an_unknown_tenant_has_no_connection(make: MakeResolver) -> None:
    with pytest.raises(TenantNotFound):
        make().connect("tenant-9999")


def test_what_was_not_committed_is_rolled_back_at_exit(make: MakeResolver) -> None:
    resolver = make()
    with resolver.connect(T1) as connection:
        connection.execute(text("create table scratch (x int)"))
        connection.commit()
        connection.execute(text("insert into scratch values (1)"))
        connection.commit()
        connection.execute(text("insert into scratch values (2)"))
    try:
        with resolver.connect(T1) as connection:
            assert connection.execute(text("select x from scratch")).scalars().all() == [1]
    finally:
        with resolver.connect(T1) as connection:
            connection.execute(text("drop table scratch"))
            connection.commit()


def test_the_next_borrower_finds_a_clean_session(make: MakeResolver) -> None:
    resolver = make(pool_size=1, max_overflow=0)
    with resolver.connect(T1) as connection:
        before = connection.execute(WHERE).one()
        connection.execute(text("set search_path to nowhere"))
        connection.execute(text("create temporary table leftover (x int)"))
        connection.execute(text("select pg_advisory_lock(1)"))
        connection.execute(text("prepare plan as select 1"))
        connection.execute(text("declare crs cursor with hold for select 1"))
        connection.commit()
    with resolver.connect(T1) as connection:
        assert connection.execute(WHERE).one() == before  # the very session
        path = connection.execute(text("show search_path")).scalar_one()
        left = connection.execute(
            text(
                "select (select count(*) from pg_locks where locktype = 'advisory'),"
                " (select count(*) from pg_prepared_statements), (select count(*) from pg_cursors),"
                " (select count(*) from pg_class where relname = 'leftover')"
            )
        ).one()
    assert "nowhere" not in path
    assert tuple(left) == (0, 0, 0, 0)


def test_a_session_set_to_autocommit_comes_back_transactional(make: MakeResolver) -> None:
    resolver = make(pool_size=1, max_overflow=0)
    with resolver.connect(T1) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(WHERE)
    with resolver.connect(T1) as connection:
        connection.execute(WHERE)
        assert connection.connection.dbapi_connection.autocommit is False  # type: ignore[union-attr]


def test_after_many_connects_with_random_errors_nothing_is_left(
    make: MakeResolver, world: World
) -> None:
    resolver = make(pool_size=2, max_overflow=0)
    tenant_ids = [tenant.tenant_id for tenant in world.backend.tenants]

    def work(thread: int) -> None:
        choose = random.Random(thread)
        for _ in range(100):
            try:
                with resolver.connect(choose.choice(tenant_ids)) as connection:
                    kind = choose.randrange(4)
                    if kind == 0:
                        raise ZeroDivisionError
                    if kind == 1:
                        connection.execute(text("select nonsense"))
                    connection.execute(WHERE)
            except (ZeroDivisionError, DBAPIError):
                pass

    assert in_threads(4, work) == [None] * 4
    assert world.sessions() <= 2 * len(tenant_ids)
    for tenant_id in tenant_ids:
        pool = resolver.engine(tenant_id).pool
        assert pool.checkedout() == 0  # type: ignore[attr-defined]
    resolver.close()
    assert world.backend.sessions_settled(0, 5.0) == 0


def test_after_a_rotation_no_connection_uses_the_old_password_and_none_is_cut(
    make: MakeResolver, world: World
) -> None:
    resolver = make()
    role = str(world.backend.tenants[0].url.username)
    old = world.run("select encrypted_password from tenants where id = %s", T1)[0][0]
    with resolver.connect(T1) as running:
        before = running.execute(WHERE).one()
        with resolver.connect(T1) as other:
            idle = other.execute(WHERE).one()[2]
        try:
            world.run(f"alter role {role} password 'n3w-s3cret'")
            token = world.keyring.encrypt(T1, "n3w-s3cret")
            world.run(
                "update tenants set encrypted_password = %s, version = 2 where id = %s", token, T1
            )
            resolver.invalidate_cache(T1)
            with resolver.connect(T1) as fresh:
                assert fresh.execute(WHERE).one()[2] not in (before[2], idle)
            assert running.execute(WHERE).one() == before
            running.close()
            # Left is the new one: the old engine's idle session went at once, this one at check-in.
            assert world.backend.sessions_settled(1, 5.0) == 1
            assert resolver.resolve(T1).version == 2
        finally:
            password = world.keyring.decrypt(T1, old)
            world.run(f"alter role {role} password '{password}'")


def test_a_child_of_fork_opens_connections_of_its_own(make: MakeResolver) -> None:
    resolver = make()
    with resolver.connect(T1) as connection:
        parents = connection.execute(WHERE).one()[2]

    def work(_: Line) -> tuple[str, set[int]]:
        source = resolver.resolve(T1).source
        used = set()
        for tenant_id in (T1, T1, T2):
            with resolver.connect(tenant_id) as connection:
                used.add(connection.execute(WHERE).one()[2])
        resolver.close()
        return source, used

    with children(work, work) as both:
        results = [child.join() for child in both]
    for source, used in results:
        assert source == "hit"
        assert parents not in used
        assert len(used) == 2
    with resolver.connect(T1) as connection:
        assert connection.execute(WHERE).one()[2] == parents


def test_refused_credentials_show_no_secret(make: MakeResolver, world: World) -> None:
    resolver = make()
    wrong = "wr0ng-s3cret"
    token = world.keyring.encrypt(T1, wrong)
    world.run("update tenants set encrypted_password = %s where id = %s", token, T1)
    with pytest.raises(OperationalError) as caught:
        resolver.connect(T1)
    shown = []
    error: BaseException | None = caught.value
    while error is not None:
        # Frame 0 of the outermost error is this test, which knows the secret.
        frames = list(traceback.walk_tb(error.__traceback__))[error is caught.value :]
        shown.append(repr(error))
        shown += traceback.StackSummary.extract(iter(frames), capture_locals=True).format()
        error = error.__cause__ or error.__context__
    assert "password authentication failed" in shown[0]
    assert wrong not in "".join(shown)


def test_swapped_credentials_fail_for_exactly_those_tenants(
    make: MakeResolver, world: World
) -> None:
    rows = dict(
        world.run("select id, encrypted_password from tenants where id in (%s, %s)", T1, T2)
    )
    for mine, other in ((T1, T2), (T2, T1)):
        world.run("update tenants set encrypted_password = %s where id = %s", rows[other], mine)
    resolver = make()
    for tenant in world.backend.tenants:
        if tenant.tenant_id in (T1, T2):
            with pytest.raises(CredentialsError, match=tenant.tenant_id):
                resolver.resolve(tenant.tenant_id)
        else:
            assert resolver.resolve(tenant.tenant_id).source == "miss"


def test_the_region_holds_no_plaintext_password(make: MakeResolver, world: World) -> None:
    resolver = make()
    passwords = []
    for tenant in world.backend.tenants:
        with resolver.connect(tenant.tenant_id):
            pass
        token = world.run("select encrypted_password from tenants where id = %s", tenant.tenant_id)[
            0
        ][0]
        passwords.append(world.keyring.decrypt(tenant.tenant_id, token))
    memory = bytes(resolver._cache.region.memory())  # type: ignore[attr-defined]
    assert T1.encode() in memory
    for secret in [*passwords, world.key]:
        assert secret.encode() not in memory


def test_the_region_stays_out_of_core_files(make: MakeResolver) -> None:
    resolver = make()
    size = resolver._cache.region.size  # type: ignore[attr-defined]
    with open(f"/proc/{os.getpid()}/smaps") as maps:
        areas = maps.read().split("VmFlags:")
    flags = [
        after.split("\n")[0].split()
        for before, after in itertools.pairwise(areas)
        if f" {size // 1024} kB" in before
    ]
    assert any("dd" in found for found in flags)

"""What a run stands on: its control plane, the limits there, and what is known of every tenant.

From here targets get their Context, and workers what they compare answers and connections with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from _timing.drive import note_load
from stress.backend import choose
from stress.backend.allowance import Allowance, allowance, too_few
from stress.backend.backend import Backend
from stress.backend.tenants import mates, shared
from stress.load.bucket import LoadBucket
from stress.load.stage import Stage
from stress.load.whose import Whose
from stress.redact import Redactor
from stress.scenario.scenario import DEFAULT_EMBEDDED_TENANTS, Scenario
from stress.target.answers import Record
from stress.target.context import Context, ControlPlane
from stress.target.places import Place


class Ground:
    """One open backend. bucket: None where loads are not limited."""

    def __init__(self, backend: Backend, scenario: Scenario) -> None:
        self.backend = backend
        self.redact = Redactor(backend.secrets())
        self.bucket: LoadBucket | None = None
        if backend.given:
            self.bucket = LoadBucket(scenario.max_loads_per_s, len(backend.tenants))

    @property
    def tenant_ids(self) -> list[str]:
        """Every tenant of the run, in the order of their index."""
        return [truth.tenant_id for truth in self.backend.tenants]

    @property
    def first_sound_tenant(self) -> str:
        """Of whom an answer can be expected: one that the tester itself could ask."""
        tenants = self.backend.tenants
        return next((one for one in tenants if one.identity is not None), tenants[0]).tenant_id

    def default_tenants(self, scenario: Scenario) -> int | None:
        """How many tenants a run has without --tenants; None where that is not known."""
        if not self.backend.given:
            return DEFAULT_EMBEDDED_TENANTS
        return len(self.backend.tenants) if scenario.tenants is None else None

    def allowed(self, scenario: Scenario, procs: int) -> Allowance | None:
        """How many sessions a worker may have; None: as many as it needs."""
        if not self.backend.given:
            return None
        return allowance(scenario.max_connections, procs, writes=bool(self.backend.writable))

    def context(self, stage: Stage | None, scenario: Scenario, procs: int) -> Context:
        """What a target by hand is given; loads through it are counted on the stage's slab."""
        backend = self.backend
        index = {truth.tenant_id: truth.index for truth in backend.tenants}

        def note(tenant_id: str, started_ns: int, ended_ns: int) -> None:
            # A phase sees the loader's statements as it sees any other.
            if stage is not None and not stage.records and tenant_id in index:
                note_load(stage.slab, index[tenant_id], started_ns, ended_ns)

        url, key = backend.control_plane_url, backend.encryption_key
        most = 1 if backend.given else None
        context = Context(
            control_plane_url=url,
            encryption_key=key,
            cache_ttl=scenario.cache_ttl_s,
            procs=procs,
            threads=scenario.threads,
            control_plane=ControlPlane(url, key, table=backend.table, note=note, most=most),
            table=backend.table,
        )
        return context.limited() if backend.given else context

    def committed(self, more: Mapping[int, list[Record]]) -> list[list[Record]]:
        """Each tenant's row as it is, then those that a phase will commit."""
        return [
            [
                Record(t.version, Place(t.host, t.port, t.database, t.username)),
                *more.get(t.index, ()),
            ]
            for t in self.backend.tenants
        ]

    def whose(self, committed: Sequence[Sequence[Record]]) -> list[Whose]:
        """What each tenant's database said of itself."""
        return [
            Whose(truth.tenant_id, truth.identity, rows[0])
            for truth, rows in zip(self.backend.tenants, committed, strict=True)
        ]

    def mates(self) -> dict[int, list[int]]:
        """Tenants that share one database."""
        return mates(self.backend.tenants)

    def shared(self) -> list[list[str]]:
        """The same by their ids, each class once."""
        return [[one.tenant_id for one in together] for together in shared(self.backend.tenants)]

    @property
    def loads_waited(self) -> int:
        """How many loads had to wait for their turn so far."""
        return self.bucket.waited if self.bucket is not None else 0

    def close(self) -> None:
        """Give everything back."""
        if self.bucket is not None:
            self.bucket.close()
        self.backend.close()


def find(
    scenario: Scenario, environment: Mapping[str, str], progress: Callable[[str], None]
) -> Ground:
    """Open the control plane of the user, or start a server; errors as of `choose.start`."""
    found = Ground(choose.start(scenario, environment, progress), scenario)
    allowed, tenants = found.allowed(scenario, scenario.procs), len(found.tenant_ids)
    if scenario.operation == "query" and allowed is not None and tenants > allowed.tenants:
        found.close()
        # Every worker connects to every tenant: nothing less is what was asked for.
        raise too_few(scenario, tenants)
    return found

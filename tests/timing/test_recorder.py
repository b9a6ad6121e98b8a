"""The slab: what is recorded is what is read, exactly, and reading costs no memory."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys

import numpy as np
import pytest

from _timing import Histogram, layout
from _timing.recorder import (
    COUNTED,
    ERROR,
    HIT,
    MISS,
    NEGATIVE,
    OUTCOMES,
    ROLES,
    STEADY,
    WAIT,
    Layout,
    Slab,
    record,
)
from tests.timing.stages import IDS, slab_of

HIGHEST = 60_000_000_000
DTYPES = [name for name in dir(layout) if name.endswith("_DTYPE")]
# Each side of every kind of border: counters, pages, the range.
VALUES = [0, 1, 511, 512, 2047, 2048, 2049, 4095, 4096, 10**6, 10**9, HIGHEST - 1, HIGHEST]


def write(
    slab: Slab, role: int, outcome: int, took: int, *, process: int = 0, tenant: int = 0
) -> None:
    record(
        slab,
        process,
        0,
        role,
        outcome,
        tenant,
        intended_ns=1000,
        started_ns=1000,
        ended_ns=1000 + took,
    )


def same(one: Histogram, other: Histogram) -> None:
    assert np.array_equal(one.counts, other.counts)
    assert (one.total_count, one.min, one.max) == (other.total_count, other.min, other.max)
    assert one.overflow == other.overflow


@pytest.mark.parametrize("name", DTYPES)
def test_the_numpy_types_describe_the_c_structs(name: str) -> None:
    dtype = getattr(layout, name)
    assert dtype.itemsize == layout.struct_sizes()[name]
    fields = {field: offset for field, (_, offset, *_) in dtype.fields.items() if field != "unused"}
    assert fields == layout.struct_offsets()[name]


def test_structs_have_the_sizes_that_the_format_names() -> None:
    sizes = layout.struct_sizes()
    assert sizes["LANE_DTYPE"] == 1024
    assert sizes["GATE_DTYPE"] == sizes["TENANT_CELL_DTYPE"] == sizes["LOAD_CELL_DTYPE"] == 64
    assert sizes["META_DTYPE"] == 64
    assert sizes["HEADER_DTYPE"] <= 4096


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (4, 20, 10, 1), (3, 7, 1000, 2), (2, 5, 1001, 1)])
def test_parts_of_the_slab_follow_each_other_on_pages_of_their_own(
    sizes: tuple[int, int, int, int],
) -> None:
    procs, threads, tenants, kinds = sizes
    it = Layout(procs, threads, tenants, kinds)
    histograms = len(ROLES) * len(OUTCOMES) * kinds
    per_tenant = 32768 if tenants <= 1000 else 0
    assert it.lanes_at == 4096
    assert it.load_cells_at >= it.lanes_at + procs * threads * 1024
    assert it.processes_at >= it.load_cells_at + tenants * 64
    assert it.tenant_cells_at >= (histograms + len(ROLES)) * 64
    assert it.tenant_histograms_at >= it.tenant_cells_at + tenants * 64
    assert it.histograms_at >= it.tenant_histograms_at + tenants * per_tenant
    assert it.shifts_at == it.histograms_at + histograms * 27648 * 8
    assert it.process_bytes == it.shifts_at + len(ROLES) * 27648 * 8
    assert it.size == it.processes_at + procs * it.process_bytes
    starts = [it.load_cells_at, it.processes_at, it.process_bytes, it.histograms_at, it.shifts_at]
    assert all(start % 4096 == 0 for start in starts)


@pytest.mark.parametrize("sizes", [(0, 1, 1), (257, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1, 3)])
def test_a_layout_of_impossible_sizes_is_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Layout(*sizes)


def test_memory_that_cannot_be_a_slab_is_refused() -> None:
    it = Layout(1, 1, 1)
    memory = mmap.mmap(-1, it.size + 4096)
    with pytest.raises(ValueError, match="needs"):
        Slab(memoryview(memory)[: it.size - 1], it)
    with pytest.raises(ValueError, match="aligned"):
        Slab(memoryview(memory)[8:], it)
    with pytest.raises((ValueError, BufferError), match=r"(?i)writ|read-only"):
        Slab(bytes(it.size), it)
    memory[:4] = b"else"
    with pytest.raises(ValueError, match="something else"):
        Slab(memory, it)


def test_a_slab_is_opened_again_with_its_own_layout_only() -> None:
    it = Layout(2, 1, 1)
    memory = mmap.mmap(-1, it.size)
    write(Slab(memory, it), COUNTED, HIT, 5)
    assert Slab(memory, Layout(2, 1, 1)).histogram(0, COUNTED, HIT).total_count == 1
    with pytest.raises(ValueError, match="other sizes"):
        Slab(memory, Layout(1, 1, 1))


def test_a_histogram_read_back_is_the_one_that_was_recorded() -> None:
    slab, oracle = slab_of(), Histogram()
    values = [*VALUES, *np.random.default_rng(1).lognormal(8, 3, 2000).astype(np.int64).tolist()]
    for value in [*values, HIGHEST + 1, 10**15]:
        write(slab, COUNTED, HIT, value)
        oracle.record(value)
    same(slab.histogram(0, COUNTED, HIT), oracle)
    assert slab.sum_ns(COUNTED, [HIT]) == sum(min(value, HIGHEST) for value in values) + 2 * HIGHEST


def test_time_that_runs_backwards_counts_as_nothing() -> None:
    slab = slab_of()
    write(slab, COUNTED, HIT, -5)
    found = slab.histogram(0, COUNTED, HIT)
    assert (found.total_count, found.max, found.overflow) == (1, 0, 0)


def test_sums_hold_the_asked_roles_outcomes_and_processes_and_no_others() -> None:
    slab, oracle = slab_of(procs=3), Histogram()
    for process in range(3):
        for role in range(len(ROLES)):
            for outcome in range(len(OUTCOMES)):
                took = 10 ** (1 + process) + 100 * role + outcome
                write(slab, role, outcome, took, process=process)
                if process != 1 and role == STEADY and outcome in (MISS, WAIT):
                    oracle.record(took)
    same(slab.histogram_sum(STEADY, [MISS, WAIT], [0, 2]), oracle)
    assert slab.histogram_sum(STEADY, range(len(OUTCOMES))).total_count == 3 * len(OUTCOMES)
    assert slab.histogram(1, COUNTED, NEGATIVE).total_count == 1


def test_an_empty_series_is_an_empty_histogram() -> None:
    slab = slab_of()
    same(slab.histogram_sum(COUNTED, [HIT]), Histogram())
    same(slab.own_histogram(COUNTED), Histogram())
    assert slab.sum_ns(COUNTED, [HIT]) == 0


def test_a_copy_does_not_change_when_more_is_recorded() -> None:
    slab = slab_of()
    write(slab, COUNTED, HIT, 7)
    copy = slab.histogram(0, COUNTED, HIT)
    write(slab, COUNTED, HIT, 7)
    assert copy.total_count == copy.counts.sum() == 1


def test_response_time_runs_from_the_intended_start_and_service_time_from_the_actual_one() -> None:
    slab = slab_of(kinds=2)
    record(slab, 0, 0, COUNTED, MISS, 0, intended_ns=1000, started_ns=1400, ended_ns=2000)
    assert slab.histogram(0, COUNTED, MISS, 0).max == 1000
    assert slab.histogram(0, COUNTED, MISS, 1).max == 600
    (lane,) = slab.lanes["roles"][0, 0, [COUNTED]]
    assert (lane["first_start_ns"], lane["start_lag_ns"], lane["last_end_ns"]) == (1400, 400, 2000)


def test_tenants_are_counted_in_the_counted_role_alone() -> None:
    slab = slab_of(procs=2)
    oracle = Histogram(significant_figures=2)
    for process, outcome, took in [(0, HIT, 300), (1, MISS, 10**7), (1, ERROR, 70 * 10**9)]:
        write(slab, COUNTED, outcome, took, process=process, tenant=3)
        write(slab, STEADY, outcome, took, process=process, tenant=3)
        oracle.record(took)
    cells = slab.tenant_cells
    assert cells["requests"][:, 3].tolist() == [1, 2]
    assert cells["requests"].sum() == 3
    assert [cells[name][:, 3].sum() for name in ("hits", "misses", "failed")] == [1, 1, 1]
    assert cells["max_ns"][:, 3].tolist() == [300, 70 * 10**9]
    found = slab.tenant_histogram(3)
    assert found is not None
    same(found, oracle)
    one = slab.tenant_histogram(3, [0])
    assert one is not None
    assert one.max == one.min == 300


@pytest.mark.parametrize("value", VALUES)
def test_every_value_finds_its_counter_at_two_figures_too(value: int) -> None:
    slab, oracle = slab_of(), Histogram(significant_figures=2)
    write(slab, COUNTED, HIT, value, tenant=9)
    oracle.record(value)
    found = slab.tenant_histogram(9)
    assert found is not None
    same(found, oracle)


def test_many_tenants_have_counters_but_no_histogram_each() -> None:
    slab = slab_of(tenants=1001)
    write(slab, COUNTED, HIT, 5, tenant=1000)
    assert slab.tenant_histogram(1000) is None
    assert slab.tenant_cells["requests"][0, 1000] == 1


def test_what_the_slab_does_not_have_is_an_index_error() -> None:
    slab = slab_of(procs=2)
    for process, role, outcome, tenant in [(2, 0, 0, 0), (0, 6, 0, 0), (0, 0, 5, 0), (0, 0, 0, 10)]:
        with pytest.raises(IndexError, match="must be 0 to"):
            write(slab, role, outcome, 1, process=process, tenant=tenant)
    with pytest.raises(IndexError, match="process"):
        slab.histogram(2, COUNTED, HIT)
    with pytest.raises(IndexError, match="kind"):
        slab.histogram(0, COUNTED, HIT, 1)
    with pytest.raises(IndexError, match="gate"):
        slab.open_gate(16, 1)
    with pytest.raises(IndexError, match="tenant"):
        slab.tenant_histogram(-1)


def test_views_of_the_slab_cannot_be_written() -> None:
    slab = slab_of()
    for view in (slab.header, slab.tenant_cells, slab.load_cells):
        assert not view.flags.writeable
    assert slab.header["tenants"] == len(IDS)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="counts a memory file's pages")
def test_reading_everything_allocates_no_page_of_an_untouched_histogram() -> None:
    it = Layout(4, 2, len(IDS))
    file = os.memfd_create("slab")
    try:
        os.ftruncate(file, it.size)
        memory = mmap.mmap(file, it.size)
        slab = Slab(memory, it)
        for process in (0, 2):
            write(slab, COUNTED, HIT, 300, process=process)
        before = os.fstat(file).st_blocks * 512
        for role in range(len(ROLES)):
            assert slab.histogram_sum(role, range(len(OUTCOMES))).total_count in (0, 2)
            slab.own_histogram(role)
        for tenant in range(len(IDS)):
            slab.tenant_histogram(tenant)
        assert slab.lanes["pid"].sum() == 0
        # One page of metas and one of tenant cells for each process, and the lanes.
        assert os.fstat(file).st_blocks * 512 - before <= (4 * 2 + 2) * 4096
        # The means of measuring works: reading one byte of an untouched histogram allocates.
        allocated = os.fstat(file).st_blocks
        assert memory[it.size - 1] == 0
        assert os.fstat(file).st_blocks > allocated
    finally:
        os.close(file)


def test_without_a_gil_the_import_fails_with_a_reason() -> None:
    program = (
        "import sys\n"
        "sys._is_gil_enabled = lambda: False\n"
        "try:\n"
        "    import _timing.drive\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert "needs the GIL" in done.stdout

"""Driving a target: lanes that ask, a plan of what they ask and how an answer is judged.

    plan = Plan(target.resolve, tenant_ids, judge, has_tenant_id=True, says_source=True)
    lane = Lane(slab, process, thread)                            # after the fork, in its thread
    lane.arrive(gate)
    start_ns = lane.wait(gate)
    lane.run(plan, COUNTED, keys, count=1000, start_ns=start_ns)

Every answer is checked; times, outcomes and violations go to the slab.
"""

from _timing.lane import Lane
from _timing.loads import note_load
from _timing.null import NullOperation
from _timing.plan import INVENTED, MEMO_FIELDS, MEMO_OBJECT, TORN, WRONG, Plan

__all__ = [
    "INVENTED",
    "MEMO_FIELDS",
    "MEMO_OBJECT",
    "TORN",
    "WRONG",
    "Lane",
    "NullOperation",
    "Plan",
    "note_load",
]

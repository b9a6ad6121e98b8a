"""What a lane calls, and how it knows an answer again that has been judged before.

Every answer is checked. The first of its kind goes to the judge, a Python callable; what the judge
calls right and immutable is remembered for its tenant and recognised in nanoseconds. Anything else
goes to the judge again, so a wrong answer is never recognised and always found.

The memory belongs to one process and is shared by its lanes under the GIL.
"""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from _timing.atomics cimport load_i64, load_u64
from _timing.layout cimport HIT_CODE, MISS_CODE, OUTCOMES_N, WAIT_CODE, LoadCell

# What a judge's return value says beside the outcome in its lowest bits.
MEMO_OBJECT = OBJECT_BIT
MEMO_FIELDS = FIELDS_BIT
WRONG = WRONG_BIT
INVENTED = INVENTED_BIT
TORN = TORN_BIT

cdef enum:
    MEMO_BITS = OBJECT_BIT | FIELDS_BIT
    FLAWS = WRONG_BIT | INVENTED_BIT | TORN_BIT
    ALL_BITS = 255
    INFER = 7                        # the remembered answer does not say; look at the loads

cdef extern from "Python.h":
    PyObject* list_item "PyList_GET_ITEM"(list, Py_ssize_t) noexcept

# Not None: a target may answer None.
cdef object NOTHING = object()
cdef str HIT_WORD = "hit"
cdef str MISS_WORD = "miss"
cdef str WAIT_WORD = "wait"


@cython.final
cdef class Fields:
    """The fields of an answer that was judged right; the objects themselves, for identity."""


@cython.final
cdef class Plan:
    """An operation, the tenants it is called for, and the judge of its answers.

    operation: called with one tenant id; bind a method once. ids: by tenant index.
    judge(index, answer, error, loads, started_ns, ended_ns) -> int: an outcome of
    `_timing.recorder` (HIT … ERROR) with any of these flags:

    MEMO_OBJECT   this object is immutable and right for this tenant: from now on its identity is
                  enough, and what it says of hit or miss stays true
    MEMO_FIELDS   its tenant_id, url and version are immutable and right: from now on an answer of
                  the same type with equal ones is right
    WRONG, INVENTED, TORN   a violation; counted, and nothing is remembered

    `error` is the exception that the call raised, then `answer` is None. `loads` is how many loads
    the calling lane made during the call. The has_… and says_… arguments tell which attributes the
    target's answers have. `source` ("hit", "miss", "wait") wins over `cache_hit`: True is a hit,
    False a miss, or a wait where loads can be seen and this call made none. Without either, a call
    that loaded is a miss, one above 50 µs in which another's load ended is a wait, else a hit.

    What the judge itself raises ends the run. ValueError for a code that means nothing.
    """

    def __init__(
        self,
        operation,
        ids,
        judge,
        *,
        bint has_tenant_id=False,
        bint has_url=False,
        bint has_version=False,
        bint says_source=False,
        bint says_cache_hit=False,
    ):
        self.operation = operation
        self.ids = tuple(ids)
        self.judge = judge
        self.has_tenant_id = has_tenant_id
        self.has_url = has_url
        self.has_version = has_version
        self.says_source = says_source
        self.says_cache_hit = says_cache_hit
        self.compares = has_tenant_id or has_url or has_version
        self.objects = [NOTHING] * len(self.ids)
        self.outcomes = [INFER] * len(self.ids)
        self.fields = [None] * len(self.ids)

    cdef int settle(
        self,
        int index,
        object answer,
        LoadCell* cell,
        int64_t loads,
        int64_t started,
        int64_t ended,
    ) except -1:
        """Outcome and flaws of one answer: recognised, or judged."""
        cdef Fields known
        cdef int outcome
        if <PyObject*>answer == list_item(self.objects, index):
            outcome = self.outcomes[index]
            return outcome if outcome != INFER else infer(cell, loads, started, ended)
        if self.compares:
            known = self.fields[index]
            if known is not None and type(answer) is known.kind:
                try:
                    if self.same(known, answer):
                        return self.outcome_of(answer, cell, loads, started, ended)
                except Exception:
                    # The judge reads it again and reports what it raises.
                    pass
        return self.ask(index, answer, loads, started, ended)

    cdef int fail(
        self, int index, object error, int64_t loads, int64_t started, int64_t ended
    ) except -1:
        """Outcome and flaws of a call that raised."""
        return checked(self.judge(index, None, error, loads, started, ended)) & ~MEMO_BITS

    cdef int ask(
        self, int index, object answer, int64_t loads, int64_t started, int64_t ended
    ) except -1:
        # Read before and after the judge: an answer that changes meanwhile is not remembered.
        cdef Fields before = self.fields_of(answer) if self.compares else None
        cdef Fields after
        cdef int code = checked(self.judge(index, answer, None, loads, started, ended))
        if not code & FLAWS:
            if code & OBJECT_BIT:
                says = self.says_source or self.says_cache_hit
                self.outcomes[index] = code & OUTCOME_BITS if says else INFER
                self.objects[index] = answer
            if code & FIELDS_BIT and before is not None:
                after = self.fields_of(answer)
                if (
                    after is not None
                    and before.tenant_id is after.tenant_id
                    and before.url is after.url
                    and before.version is after.version
                ):
                    self.fields[index] = after
        return code & ~MEMO_BITS

    cdef bint same(self, Fields known, object answer) except -1:
        """Whether the answer's fields are the known ones, or equal to them and of their types."""
        return (
            (not self.has_tenant_id or equal(answer.tenant_id, known.tenant_id))
            and (not self.has_url or equal(answer.url, known.url))
            and (not self.has_version or equal(answer.version, known.version))
        )

    cdef int outcome_of(
        self, object answer, LoadCell* cell, int64_t loads, int64_t started, int64_t ended
    ) except -1:
        """Hit, miss or wait: what the answer says, else what the loads show."""
        if self.says_source:
            source = answer.source
            if source is HIT_WORD:
                return HIT_CODE
            if source == HIT_WORD:
                return HIT_CODE
            if source == MISS_WORD:
                return MISS_CODE
            if source == WAIT_WORD:
                return WAIT_CODE
        if self.says_cache_hit:
            cache_hit = answer.cache_hit
            if cache_hit is True:
                return HIT_CODE
            if cache_hit is False:
                return MISS_CODE if loads or load_u64(&cell.loads) == 0 else WAIT_CODE
        return infer(cell, loads, started, ended)

    cdef Fields fields_of(self, object answer):
        """The fields to remember; None where one cannot be read."""
        cdef Fields fields = Fields()
        fields.kind = type(answer)
        try:
            fields.tenant_id = answer.tenant_id if self.has_tenant_id else None
            fields.url = answer.url if self.has_url else None
            fields.version = answer.version if self.has_version else None
        except Exception:
            return None
        return fields


cdef inline bint equal(object given, object known) except -1:
    # Types too: True is 1, and a subclass may compare as it likes.
    return given is known or (type(given) is type(known) and given == known)


cdef inline int infer(LoadCell* cell, int64_t loads, int64_t started, int64_t ended) noexcept:
    if loads:
        return MISS_CODE
    if ended - started > SLOW_CALL_NS and load_i64(&cell.last_end_ns) >= started:
        return WAIT_CODE
    return HIT_CODE


cdef int checked(object code) except -1:
    cdef int value = code
    if not 0 <= value <= ALL_BITS or value & OUTCOME_BITS >= OUTCOMES_N:
        raise ValueError(f"the judge returned {code!r}, not an outcome with flags")
    return value

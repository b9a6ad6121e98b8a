"""A compiled target that does nothing: what the loop costs by itself, and runs in moments."""

cimport cython


@cython.final
cdef class NullOperation:
    """Answers every tenant with its entry of `answers`, or with `answer` where there is none.

    The cheapest target there can be: bind `resolve` once and call it with a tenant id. Without
    `answers` nothing is looked up.
    """

    cdef readonly dict answers
    cdef readonly object answer

    def __init__(self, answers=None, *, answer=None):
        self.answers = None if answers is None else dict(answers)
        self.answer = answer

    def resolve(self, tenant_id):
        """The answer to one tenant id."""
        if self.answers is None:
            return self.answer
        return self.answers.get(tenant_id, self.answer)

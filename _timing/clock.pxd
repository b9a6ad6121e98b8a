"""The clocks, in nanoseconds, as inline C: no GIL, no Python object, no error.

All instants of the project are CLOCK_MONOTONIC (`now_ns`): one origin for all processes of a host,
never set back. `coarse_now_ns` is the same clock as of the last timer tick (1 to 10 ms old, a
seventh of the cost) where the system offers it. `thread_cpu_now_ns` is the calling thread's
processor time; reading it costs twenty times more than the clock, so it stays off fast paths.
"""

from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <errno.h>
    #include <stdint.h>
    #include <time.h>

    #ifndef TIMING_CLOCK
    #define TIMING_CLOCK

    #ifdef CLOCK_MONOTONIC_COARSE
    #define TIMING_COARSE CLOCK_MONOTONIC_COARSE
    #else
    #define TIMING_COARSE CLOCK_MONOTONIC
    #endif

    static inline int64_t timing_read(clockid_t clock) {
        struct timespec t;
        clock_gettime(clock, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    }
    static inline int64_t timing_now(void) { return timing_read(CLOCK_MONOTONIC); }
    static inline int64_t timing_coarse(void) { return timing_read(TIMING_COARSE); }
    static inline int64_t timing_thread_cpu(void) { return timing_read(CLOCK_THREAD_CPUTIME_ID); }

    /* Sleeps until the clock shows `deadline`. 0: reached; EINTR: a signal came first. */
    static inline int timing_sleep(int64_t deadline) {
        struct timespec t;
    #ifdef __APPLE__
        /* no clock_nanosleep there: the rest is computed, so a preemption here prolongs it */
        int64_t rest = deadline - timing_now();
        if (rest <= 0) return 0;
        t.tv_sec = (time_t)(rest / 1000000000);
        t.tv_nsec = (long)(rest % 1000000000);
        return nanosleep(&t, 0) ? errno : 0;
    #else
        if (deadline <= 0) return 0;
        t.tv_sec = (time_t)(deadline / 1000000000);
        t.tv_nsec = (long)(deadline % 1000000000);
        return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
    #endif
    }
    #endif
    """
    int64_t now_ns "timing_now"() noexcept nogil
    int64_t coarse_now_ns "timing_coarse"() noexcept nogil
    int64_t thread_cpu_now_ns "timing_thread_cpu"() noexcept nogil
    int sleep_to_ns "timing_sleep"(int64_t deadline_ns) noexcept nogil

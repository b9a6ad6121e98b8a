/* Worker rows: registration, and whether a row's owner still lives. Never called inside a bank's section.
 *
 * kill(pid, 0) succeeds for a dead process that nobody reaped, and a process whose main thread ended
 * shows state Z while others run: only a pidfd tells. Start times have steps of 10 ms, and pids are used
 * again within one: the row's incarnation decides between workers, start time only against strangers.
 */
#ifndef RESOLVER_LIVENESS_H
#define RESOLVER_LIVENESS_H

#include "killpoints.h"
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOCK_LIMIT_NS INT64_C(1000000000)

enum { LOCKED, LOCK_BUSY, LOCK_TIMED_OUT, LOCK_UNUSABLE, LOCK_OWNER_DIED };

/* Takes a robust mutex, at most LOCK_LIMIT_NS; LOCK_OWNER_DIED: taken, its data needs repair. */
static inline int take_mutex(pthread_mutex_t *mutex, int may_wait)
{
    int error = pthread_mutex_trylock(mutex);
    if (error == EBUSY) {
        if (!may_wait)
            return LOCK_BUSY;
        struct timespec limit;
        clock_gettime(CLOCK_MONOTONIC, &limit);
        limit.tv_sec += LOCK_LIMIT_NS / 1000000000;
        error = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &limit);
    }
    switch (error) {
    case 0: return LOCKED;
    case EOWNERDEAD: return LOCK_OWNER_DIED;
    case ETIMEDOUT: return LOCK_TIMED_OUT;
    default: return LOCK_UNUSABLE;
    }
}

static inline int make_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (!error) error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (!error) error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (!error) error = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
}

/* Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); 0 = unknown. */
static inline uint64_t start_time_of(int32_t pid)
{
    char path[40], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = 0;
    char *at = strrchr(text, ')'); /* the name before it may hold blanks and brackets */
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static inline int process_dead(int32_t pid, uint64_t start_time)
{
    int handle = (int)syscall(SYS_pidfd_open, pid, 0);
    if (handle < 0)
        return errno == ESRCH;
    uint64_t now = start_time_of(pid);
    struct pollfd ended = {.fd = handle, .events = POLLIN};
    int dead = (now && start_time && now != start_time) || poll(&ended, 1, 0) == 1;
    close(handle);
    return dead;
}

/* Whether the worker that held `row` as `incarnation` is dead. Unknown counts as alive: leases end. */
static inline int owner_dead(const region_view *view, uint32_t row, uint64_t incarnation)
{
    const worker_row *owner = view->rows + row;
    if (row == SHARED_ROW)
        return 0;
    if (__atomic_load_n(&owner->incarnation, __ATOMIC_ACQUIRE) != incarnation)
        return 1;
    int32_t pid = __atomic_load_n(&owner->pid, __ATOMIC_RELAXED);
    uint64_t start = __atomic_load_n(&owner->start_time, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&owner->incarnation, __ATOMIC_RELAXED) != incarnation)
        return 1;
    return process_dead(pid, start);
}

/* The section of the registry: takes a free row, else `dead` if it is still that worker's.
 * A row is free while its state is 0: never used, or half written by somebody who died. */
static inline int claim_row(region_view *view, int32_t pid, uint64_t start, uint32_t dead,
                            uint64_t dead_incarnation)
{
    int taken = take_mutex(&view->header->registry, 1);
    if (taken == LOCK_OWNER_DIED)
        pthread_mutex_consistent(&view->header->registry);
    else if (taken != LOCKED)
        return taken;
    KILL_POINT(register_locked);
    uint32_t row = 0;
    while (row < SHARED_ROW && view->rows[row].state != 0)
        row++;
    if (row == SHARED_ROW && dead < SHARED_ROW && view->rows[dead].incarnation == dead_incarnation)
        row = dead;
    worker_row *mine = view->rows + row;
    if (row < SHARED_ROW) {
        __atomic_store_n(&mine->state, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&mine->incarnation, mine->incarnation + 1, __ATOMIC_RELEASE);
        KILL_POINT(register_half);
        __atomic_store_n(&mine->pid, pid, __ATOMIC_RELAXED);
        __atomic_store_n(&mine->start_time, start, __ATOMIC_RELAXED);
        mine->connections = 0;
        __atomic_store_n(&mine->state, 1, __ATOMIC_RELEASE);
    }
    view->row = row;
    view->incarnation = mine->incarnation;
    pthread_mutex_unlock(&view->header->registry);
    return LOCKED;
}

/* Takes a row for this process: a free one, else a dead worker's, else the shared one. Its counters go
 * on from where they are. Returns LOCKED, or why the registry's mutex could not be had. */
static inline int register_worker(region_view *view)
{
    int32_t pid = (int32_t)getpid();
    uint64_t start = start_time_of(pid);
    uint64_t incarnation = 0;
    uint32_t dead = SHARED_ROW;
    int taken = claim_row(view, pid, start, dead, incarnation);
    /* System calls stay outside the section: the dead are looked for between two tries. */
    for (int attempt = 0; attempt < 3 && taken == LOCKED && view->row == SHARED_ROW; attempt++) {
        for (dead = 0; dead < SHARED_ROW; dead++) {
            incarnation = __atomic_load_n(&view->rows[dead].incarnation, __ATOMIC_ACQUIRE);
            if (owner_dead(view, dead, incarnation))
                break;
        }
        if (dead == SHARED_ROW)
            break;
        taken = claim_row(view, pid, start, dead, incarnation);
    }
    if (taken == LOCKED)
        view->counters = view->rows[view->row].counters;
    return taken;
}

#endif

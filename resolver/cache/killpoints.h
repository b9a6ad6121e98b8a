/* Named points at which a debug build can be made to die or stop: KILL_POINT(name).
 *
 * In release builds they are nothing. With -DRESOLVER_KILL_POINTS (setup.py: STRESS_DEBUG=1) a process
 * arms one point; at its (skip + 1)-th passing it sends the signal to itself, holding whatever it holds.
 */
#ifndef RESOLVER_KILLPOINTS_H
#define RESOLVER_KILLPOINTS_H

#ifdef RESOLVER_KILL_POINTS
#include <signal.h>
#include <string.h>
#include <unistd.h>

static char armed_point[32];
static int armed_signal;
static int armed_skip;

static inline void kill_point(const char *name)
{
    if (armed_point[0] && strcmp(armed_point, name) == 0) {
        if (armed_skip-- > 0)
            return;
        armed_point[0] = 0;
        kill(getpid(), armed_signal);
        /* The signal is pending for the process: wait until it has struck this thread too. */
        if (armed_signal == SIGKILL)
            for (;;)
                pause();
    }
}
#define KILL_POINT(name) kill_point(#name)

static inline int arm_kill_point(const char *name, int signal, int skip)
{
    armed_signal = signal;
    armed_skip = skip;
    strncpy(armed_point, name, sizeof(armed_point) - 1);
    return 1;
}
#else
#define KILL_POINT(name) ((void)0)

static inline int arm_kill_point(const char *name, int signal, int skip)
{
    (void)name, (void)signal, (void)skip;
    return 0;
}
#endif

#endif

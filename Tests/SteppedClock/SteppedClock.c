// A wall clock that tests step, for a program that this library is loaded into (LD_PRELOAD).
//
// PUYPUY_CLOCK_FILE names a file with two 64-bit numbers: nanoseconds to add to the clock, and how many
// nanoseconds in a million to add for each that passes from then on. A file that changes counts at once.
// Only the wall clock is changed: what has passed since the boot goes on as it is, and so do timers,
// as when a real clock is stepped.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct course {
    int64_t offset_ns;
    int64_t drift_per_million;
    int64_t drift_since_boot_ns;
};

static volatile const struct course *course;

__attribute__((constructor)) static void open_course(void) {
    const char *path = getenv("PUYPUY_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *course, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) course = mapped;
}

static int64_t real_ns(clockid_t clock) {
    struct timespec time;
    syscall(SYS_clock_gettime, clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t wall_ns(void) {
    int64_t now = real_ns(CLOCK_REALTIME);
    if (!course) return now;
    int64_t passed = real_ns(CLOCK_BOOTTIME) - course->drift_since_boot_ns;
    return now + course->offset_ns + passed / 1000000 * course->drift_per_million;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, time);
    int64_t now = wall_ns();
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    int64_t now = wall_ns();
    time->tv_sec = now / 1000000000;
    time->tv_usec = now % 1000000000 / 1000;
    return 0;
}

time_t time(time_t *out) {
    time_t now = wall_ns() / 1000000000;
    if (out) *out = now;
    return now;
}

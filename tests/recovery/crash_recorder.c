// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library, it writes down every change that a program makes below $CRASH_ROOT, in the order in
// which they happened, to $CRASH_LOG: what crash_disk.py needs to tell what a power cut may leave.
//
// A record is one line "OP ID OFFSET BYTES LENGTH LENGTH" and then two paths and BYTES of data. Operations: O opened
// (created if it was not there), W written, T truncated, S synced, R renamed, L linked, U removed, M made a directory.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kFiles = 65536 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long ids[kFiles];  // of open descriptors; 0: not ours
static long next_id = 1;
static int log_fd = -1;
static const char *root;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int ours(const char *path) {
    if (!root) {
        root = getenv("CRASH_ROOT");
        if (!root) root = "";
        const char *log = getenv("CRASH_LOG");
        if (*root && log) log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }
    const size_t length = strlen(root);
    return log_fd >= 0 && path && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static void put(const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        const ssize_t written = REAL(write)(log_fd, at, count);
        if (written < 0) abort();
        at += written;
        count -= (size_t)written;
    }
}

static void record(char op, long id, long offset, const char *from, const char *to, const void *data, size_t bytes) {
    char head[128];
    const int size = snprintf(head, sizeof head, "%c %ld %ld %zu %zu %zu\n", op, id, offset, bytes, strlen(from), strlen(to));
    put(head, (size_t)size);
    put(from, strlen(from));
    put(to, strlen(to));
    put(data, bytes);
}

static long id_of(int fd) { return fd >= 0 && fd < kFiles ? ids[fd] : 0; }

// The whole path of a name relative to a directory's descriptor.
static const char *resolve(int directory, const char *path, char *buffer) {
    if (path[0] == '/' || directory == AT_FDCWD) return path;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    const ssize_t length = readlink(link, buffer, PATH_MAX);
    if (length < 0) return path;
    snprintf(buffer + length, PATH_MAX - (size_t)length, "/%s", path);
    return buffer;
}

static int opened(int fd, const char *path, int flags) {
    if (fd >= 0 && fd < kFiles && ours(path)) {
        ids[fd] = next_id++;
        record('O', ids[fd], (flags & O_CREAT) != 0, path, "", "", 0);
        if (flags & O_TRUNC) record('T', ids[fd], 0, "", "", "", 0);
    }
    return fd;
}

#define OPEN(name)                                                \
    int name(const char *path, int flags, ...) {                  \
        va_list arguments;                                        \
        va_start(arguments, flags);                               \
        const mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0; \
        va_end(arguments);                                        \
        pthread_mutex_lock(&lock);                                \
        const int fd = opened(REAL(name)(path, flags, mode), path, flags); \
        pthread_mutex_unlock(&lock);                              \
        return fd;                                                \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < kFiles) ids[fd] = 0;
    const int result = REAL(close)(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int fd, const void *data, size_t bytes) {
    pthread_mutex_lock(&lock);
    const long id = id_of(fd);
    const off_t offset = id ? lseek(fd, 0, SEEK_CUR) : 0;
    const ssize_t written = REAL(write)(fd, data, bytes);
    const int error = errno;
    if (id && written > 0) record('W', id, offset, "", "", data, (size_t)written);
    pthread_mutex_unlock(&lock);
    errno = error;
    return written;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
    pthread_mutex_lock(&lock);
    const ssize_t written = REAL(pwrite)(fd, data, bytes, offset);
    if (id_of(fd) && written > 0) record('W', id_of(fd), offset, "", "", data, (size_t)written);
    pthread_mutex_unlock(&lock);
    return written;
}

int ftruncate(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    const int result = REAL(ftruncate)(fd, length);
    if (result == 0 && id_of(fd)) record('T', id_of(fd), length, "", "", "", 0);
    pthread_mutex_unlock(&lock);
    return result;
}

#define SYNC(name)                                                              \
    int name(int fd) {                                                          \
        pthread_mutex_lock(&lock);                                              \
        const int result = REAL(name)(fd);                                      \
        if (result == 0 && id_of(fd)) record('S', id_of(fd), 0, "", "", "", 0); \
        pthread_mutex_unlock(&lock);                                            \
        return result;                                                          \
    }
SYNC(fsync)
SYNC(fdatasync)

// One change of names: done and recorded at once, its errno kept.
#define CHANGE(op, call, from, to)                                       \
    pthread_mutex_lock(&lock);                                           \
    const int result = call;                                             \
    const int error = errno;                                             \
    if (result == 0 && ours(from)) record(op, 0, 0, from, to, "", 0);    \
    pthread_mutex_unlock(&lock);                                         \
    errno = error;                                                       \
    return result

int rename(const char *from, const char *to) { CHANGE('R', REAL(rename)(from, to), from, to); }
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    CHANGE('R', REAL(renameat2)(from_directory, from, to_directory, to, flags), from, to);
}
int link(const char *from, const char *to) { CHANGE('L', REAL(link)(from, to), from, to); }
int unlink(const char *path) { CHANGE('U', REAL(unlink)(path), path, ""); }
int rmdir(const char *path) { CHANGE('U', REAL(rmdir)(path), path, ""); }
int remove(const char *path) { CHANGE('U', REAL(remove)(path), path, ""); }
int mkdir(const char *path, mode_t mode) { CHANGE('M', REAL(mkdir)(path, mode), path, ""); }
int unlinkat(int directory, const char *path, int flags) {
    char buffer[PATH_MAX + 1];
    const char *whole = resolve(directory, path, buffer);
    CHANGE('U', REAL(unlinkat)(directory, path, flags), whole, "");
}

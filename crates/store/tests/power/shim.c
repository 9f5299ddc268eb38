/*
 * Stands between a process and the disk. Loaded with LD_PRELOAD into a child
 * of the tests, it writes down, in order, everything that is done to the files
 * of one folder, and lets calls fail when it is told to. Linux only.
 *
 *   FONDACO_SHIM_FOLDER  the folder, absolute and without a slash at its end
 *   FONDACO_SHIM_LOG     where to write the record; outside the folder
 *   FONDACO_SHIM_ACKS    a file: what is written to it is an acknowledgement
 *   FONDACO_SHIM_FAIL    <call>:<n>:<errno>: from the n-th call on, of that
 *                        kind and in the folder, it fails; call is write (also
 *                        truncate) or sync, n counts from 1. With a fourth
 *                        part :once it fails that one time only.
 *
 * One entry of the record, in the machine's byte order:
 *   u32 operation | u32 length of text | u64 length of data | u64 inode |
 *   u64 offset | text | data
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    OP_CREATE = 1, /* inode, text: path */
    OP_WRITE = 2,  /* inode, offset, data */
    OP_SIZE = 3,   /* inode, offset: the new size */
    OP_SYNC = 4,   /* inode */
    OP_SYNC_FOLDER = 5, /* text: path */
    OP_RENAME = 6, /* text: path, data: new path */
    OP_UNLINK = 7, /* text: path */
    OP_FOLDER = 8, /* text: path */
    OP_ACK = 9,    /* data */
    OP_SYNC_FAILED = 10, /* inode */
};

struct head {
    uint32_t operation;
    uint32_t text;
    uint64_t data;
    uint64_t inode;
    uint64_t offset;
};

struct plan {
    long from; /* 0: never */
    int error;
    int once;
    long seen;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static char acks[PATH_MAX];
static int record = -1;
static struct plan writes, syncs;

static void read_plan(const char *text)
{
    char call[16], error[16], once[16] = "";
    long from;
    if (sscanf(text, "%15[^:]:%ld:%15[^:]:%15s", call, &from, error, once) < 3)
        abort();
    struct plan *plan = strcmp(call, "sync") == 0 ? &syncs : &writes;
    plan->from = from;
    plan->error = strcmp(error, "ENOSPC") == 0 ? ENOSPC : EIO;
    plan->once = strcmp(once, "once") == 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("FONDACO_SHIM_FOLDER");
    if (text == NULL)
        return;
    snprintf(folder, sizeof folder, "%s", text);
    folder_length = strlen(folder);
    text = getenv("FONDACO_SHIM_ACKS");
    if (text != NULL)
        snprintf(acks, sizeof acks, "%s", text);
    text = getenv("FONDACO_SHIM_FAIL");
    if (text != NULL)
        read_plan(text);
    text = getenv("FONDACO_SHIM_LOG");
    if (text != NULL)
        record = (int)syscall(SYS_openat, AT_FDCWD, text,
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Whether a path is the folder or in it. */
static int is_ours(const char *path)
{
    return folder_length > 0 && path != NULL &&
           strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == '\0');
}

/* The path of an open file, which may have been renamed since. */
static int path_of(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return 1;
}

static int is_ours_open(int fd)
{
    char path[PATH_MAX];
    return folder_length > 0 && path_of(fd, path) && is_ours(path);
}

static int is_acks(int fd)
{
    char path[PATH_MAX];
    return acks[0] != '\0' && path_of(fd, path) && strcmp(path, acks) == 0;
}

static uint64_t inode_of(int fd)
{
    struct stat found;
    return fstat(fd, &found) == 0 ? (uint64_t)found.st_ino : 0;
}

static void write_down(uint32_t operation, uint64_t inode, uint64_t offset,
                       const char *text, const void *data, size_t length)
{
    if (record < 0)
        return;
    struct head head = {operation, text == NULL ? 0 : (uint32_t)strlen(text),
                        length, inode, offset};
    struct iovec parts[3] = {{&head, sizeof head},
                             {(void *)text, head.text},
                             {(void *)data, length}};
    ssize_t whole = (ssize_t)(sizeof head + head.text + length);
    if (syscall(SYS_writev, record, parts, 3) != whole)
        abort(); /* A record with a hole proves nothing. */
}

/* The error this call is to fail with, or 0. */
static int fails(struct plan *plan)
{
    if (plan->from == 0)
        return 0;
    plan->seen += 1;
    if (plan->once ? plan->seen != plan->from : plan->seen < plan->from)
        return 0;
    return plan->error;
}

static int open_at(int at, const char *path, int flags, mode_t mode)
{
    struct stat found;
    if (!is_ours(path) || (flags & (O_CREAT | O_TRUNC)) == 0)
        return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&turn);
    int fresh = (flags & O_CREAT) && fstatat(AT_FDCWD, path, &found, 0) != 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    int error = errno;
    if (fd >= 0 && fresh)
        write_down(OP_CREATE, inode_of(fd), 0, path, NULL, 0);
    else if (fd >= 0 && (flags & O_TRUNC))
        write_down(OP_SIZE, inode_of(fd), 0, NULL, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return fd;
}

#define MODE_OF(flags)                                                         \
    mode_t mode = 0;                                                           \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                   \
        va_list rest;                                                          \
        va_start(rest, flags);                                                 \
        mode = (mode_t)va_arg(rest, int);                                      \
        va_end(rest);                                                          \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int at, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(at, path, flags | O_LARGEFILE, mode);
}

/* Writes at a place, or where the file stands (offset -1). */
static ssize_t write_at(int fd, const void *data, size_t length, off_t offset)
{
    if (is_acks(fd)) {
        pthread_mutex_lock(&turn);
        write_down(OP_ACK, 0, 0, NULL, data, length);
        pthread_mutex_unlock(&turn);
        return (ssize_t)length;
    }
    if (!is_ours_open(fd))
        return offset < 0 ? syscall(SYS_write, fd, data, length)
                          : syscall(SYS_pwrite64, fd, data, length, offset);
    pthread_mutex_lock(&turn);
    ssize_t done = -1;
    int error = fails(&writes);
    if (error == 0) {
        off_t at = offset;
        if (offset < 0) {
            int flags = fcntl(fd, F_GETFL);
            at = lseek(fd, 0, SEEK_CUR);
            struct stat found;
            if ((flags & O_APPEND) && fstat(fd, &found) == 0)
                at = found.st_size;
            done = syscall(SYS_write, fd, data, length);
        } else {
            done = syscall(SYS_pwrite64, fd, data, length, offset);
        }
        error = errno;
        if (done > 0)
            write_down(OP_WRITE, inode_of(fd), (uint64_t)at, NULL, data,
                       (size_t)done);
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t length)
{
    return write_at(fd, data, length, -1);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    return write_at(fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    return write_at(fd, data, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!is_acks(fd) && !is_ours_open(fd))
        return syscall(SYS_writev, fd, parts, count);
    /* Fewer bytes than were given is an answer that callers know. */
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len > 0)
            return write_at(fd, parts[i].iov_base, parts[i].iov_len, -1);
    return 0;
}

static int size_to(int fd, off_t size)
{
    if (!is_ours_open(fd))
        return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&turn);
    int done = -1;
    int error = fails(&writes);
    if (error == 0) {
        done = (int)syscall(SYS_ftruncate, fd, size);
        error = errno;
        if (done == 0)
            write_down(OP_SIZE, inode_of(fd), (uint64_t)size, NULL, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int ftruncate(int fd, off_t size)
{
    return size_to(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return size_to(fd, size);
}

/* What is asked for beyond the end is a new size; callers fall back where it
 * is refused. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
    struct stat found;
    if (!is_ours_open(fd))
        return syscall(SYS_fallocate, fd, 0, offset, length) == 0 ? 0 : errno;
    if (fstat(fd, &found) == 0 && found.st_size < offset + length &&
        size_to(fd, offset + length) != 0)
        return errno;
    return 0;
}

int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    return posix_fallocate(fd, offset, length);
}

static int sync_with(long call, int fd)
{
    char path[PATH_MAX];
    struct stat found;
    if (folder_length == 0 || !path_of(fd, path) || !is_ours(path))
        return (int)syscall(call, fd);
    pthread_mutex_lock(&turn);
    int done = -1;
    int error = fails(&syncs);
    if (error == 0) {
        /* The record is the disk here: there is nothing to wait for. */
        done = 0;
        if (fstat(fd, &found) == 0 && S_ISDIR(found.st_mode))
            write_down(OP_SYNC_FOLDER, 0, 0, path, NULL, 0);
        else
            write_down(OP_SYNC, (uint64_t)found.st_ino, 0, NULL, NULL, 0);
    } else {
        write_down(OP_SYNC_FAILED, inode_of(fd), 0, NULL, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    if (!is_ours(from) && !is_ours(to))
        return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    int error = errno;
    if (done == 0)
        write_down(OP_RENAME, 0, 0, from, to, strlen(to));
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int unlink(const char *path)
{
    if (!is_ours(path))
        return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    int error = errno;
    if (done == 0)
        write_down(OP_UNLINK, 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int mkdir(const char *path, mode_t mode)
{
    if (!is_ours(path))
        return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    int error = errno;
    if (done == 0)
        write_down(OP_FOLDER, 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

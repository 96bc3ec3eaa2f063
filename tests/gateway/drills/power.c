// Notes what a process does to the files below POWER_FOLDER, in order, in the file POWER_TRACE. A note is: what (1 octet), length of the
// name (2), offset (8), length (8), the name, and what was written.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATED = 1, WRITTEN, CUT, SYNCED, REMOVED };
enum { FILES = 65536 };

static int trace = -1;
static const char *folder;
static size_t folder_length;
static char *names[FILES];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("POWER_FOLDER");
  const char *path = getenv("POWER_TRACE");
  if (!folder || !path) return;
  folder_length = strlen(folder);
  trace = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static const char *inside(const char *path) {
  if (trace < 0 || strncmp(path, folder, folder_length)) return NULL;
  path += folder_length;
  // The folder itself has no name here.
  return *path == '/' ? path + 1 : *path ? NULL : path;
}

static const char *name_of(int file) { return file >= 0 && file < FILES ? names[file] : NULL; }

static void note(uint8_t what, const char *name, uint64_t offset, const void *octets, uint64_t length) {
  uint16_t name_length = strlen(name);
  size_t written = what == WRITTEN ? length : 0, all = 19 + name_length + written;
  uint8_t *note = malloc(all);
  note[0] = what;
  memcpy(note + 1, &name_length, 2);
  memcpy(note + 3, &offset, 8);
  memcpy(note + 11, &length, 8);
  memcpy(note + 19, name, name_length);
  memcpy(note + 19 + name_length, octets, written);
  if (syscall(SYS_write, trace, note, all) != (long)all) abort();
  free(note);
}

static int opened(const char *path, int flags, mode_t mode) {
  const char *name = inside(path);
  pthread_mutex_lock(&turn);
  int there = name && syscall(SYS_access, path, F_OK) == 0;
  int file = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (name && file >= 0 && file < FILES) {
    free(names[file]);
    names[file] = strdup(name);
    if (!there) note(CREATED, name, 0, NULL, 0);
    if (there && (flags & O_TRUNC)) note(CUT, name, 0, NULL, 0);
  }
  pthread_mutex_unlock(&turn);
  return file;
}

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, int);
  va_end(more);
  return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, int);
  va_end(more);
  return opened(path, flags, mode);
}

int close(int file) {
  pthread_mutex_lock(&turn);
  if (name_of(file)) {
    free(names[file]);
    names[file] = NULL;
  }
  int result = syscall(SYS_close, file);
  pthread_mutex_unlock(&turn);
  return result;
}

static ssize_t put(int file, const void *octets, size_t length, off_t offset) {
  pthread_mutex_lock(&turn);
  ssize_t done = syscall(SYS_pwrite64, file, octets, length, offset);
  if (done > 0 && name_of(file)) note(WRITTEN, names[file], offset, octets, done);
  pthread_mutex_unlock(&turn);
  return done;
}

ssize_t pwrite64(int file, const void *octets, size_t length, off_t offset) { return put(file, octets, length, offset); }
ssize_t pwrite(int file, const void *octets, size_t length, off_t offset) { return put(file, octets, length, offset); }

ssize_t write(int file, const void *octets, size_t length) {
  if (!name_of(file)) return syscall(SYS_write, file, octets, length);
  pthread_mutex_lock(&turn);
  int appends = fcntl(file, F_GETFL) & O_APPEND;
  off_t at = syscall(SYS_lseek, file, 0, appends ? SEEK_END : SEEK_CUR);
  ssize_t done = syscall(SYS_write, file, octets, length);
  if (done > 0) note(WRITTEN, names[file], at, octets, done);
  pthread_mutex_unlock(&turn);
  return done;
}

static int cut(int file, off_t length) {
  pthread_mutex_lock(&turn);
  int result = syscall(SYS_ftruncate, file, length);
  if (result == 0 && name_of(file)) note(CUT, names[file], 0, NULL, length);
  pthread_mutex_unlock(&turn);
  return result;
}

int ftruncate64(int file, off_t length) { return cut(file, length); }
int ftruncate(int file, off_t length) { return cut(file, length); }

// Nothing else happens meanwhile, so that what is noted before was written before.
static int synced(int file, long call) {
  pthread_mutex_lock(&turn);
  int result = syscall(call, file);
  if (result == 0 && name_of(file)) note(SYNCED, names[file], 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}

int fsync(int file) { return synced(file, SYS_fsync); }
int fdatasync(int file) { return synced(file, SYS_fdatasync); }

int unlink(const char *path) {
  pthread_mutex_lock(&turn);
  int result = syscall(SYS_unlink, path);
  if (result == 0 && inside(path)) note(REMOVED, inside(path), 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}

// Nothing here renames files that have to last; if that changes, this has to know.
int rename(const char *from, const char *to) {
  if (inside(from) || inside(to)) abort();
  return syscall(SYS_rename, from, to);
}

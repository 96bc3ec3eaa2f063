// Whatever is asked about files whose path begins with DEAD gets no answer for a minute, as from a server of files that is gone.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THEIRS(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void wait_if_dead(const char *path) {
  const char *dead = getenv("DEAD");
  if (dead && path && !strncmp(path, dead, strlen(dead))) sleep(60);
}

int open64(const char *path, int flags, ...) {
  va_list further;
  va_start(further, flags);
  mode_t mode = flags & O_CREAT ? va_arg(further, mode_t) : 0;
  va_end(further);
  wait_if_dead(path);
  return THEIRS(open64)(path, flags, mode);
}

int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict found) {
  wait_if_dead(path);
  return THEIRS(statx)(folder, path, flags, mask, found);
}

DIR *opendir(const char *path) {
  wait_if_dead(path);
  return THEIRS(opendir)(path);
}

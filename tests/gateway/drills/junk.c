// Counts what a process asks of the cryptography: a letter for each call is written to JUNK_COUNT, and how many octets are digested.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int count = -1;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("JUNK_COUNT");
  if (path) count = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void note(const char *what) {
  if (write(count, what, 1) != 1) abort();
}

// `what` is d for a digest, s for a signature, v for the verification of one, k for a key that is unwrapped.
#define COUNTED(what, name, parameters, arguments)                 \
  int name parameters {                                            \
    static int(*real) parameters;                                  \
    if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name);  \
    note(what);                                                    \
    return real arguments;                                         \
  }

int EVP_DigestUpdate(void *context, const void *octets, size_t length) {
  static int (*real)(void *, const void *, size_t);
  if (!real) real = (int (*)(void *, const void *, size_t))dlsym(RTLD_NEXT, "EVP_DigestUpdate");
  char text[32];
  int written = snprintf(text, sizeof text, "%zu,", length);
  if (write(count, text, written) != written) abort();
  return real(context, octets, length);
}

COUNTED("d", EVP_DigestInit_ex, (void *a, void *b, void *c), (a, b, c))
COUNTED("d", EVP_DigestInit_ex2, (void *a, void *b, void *c), (a, b, c))
COUNTED("d", EVP_Digest, (void *a, size_t b, void *c, void *d, void *e, void *f), (a, b, c, d, e, f))
COUNTED("s", EVP_DigestSignInit, (void *a, void *b, void *c, void *d, void *e), (a, b, c, d, e))
COUNTED("s", EVP_PKEY_sign, (void *a, void *b, void *c, void *d, size_t e), (a, b, c, d, e))
COUNTED("v", EVP_DigestVerifyInit, (void *a, void *b, void *c, void *d, void *e), (a, b, c, d, e))
COUNTED("v", EVP_PKEY_verify, (void *a, void *b, size_t c, void *d, size_t e), (a, b, c, d, e))
COUNTED("k", EVP_PKEY_decrypt, (void *a, void *b, void *c, void *d, size_t e), (a, b, c, d, e))

//! SoftHSM behind a module of ours, which does at times what no module should.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::hsm::{MODULE, Token};

/// C_Login is the 19th function of the list, C_Decrypt the 35th, C_Sign the 44th (PKCS#11 v2.40 §3.6); 0xa0 is CKR_PIN_INCORRECT.
const SOURCE: &str = r#"
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
typedef unsigned long (*uses)(unsigned long, void *, unsigned long, void *, void *);
typedef unsigned long (*logs_in)(unsigned long, unsigned long, void *, unsigned long);
typedef struct { unsigned char version[2]; void *functions[68]; } list;
static list ours;
static uses their_sign, their_decrypt;
static logs_in their_login;
static int there(const char *file) { return access(file, F_OK) == 0; }
static int marked(const char *file) {
    int found = open(file, O_WRONLY | O_APPEND);
    if (found < 0) return 0;
    int written = write(found, ".", 1) == 1;
    close(found);
    return written;
}
static void wait_as_told(void) {
    if (marked(FOLDER "/hung")) for (;;) pause();
    marked(FOLDER "/stalled");
    while (there(FOLDER "/stalled")) usleep(20000);
}
static void take_its_time(const char *file) {
    char told[16] = "";
    int found = open(file, O_RDONLY);
    if (found < 0) return;
    if (read(found, told, sizeof told - 1) > 0) usleep(atoi(told) * 1000);
    close(found);
}
static unsigned long sign(unsigned long session, void *data, unsigned long length, void *signature, void *size) {
    wait_as_told();
    take_its_time(FOLDER "/signing");
    return their_sign(session, data, length, signature, size);
}
static unsigned long decrypt(unsigned long session, void *data, unsigned long length, void *plain, void *size) {
    wait_as_told();
    take_its_time(FOLDER "/decrypting");
    return their_decrypt(session, data, length, plain, size);
}
static unsigned long login(unsigned long session, unsigned long user, void *pin, unsigned long length) {
    int file = open(FOLDER "/logins", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(file, ".", 1) != 1) return 5;
    close(file);
    return there(FOLDER "/refused") ? 0xa0 : their_login(session, user, pin, length);
}
static void __attribute__((destructor)) unloaded(void) {
    close(open(FOLDER "/unloaded", O_WRONLY | O_CREAT, 0600));
}
unsigned long C_GetFunctionList(list **given) {
    unsigned long (*get)(list **) = (unsigned long (*)(list **))dlsym(dlopen(MODULE, RTLD_NOW), "C_GetFunctionList");
    list *found;
    get(&found);
    ours = *found;
    their_sign = (uses)ours.functions[43];
    ours.functions[43] = (void *)sign;
    their_decrypt = (uses)ours.functions[34];
    ours.functions[34] = (void *)decrypt;
    their_login = (logs_in)ours.functions[18];
    ours.functions[18] = (void *)login;
    *given = &ours;
    return 0;
}
"#;

/// The module of `token`. As long as these files are in its folder, signing and decrypting wait (`stalled`) or never return (`hung`), each adding an
/// octet to the file, or no PIN is taken (`refused`). Signing and decrypting take as many milliseconds more, twice for each signature and secret, as are in `signing` and `decrypting`. A process that
/// cleans up when it ends leaves `unloaded`.
pub(crate) fn wrapped(token: &Token) -> PathBuf {
    let (source, module) = (token.path("m.c"), token.path("m.so"));
    fs::write(&source, SOURCE).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&module, &source])
        .arg(format!("-DMODULE=\"{MODULE}\""))
        .arg(format!("-DFOLDER=\"{}\"", token.path("").display()))
        .arg("-ldl")
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    module
}

/// The URI of `key` in `token`, in its module.
pub(crate) fn wrapped_uri(token: &Token, key: &str) -> String {
    token.uri(key).replace(MODULE, wrapped(token).to_str().unwrap())
}

/// How often anybody logged in or tried to.
pub(crate) fn logins(token: &Token) -> usize {
    fs::read(token.path("logins")).map_or(0, |logins| logins.len())
}

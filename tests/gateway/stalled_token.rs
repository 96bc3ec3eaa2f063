//! A token whose module does not return: SoftHSM behind a module of ours that waits as long as a file is there.

use std::process::Command;
use std::time::{Duration, Instant};

use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{post, request, send};
use crate::hsm::{MODULE, Token, configured};
use crate::message::Message;
use crate::site::wait_until;

/// C_Sign is the 44th function of the list (PKCS#11 v2.40 §3.6).
const SOURCE: &str = r#"
#include <dlfcn.h>
#include <unistd.h>
typedef unsigned long (*signs)(unsigned long, void *, unsigned long, void *, void *);
typedef struct { unsigned char version[2]; void *functions[68]; } list;
static list ours;
static signs theirs;
static unsigned long waits(unsigned long session, void *data, unsigned long length, void *signature, void *size) {
    while (access(STALLED, F_OK) == 0) usleep(20000);
    return theirs(session, data, length, signature, size);
}
unsigned long C_GetFunctionList(list **given) {
    unsigned long (*get)(list **) = (unsigned long (*)(list **))dlsym(dlopen(MODULE, RTLD_NOW), "C_GetFunctionList");
    list *found;
    get(&found);
    ours = *found;
    theirs = (signs)ours.functions[43];
    ours.functions[43] = (void *)waits;
    *given = &ours;
    return 0;
}
"#;

#[test]
fn nobody_waits_for_a_module_that_does_not_return() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (source, module, stalled) = (token.path("m.c"), token.path("m.so"), token.path("stalled"));
    std::fs::write(&source, SOURCE).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&module, &source])
        .arg(format!("-DMODULE=\"{MODULE}\""))
        .arg(format!("-DSTALLED=\"{}\"", stalled.display()))
        .arg("-ldl")
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let key = token.uri("gateway").replace(MODULE, module.to_str().unwrap());
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    let ask = || {
        let message = post(Version::Soap11, "urn:place", &Message::default().signed());
        let begun = Instant::now();
        (send(gateway.plain, &message), begun.elapsed())
    };
    let ready = || send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 200;
    assert_eq!(ask().0.status, 200);

    std::fs::write(&stalled, "").unwrap();
    let (answer, waited) = ask();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        waited < sealgate::hsm::PATIENCE + Duration::from_secs(3),
        "{waited:?}"
    );
    assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
    assert!(!ready());
    // From now on nobody waits at all, however many there are.
    for _ in 0..10 {
        let (answer, waited) = ask();
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(waited < Duration::from_secs(2), "{waited:?}");
    }

    std::fs::remove_file(&stalled).unwrap();
    wait_until("the token answers again", ready);
    assert_eq!(ask().0.status, 200);
}

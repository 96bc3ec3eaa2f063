//! PINs that a token did not take. After a few of those a token takes none any more, the right one neither.

use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use super::error::Error;
use super::module::Module;
use super::token::lock;
use super::uri::TokenName;

struct Refusal {
    module: Arc<Module>,
    token: TokenName,
    pin: Zeroizing<String>,
    error: Error,
}

static REFUSALS: Mutex<Vec<Refusal>> = Mutex::new(Vec::new());

/// Lets PINs be tried again that tokens have refused. Only for a person who asks: what runs by itself would lock the token.
pub fn forget_refused_pins() {
    lock(&REFUSALS).clear();
}

/// How the token refused `pin`, if it did.
pub(super) fn of(module: &Arc<Module>, token: &TokenName, pin: &str) -> Option<Error> {
    let refusals = lock(&REFUSALS);
    let is_it = |one: &&Refusal| Arc::ptr_eq(&one.module, module) && one.token == *token && *one.pin == pin;
    refusals.iter().find(is_it).map(|one| one.error.clone())
}

/// The token refused `pin`. A process meets as many as somebody has written into files.
pub(super) fn remember(module: &Arc<Module>, token: &TokenName, pin: &str, error: &Error) {
    lock(&REFUSALS).push(Refusal {
        module: Arc::clone(module),
        token: token.clone(),
        pin: Zeroizing::new(pin.to_owned()),
        error: error.clone(),
    });
}

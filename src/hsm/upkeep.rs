use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::token::Token;
use crate::crypto::{Turn, Unavailable};

/// How often it is looked whether a token is still there, or there again; the latter less and less often.
const TICK: Duration = Duration::from_secs(1);
const PROBE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Looks after a token until nobody has a key in it.
pub(super) fn tend(token: &Weak<Token>) {
    let mut pause = TICK;
    let (mut next_probe, mut next_try) = (Instant::now(), Instant::now());
    loop {
        std::thread::sleep(TICK);
        let Some(token) = token.upgrade() else { return };
        let now = Instant::now();
        if !token.is_sought() {
            (pause, next_try) = (TICK, now);
            if now >= next_probe {
                next_probe = now.checked_add(PROBE).unwrap_or(now);
                probe(&token);
            }
        } else if now >= next_try {
            token.bury();
            match token.reconnect() {
                Ok(()) => {
                    tracing::info!(token = %token, "a token with keys of ours is there again");
                }
                Err(error) => {
                    tracing::warn!(code = Unavailable::TOKEN, token = %token, reason = %error, "a token is still lost");
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
            next_try = now.checked_add(pause).unwrap_or(now);
        }
    }
}

/// Has a key prove itself, so that a token is missed before a message needs it.
fn probe(token: &Arc<Token>) {
    let Some(key) = token.keys().into_iter().next() else {
        return;
    };
    let proved = token.call(Turn::default(), move |session, handles| {
        Ok(key.prove(session, handles))
    });
    if let Ok(Ok(Err(error))) = proved {
        token.lose(&error.to_string());
    }
}

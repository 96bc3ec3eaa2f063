//! One answer of the backend is signed for two requests.

use chrono::{DateTime, Utc};
use sealgate::outbound::{Exchange, Sealer};
use sealgate::relay::Reply;

fn answer(sealer: &Sealer, reply: Reply, one: &Exchange, other: &Exchange, now: DateTime<Utc>) {
    drop(sealer.seal(reply, one, now));
    drop(sealer.seal(reply, other, now));
}

fn main() {
    let _ = answer;
}

//! What the backend said leaves the gateway unsigned.

use sealgate::outbound::SealedReply;
use sealgate::relay::Reply;

fn answer(reply: Reply) -> SealedReply {
    reply
}

fn main() {
    let _ = answer;
}

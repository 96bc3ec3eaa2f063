//! What was verified is changed before it is used.

use sealgate::inbound::VerifiedMessage;

fn change(mut message: VerifiedMessage, body: Vec<u8>) -> VerifiedMessage {
    message.body = body;
    message
}

fn main() {
    let _ = change;
}

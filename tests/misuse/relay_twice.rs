//! One message reaches the backend twice.

use sealgate::inbound::VerifiedMessage;
use sealgate::relay::{Client, Error, Reply, Route, forward};

async fn relay(message: VerifiedMessage, route: &Route, client: &Client) -> Result<Reply, Error> {
    let _ = forward(message, route, client, None).await;
    forward(message, route, client, None).await
}

fn main() {
    let _ = relay;
}

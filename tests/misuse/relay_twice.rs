//! One message reaches the backend twice.

use sealgate::inbound::VerifiedMessage;
use sealgate::relay::{Client, Error, Reply, Route, forward};

async fn relay(message: VerifiedMessage, route: &Route, client: &Client) -> Result<Reply, Error> {
    let _ = forward(message, route, client, None, None).await;
    forward(message, route, client, None, None).await
}

fn main() {
    let _ = relay;
}

//! An envelope reaches the backend without having been verified.

use sealgate::relay::{Client, Error, Reply, Route, forward};
use sealgate::soap::Envelope;

async fn relay(envelope: Envelope, route: &Route, client: &Client) -> Result<Reply, Error> {
    forward(envelope, route, client, None, None).await
}

fn main() {
    let _ = relay;
}

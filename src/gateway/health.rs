//! Servers are looked after, so that one that went away is known before a message goes there.

use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;

use actix_web::rt;
use actix_web::web;

use super::shared::Shared;
use super::snapshot::Clients;

/// How often it is asked whether it is time to look after a server.
const TICK: Duration = Duration::from_millis(200);

/// Looks after the servers of the configuration in use, as often as it says.
pub(super) async fn look(shared: web::Data<Shared>) {
    let mut clients: Option<Rc<Clients>> = None;
    loop {
        let snapshot = shared.current();
        let mut places = snapshot.places();
        places.retain(|place| place.route.backend.is_checked());
        if clients.as_ref().is_none_or(|made| made.number != snapshot.number) {
            clients = (!places.is_empty()).then(|| Rc::new(Clients::new(&snapshot)));
        }
        for (place, clients) in places.into_iter().zip(clients.iter().cycle()) {
            let (place, clients) = (place.clone(), clients.clone());
            rt::spawn(async move {
                let Some(client) = clients.of(&place) else { return };
                for (server, change) in client.look(Instant::now()).await {
                    change.log(&place.route.path, &server);
                }
            });
        }
        rt::time::sleep(TICK).await;
    }
}

//! The web server's threads, from their start to their end.

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::time::Duration;

use actix_web::App;
use actix_web::HttpServer;
use actix_web::dev::Server;
use actix_web::dev::ServerHandle;
use actix_web::rt;
use actix_web::rt::signal::unix::Signal;
use actix_web::rt::signal::unix::SignalKind;
use actix_web::rt::signal::unix::signal;
use actix_web::web;
use futures_util::future::Either;
use futures_util::future::select;
use tokio::time::timeout;

use super::Signals;
use super::admin;
use super::attended;
use super::client;
use super::ending::{IN_HASTE, TO_END, end_records};
use super::handler::handle;
use super::health;
use super::listener::bind;
use super::lists;
use super::refresh;
use super::reload;
use super::reload::Reloader;
use super::shared::Shared;
use super::shared::Worker;
use super::traces;
use super::watch;
use super::watchdog;
use crate::config::Checked;
use crate::config::Load;
use crate::crypto::TlsSwitch;

/// The time that a client has for the head of a request, and for a TLS handshake (B15).
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a connection without a request is kept.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// How long a connection waits for its client to have taken the last answer.
pub(super) const CLOSE_TIME: Duration = Duration::from_secs(2);

/// How long the collector of traces has for the last spans, and how long after a second signal.
const LAST_SPANS: Duration = Duration::from_secs(5);
const LAST_SPANS_IN_HASTE: Duration = Duration::from_secs(1);

/// How often the metrics are kept small.
const UPKEEP: Duration = Duration::from_secs(5);

/// The sockets of a gateway, which already listen: connections wait until it serves.
pub(super) struct Sockets {
    listeners: Vec<TcpListener>,
    admin: Option<TcpListener>,
}

impl Sockets {
    pub(super) fn bind(config: &Checked) -> io::Result<Self> {
        let listeners = config.listeners.iter();
        let listeners = listeners.map(|listener| bind(listener.address, config.load.body));
        let admin = config.admin.map(|address| bind(address, config.load.body));
        Ok(Self {
            listeners: listeners.collect::<io::Result<_>>()?,
            admin: admin.transpose()?,
        })
    }

    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(TcpListener::local_addr).collect()
    }

    pub(super) fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        self.admin.as_ref().map(TcpListener::local_addr).transpose()
    }
}

/// Serves until it is told to stop.
pub(super) fn run(
    sockets: Sockets,
    shared: web::Data<Shared>,
    reloader: web::Data<Reloader>,
    load: Load,
    signals: Signals,
    started: &Sender<ServerHandle>,
) -> io::Result<()> {
    rt::System::new().block_on(async move {
        // Before anybody can see that it serves: until then a signal ends the process at once.
        let stops = match &signals {
            Signals::Heeded { .. } => Some(Stops::heeded()?),
            Signals::Ignored => None,
        };
        let server = messages(sockets.listeners, reloader.tls(), &shared, load)?;
        let admin = sockets
            .admin
            .map(|socket| operators(socket, &shared, &reloader))
            .transpose()?;
        let admin_handle = admin.as_ref().map(Server::handle);
        let admin = admin.map(rt::spawn);
        // Servers start when they are polled: that for operators before the other, so that they see that it starts.
        tokio::task::yield_now().await;
        let upkeep = rt::spawn(upkeep(shared.clone()));
        let exporting = rt::spawn(traces::export(shared.clone()));
        let looking = rt::spawn(health::look(shared.clone()));
        let listing = rt::spawn(lists::look(shared.clone()));
        let watching = rt::spawn(watch::on_change(reloader.clone()));
        let fetching = rt::spawn(refresh::keep_fresh(reloader.clone()));
        let living = rt::spawn(watchdog::tell(shared.clone()));
        let heeding = match (signals, stops) {
            (Signals::Heeded { hangup, .. }, Some(stops)) => {
                let stopping = rt::spawn(stops.heed(server.handle(), shared.clone()));
                Some((stopping, rt::spawn(reload::on_signal(reloader, hangup))))
            }
            (Signals::Heeded { .. } | Signals::Ignored, _) => None,
        };
        // Nobody waits for the start any more if this fails.
        let _ = started.send(server.handle());
        let (stopping, reloading) = heeding.unzip();
        let serving = async {
            let result = server.await;
            result.and(end_records(&shared, TO_END).await)
        };
        let (result, last_spans) = match stopping {
            // actix waits for what is in work, whatever it is told after that.
            Some(stopping) => match select(pin!(serving), stopping).await {
                Either::Left((result, _)) => (result, LAST_SPANS),
                Either::Right(_) => (end_records(&shared, IN_HASTE).await, LAST_SPANS_IN_HASTE),
            },
            None => (serving.await, LAST_SPANS),
        };
        // What became of the last messages is told, too, as far as somebody listens.
        if let Some(traces) = &shared.traces {
            traces.end();
            let _ = timeout(last_spans, exporting).await;
        }
        // Operators may look on until the last message has ended.
        if let (Some(handle), Some(admin)) = (admin_handle, admin) {
            handle.stop(false).await;
            let _ = admin.await;
        }
        let tasks = reloading
            .into_iter()
            .chain([upkeep, listing, watching, looking, fetching, living]);
        tasks.for_each(|task| task.abort());
        result
    })
}

fn messages(
    sockets: Vec<TcpListener>,
    tls: &[Option<TlsSwitch>],
    shared: &web::Data<Shared>,
    load: Load,
) -> io::Result<Server> {
    let (shared, counting) = (shared.clone(), shared.clone());
    let app = move || {
        let worker = Worker::of_this_thread(&shared);
        App::new()
            .app_data(shared.clone())
            .app_data(worker)
            .default_service(web::to(handle))
    };
    let connections = load.connections.div_ceil(load.workers.max(1));
    let mut server = HttpServer::new(app)
        .on_connect(move |connection, known| client::note(&counting.connections, connection, known))
        .workers(load.workers)
        .max_connections(connections)
        .client_request_timeout(HEAD_TIME)
        .tls_handshake_timeout(HEAD_TIME)
        .keep_alive(IDLE_TIME)
        .client_disconnect_timeout(CLOSE_TIME)
        .shutdown_timeout(load.drain.as_secs())
        .disable_signals();
    for (socket, tls) in sockets.into_iter().zip(tls) {
        server = match tls {
            Some(tls) => {
                let acceptor = tls.acceptor().map_err(io::Error::other)?;
                server.listen_openssl(socket, acceptor)?
            }
            None => server.listen(socket)?,
        };
    }
    Ok(server.run())
}

fn operators(
    socket: TcpListener,
    shared: &web::Data<Shared>,
    reloader: &web::Data<Reloader>,
) -> io::Result<Server> {
    let (shared, reloader) = (shared.clone(), reloader.clone());
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .app_data(reloader.clone())
            .configure(admin::routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .client_request_timeout(HEAD_TIME)
        .keep_alive(IDLE_TIME)
        .shutdown_timeout(0)
        .disable_signals()
        .listen(socket)?;
    Ok(server.run())
}

async fn upkeep(shared: web::Data<Shared>) {
    loop {
        rt::time::sleep(UPKEEP).await;
        shared.metrics.upkeep();
    }
}

/// SIGTERM and SIGINT.
struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// From now on neither ends the process by itself.
    fn heeded() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The first one lets messages in work end. Returns at a second one, which does not.
    async fn heed(mut self, server: ServerHandle, shared: web::Data<Shared>) {
        for graceful in [true, false] {
            select(Box::pin(self.terminate.recv()), Box::pin(self.interrupt.recv())).await;
            tracing::info!(graceful, "told to stop");
            if graceful {
                attended::stop(server.clone(), shared.clone());
            }
        }
    }
}

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;

use super::audit;
use super::checked::Checked;
use super::checked::Listener;
use super::checked::Load;
use super::ends;
use super::ends::CertificateUse;
use super::fetch;
use super::fetch::Fetching;
use super::files;
use super::files::IdentityFiles;
use super::message_archive;
use super::problem::KeyPath;
use super::problem::Source;
use super::replay;
use super::route;
use super::throttle;
use super::token_endpoint;
use super::traces;
use super::typed;
use crate::crypto::ClientCertificates;
use crate::crypto::Identity;
use crate::crypto::TlsServer;
use crate::spool::TemporaryFiles;

/// Checks everything that types do not say. `None` if anything is wrong, which is then noted in `source`.
pub(super) fn check(config: &typed::Config, now: DateTime<Utc>, source: &mut Source<'_>) -> Option<Checked> {
    let top = KeyPath::default();
    fetch::check(&config.fetch, source);
    let listeners = listeners(&config.listener, now, source);
    let admin = config.admin.as_ref().map(|typed| admin(typed, source));
    let is_listener = |admin: &SocketAddr| {
        let mut addresses = listeners.iter().flatten().map(|listener| listener.address);
        admin.port() != 0 && addresses.any(|address| address == *admin)
    };
    if admin.flatten().is_some_and(|admin| is_listener(&admin)) {
        let key = top.key("admin").key("address");
        source.problem(&key, "is the address of a listener", "take another port");
    }
    let signer = signer(&config.gateway, now, source);
    let place = replay::place(&config.replay, now, source);
    let audit = match (&config.audit, &signer) {
        (Some(typed), Some(signer)) => Some(audit::check(typed, signer, now, source)?),
        (None, _) | (_, None) => None,
    };
    let limits = match &config.throttle.redis {
        Some(redis) => Some(replay::server(
            redis,
            &top.key("throttle").key("redis"),
            now,
            source,
        )?),
        None => None,
    };
    let routes = route::check_all(&config.route, signer.as_ref(), now, source);
    let archive = match (&config.message_archive, &routes) {
        (Some(typed), Some(routes)) => message_archive::check(typed, routes, source),
        (None, _) | (_, None) => None,
    };
    let token_endpoints = token_endpoint::check_all(config, signer.as_ref(), now, source);
    let traces = config.traces.as_ref();
    let traces = traces.map(|typed| traces::check(typed, now, source).ok_or(()));
    traces::routes_have_a_collector(config, source);
    if let Some(audit) = &audit {
        audit::signs_nothing_else(audit, source);
    }
    clients_are_asked(config, source);
    fetch::check_use(&config.fetch, source);
    ends::warn(now, source);
    let mut files = source.asked().to_vec();
    let Fetching { all, used, .. } = std::mem::take(&mut source.fetching);
    files.retain(|file| all.iter().all(|fetch| fetch.file != *file));
    let checked = Checked {
        file: source.file().to_owned(),
        files,
        text: source.text().to_owned(),
        warnings: std::mem::take(&mut source.warnings),
        ends: std::mem::take(&mut source.ends),
        fetches: all,
        fetched: used,
        listeners: listeners?,
        admin: admin.flatten(),
        signer: signer?,
        load: load(&config.gateway),
        watch: watch(&config.gateway),
        spool: spool(&config.gateway, source),
        replay: replay::settings(
            &config.replay,
            place?,
            routes.as_deref()?,
            token_endpoints.as_deref()?,
        )?,
        throttle: throttle::address(&config.throttle, source),
        limits: limits.map(Arc::new),
        audit,
        archive,
        traces: traces.transpose().ok()?,
        routes: routes?,
        token_endpoints: token_endpoints?,
    };
    (!source.has_problems()).then_some(checked)
}

fn listeners(
    listeners: &[typed::Listener],
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Vec<Listener>> {
    let mut checked: Vec<Listener> = Vec::new();
    for (index, listener) in listeners.iter().enumerate() {
        let path = KeyPath::default().key("listener").entry(index);
        let at_address = path.key("address");
        let tls = listener.tls.as_ref();
        let server = tls.and_then(|tls| tls_server(tls, &path.key("tls"), now, source));
        let Some(address) = address(&listener.address, &at_address, source) else {
            continue;
        };
        if tls.is_none() && !is_loopback(address.ip()) {
            let what = format!("is open to other machines without TLS: {address}");
            source.problem(
                &at_address,
                what,
                "add tls to this listener, or listen on 127.0.0.1",
            );
        }
        if address.port() != 0 && checked.iter().any(|other| other.address == address) {
            source.problem(
                &at_address,
                "is the address of another listener",
                "remove one of them",
            );
        }
        checked.push(Listener { address, tls: server });
    }
    (!source.has_problems()).then_some(checked)
}

/// The address for operators, who are not asked who they are.
fn admin(admin: &typed::Admin, source: &mut Source<'_>) -> Option<SocketAddr> {
    let path = KeyPath::default().key("admin").key("address");
    let address = address(&admin.address, &path, source)?;
    if !admin.open && !is_loopback(address.ip()) {
        let what = format!("is open to other machines, and asks nobody who they are: {address}");
        let instead =
            "listen on 127.0.0.1, or add open = true where a network of your own is all that reaches it";
        source.problem(&path, what, instead);
    }
    Some(address)
}

/// A route that asks for the client's certificate needs a listener that does.
fn clients_are_asked(config: &typed::Config, source: &mut Source<'_>) {
    let asks = |listener: &typed::Listener| {
        let tls = listener.tls.as_ref();
        tls.is_some_and(|tls| tls.clients != typed::Clients::NotAsked)
    };
    if config.listener.iter().any(asks) {
        return;
    }
    for (index, route) in config.route.iter().enumerate() {
        if route.client_certificate == typed::ClientCertificate::Signer {
            let key = KeyPath::default()
                .key("route")
                .entry(index)
                .key("client_certificate");
            source.problem(
                &key,
                "is what no listener asks clients for",
                "set clients = \"required\" and client_ca in the tls of a listener",
            );
        }
    }
}

/// Whether `host`, of a URL or by itself, is this machine whatever a name server says.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(is_loopback)
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn address(text: &str, path: &KeyPath, source: &mut Source<'_>) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        source.problem(
            path,
            format!("is {text:?}"),
            "write an IP address and a port, as \"127.0.0.1:8080\"",
        );
    }
    address
}

fn tls_server(
    tls: &typed::Tls,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<TlsServer> {
    let files = IdentityFiles {
        table: path.clone(),
        certificate: tls.certificate.as_deref(),
        key: &tls.key,
        password: tls.key_password_file.as_deref(),
        purpose: CertificateUse::Listener,
    };
    let identity = files::identity(&files, now, source);
    let at_anchors = path.key("client_ca");
    let anchors = files::all_certificates(&tls.client_ca, &at_anchors, source);
    source.ends(
        CertificateUse::TlsAuthority,
        &at_anchors,
        anchors.as_deref().unwrap_or_default(),
    );
    if tls.clients != typed::Clients::NotAsked && tls.client_ca.is_empty() {
        source.problem(
            &at_anchors,
            "is missing",
            "name the files of who issues the certificates of clients",
        );
        return None;
    }
    let clients = match tls.clients {
        typed::Clients::NotAsked => {
            if !tls.client_ca.is_empty() {
                source.problem(
                    &at_anchors,
                    "has no meaning when clients are not asked",
                    "set clients to \"optional\" or \"required\"",
                );
            }
            ClientCertificates::NotAsked
        }
        typed::Clients::Optional => ClientCertificates::Optional(anchors?),
        typed::Clients::Required => ClientCertificates::Required(anchors?),
    };
    let server = TlsServer::new(&identity?, &clients);
    server
        .map_err(|error| source.problem(path, error.to_string(), "give other certificates"))
        .ok()
}

fn signer(gateway: &typed::Gateway, now: DateTime<Utc>, source: &mut Source<'_>) -> Option<Identity> {
    let files = IdentityFiles {
        table: KeyPath::default().key("gateway"),
        certificate: gateway.certificate.as_deref(),
        key: &gateway.key,
        password: gateway.key_password_file.as_deref(),
        purpose: CertificateUse::Signing,
    };
    signing_identity(&files, now, source)
}

/// A key that may sign messages and tokens, with its certificate.
pub(super) fn signing_identity(
    files: &IdentityFiles<'_>,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Identity> {
    let identity = files::identity(files, now, source)?;
    if !files::signs(&identity, &files.table, source) {
        return None;
    }
    let usage = identity
        .certificate()
        .and_then(crate::crypto::Certificate::key_usage);
    if usage.is_some_and(|usage| !usage.signs_content()) {
        source.problem(
            &files.table.key("certificate"),
            "is a certificate whose key may not sign messages",
            "give one with the key usage digitalSignature",
        );
        return None;
    }
    Some(identity)
}

fn load(gateway: &typed::Gateway) -> Load {
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let seconds = |number: u16| Duration::from_secs(u64::from(number));
    Load {
        workers: gateway.workers.map_or_else(processors, usize::from),
        connections: count(gateway.connections),
        messages: count(gateway.messages),
        body: seconds(gateway.body_seconds),
        spooled: usize::try_from(gateway.spool_bytes).unwrap_or(usize::MAX),
        drain: seconds(gateway.drain_seconds),
    }
}

fn watch(gateway: &typed::Gateway) -> Option<Duration> {
    (gateway.watch_seconds > 0).then(|| Duration::from_secs(u64::from(gateway.watch_seconds)))
}

fn spool(gateway: &typed::Gateway, source: &mut Source<'_>) -> TemporaryFiles {
    let Some(folder) = &gateway.spool_folder else {
        return TemporaryFiles::default();
    };
    let folder = source.folder().join(folder);
    if !folder.is_dir() {
        let path = KeyPath::default().key("gateway").key("spool_folder");
        source.problem(&path, "is no folder", "make the folder, or leave it out");
    }
    TemporaryFiles::in_folder(folder)
}

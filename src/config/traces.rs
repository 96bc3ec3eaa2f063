use chrono::DateTime;
use chrono::Utc;
use http::Uri;

use super::check::is_this_machine;
use super::problem::KeyPath;
use super::problem::Source;
use super::tls_client;
use super::typed;
use crate::trace::Settings;

/// Which collector is told of traces. `None` if it cannot work, which is noted.
pub(super) fn check(traces: &typed::Traces, now: DateTime<Utc>, source: &mut Source<'_>) -> Option<Settings> {
    let table = KeyPath::default().key("traces");
    let tls = tls_client::check(&traces.tls, &table, now, source)?;
    let at_url = table.key("url");
    let url: Option<Uri> = traces.url.parse().ok();
    // A user or password would stand in logs.
    let plain = |url: &&Uri| url.authority().is_some_and(|one| !one.as_str().contains('@'));
    let url = url.filter(|url| plain(&url)).unwrap_or_default();
    let (what, instead) = match (url.scheme_str(), url.host(), &tls) {
        (Some("https"), Some(_), Some(_)) => return Some(settings(traces, url, tls)),
        (Some("http"), Some(host), None) if is_this_machine(host) => return Some(settings(traces, url, tls)),
        (Some("https"), Some(_), None) => {
            let instead = "name the files of who issues the collector's certificate";
            source.problem(&table.key("ca"), "is missing", instead);
            return None;
        }
        (Some("http"), Some(_), Some(_)) => (
            "has no use for certificates",
            "write https:, or remove ca, certificate and key",
        ),
        (Some("http"), Some(_), None) => (
            "is on another machine, and there is no TLS",
            "write https: and name who issues its certificate in ca, or use a collector on 127.0.0.1",
        ),
        _ => (
            "is no URL",
            "write a URL, as \"https://collector.example:4318/v1/traces\"",
        ),
    };
    source.problem(&at_url, format!("{what}: {:?}", traces.url), instead);
    None
}

/// A route that heeds what requests say of traces needs somebody who is told.
pub(super) fn routes_have_a_collector(config: &typed::Config, source: &mut Source<'_>) {
    if config.traces.is_some() {
        return;
    }
    for (index, route) in config.route.iter().enumerate() {
        if route.traceparent == typed::Traceparent::Heeded {
            let key = KeyPath::default().key("route").entry(index).key("traceparent");
            source.problem(
                &key,
                "has no meaning without [traces]",
                "name a collector in [traces]",
            );
        }
    }
}

fn settings(traces: &typed::Traces, url: Uri, tls: Option<crate::crypto::TlsClient>) -> Settings {
    Settings {
        url,
        tls,
        service: traces.service.clone(),
        one_in: traces.one_in,
        queue: usize::try_from(traces.queue).unwrap_or(usize::MAX),
    }
}

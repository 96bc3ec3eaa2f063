use std::fmt::Write as _;

use chrono::DateTime;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::args::ConfigExplainArguments;
use super::console::{Console, Style, Tone};
use super::exit::{Exit, Stop};
use super::report::{Format, plain};
use crate::config;
use crate::config::GuardedRoute;
use crate::crypto::Certificate;
use crate::policy::{Exception, Grant};

/// A partner, by what an operator has of them.
enum Named {
    Certificate(Box<Certificate>),
    Issuer(String),
}

/// `sealgate config explain`: what a partner has to prove on each route that trusts them, and what they may use beyond that.
pub(crate) fn explain(arguments: &ConfigExplainArguments, console: &mut Console) -> Result<Exit, Stop> {
    let now = Utc::now();
    let checked = config::load(&arguments.file, now).map_err(Stop::usage)?;
    let named = Named::read(&arguments.partner)?;
    let routes: Vec<&GuardedRoute> = checked
        .routes
        .iter()
        .filter(|route| named.is_trusted(route, now))
        .collect();
    let text = match arguments.output.format {
        Format::Text => routes
            .iter()
            .map(|route| text(route, &named, now, console.style()))
            .collect(),
        Format::Json => {
            let routes: Vec<Value> = routes.iter().map(|route| object(route, &named, now)).collect();
            format!("{}\n", json!({"partner": arguments.partner, "routes": routes}))
        }
    };
    console.print(text);
    if routes.is_empty() {
        console.note("no route trusts this partner\n");
        return Ok(Exit::Refused);
    }
    Ok(Exit::Passed)
}

impl Named {
    /// A file with a certificate, or else an entityID.
    fn read(partner: &str) -> Result<Self, Stop> {
        let Ok(bytes) = std::fs::read(partner) else {
            return Ok(Self::Issuer(partner.to_owned()));
        };
        let certificate = Certificate::from_pem_bundle(&bytes)
            .ok()
            .and_then(|all| all.into_iter().next())
            .or_else(|| Certificate::from_der(&bytes).ok());
        let certificate =
            certificate.ok_or_else(|| Stop::usage(format!("{partner} holds no certificate")))?;
        Ok(Self::Certificate(Box::new(certificate)))
    }

    /// Whether `route` trusts them, by its policy or by an exception.
    fn is_trusted(&self, route: &GuardedRoute, now: DateTime<Utc>) -> bool {
        match self {
            Self::Issuer(issuer) => route.issuers.entity_ids().any(|known| known == issuer),
            Self::Certificate(certificate) => {
                let exceptions = self.exceptions(route).map(|exception| &exception.policy);
                let mut policies = std::iter::once(&route.policy).chain(exceptions);
                policies.any(|policy| {
                    let path = route.trust.path(certificate, &[], now, &policy.path_rules());
                    path.is_ok()
                })
            }
        }
    }

    fn exceptions<'r>(&self, route: &'r GuardedRoute) -> impl Iterator<Item = &'r Exception> {
        route.exceptions.iter().filter(move |exception| match self {
            Self::Certificate(certificate) => exception.partner.has_certificate(certificate),
            Self::Issuer(issuer) => exception.partner.has_issuer(issuer),
        })
    }
}

fn text(route: &GuardedRoute, named: &Named, now: DateTime<Utc>, style: Style) -> String {
    let path = style.paint(Tone::Strong, &route.route.path);
    let mut text = format!("{path}  {}\n", plain(&route.policy.name));
    for exception in named.exceptions(route) {
        let names: Vec<&str> = names(exception).collect();
        // A String takes everything.
        let _ = write!(
            text,
            "  {}, until {} ({}): {}\n    {}\n",
            style.paint(Tone::Doubtful, &names.join(", ")),
            exception.until,
            left(exception, now),
            plain(&exception.partner.to_string()),
            style.paint(Tone::Faint, &plain(&exception.reason)),
        );
    }
    text
}

fn object(route: &GuardedRoute, named: &Named, now: DateTime<Utc>) -> Value {
    let exceptions: Vec<Value> = named
        .exceptions(route)
        .map(|exception| {
            json!({
                "allow": names(exception).collect::<Vec<_>>(),
                "partner": exception.partner.to_string(),
                "reason": exception.reason,
                "until": exception.until,
                "days_left": exception.days_left(now),
                "policy": exception.policy,
            })
        })
        .collect();
    json!({
        "route": route.route.path,
        "policy": route.policy,
        "exceptions": exceptions,
    })
}

fn names(exception: &Exception) -> impl Iterator<Item = &'static str> {
    exception.allow.iter().copied().map(Grant::name)
}

fn left(exception: &Exception, now: DateTime<Utc>) -> String {
    match exception.days_left(now) {
        0 => "its last day".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    }
}

//! `sealgate demo`: a CA, partners, an identity provider, a legacy service and the gateway before it, and messages that
//! pass and messages that must not. Everything is made here and now, over real sockets, and by the same code that
//! serves and signs elsewhere.

mod archive;
mod backend;
mod explore;
mod http;
mod message;
mod saml;
mod scenario;
mod send;
mod table;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chrono::Utc;

use super::args::DemoArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use crate::config;
use crate::gateway;
use crate::gateway::Hangup;
use crate::gateway::Signals;
use backend::Backend;
use scenario::Step;
use send::Sender;
use table::Row;
use world::World;

/// Shows it all; without `--once` it goes on until it is told to stop.
pub(super) fn run(arguments: &DemoArguments, console: &mut Console) -> Result<Exit, Stop> {
    if let Some(archive) = arguments.archive()? {
        return archive::make(&archive, console);
    }
    let place = Place::of(arguments)?;
    let folder = place.path();
    let world = World::make(Utc::now())?;
    world.write(folder)?;
    let backend = Backend::start().map_err(Stop::failed)?;
    let configuration = folder.join("gateway.toml");
    world::write(&configuration, configured(&backend).as_bytes())?;
    log_to(&folder.join("gateway.log"))?;
    let checked = config::load(&configuration, Utc::now()).map_err(Stop::failed)?;
    let signals = if arguments.once {
        Signals::Ignored
    } else {
        Signals::Heeded {
            hangup: Hangup::heeded().map_err(Stop::failed)?,
            manager: None,
        }
    };
    let running = gateway::start(checked, signals).map_err(Stop::failed)?;
    let sender = Sender::of(&running, &world, folder)?;
    console.print(table::introduction(folder, &backend, &sender, console.style()));
    console.flush();
    sender.warm_up()?;
    let steps = scenario::steps(&world, Utc::now())?;
    write_messages(folder, &steps)?;
    let mut as_expected = 0_usize;
    for step in &steps {
        let row = Row::of(step, sender.send(step, &backend)?);
        as_expected = as_expected.saturating_add(usize::from(row.is_as_expected()));
        console.print(row.render(console.style()));
        console.flush();
    }
    console.print(table::conclusion(as_expected, steps.len(), console.style()));
    if arguments.once {
        running.stop().map_err(Stop::failed)?;
    } else {
        console.print(explore::text(folder, &sender, console.style()));
        console.flush();
        running.wait().map_err(Stop::failed)?;
    }
    Ok(if as_expected == steps.len() {
        Exit::Passed
    } else {
        Exit::Refused
    })
}

/// Where the files are.
enum Place {
    /// Named by the operator.
    Named(PathBuf),
    /// Made for exploring, and left there.
    Kept(PathBuf),
    /// Gone when the table is printed.
    Temporary(tempfile::TempDir),
}

impl Place {
    fn of(arguments: &DemoArguments) -> Result<Self, Stop> {
        if let Some(named) = &arguments.dir {
            fs::create_dir_all(named)
                .map_err(|error| Stop::failed(format_args!("{}: {error}", named.display())))?;
            let absolute = named.canonicalize().map_err(Stop::failed)?;
            return Ok(Self::Named(absolute));
        }
        let made = tempfile::Builder::new()
            .prefix("sealgate-demo-")
            .tempdir()
            .map_err(Stop::failed)?;
        Ok(match arguments.once {
            true => Self::Temporary(made),
            false => Self::Kept(made.keep()),
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// The gateway's configuration: two routes to one backend, as assertions that whoever brings them may use need a laxer policy.
fn configured(backend: &Backend) -> String {
    let route = |path: &str, policy: &str| {
        format!(
            r#"
[[route]]
path = "{path}"
policy = "{policy}"
operation = [
    {{ action = "{place}", body = "{{urn:example:orders}}PlaceOrder" }},
    {{ action = "urn:example:orders:cancel", body = "{{urn:example:orders}}CancelOrder" }},
]

[[route.trust.anchor]]
file = "keys/ca.pem"
subject = ["CN=alpha.example,O=Alpha", "CN=beta.example,O=Beta"]

[route.trust.saml]
metadata = ["keys/idp-metadata.xml"]
audience = "{audience}"
recipient = "{recipient}"

[route.backend]
url = "http://{address}/orders"

[route.identity]
x-signer-subject = "signer-subject"
x-saml-name-id = "saml-name-id"
"#,
            place = scenario::PLACE,
            audience = saml::AUDIENCE,
            recipient = saml::RECIPIENT,
            address = backend.address(),
        )
    };
    format!(
        r#"# The gateway of `sealgate demo`. `sealgate config init` prints a configuration with more comments.

[[listener]]
address = "127.0.0.1:0"

[[listener]]
address = "127.0.0.1:0"
tls = {{ certificate = "keys/gateway.pem", key = "keys/gateway.key.pem" }}

[admin]
address = "127.0.0.1:0"

[gateway]
certificate = "keys/gateway.pem"
key = "keys/gateway.key.pem"
workers = 2
{}{}"#,
        route("/orders", "strict"),
        route("/orders-sso", "bsp11")
    )
}

/// Sends the log of the gateway into a file, one JSON object an event.
fn log_to(path: &Path) -> Result<(), Stop> {
    world::write(path, b"")?;
    let file = fs::OpenOptions::new()
        .append(true)
        .open(path)
        .map_err(Stop::failed)?;
    let log = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO);
    log.with_writer(Mutex::new(file)).try_init().map_err(Stop::failed)
}

fn write_messages(folder: &Path, steps: &[Step]) -> Result<(), Stop> {
    let messages = folder.join("messages");
    fs::create_dir_all(&messages).map_err(Stop::failed)?;
    for (number, step) in steps.iter().enumerate() {
        let name = file_name(number, step);
        world::write(&messages.join(name), step.message.as_bytes())?;
    }
    let order = message::order(crate::soap::Version::Soap11, "bolt M8", 100);
    world::write(&messages.join("unsigned-order.xml"), order.as_bytes())
}

/// As `07-a-wrapped-body.xml`.
fn file_name(number: usize, step: &Step) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '-'
        }
    };
    let name: String = step.name.to_ascii_lowercase().chars().map(plain).collect();
    let name = name.replace("--", "-");
    format!("{:02}-{name}.xml", number.saturating_add(1))
}

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::Utc;

use crate::cli::exit::Stop;
use crate::crypto::TlsClient;
use crate::gateway::Running;
use crate::inbound::{AsOf, Gate, Keyring, Received, SenderHeader};
use crate::policy::Profile;
use crate::policy::saml::RelyingParty;
use crate::soap::Roles;
use crate::soap::Version;
use crate::trust::Issuers;
use crate::trust::Passwords;
use crate::trust::TrustSources;

use super::backend::Backend;
use super::http;
use super::scenario::{Step, Transport};
use super::world::World;

/// A partner's side of the connection.
pub(super) struct Sender {
    plain: SocketAddr,
    tls: SocketAddr,
    admin: Option<SocketAddr>,
    client: TlsClient,
    /// Judges answers: they must be signed by the gateway.
    answers: Gate,
    log: PathBuf,
}

/// What became of a message.
pub(super) struct Outcome {
    /// The status of the answer.
    pub(super) status: u16,
    /// The code of the refusal, from the gateway's log; the peer is told only an incident.
    pub(super) code: Option<String>,
    /// What the backend got.
    pub(super) orders: Vec<String>,
    /// Whether the answer is the gateway's, signed and fresh.
    pub(super) answer: Answer,
    /// From the first byte that was sent to the last that came back.
    pub(super) took: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Signed by the gateway.
    Signed,
    /// A fault, which says nothing but an incident.
    Fault,
    /// Neither.
    Other(String),
}

impl Sender {
    /// Sends to this gateway.
    pub(super) fn of(running: &Running, world: &World, folder: &Path) -> Result<Self, Stop> {
        let [plain, tls] = running.addresses() else {
            return Err(Stop::failed("the gateway does not listen on two addresses"));
        };
        let mut trust = TrustSources::new();
        trust.trust(world.gateway.certificate.clone(), None);
        let client = TlsClient::new(std::slice::from_ref(&world.authority.certificate), None);
        Ok(Self {
            plain: *plain,
            tls: *tls,
            admin: running.admin(),
            client: client.map_err(Stop::failed)?,
            answers: Gate {
                passwords: Passwords::default(),
                keyring: Keyring::new(),
                trust: trust.build(),
                issuers: Issuers::new(),
                policy: Profile::Strict.policy(),
                party: RelyingParty::default(),
                roles: Roles::default(),
                understood: Vec::new(),
                destination: None,
                schema: None,
                threats: None,
                sender_header: SenderHeader::TakenOut,
                exceptions: Vec::new(),
                replay: None,
            },
            log: folder.join("gateway.log"),
        })
    }

    /// Waits until every thread of the gateway has taken a request, so that none of the messages pays for its start.
    pub(super) fn warm_up(&self) -> Result<(), Stop> {
        for _ in 0..8 {
            let mut stream = connect(self.plain)?;
            let start = "GET /orders HTTP/1.1";
            let sent = http::write(&mut stream, start, &[("Host", "localhost")], b"");
            sent.and_then(|()| http::Message::read(&mut stream))
                .map_err(Stop::failed)?;
        }
        Ok(())
    }

    /// The address of a transport, as a URL.
    pub(super) fn url(&self, transport: Transport) -> String {
        match transport {
            Transport::Http => format!("http://{}", self.plain),
            Transport::Tls => format!("https://localhost:{}", self.tls.port()),
        }
    }

    /// Where health and metrics are.
    pub(super) fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Sends one message, and finds out what became of it.
    pub(super) fn send(&self, step: &Step, backend: &Backend) -> Result<Outcome, Stop> {
        let (reply, took) = match step.transport {
            Transport::Http => exchange(connect(self.plain)?, step),
            Transport::Tls => {
                let stream = connect(self.tls)?;
                let secured = self.client.connect("localhost", stream);
                exchange(secured.map_err(Stop::failed)?, step)
            }
        }
        .map_err(Stop::failed)?;
        let mut words = reply.start.split(' ');
        let status = words.nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let (answer, code) = self.understand(&reply)?;
        Ok(Outcome {
            status,
            code,
            orders: backend.take_orders(),
            answer,
            took,
        })
    }

    fn understand(&self, reply: &http::Message) -> Result<(Answer, Option<String>), Stop> {
        let text = String::from_utf8_lossy(&reply.body);
        if let Some((_, after)) = text.split_once("Incident ") {
            let incident: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
            return Ok((Answer::Fault, self.code_of(&incident)?));
        }
        let received = Received::from(Bytes::from(reply.body.clone()));
        let judgement = self.answers.judge(received, AsOf::Time(Utc::now()));
        let answer = match judgement.verdict {
            Ok(()) => Answer::Signed,
            Err(rejection) => Answer::Other(rejection.code().to_owned()),
        };
        Ok((answer, None))
    }

    /// What the log says about an incident.
    fn code_of(&self, incident: &str) -> Result<Option<String>, Stop> {
        let log = fs::read_to_string(&self.log).map_err(Stop::failed)?;
        let code = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).ok()?;
            let fields = event.get("fields")?;
            let same = fields.get("incident")?.as_str()? == incident;
            same.then(|| fields.get("code")?.as_str().map(str::to_owned))?
        };
        Ok(log.lines().rev().find_map(code))
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream, Stop> {
    let stream = TcpStream::connect(address).map_err(Stop::failed)?;
    stream.set_nodelay(true).map_err(Stop::failed)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .map_err(Stop::failed)?;
    Ok(stream)
}

fn exchange(mut stream: impl Read + Write, step: &Step) -> io::Result<(http::Message, Duration)> {
    let action = format!("\"{}\"", step.action);
    let soap12 = format!("application/soap+xml; charset=utf-8; action={action}");
    let fields: &[(&str, &str)] = match step.version {
        Version::Soap11 => &[
            ("Host", "localhost"),
            ("Content-Type", "text/xml; charset=utf-8"),
            ("SOAPAction", &action),
        ],
        Version::Soap12 => &[("Host", "localhost"), ("Content-Type", &soap12)],
    };
    let begin = Instant::now();
    let start = format!("POST {} HTTP/1.1", step.path);
    http::write(&mut stream, &start, fields, step.message.as_bytes())?;
    let reply = http::Message::read(&mut stream)?;
    Ok((reply, begin.elapsed()))
}

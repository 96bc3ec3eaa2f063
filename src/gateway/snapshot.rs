//! Everything that one configuration says about messages.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::load::Gauge;
use super::recent::Recent;
use super::recent::Trial;
use crate::config::CertificateEnds;
use crate::config::Checked;
use crate::config::GuardedRoute;
use crate::config::PublishedKeys;
use crate::config::TakesAttachments;
use crate::config::TokenEndpoint;
use crate::crypto::Certificate;
use crate::crypto::Identity;
use crate::crypto::Reserved;
use crate::inbound::AsOf;
use crate::inbound::Gate;
use crate::inbound::Keyring;
use crate::inbound::SamlContext;
use crate::inbound::SenderHeader;
use crate::outbound;
use crate::outbound::{Exchange, SealedReply, Sealer, verified_answer};
use crate::policy::Grant;
use crate::policy::saml::RelyingParty;
use crate::relay::Client;
use crate::relay::{Reply, Route};
use crate::soap::Roles;
use crate::spool::TemporaryFiles;
use crate::throttle::{AddressLimits, RouteLimits};
use crate::trace::Parent;
use crate::trust::BearerRules;
use crate::trust::CrlDue;
use crate::trust::CrlEnds;
use crate::trust::OlderMetadata;
use crate::trust::Passwords;
use crate::trust::PathRules;
use crate::trust::ReplayStore;
use crate::trust::Stands;
use crate::trust::TrustStore;
use crate::xml::Encoding;

/// What a request needs to know of the configuration. It never changes, and a request keeps to the one that it began with, so that
/// none sees half of one configuration and half of another (T153).
pub(super) struct Snapshot {
    /// Counts configurations, from 1.
    pub(super) number: u64,
    places: HashMap<String, Arc<Place>>,
    endpoints: HashMap<String, Arc<Endpoint>>,
    /// When the certificate that signs answers ceases to hold.
    pub(super) signer_ends: Option<DateTime<Utc>>,
    /// When the certificates that the configuration names do.
    pub(super) ends: CertificateEnds,
    pub(super) spool: Arc<TemporaryFiles>,
    pub(super) body_time: Duration,
    /// What an address may ask for.
    pub(super) throttle: AddressLimits,
}

/// A route with the gate before it.
pub(super) struct Place {
    /// Which of the worker's clients is for it.
    number: usize,
    pub(super) gate: Gate,
    /// Judges the answers of a backend that signs them.
    pub(super) answers: Option<Gate>,
    /// Signs the answers.
    pub(super) sealer: Sealer,
    pub(super) throttle: RouteLimits,
    /// Whether the trace that a request says it belongs to counts.
    pub(super) traceparent: Parent,
    /// Whose bearer tokens are asked for.
    pub(super) bearer: Option<BearerRules>,
    pub(super) attachments: TakesAttachments,
    pub(super) route: Route,
    /// Messages for its backend at a time, so that one that does not answer takes no others along.
    pub(super) messages: Gauge,
    pub(super) recent: Recent,
    /// Where the keys of the tokens that the backend gets are published.
    keys: Option<PublishedKeys>,
}

/// A path where assertions are exchanged for tokens.
pub(super) struct Endpoint {
    pub(super) checked: TokenEndpoint,
    /// Where their first use is remembered.
    pub(super) replay: Arc<ReplayStore>,
    keyring: Keyring,
}

/// The connections of one thread to the backends of one configuration.
pub(super) struct Clients {
    /// Of which [`Snapshot`].
    pub(super) number: u64,
    by_place: HashMap<usize, Client>,
}

/// A configuration that is not in use yet. Its gates remember no message, so that messages can be tried on it.
pub(super) struct Candidate {
    places: Vec<Place>,
    endpoints: Vec<TokenEndpoint>,
    signer_ends: Option<DateTime<Utc>>,
    ends: CertificateEnds,
    spool: TemporaryFiles,
    body_time: Duration,
    throttle: AddressLimits,
}

impl Candidate {
    pub(super) fn new(config: Checked) -> Self {
        let usual = match config.routes.as_slice() {
            [_] => config.load.messages,
            _ => config.load.messages.div_ceil(2),
        };
        let places = config.routes.into_iter().enumerate();
        Self {
            places: places
                .map(|(number, route)| Place::new(number, route, usual, &config.signer))
                .collect(),
            endpoints: config.token_endpoints,
            signer_ends: config.signer.certificate().map(Certificate::not_after),
            ends: config.ends,
            spool: config.spool,
            body_time: config.load.body,
            throttle: config.throttle,
        }
    }

    /// Judges what `current` has verified of late, as of then. Each route keeps what it would have verified, too.
    pub(super) fn try_on(&self, current: &Snapshot) -> Vec<Trial> {
        let both = self.places.iter().filter_map(|place| {
            let current = current.place(&place.route.path)?;
            Some((place, current))
        });
        both.map(|(place, current)| {
            place
                .recent
                .take_from(&current.recent, &place.gate, &place.route.path)
        })
        .collect()
    }

    /// Fetched metadata that is older than what `current` has, of the issuers of a route, of its backend or of a token endpoint; the path.
    pub(super) fn older_metadata(&self, current: &Snapshot) -> Option<(String, OlderMetadata)> {
        let of_route = self.places.iter().find_map(|place| {
            let current = current.place(&place.route.path)?;
            let answers = place.answers.as_ref().zip(current.answers.as_ref());
            let mut both = std::iter::once((&place.gate, &current.gate)).chain(answers);
            let older = both.find_map(|(new, old)| new.issuers.older_than(&old.issuers))?;
            Some((place.route.path.clone(), older))
        });
        of_route.or_else(|| {
            self.endpoints.iter().find_map(|endpoint| {
                let current = current.endpoint(&endpoint.path)?;
                let older = endpoint.issuers.older_than(&current.checked.issuers)?;
                Some((endpoint.path.clone(), older))
            })
        })
    }

    /// What is there in `current` too goes on as it is there: servers that are down stay so.
    pub(super) fn go_on_as(&mut self, current: &Snapshot) {
        for place in &mut self.places {
            if let Some(before) = current.place(&place.route.path) {
                place.route.backend.go_on_as(&before.route.backend);
                place.gate.issuers.remember(&before.gate.issuers, Utc::now());
                if let (Some(answers), Some(before)) = (&mut place.answers, &before.answers) {
                    answers.issuers.remember(&before.issuers, Utc::now());
                }
            }
        }
    }

    /// The configuration `number`, all of which remembers used messages in `replay`.
    pub(super) fn into_snapshot(self, number: u64, replay: &Arc<ReplayStore>) -> Snapshot {
        let places = self.places.into_iter().map(|mut place| {
            place.gate.replay = Some(Arc::clone(replay));
            if let Some(answers) = &mut place.answers {
                answers.replay = Some(Arc::clone(replay));
            }
            (place.route.path.clone(), Arc::new(place))
        });
        let endpoints = self.endpoints.into_iter().map(|checked| {
            let endpoint = Endpoint {
                replay: Arc::clone(replay),
                keyring: Keyring::new(),
                checked,
            };
            (endpoint.checked.path.clone(), Arc::new(endpoint))
        });
        Snapshot {
            number,
            places: places.collect(),
            endpoints: endpoints.collect(),
            signer_ends: self.signer_ends,
            ends: self.ends,
            spool: Arc::new(self.spool),
            body_time: self.body_time,
            throttle: self.throttle,
        }
    }
}

impl Place {
    /// Route `number`, whose backend gets `usual` messages at a time if it does not say itself, and whose answers `signer` signs if nobody else does.
    fn new(number: usize, guarded: GuardedRoute, usual: usize, signer: &Identity) -> Self {
        let understood = guarded.understood.clone();
        let said = guarded
            .messages
            .and_then(|messages| usize::try_from(messages).ok());
        Self {
            number,
            gate: Gate {
                trust: guarded.trust,
                issuers: guarded.issuers,
                passwords: guarded.passwords,
                keyring: guarded.keyring,
                policy: guarded.policy,
                party: guarded.party,
                roles: guarded.roles,
                understood: guarded.understood,
                destination: Some(guarded.destination),
                schema: guarded.schema,
                threats: Some(guarded.threats),
                sender_header: guarded.sender_header,
                exceptions: guarded.exceptions,
                replay: None,
            },
            answers: guarded.answer.map(|answer| Gate {
                trust: answer.trust,
                issuers: answer.issuers,
                passwords: Passwords::default(),
                keyring: answer.keyring,
                policy: answer.policy,
                party: RelyingParty::default(),
                roles: Roles::default(),
                understood,
                destination: None,
                schema: None,
                threats: None,
                sender_header: SenderHeader::TakenOut,
                exceptions: Vec::new(),
                replay: None,
            }),
            sealer: Sealer::new(
                guarded.answer_signer.as_ref().unwrap_or(signer),
                guarded.answer_form,
            ),
            throttle: guarded.throttle,
            traceparent: guarded.traceparent,
            bearer: guarded.bearer,
            attachments: guarded.attachments,
            route: guarded.route,
            messages: Gauge::new(said.unwrap_or(usual)),
            recent: Recent::default(),
            keys: guarded.keys,
        }
    }
}

impl Place {
    /// The encodings in which somebody may send messages.
    pub(super) fn encodings(&self) -> &'static [Encoding] {
        let mut exceptions = self.gate.exceptions.iter();
        if exceptions.any(|exception| exception.allow.contains(&Grant::Utf16)) {
            &[Encoding::Utf8, Encoding::Utf16]
        } else {
            &[Encoding::Utf8]
        }
    }

    /// Whether an answer may have to wait for whoever holds a key for us that opens or seals it.
    pub(super) fn waits_to_answer(&self) -> bool {
        let answers = self.answers.as_ref();
        self.sealer.has_held_key() || answers.is_some_and(|gate| gate.keyring.has_held_key())
    }

    /// The signatures that a message needs, and what decrypts its answer, kept for whoever has this.
    ///
    /// # Errors
    ///
    /// [`outbound::Error::Unavailable`]: a key is in a token that is lost, or has promised as many as it can make.
    pub(super) fn reserve(&self) -> Result<Vec<Reserved>, outbound::Error> {
        let mut reserved = self.route.told.reserve().map_err(outbound::Error::Unavailable)?;
        reserved.push(self.sealer.reserve()?);
        if let Some(gate) = &self.answers {
            let decryption = gate.keyring.reserve();
            reserved.extend(decryption.map_err(outbound::Error::Unavailable)?);
        }
        Ok(reserved)
    }

    /// What the backend has answered, signed by it, if it has to be, and by us.
    pub(super) fn sealed(&self, reply: Reply, exchange: &Exchange) -> Result<SealedReply, outbound::Error> {
        let verified = match &self.answers {
            Some(gate) => verified_answer(reply, exchange, gate, Utc::now())?,
            None => reply,
        };
        self.sealer.seal(verified, exchange, Utc::now())
    }

    /// Whether a bearer token stands for what a message would have to prove.
    pub(super) fn token_stands_for_message(&self) -> bool {
        let rules = self.bearer.as_ref();
        rules.is_some_and(|rules| rules.stands == Stands::ForMessage)
    }
}

impl Endpoint {
    /// What an assertion is judged by at `now`.
    pub(super) fn context(&self, now: DateTime<Utc>) -> SamlContext<'_> {
        SamlContext {
            policy: &self.checked.policy,
            trust: &self.checked.trust,
            issuers: &self.checked.issuers,
            party: &self.checked.party,
            keyring: &self.keyring,
            as_of: AsOf::Time(now),
        }
    }
}

impl Snapshot {
    /// The route at `path`.
    pub(super) fn place(&self, path: &str) -> Option<&Arc<Place>> {
        self.places.get(path)
    }

    /// How it is with the CRLs that are in use at `now`: of each route and token endpoint by itself, as what another has does not help it.
    pub(super) fn crl_ends(&self, now: DateTime<Utc>) -> CrlEnds {
        let of_stores = self.stores().map(|(store, rules)| store.crl_ends(now, &rules));
        let (due, first): (Vec<_>, Vec<_>) = of_stores.map(|ends| (ends.due, ends.first)).unzip();
        let due: BTreeSet<CrlDue> = due.into_iter().flatten().collect();
        CrlEnds {
            due: due.into_iter().collect(),
            first: first.into_iter().flatten().min(),
        }
    }

    fn stores(&self) -> impl Iterator<Item = (&TrustStore, PathRules)> {
        let places = self.places.values();
        let gates = places.flat_map(|place| std::iter::once(&place.gate).chain(&place.answers));
        let gates = gates.map(|gate| (&gate.trust, gate.policy.path_rules()));
        let endpoints = self.endpoints.values().map(|endpoint| &endpoint.checked);
        gates.chain(endpoints.map(|checked| (&checked.trust, checked.policy.path_rules())))
    }

    /// The token endpoint at `path`.
    pub(super) fn endpoint(&self, path: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(path)
    }

    /// The JWK Set that a token endpoint or a route publishes at `path`.
    pub(super) fn published(&self, path: &str) -> Option<&Bytes> {
        let of_endpoints = self.endpoints.values().map(|endpoint| &endpoint.checked.keys);
        let of_routes = self.places.values().map(|place| &place.keys);
        let mut sets = of_endpoints.chain(of_routes).flatten();
        sets.find(|keys| keys.path == path).map(|keys| &keys.set)
    }

    /// All routes, in the order of paths.
    pub(super) fn places(&self) -> Vec<&Arc<Place>> {
        let mut places: Vec<_> = self.places.values().collect();
        places.sort_by(|one, other| one.route.path.cmp(&other.route.path));
        places
    }

    /// The longest body that a route takes, in bytes.
    pub(super) fn longest_body(&self) -> usize {
        let longest = self
            .places
            .values()
            .map(|place| place.gate.policy.limits.bytes)
            .max();
        longest
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or_default()
    }
}

impl Clients {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let numbers = snapshot.places.values().map(|place| place.number);
        let backends = snapshot.places.values().map(|place| &place.route.backend);
        Self {
            number: snapshot.number,
            by_place: numbers.zip(backends.cloned().map(Client::new)).collect(),
        }
    }

    /// The client for the backend of `place`.
    pub(super) fn of(&self, place: &Place) -> Option<&Client> {
        self.by_place.get(&place.number)
    }
}

//! Every way in which a policy can ask for a little more.

use serde_json::Value;

use super::requirement::{Part, SignedParts};
use super::rules::{CertificateRules, Policy, TimestampRules};
use super::saml_rules::SamlRules;
use super::strictness::{Strictness, narrower_agreements, narrower_transports};
use crate::algorithm::{EncryptionRules, Permitted, Set, SetMember};
use crate::xml::Limits;

/// The numbers that are tried: seconds of a clock's skew, after Created, and of the life of an assertion; bits of an RSA modulus.
const SKEWS: [u32; 1] = [60];
const AGES: [u32; 3] = [300, 120, 60];
const LIVES: [u32; 3] = [3600, 600, 300];
const RSA_BITS: [u32; 3] = [2048, 3072, 4096];

/// Lets a policy ask for more in one field, or leaves it as it is where it does already.
pub type Tightening = Box<dyn Fn(&mut Policy)>;

impl Policy {
    /// Every way to ask for more than this policy does. `signed` and `encrypted` are the parts that it may ask for.
    ///
    /// Each is one step; taken as often as it changes something, it comes to the strictest value. Limits come down to those that hold when
    /// nothing is said. Who judges (`second_opinion`) is left alone, as no message has to do anything for it.
    pub fn tightenings(&self, signed: &[Part], encrypted: &[Part]) -> Vec<Tightening> {
        // All fields by name: one that is added to a policy has to be tried here as well.
        let Self {
            name: _,
            signed: _,
            encrypted: _,
            unsigned_headers: _,
            interrupted_text: _,
            utf16: _,
            clock_skew: _,
            basic_security_profile: _,
            key_references,
            second_opinion: _,
            timestamp,
            certificates,
            saml,
            username_token: _,
            algorithms,
            encryption,
            legacy,
            limits,
        } = self;
        let mut steps = Steps(Vec::new());
        steps.stricter(|policy| &mut policy.unsigned_headers);
        steps.stricter(|policy| &mut policy.interrupted_text);
        steps.stricter(|policy| &mut policy.utf16);
        steps.at_most(&SKEWS, |policy| &mut policy.clock_skew);
        steps.stricter(|policy| &mut policy.basic_security_profile);
        steps.timestamp(timestamp);
        steps.certificates(certificates);
        steps.signed(signed);
        steps.encrypted(encrypted);
        steps.stricter(|policy| &mut policy.username_token);
        steps.without(key_references, |policy| &mut policy.key_references);
        steps.saml(saml);
        steps.algorithms(algorithms);
        steps.encryption(encryption);
        steps.without(legacy, |policy| &mut policy.legacy);
        steps.limits(limits);
        steps.0
    }
}

struct Steps(Vec<Tightening>);

impl Steps {
    fn push(&mut self, step: impl Fn(&mut Policy) + 'static) {
        self.0.push(Box::new(step));
    }

    fn stricter<T: Strictness + 'static>(&mut self, field: fn(&mut Policy) -> &mut T) {
        self.push(move |policy| {
            let field = field(policy);
            *field = field.stricter().unwrap_or(*field);
        });
    }

    fn at_most(&mut self, numbers: &[u32], field: fn(&mut Policy) -> &mut u32) {
        for number in numbers.iter().copied() {
            self.push(move |policy| *field(policy) = number.min(*field(policy)));
        }
    }

    /// Without each of `items`.
    fn without<T: Copy + PartialEq + 'static>(&mut self, items: &[T], field: fn(&mut Policy) -> &mut Vec<T>) {
        for item in items.iter().copied() {
            self.push(move |policy| field(policy).retain(|kept| *kept != item));
        }
    }

    /// With something narrower in the place of each of `items`, where there is such.
    fn narrower<T: Copy + PartialEq + 'static>(
        &mut self,
        items: &[T],
        narrower: fn(T) -> &'static [T],
        field: fn(&mut Policy) -> &mut Vec<T>,
    ) {
        for item in items.iter().copied() {
            for instead in narrower(item).iter().copied() {
                self.push(move |policy| {
                    let list = field(policy);
                    if list.contains(&item) {
                        list.retain(|kept| *kept != item && *kept != instead);
                        list.push(instead);
                    }
                });
            }
        }
    }

    /// Without each member of `set`.
    fn set<T: SetMember>(&mut self, set: Set<T>, field: fn(&mut Policy) -> &mut Set<T>) {
        for member in set.iter() {
            self.push(move |policy| {
                let set = field(policy);
                *set = set.iter().filter(|kept| *kept != member).collect();
            });
        }
    }

    fn timestamp(&mut self, rules: &TimestampRules) {
        let TimestampRules {
            presence: _,
            expires: _,
            max_age: _,
        } = rules;
        self.stricter(|policy| &mut policy.timestamp.presence);
        self.stricter(|policy| &mut policy.timestamp.expires);
        self.at_most(&AGES, |policy| &mut policy.timestamp.max_age);
    }

    fn certificates(&mut self, rules: &CertificateRules) {
        let CertificateRules {
            revocation: _,
            sha1: _,
            dsa: _,
        } = rules;
        self.stricter(|policy| &mut policy.certificates.revocation);
        self.stricter(|policy| &mut policy.certificates.sha1);
        self.stricter(|policy| &mut policy.certificates.dsa);
    }

    fn signed(&mut self, parts: &[Part]) {
        for part in parts {
            let part = part.clone();
            self.push(move |policy| {
                if !policy.signed.contains(&part) {
                    let others = policy.signed.iter().filter(|other| !part.is_more_than(other));
                    policy.signed = SignedParts::new(part.clone(), others.cloned().collect::<Vec<_>>());
                }
            });
        }
        self.push(|policy| {
            let others = policy.signed.iter().filter(|other| **other != Part::Anything);
            if let Ok(others) = SignedParts::try_from(others.cloned().collect::<Vec<_>>()) {
                policy.signed = others;
            }
        });
    }

    fn encrypted(&mut self, parts: &[Part]) {
        for part in parts {
            let part = part.clone();
            self.push(move |policy| {
                if !policy.encrypted.contains(&part) {
                    policy.encrypted.push(part.clone());
                }
            });
        }
    }

    fn saml(&mut self, rules: &SamlRules) {
        let SamlRules {
            soap_confirmations,
            sso_confirmations,
            audience: _,
            signature_order: _,
            max_life: _,
        } = rules;
        self.without(soap_confirmations, |policy| &mut policy.saml.soap_confirmations);
        self.without(sso_confirmations, |policy| &mut policy.saml.sso_confirmations);
        self.stricter(|policy| &mut policy.saml.audience);
        self.stricter(|policy| &mut policy.saml.signature_order);
        for life in LIVES {
            self.push(move |policy| {
                let own = policy.saml.max_life;
                policy.saml.max_life = Some(own.map_or(life, |own| own.min(life)));
            });
        }
    }

    fn algorithms(&mut self, permitted: &Permitted) {
        let Permitted {
            signatures,
            digests,
            canonicalizations,
            transforms,
            references,
            rsa_min_bits: _,
            hmac_truncation: _,
            ecdsa_values: _,
            pss_salts: _,
        } = permitted;
        self.set(*signatures, |policy| &mut policy.algorithms.signatures);
        self.set(*digests, |policy| &mut policy.algorithms.digests);
        self.set(*canonicalizations, |policy| {
            &mut policy.algorithms.canonicalizations
        });
        self.set(*transforms, |policy| &mut policy.algorithms.transforms);
        self.set(*references, |policy| &mut policy.algorithms.references);
        for bits in RSA_BITS {
            self.push(move |policy| {
                let own = &mut policy.algorithms.rsa_min_bits;
                *own = bits.max(*own);
            });
        }
        self.stricter(|policy| &mut policy.algorithms.hmac_truncation);
        self.stricter(|policy| &mut policy.algorithms.ecdsa_values);
        self.stricter(|policy| &mut policy.algorithms.pss_salts);
    }

    fn encryption(&mut self, rules: &EncryptionRules) {
        let EncryptionRules {
            key_transport,
            key_agreement,
            data,
        } = rules;
        self.narrower(key_transport, narrower_transports, |policy| {
            &mut policy.encryption.key_transport
        });
        self.without(key_transport, |policy| &mut policy.encryption.key_transport);
        self.narrower(key_agreement, narrower_agreements, |policy| {
            &mut policy.encryption.key_agreement
        });
        self.without(key_agreement, |policy| &mut policy.encryption.key_agreement);
        self.without(data, |policy| &mut policy.encryption.data);
    }

    /// Each limit, whatever limits there are.
    fn limits(&mut self, limits: &Limits) {
        let limits = serde_json::to_value(limits).unwrap_or_default();
        let names = limits.as_object().into_iter().flat_map(|limits| limits.keys());
        for name in names {
            let name = name.clone();
            self.push(move |policy| {
                let lower = lowered(&policy.limits, &name);
                policy.limits = lower.unwrap_or_else(|| policy.limits.clone());
            });
        }
    }
}

/// `limits` with the one of this name as it is when nothing is said, if that is lower.
fn lowered(limits: &Limits, name: &str) -> Option<Limits> {
    let mut limits = serde_json::to_value(limits).ok()?;
    let ours = serde_json::to_value(Limits::default()).ok()?;
    let (own, ours) = (limits.get_mut(name)?, ours.get(name)?);
    if own.as_u64()? > ours.as_u64()? {
        *own = Value::clone(ours);
    }
    serde_json::from_value(limits).ok()
}

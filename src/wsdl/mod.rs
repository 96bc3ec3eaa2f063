//! What a service says in its WSDL 1.1 that messages to it must be.
//!
//! [`Wsdl::policies`] reads WS-Policy 1.2 and 1.5 with WS-SecurityPolicy 1.1 to 1.3, as they are attached to a port, an operation and
//! its request, and tightens one of our policies by them. It never loosens: what a service states and our policy forbids stays
//! forbidden. Each assertion is answered for in an [`Entry`], with its place; what would restrict and is not
//! held is [`Outcome::NotEnforced`] or [`Outcome::NotUnderstood`], and whoever uses the policy has to know.
//!
//! [`Wsdl::served`] reads what a route of the gateway has to know: URLs, actions, and the elements of bodies.
//!
//! Nothing is fetched: what is imported must be given. Nothing here recurses.

mod address;
mod assertions;
mod binding;
mod error;
mod expression;
mod names;
mod parts;
mod reading;
mod routes;
mod service;
mod suite;
mod token;

#[cfg(test)]
mod tests;

pub use error::{Error, ErrorKind};
pub use reading::{Entry, Outcome};
pub use routes::{Requested, Served};
pub use service::{Place, Wsdl};

use crate::policy::Policy;

/// How many ports, bindings and operations are looked at, how many policies come of them, and how many assertions are answered for.
const OPERATIONS: usize = 4096;
const POLICIES: usize = 4096;
const ENTRIES: usize = 100_000;

/// Which of the policies in a WSDL are meant; what is not said is any.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// The name of a port, or of a binding that no port has.
    pub port: Option<String>,
    /// The name of an operation.
    pub operation: Option<String>,
    /// The number of an alternative, from 1.
    pub alternative: Option<usize>,
}

/// What one alternative of the policy of an operation comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The port, or the binding that no port has.
    pub port: String,
    /// The operation.
    pub operation: String,
    /// The number of the alternative among those of this operation, from 1.
    pub alternative: usize,
    /// The bindings and supporting tokens that it states, by their local names.
    pub protection: Vec<String>,
    /// What its messages must prove: at least as much as the policy that it started from.
    pub policy: Policy,
    /// What became of each assertion, in the order in which they were read.
    pub entries: Vec<Entry>,
}

impl Imported {
    /// Whether everything that was stated and would restrict is held.
    pub fn is_whole(&self) -> bool {
        !self.entries.iter().any(|entry| entry.outcome.is_open())
    }
}

impl Wsdl {
    /// The policies of all ports, operations and alternatives that are `wanted`, each `base` tightened by what is stated.
    ///
    /// # Errors
    /// [`Error`]: nothing is called so, no policy is attached, or one cannot be read as WS-Policy.
    pub fn policies(&self, base: &Policy, wanted: &Wanted) -> Result<Vec<Imported>, Error> {
        let requests = self.requests(wanted)?;
        let mut imported = Vec::new();
        let (mut attached, mut said) = (false, 0_usize);
        for request in &requests {
            let policies = request.policies(self)?;
            attached |= !policies.is_empty();
            let alternatives = expression::alternatives(self, policies)?;
            for (index, alternative) in alternatives.iter().enumerate() {
                let number = index.saturating_add(1);
                if wanted.alternative.is_some_and(|wanted| wanted != number) {
                    continue;
                }
                let (policy, entries) = assertions::read(self, base, request, alternative)?;
                said = said.saturating_add(entries.len());
                if said > ENTRIES || imported.len() >= POLICIES {
                    let place = self.place(request.binding);
                    return Err(Error::new(ErrorKind::TooManyAlternatives, place));
                }
                imported.push(Imported {
                    port: request.port.clone(),
                    operation: request.operation.clone(),
                    alternative: number,
                    protection: assertions::protection(alternative),
                    policy,
                    entries,
                });
            }
        }
        if !attached {
            return Err(Error::nowhere(ErrorKind::NoPolicy));
        }
        if imported.is_empty() {
            return Err(Error::nowhere(ErrorKind::NoAlternative));
        }
        Ok(imported)
    }
}

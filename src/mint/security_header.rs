use bytes::Bytes;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::assertion::AssertionMinter;
use super::assertion::Confirmation;
use super::error::Error;
use super::fact::Facts;
use super::signer::Signer;
use super::username_token::UsernameTokenMinter;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::random_bytes;
use crate::soap::Envelope;
use crate::wss;
use crate::wss::write::Ids;
use crate::wss::write::KeyToken;
use crate::wss::write::Plan;
use crate::wss::write::Understanding;
use crate::wss::write::write;
use crate::xml::Limits;

/// What a backend gets of a Security header of ours.
#[derive(Clone, Debug, Default)]
pub enum SecurityHeader {
    /// None.
    #[default]
    None,
    /// One of ours.
    Replaced(Box<NewSecurityHeader>),
}

/// A Security header that says who the sender is.
#[derive(Clone, Debug)]
pub struct NewSecurityHeader {
    /// Who says so.
    pub signer: Signer,
    /// A SAML assertion. Where we vouch for it, we sign it together with Timestamp, header blocks and Body.
    pub assertion: Option<AssertionMinter>,
    /// A UsernameToken.
    pub username_token: Option<UsernameTokenMinter>,
}

/// How long a message of ours counts as fresh.
const LIFE: TimeDelta = TimeDelta::minutes(5);

impl SecurityHeader {
    /// The `envelope` that a backend gets, with a header of ours about the sender of whom `facts` were proved, if there is to be one.
    ///
    /// # Errors
    /// [`Error`]: nothing can be said about the sender, or be signed.
    pub fn envelope(&self, envelope: Bytes, facts: &Facts<'_>, now: DateTime<Utc>) -> Result<Bytes, Error> {
        match self {
            Self::None => Ok(envelope),
            Self::Replaced(header) => Ok(header.put(envelope, facts, now)?.into()),
        }
    }
}

impl NewSecurityHeader {
    fn put(&self, envelope: Bytes, facts: &Facts<'_>, now: DateTime<Utc>) -> Result<Vec<u8>, Error> {
        let envelope = Envelope::parse(envelope, &Limits::archive()).map_err(Error::Envelope)?;
        let assertion = match &self.assertion {
            Some(minter) => Some(minter.mint(facts, &self.signer, now)?),
            None => None,
        };
        let username = match &self.username_token {
            Some(minter) => minter.mint(facts, now)?,
            None => String::new(),
        };
        let vouches = self
            .assertion
            .as_ref()
            .is_some_and(|minter| minter.confirmation == Confirmation::SenderVouches);
        let blocks = envelope.header_blocks().map(|block| block.element());
        let plan = Plan {
            role: None,
            understanding: Understanding::Required,
            timestamp: Some((now, now.checked_add_signed(LIFE))),
            key: vouches.then(|| KeyToken::X509v3(self.signer.certificate())),
            confirmations: None,
            parts: if vouches {
                blocks.chain([envelope.body()]).collect()
            } else {
                Vec::new()
            },
        };
        let mut random = [0; 16];
        for (to, from) in random.iter_mut().zip(random_bytes(16)?) {
            *to = from;
        }
        let written = write(&envelope, &plan, &mut Ids::new(random)).map_err(unwritten)?;
        let mut written = written.with_item(&username, None);
        if let Some(assertion) = assertion {
            written = written.with_item(&assertion.xml, Some(assertion.id));
        }
        if !vouches {
            return Ok(written.without_signature());
        }
        let key = self.signer.key(now)?;
        let signed = written.sign(self.signer.method(), DigestAlgorithm::Sha256, key);
        signed.map_err(unwritten)
    }
}

fn unwritten(error: wss::Error) -> Error {
    Error::unsigned(error.code(), &error, Error::SecurityHeader)
}

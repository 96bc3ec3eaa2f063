use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use super::error::Error;
use super::fact::Fact;
use super::fact::Facts;
use crate::crypto::Secret;
use crate::crypto::encode_base64;
use crate::crypto::password_digest;
use crate::crypto::random_bytes;
use crate::token::username;
use crate::token::x509::BASE64_BINARY;
use crate::xml::Namespace;
use crate::xml::escape_text;

/// Writes UsernameTokens (WSS UsernameToken Profile 1.1 §3.1).
#[derive(Clone, Debug)]
pub struct UsernameTokenMinter {
    /// Which verified value is the name.
    pub username: Fact,
    /// A password that the backend knows us by. It is sent as a digest only.
    pub password: Option<Secret>,
}

impl UsernameTokenMinter {
    /// A token that names the sender of whom `facts` were proved.
    ///
    /// # Errors
    /// [`Error`]: there is no name, or it is not fit.
    pub(super) fn mint(&self, facts: &Facts<'_>, now: DateTime<Utc>) -> Result<String, Error> {
        let name = escape_text(facts.one(&self.username, "Username")?);
        let proof = match &self.password {
            None => String::new(),
            Some(password) => proof(password, now)?,
        };
        Ok(format!(
            "<wsse:UsernameToken xmlns:wsse=\"{}\"><wsse:Username>{name}</wsse:Username>{proof}</wsse:UsernameToken>",
            Namespace::WSSE.uri()
        ))
    }
}

/// Base64 of SHA-1 of nonce, creation time and password, which the profile has so; with a new nonce it gives nothing away.
fn proof(password: &Secret, now: DateTime<Utc>) -> Result<String, Error> {
    let nonce = random_bytes(16)?;
    let created = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let digest = password_digest(&nonce, &created, password)?;
    Ok(format!(
        "<wsse:Password Type=\"{}\">{}</wsse:Password><wsse:Nonce EncodingType=\"{BASE64_BINARY}\">{}</wsse:Nonce>\
         <wsu:Created xmlns:wsu=\"{}\">{created}</wsu:Created>",
        username::PASSWORD_DIGEST,
        encode_base64(digest.as_bytes()),
        encode_base64(&nonce),
        Namespace::WSU.uri(),
    ))
}

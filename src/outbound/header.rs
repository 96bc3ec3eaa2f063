use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use crate::crypto::Certificate;
use crate::crypto::encode_base64;
use crate::soap::Version;
use crate::token::x509::BASE64_BINARY;
use crate::token::x509::ValueType;
use crate::xml::Namespace;

/// A Security header without its signature, to be written.
pub(super) struct SecurityHeader<'a> {
    pub(super) version: Version,
    pub(super) created: DateTime<Utc>,
    pub(super) expires: DateTime<Utc>,
    /// The certificate that verifies the signature.
    pub(super) certificate: &'a Certificate,
    /// The values of the request's signatures; without any, one confirmation says that there was none.
    pub(super) confirmed: &'a [Vec<u8>],
    /// What the IDs in it begin with.
    pub(super) ids: &'a str,
}

impl SecurityHeader<'_> {
    /// The ID of the Timestamp.
    pub(super) fn timestamp_id(&self) -> String {
        format!("{}-timestamp", self.ids)
    }

    /// The ID of the token.
    pub(super) fn token_id(&self) -> String {
        format!("{}-token", self.ids)
    }

    /// The IDs of the confirmations.
    pub(super) fn confirmation_ids(&self) -> impl Iterator<Item = String> + '_ {
        let count = self.confirmed.len().max(1);
        (0..count).map(|number| format!("{}-confirmation-{number}", self.ids))
    }

    /// The header, with all its namespaces declared.
    pub(super) fn write(&self) -> String {
        let confirmations: String = self
            .confirmation_ids()
            .enumerate()
            .map(|(number, id)| {
                let value = self
                    .confirmed
                    .get(number)
                    .map(|value| format!(" Value=\"{}\"", encode_base64(value)));
                format!(
                    "<wsse11:SignatureConfirmation{} wsu:Id=\"{id}\"></wsse11:SignatureConfirmation>",
                    value.unwrap_or_default()
                )
            })
            .collect();
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!(
            "<wsse:Security xmlns:wsse=\"{}\" xmlns:wsse11=\"{}\" xmlns:wsu=\"{}\" xmlns:soap=\"{}\" soap:mustUnderstand=\"1\">\
             <wsu:Timestamp wsu:Id=\"{}\"><wsu:Created>{}</wsu:Created><wsu:Expires>{}</wsu:Expires></wsu:Timestamp>\
             <wsse:BinarySecurityToken EncodingType=\"{BASE64_BINARY}\" ValueType=\"{}\" wsu:Id=\"{}\">{}</wsse:BinarySecurityToken>\
             {confirmations}</wsse:Security>",
            Namespace::WSSE.uri(),
            Namespace::WSSE11.uri(),
            Namespace::WSU.uri(),
            self.version.namespace().uri(),
            self.timestamp_id(),
            time(self.created),
            time(self.expires),
            ValueType::X509v3.uri(),
            self.token_id(),
            encode_base64(self.certificate.der()),
        )
    }

    /// The content of KeyInfo: a reference to the token.
    pub(super) fn key_info(&self) -> String {
        format!(
            "<wsse:SecurityTokenReference xmlns:wsse=\"{}\"><wsse:Reference URI=\"#{}\" ValueType=\"{}\"></wsse:Reference>\
             </wsse:SecurityTokenReference>",
            Namespace::WSSE.uri(),
            self.token_id(),
            ValueType::X509v3.uri(),
        )
    }
}

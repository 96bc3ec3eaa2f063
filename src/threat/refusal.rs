use super::rule::Rule;

impl Rule {
    /// The rule that a refusal with this code belongs to. Refusals that are rather mistakes than attacks belong to none.
    pub fn of_refusal(code: &str) -> Option<Self> {
        Some(match code {
            "policy.body_not_signed"
            | "policy.header_not_signed"
            | "policy.timestamp_not_signed"
            | "policy.signed_elsewhere"
            | "policy.several_body_signatures"
            | "policy.qname_not_covered"
            | "dsig.object_present"
            | "dsig.structure" => Self::SignatureWrapping,
            "soap.multiple_bodies"
            | "soap.multiple_headers"
            | "soap.nested_envelope"
            | "soap.header_order"
            | "soap.unexpected_element"
            | "wss.multiple_headers"
            | "xml.trailing_content" => Self::DoubledEnvelope,
            "saml.signature_parent"
            | "saml.signature_place"
            | "saml.position"
            | "saml.multiple_assertions"
            | "saml.multiple_signatures" => Self::AssertionWrapping,
            "xml.duplicate_id" | "xml.ambiguous_id" => Self::DuplicateIdentifier,
            "dsig.missing" | "saml.not_signed" | "policy.not_endorsed" | "wss.header_missing" => {
                Self::SignatureStripping
            }
            "policy.action_mismatch" | "policy.operation_unknown" | "http.action" => Self::SpoofedAction,
            "soap.reply_to"
            | "soap.addressing"
            | "soap.addressing_duplicate"
            | "soap.addressing_mixed"
            | "policy.to_mismatch" => Self::SpoofedAddressing,
            "limit.bytes"
            | "limit.elements"
            | "limit.name"
            | "limit.attribute_value"
            | "limit.attachments"
            | "limit.attachment_bytes"
            | "limit.header"
            | "limit.part_header" => Self::OversizedMessage,
            "limit.depth" => Self::DeepNesting,
            "limit.attributes" | "xml.duplicate_attribute" => Self::AttributeFlood,
            "limit.namespaces" | "limit.namespaces_in_scope" | "limit.prefixes" => Self::NamespaceFlood,
            "limit.references"
            | "limit.transforms"
            | "limit.digested"
            | "limit.signatures"
            | "limit.ids"
            | "limit.encrypted_data"
            | "limit.encrypted_keys"
            | "limit.path_building"
            | "dsig.duplicate_reference" => Self::ReferenceAmplification,
            "xml.dtd" | "xml.reference" => Self::DocumentType,
            "xml.encoding"
            | "xml.version"
            | "xml.forbidden_character"
            | "soap.charset"
            | "http.content_encoding" => Self::EncodingConfusion,
            "xml.element_in_text"
            | "saml.element_in_text"
            | "saml.interrupted_text"
            | "token.interrupted" => Self::TextTruncation,
            "soap.multipart"
            | "soap.nested_multipart"
            | "soap.content_id"
            | "soap.part_header"
            | "soap.root_part"
            | "soap.transfer_encoding"
            | "soap.xop_include" => Self::MultipartConfusion,
            "dsig.algorithm_not_permitted"
            | "dsig.unknown_algorithm"
            | "dsig.hmac_truncated"
            | "dsig.weak_key"
            | "dsig.key_mismatch"
            | "xmlenc.algorithm_not_permitted"
            | "trust.weak_key"
            | "trust.weak_signature" => Self::AlgorithmDowngrade,
            "dsig.reference_form" | "dsig.transform" | "xmlenc.cipher_reference" | "token.key_reference" => {
                Self::ExternalReference
            }
            "dsig.key_value" | "trust.other_key" => Self::EmbeddedKey,
            "xmlenc.decryption_failed"
            | "xmlenc.unsigned_ciphertext"
            | "xmlenc.ambiguous_key"
            | "xmlenc.nested"
            | "policy.message_id_encrypted" => Self::DecryptionOracle,
            "replay.message" | "replay.assertion" | "replay.nonce" => Self::ReplayBurst,
            "trust.untrusted"
            | "trust.unknown_signer"
            | "trust.constraint"
            | "trust.issuer_unknown"
            | "trust.revoked" => Self::StrangerKeyBurst,
            "trust.password" => Self::PasswordGuessing,
            "dsig.digest_mismatch" | "dsig.signature_mismatch" => Self::TamperingBurst,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Kind;
    use super::*;

    #[test]
    fn no_refusal_is_a_threat_of_content_and_mistakes_are_none() {
        for (code, rule) in [
            ("soap.multiple_bodies", Some(Rule::DoubledEnvelope)),
            ("replay.message", Some(Rule::ReplayBurst)),
            ("wss.timestamp_expired", None),
            ("threat.sql_pattern", None),
        ] {
            let found = Rule::of_refusal(code);
            assert_eq!(found, rule, "{code}");
            assert!(found.is_none_or(|rule| rule.kind() != Kind::Content));
        }
    }
}

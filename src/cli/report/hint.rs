use crate::threat::Rule;
use crate::verifier::Reason;

/// What helps most often with a refusal for `reason`; none where we do not know better than the message.
pub(super) fn for_reason(reason: &Reason) -> Option<&'static str> {
    Some(match (reason.code, reason.clause) {
        ("dsig.signature_mismatch", Some("SAML Bindings §3.4.4.1")) => {
            "something decoded and encoded the URL anew, or it has another RelayState than was signed, or \
             another key signed it"
        }
        ("wss.timestamp_invalid", Some("WSS 1.1 §4.2")) => {
            "tell the sender to name what it signs by wsu:Id; node-soap: signerOptions: { idMode: \"wssecurity\" }"
        }
        (code, _) => return for_code(code),
    })
}

fn for_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "dsig.digest_mismatch" => {
            "between the signer and here, something changed it: re-indented, re-encoded or rewritten XML"
        }
        "dsig.signature_mismatch" => {
            "SignedInfo is not what was signed, or another key signed it; compare the signer above with the \
             partner's certificate"
        }
        "dsig.algorithm_not_permitted" => {
            "legacy-2004 also takes what stacks before 2010 sign with, archive-verify what old files have; a gateway takes it of one \
             partner by an exception"
        }
        "xmlenc.algorithm_not_permitted" => {
            "bsp11 also takes RSA-OAEP with SHA-1, and AES in CBC where it is signed, as many stacks encrypt if nothing else is \
             configured"
        }
        "policy.key_reference" => "bsp11 also takes issuer and serial number, and subject key identifiers",
        "policy.unsigned_header" => {
            "have the sender sign it; bsp11 takes the message, and nobody gets the header"
        }
        "policy.header_not_signed" => "have the sender sign it; bsp11 does not ask that of WS-Addressing",
        "policy.qname_not_covered" => {
            "have the sender name the prefix in the PrefixList of the Transform (InclusiveNamespaces), or use it in a name there"
        }
        "limit.bytes" => {
            "what is kept, and metadata of federations, may be longer by --policy archive-verify: up to 64 MiB"
        }
        "policy.no_message_time" => "say as of when: --at now, or a time as 2026-11-24T00:00:30Z",
        "trust.untrusted" => "if this is your partner, trust that CA or certificate: --trust FILE",
        "trust.no_anchor" => "name whom you trust: --trust FILE, with a CA or the signer's certificate",
        "wss.timestamp_expired" => "an old message can be judged as of its own time: --at message",
        "wss.timestamp_future" => "one of the two clocks is wrong",
        "saml.audience" => "--audience says what the issuer calls us",
        "saml.encoding" => {
            "what was copied of a form or URL as it is sent, with %2B and the like, is read with its name before it: SAMLResponse=…"
        }
        "saml.request_unknown" => "say what was asked: --request-id ID, or --allow-unsolicited",
        "saml.audience_unknown" => "say what the issuer calls us: --audience URI",
        "saml.recipient_unknown" => "say where messages reach us: --recipient URL",
        "trust.issuer_unknown" => "give the metadata of that issuer: --metadata FILE",
        "saml.recipient" => "--recipient says where messages reach us",
        "policy.body_not_signed" => "below: what is signed, and where it stands",
        "xmlenc.unsigned_ciphertext" => {
            "use AES in GCM where the message is made, or encrypt first and sign EncryptedData and EncryptedKey; of SAML, have the Response \
             signed and not only the assertion in it"
        }
        "xml.dtd" => "a DOCTYPE is never read; remove it where the message is made, before it is signed",
        _ => return None,
    })
}

/// What a warning of this name means.
pub(super) fn for_warning(name: &str) -> Option<&'static str> {
    Some(match name {
        "unconstrained_ca" => "whomever this CA certifies may sign",
        "embedded_key" => "the key came with the document, so this says nothing about who signed",
        "revocation_unknown" => "no CRL says whether the certificate has been revoked",
        "legacy_by_age" => "it passes as it was signed before the time until which that is taken",
        "legacy_too_late" => {
            "it would be taken of a message signed before the time of --legacy-before, or of the policy"
        }
        "time_not_signed" => {
            "the time as of which it was judged is what the message says, and no trusted signature over it was seen"
        }
        "signed_info_prefix_list" => {
            "the PrefixList for SignedInfo is not what the Basic Security Profile asks for"
        }
        "transform_prefix_list" => {
            "a PrefixList leaves out what the Basic Security Profile wants in it: prefixes that no name in what is signed uses"
        }
        "only_text_covered" => {
            "a base64 transform: of an element only its text is signed, not its attributes"
        }
        "audience_not_compared" => "whom it is meant for was not compared: --audience URI",
        "recipient_not_compared" => "where it was to be sent was not compared: --recipient URL",
        "entity_expired" => {
            "an entity in it, or a role of one, has ended, and none of its keys counts any more"
        }
        "request_not_compared" => "which request it answers was not compared: --request-id ID",
        threat if threat.starts_with("threat.") => Rule::named(threat.strip_prefix("threat.")?)?.about(),
        deviation if deviation.contains('.') => {
            "against the Basic Security Profile, which this policy only reports"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threat_is_told_as_what_it_is() {
        let about = for_warning("threat.sql_pattern");
        assert_eq!(
            about,
            Some("a value that ends a string of SQL and goes on in SQL")
        );
        let deviation = for_warning("wss.token_reference");
        assert!(deviation.is_some_and(|about| about.contains("Basic Security Profile")));
    }
}

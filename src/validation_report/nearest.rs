use super::indication::SubIndication;

/// The sub-indication that comes nearest to a code, whichever main indication the standard has it under; `None` for codes of what is no
/// judgement of a message.
pub fn nearest(code: &str) -> Option<SubIndication> {
    let (stage, reason) = code.split_once('.')?;
    Some(match stage {
        "input" => SubIndication::SignedDataNotFound,
        "xml" => SubIndication::FormatFailure,
        "limit" => of_limit(reason)?,
        "soap" => of_soap(reason)?,
        "wss" => of_wss(reason)?,
        "dsig" => of_dsig(reason)?,
        "xmlenc" => of_xmlenc(reason)?,
        "token" => of_token(reason)?,
        "saml" => of_saml(reason)?,
        "trust" => of_trust(reason)?,
        "policy" => of_policy(reason)?,
        "replay" => of_replay(reason)?,
        "threat" => SubIndication::SigConstraintsFailure,
        _ => return None,
    })
}

fn of_limit(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "archive" => SubIndication::SignedDataNotFound,
        "attachment_bytes"
        | "attachments"
        | "attribute_value"
        | "attributes"
        | "bytes"
        | "depth"
        | "digested"
        | "elements"
        | "encrypted_data"
        | "encrypted_keys"
        | "header"
        | "ids"
        | "inflated"
        | "messages"
        | "name"
        | "namespaces"
        | "namespaces_in_scope"
        | "part_header"
        | "prefixes"
        | "references"
        | "signatures"
        | "transforms" => SubIndication::FormatFailure,
        "certificate" | "certificate_path" | "issuer_keys" | "path_building" => {
            SubIndication::CertificateChainGeneralFailure
        }
        "schema" => SubIndication::PolicyProcessingError,
        _ => return None,
    })
}

fn of_soap(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "action"
        | "addressing"
        | "addressing_duplicate"
        | "addressing_mixed"
        | "body_missing"
        | "charset"
        | "content_id"
        | "content_type"
        | "encoding_style"
        | "header_order"
        | "multipart"
        | "multiple_bodies"
        | "multiple_headers"
        | "nested_envelope"
        | "nested_multipart"
        | "not_an_envelope"
        | "part_header"
        | "root_part"
        | "text"
        | "transfer_encoding"
        | "unexpected_element"
        | "unqualified_header"
        | "version"
        | "xop_include" => SubIndication::FormatFailure,
        "must_understand" | "reply_to" => SubIndication::SigConstraintsFailure,
        "spool" => SubIndication::SignedDataNotFound,
        _ => return None,
    })
}

fn of_wss(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "already_secured"
        | "attribute"
        | "data_reference"
        | "key_info"
        | "multiple_headers"
        | "multiple_username_tokens"
        | "encrypted_data"
        | "encrypted_key"
        | "no_key_identifier"
        | "signature_confirmation"
        | "secure_conversation"
        | "text"
        | "timestamp_invalid"
        | "timestamp_multiple"
        | "unknown_item"
        | "unsupported_encryption" => SubIndication::FormatFailure,
        "header_missing"
        | "timestamp_expired"
        | "timestamp_future"
        | "timestamp_missing"
        | "unlisted_encryption" => SubIndication::SigConstraintsFailure,
        "part" => SubIndication::SignedDataNotFound,
        "token_reference" | "unknown_encrypted_key" => SubIndication::NoSigningCertificateFound,
        _ => return None,
    })
}

fn of_dsig(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "algorithm_not_permitted"
        | "empty_secret"
        | "hmac_truncated"
        | "key_weak"
        | "not_for_signing"
        | "pss_parameters"
        | "signing"
        | "unknown_algorithm"
        | "weak_key" => SubIndication::CryptoConstraintsFailure,
        "attachment_header" | "duplicate_reference" | "encoding" | "structure" => {
            SubIndication::FormatFailure
        }
        "attachment_unreadable" | "empty" | "reference_unresolved" => SubIndication::SignedDataNotFound,
        "digest_mismatch" => SubIndication::HashFailure,
        "key_mismatch" | "signature_length" | "signature_mismatch" | "signature_range" => {
            SubIndication::SigCryptoFailure
        }
        "key_missing" => SubIndication::NoSigningCertificateFound,
        "key_value" => SubIndication::NoCertificateChainFound,
        "missing" | "object_present" | "reference_form" | "transform" => SubIndication::SigConstraintsFailure,
        "second_opinion" => SubIndication::PolicyProcessingError,
        _ => return None,
    })
}

fn of_xmlenc(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "algorithm_not_permitted" | "key_length" | "unknown_algorithm" => {
            SubIndication::CryptoConstraintsFailure
        }
        "ambiguous_key"
        | "key_derivation"
        | "missing"
        | "nested"
        | "plaintext"
        | "recipient_key"
        | "target"
        | "type"
        | "unsigned_ciphertext" => SubIndication::SigConstraintsFailure,
        "attachment" | "cipher_reference" | "decryption_failed" | "no_key" | "reference" => {
            SubIndication::SignedDataNotFound
        }
        "encoding" | "structure" => SubIndication::FormatFailure,
        _ => return None,
    })
}

fn of_token(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "attribute"
        | "base64"
        | "certificate_algorithms_differ"
        | "certificate_duplicate_extension"
        | "certificate_malformed"
        | "certificate_pem"
        | "certificate_serial"
        | "certificate_version"
        | "empty"
        | "encoding_type"
        | "interrupted"
        | "key_explicit_curve"
        | "key_exponent"
        | "key_malformed"
        | "key_parameter"
        | "key_point"
        | "key_value"
        | "pkcs7"
        | "pkipath"
        | "time"
        | "value_type"
        | "x509_data" => SubIndication::FormatFailure,
        "iterations" | "key_curve" | "key_unsupported" => SubIndication::CryptoConstraintsFailure,
        "key_reference" | "key_reference_depth" => SubIndication::NoSigningCertificateFound,
        "nonce" | "username_token" => SubIndication::SigConstraintsFailure,
        "x509v1" => SubIndication::ChainConstraintsFailure,
        _ => return None,
    })
}

fn of_saml(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "already_signed"
        | "audience"
        | "audience_missing"
        | "audience_unknown"
        | "bearer_not_before"
        | "bearer_without_end"
        | "confirmation_data"
        | "confirmation_method"
        | "destination"
        | "destination_missing"
        | "endless"
        | "expired"
        | "holder_of_key"
        | "in_response_to"
        | "issuer_mismatch"
        | "issuer_missing"
        | "life_too_long"
        | "multiple_assertions"
        | "no_assertion"
        | "no_authn_statement"
        | "no_confirmation"
        | "not_answered"
        | "not_signed"
        | "not_yet_valid"
        | "recipient"
        | "recipient_missing"
        | "recipient_unknown"
        | "relay_state"
        | "request_unknown"
        | "response_not_signed"
        | "response_by_redirect"
        | "sender_vouches"
        | "status"
        | "unknown_condition" => SubIndication::SigConstraintsFailure,
        "artifact_not_resolved" | "artifact_unknown" | "encrypted" | "passed_over" => {
            SubIndication::SignedDataNotFound
        }
        "artifact_issuer" => SubIndication::NoSigningCertificateFound,
        "artifact"
        | "attribute_not_text"
        | "duplicate_parameter"
        | "element_in_text"
        | "encoding"
        | "empty_window"
        | "interrupted_text"
        | "issuer_format"
        | "multiple_signatures"
        | "name_id"
        | "no_message"
        | "no_subject"
        | "parameter"
        | "position"
        | "not_supported"
        | "query_string"
        | "recording"
        | "signature_parent"
        | "signature_place"
        | "subjects_differ"
        | "structure"
        | "time"
        | "version" => SubIndication::FormatFailure,
        "second_opinion" => SubIndication::PolicyProcessingError,
        _ => return None,
    })
}

fn of_trust(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "constraint" | "critical_extension" | "extended_key_usage" | "issuer_role" | "key_usage"
        | "metadata_endless" | "metadata_expired" | "metadata_too_long" | "name_constraints" | "not_a_ca"
        | "not_trusted_then" | "path_length" | "serial_number" => SubIndication::ChainConstraintsFailure,
        "duplicate_entity" => SubIndication::CertificateChainGeneralFailure,
        "expired" => SubIndication::OutOfBoundsNoPoe,
        "issuer_key" | "issuer_unknown" | "unknown_signer" => SubIndication::NoSigningCertificateFound,
        "no_anchor" | "untrusted" => SubIndication::NoCertificateChainFound,
        "no_passwords" | "password" => SubIndication::SigConstraintsFailure,
        "not_yet_valid" => SubIndication::NotYetValid,
        "other_key" => SubIndication::SigCryptoFailure,
        "revocation_unknown" => SubIndication::TryLater,
        "revoked" => SubIndication::Revoked,
        "weak_key" | "weak_signature" => SubIndication::CryptoConstraintsFailure,
        _ => return None,
    })
}

fn of_policy(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "action_mismatch"
        | "assertion_missing"
        | "assertion_over"
        | "attachment_not_signed"
        | "body_not_signed"
        | "encrypted_not_understood"
        | "client_certificate"
        | "header_missing"
        | "header_not_signed"
        | "identity_value"
        | "key_reference"
        | "message_id_encrypted"
        | "no_derivation"
        | "no_nonce"
        | "no_password"
        | "not_authorized"
        | "not_encrypted"
        | "not_endorsed"
        | "operation_ambiguous"
        | "operation_unknown"
        | "password_text"
        | "qname_not_covered"
        | "relates_to"
        | "schema"
        | "security_header"
        | "security_header_prefix"
        | "security_with_token"
        | "several_body_signatures"
        | "signature_confirmation"
        | "signed_elsewhere"
        | "timestamp_not_signed"
        | "to_mismatch"
        | "unsigned_header"
        | "token_not_signed"
        | "username_token_expired"
        | "username_token_future"
        | "username_token_missing"
        | "username_token_not_signed"
        | "username_token" => SubIndication::SigConstraintsFailure,
        "no_message_time" => SubIndication::NoPoe,
        "schema_unavailable" => SubIndication::PolicyProcessingError,
        _ => return None,
    })
}

fn of_replay(reason: &str) -> Option<SubIndication> {
    Some(match reason {
        "assertion" | "before_store" | "expired" | "forgotten" | "message" | "nonce" | "retention"
        | "token" => SubIndication::SigConstraintsFailure,
        "store_full" | "store_new" | "store_unavailable" => SubIndication::TryLater,
        _ => return None,
    })
}

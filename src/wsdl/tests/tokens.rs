use super::*;

#[test]
fn a_certificate_is_named_as_the_token_says() {
    use KeyReference::{BinarySecurityToken, IssuerSerial, SubjectKeyIdentifier, Thumbprint, X509Data};
    for (attributes, options, forms) in [
        (TO_RECIPIENT, "<sp:WssX509V3Token11/>", vec![BinarySecurityToken]),
        (NEVER, "<sp:RequireIssuerSerialReference/>", vec![IssuerSerial]),
        (
            NEVER,
            "<sp:RequireKeyIdentifierReference/>",
            vec![SubjectKeyIdentifier],
        ),
        (
            NEVER,
            "",
            vec![X509Data, Thumbprint, IssuerSerial, SubjectKeyIdentifier],
        ),
        (
            TO_RECIPIENT,
            "<sp:RequireThumbprintReference/>",
            vec![BinarySecurityToken, Thumbprint],
        ),
        (
            "",
            "<sp:RequireEmbeddedTokenReference/>",
            vec![BinarySecurityToken],
        ),
    ] {
        let one = imported(&x509(attributes, options), Profile::Bsp11);
        assert_eq!(one.policy.key_references, forms, "{options}");
    }
    let none = imported(&x509("", ""), Profile::Bsp11);
    assert!(!none.policy.key_references.contains(&KeyReference::SamlAssertion));
    // strict takes no issuer and serial number, and says so.
    let strict = imported(
        &x509(NEVER, "<sp:RequireIssuerSerialReference/>"),
        Profile::Strict,
    );
    assert_eq!(
        strict.policy.key_references,
        Profile::Strict.policy().key_references
    );
    assert!(outcomes(&strict, "X509Token").contains(&Outcome::NotPermitted));
    let derived = imported(&x509("", "<sp:RequireDerivedKeys/>"), Profile::Bsp11);
    assert_eq!(outcomes(&derived, "RequireDerivedKeys"), [Outcome::NotUnderstood]);
    let issued = "<sp:X509Token><sp:IssuerName>CN=a</sp:IssuerName></sp:X509Token>";
    assert_eq!(
        outcomes(&imported(&initiator(issued), Profile::Bsp11), "IssuerName"),
        [Outcome::NotEnforced]
    );
}

#[test]
fn an_assertion_whose_key_signs_is_holder_of_key() {
    let token = "<sp:SamlToken><wsp:Policy><sp:WssSamlV20Token11/></wsp:Policy></sp:SamlToken>";
    let policy = imported(&initiator(token), Profile::Bsp11).policy;
    assert_eq!(policy.key_references, [KeyReference::SamlAssertion]);
    assert_eq!(policy.saml.soap_confirmations, [Confirmation::HolderOfKey]);
    assert!(policy.signed.contains(&Part::Assertion));
}

#[test]
fn users_must_be_there_and_signed() {
    let token =
        |options: &str| format!("<sp:UsernameToken><wsp:Policy>{options}</wsp:Policy></sp:UsernameToken>");
    let signed = "SignedSupportingTokens";
    let hashed = imported(&supporting(signed, &token("<sp:HashPassword/>")), Profile::Bsp11).policy;
    assert_eq!(hashed.username_token, UsernameToken::Digest);
    assert!(hashed.signed.contains(&Part::UsernameToken));
    let plain = imported(&supporting("SupportingTokens", &token("")), Profile::Legacy2004).policy;
    assert_eq!(plain.username_token, UsernameToken::DigestOrTextOverTls);
    assert!(plain.signed.contains(&Part::UsernameToken));
    let strict = imported(&supporting(signed, &token("")), Profile::Strict);
    assert_eq!(strict.policy.username_token, UsernameToken::Digest);
    assert!(outcomes(&strict, "UsernameToken").contains(&Outcome::NotPermitted));
    let refused = imported(
        &supporting(signed, &token("<sp:HashPassword/>")),
        Profile::SamlSso,
    );
    assert_eq!(refused.policy.username_token, UsernameToken::Refuse);
    assert_eq!(outcomes(&refused, "UsernameToken"), [Outcome::NotPermitted]);
    let nobody = imported(&supporting(signed, &token("<sp:NoPassword/>")), Profile::Bsp11);
    assert_eq!(outcomes(&nobody, "NoPassword"), [Outcome::NotPermitted]);
}

#[test]
fn tokens_that_must_be_encrypted_are_parts_of_the_policy() {
    let kind = "SignedEncryptedSupportingTokens";
    let of = |token: &str| imported(&supporting(kind, &format!("<sp:{token}/>")), Profile::Bsp11);
    for (token, part) in [
        ("UsernameToken", Part::UsernameToken),
        ("SamlToken", Part::Assertion),
    ] {
        let one = of(token);
        assert_eq!(outcomes(&one, token), [Outcome::Taken; 2]);
        assert_eq!(one.policy.encrypted, std::slice::from_ref(&part));
        assert!(one.policy.signed.contains(&part) && one.is_whole());
    }
    let certificate = of("X509Token");
    assert_eq!(outcomes(&certificate, "X509Token"), [Outcome::NotEnforced; 2]);
    assert!(certificate.policy.encrypted.is_empty());
}

#[test]
fn a_key_that_comes_with_the_message_counts_for_whoever_endorses_it() {
    let ours = "<sp:X509Token><wsp:Policy><sp:RequireDerivedKeys/><sp:WssX509V3Token11/></wsp:Policy></sp:X509Token>";
    let suite = "<sp:AlgorithmSuite><wsp:Policy><sp:Basic256Sha256/></wsp:Policy></sp:AlgorithmSuite><sp:IncludeTimestamp/>";
    let policy = format!(
        "{}<sp:EndorsingSupportingTokens><wsp:Policy><sp:X509Token><wsp:Policy><sp:RequireThumbprintReference/></wsp:Policy>\
         </sp:X509Token></wsp:Policy></sp:EndorsingSupportingTokens>",
        symmetric(ours, suite)
    );
    let one = imported(&policy, Profile::ArchiveVerify);
    assert_eq!(outcomes(&one, "SymmetricBinding"), [Outcome::Taken]);
    assert_eq!(outcomes(&one, "RequireDerivedKeys"), [Outcome::NotPermitted]);
    assert_eq!(outcomes(&one, "ProtectionToken › sp:X509Token"), [Outcome::Noted]);
    assert_eq!(
        one.policy.key_references,
        [KeyReference::Thumbprint, KeyReference::EncryptedKey]
    );
    assert!(one.policy.algorithms.signatures.contains(Signature::HmacSha256));
    assert!(one.is_whole(), "{:?}", one.entries);
    let strict = imported(&policy, Profile::Strict);
    assert_eq!(outcomes(&strict, "SymmetricBinding"), [Outcome::NotPermitted]);
    assert!(!strict.policy.key_references.contains(&KeyReference::EncryptedKey));
}

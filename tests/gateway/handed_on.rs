//! What a backend is told about a sender: headers, tokens, a Security header of ours; and that nothing else tells it.

use chrono::{TimeDelta, Utc};
use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::{decode_base64, decode_base64_url, encode_base64_url, verify};
use sealgate::inbound::{AsOf, Gate, Keyring, Received, SenderHeader};
use sealgate::policy::Profile;
use sealgate::policy::saml::RelyingParty;
use sealgate::soap::{Roles, Version};
use sealgate::trust::{BearerRules, Binding, Issuers, Passwords, Stands, TokenKeys, TrustSources};
use serde_json::Value;

use crate::backend::{Backend, PLACED, Request, orders};
use crate::client::{post, post_with, request, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::{Message, assertion, certificate};
use crate::reload::replace;

/// A gateway whose route also says `more`, and its backend.
fn telling(more: &str) -> (Gateway, Backend) {
    let backend = orders();
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("[route.backend]", &format!("{more}\n[route.backend]"));
    (Gateway::configured(&text), backend)
}

fn with_role(role: &str) -> Message {
    Message {
        assertion: Some(assertion("alice", "https://gateway.example/orders", role)),
        ..Message::default()
    }
}

/// What the backend gets of a good message.
fn told(gateway: &Gateway, backend: &Backend, message: &Message, further: &[(&str, &str)]) -> Request {
    let request = post_with(Version::Soap11, "urn:place", &message.signed(), further);
    let answer = send(gateway.plain(), &request);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains(PLACED), "{answer:?}");
    backend.only()
}

fn refused(gateway: &Gateway, backend: &Backend, message: &Message) {
    let answer = send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &message.signed()),
    );
    assert_eq!(answer.status, 500, "{answer:?}");
    assert_eq!(logged_code(answer.incident()), "policy.identity_value");
    assert!(backend.got().is_empty());
}

/// The header and the claims of a token, whose signature by the gateway holds.
fn read(token: &str) -> (Value, Value) {
    let (signed, value) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let key = certificate("gateway").public_key().clone().into();
    let value = decode_base64_url(value).unwrap();
    verify(SignatureAlgorithm::RsaSha256, &key, signed.as_bytes(), &value).unwrap();
    let json = |part: &str| serde_json::from_slice(&decode_base64_url(part).unwrap()).unwrap();
    (json(header), json(claims))
}

const JWT: &str = "[route.jwt]\nissuer = \"https://gateway.example\"\naudience = \"urn:backend\"\nsubject = \"saml-name-id\"\n\
                   [route.jwt.claims]\nrole = { saml_attribute = \"role\" }\ndn = \"signer-subject\"\nidp = \"saml-issuer\"\n";

#[test]
fn a_token_says_who_sent_the_message_and_no_other_token_gets_through() {
    let (gateway, backend) = telling(JWT);
    let forged = [
        ("Authorization", "Bearer forged"),
        ("Authorization", "Basic eA=="),
    ];
    let got = told(&gateway, &backend, &with_role("a,\"b\""), &forged);
    let [token] = got.headers("authorization")[..] else {
        panic!("{got:?}")
    };
    let (header, claims) = read(token.strip_prefix("Bearer ").unwrap());
    let thumbprint = encode_base64_url(certificate("gateway").sha256());
    assert_eq!(
        header,
        serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": thumbprint, "x5t#S256": thumbprint })
    );
    assert_eq!(claims["iss"], "https://gateway.example");
    assert_eq!(claims["aud"], "urn:backend");
    assert_eq!(claims["sub"], "Zoë@example.com");
    assert_eq!(claims["role"], serde_json::json!(["a,\"b\"", "reader"]));
    assert_eq!(claims["idp"], "https://idp.example/saml");
    // Who holds the key of an assertion has shown no certificate.
    assert_eq!(claims.get("dn"), None);
    assert_eq!(
        decode_base64_url(claims["jti"].as_str().unwrap()).unwrap().len(),
        16
    );
    let times = ["iat", "nbf", "exp"].map(|name| claims[name].as_i64().unwrap());
    assert!((Utc::now().timestamp() - times[0]).abs() < 30, "{times:?}");
    assert_eq!((times[1], times[2]), (times[0], times[0] + 60));
}

#[test]
fn a_backend_that_asks_for_the_keys_follows_when_another_key_signs() {
    let backend = orders();
    let jwt = |further: &str| {
        let more = "keys_path = \"/orders/keys\"\nfurther_keys = [FURTHER]";
        let jwt = JWT.replace("[route.jwt]", &format!("[route.jwt]\n{more}"));
        let text = configuration(&format!("http://{}/legacy", backend.address));
        text.replace(
            "[route.backend]",
            &format!("{}\n[route.backend]", jwt.replace("FURTHER", further)),
        )
    };
    let erin = |text: String| {
        let (before, own) = text.split_once("[gateway]").unwrap();
        let own = own
            .replacen("gateway.pem", "erin.pem", 1)
            .replacen("gateway.key.pem", "erin.key.pem", 1);
        format!("{before}[gateway]{own}")
    };
    let gateway = Gateway::configured(&jwt(""));
    let keys = || {
        let got = send(gateway.plain(), &request("GET", "/orders/keys", &[], ""));
        assert_eq!(
            (got.status, got.header("content-type")),
            (200, Some("application/jwk-set+json"))
        );
        TokenKeys::read(got.body.as_bytes()).unwrap()
    };
    let token = || {
        let order = post(Version::Soap11, "urn:place", &with_role("r").signed());
        assert_eq!(send(gateway.plain(), &order).status, 200);
        let got = backend.got().pop().unwrap();
        let [token] = got.headers("authorization")[..] else {
            panic!("{got:?}")
        };
        token.strip_prefix("Bearer ").unwrap().to_owned()
    };
    let takes = |keys: TokenKeys, token: &str| {
        let rules = BearerRules {
            issuer: "https://gateway.example".to_owned(),
            audience: "urn:backend".to_owned(),
            algorithms: vec![SignatureAlgorithm::RsaSha256],
            kind: None,
            stands: Stands::Beside,
            binding: Binding::Optional,
            skew: TimeDelta::seconds(60),
            keys,
            age: None,
        };
        rules.verify(token, None, Utc::now()).is_ok()
    };
    let (alone, old) = (keys(), token());
    assert_eq!(replace(&gateway, &jwt("\"erin.pem\"")).0, 200);
    let before = keys();
    assert_eq!(replace(&gateway, &erin(jwt("\"gateway.pem\""))).0, 200);
    let (after, new) = (keys(), token());
    assert_ne!(old, new);
    assert!(takes(before.clone(), &old) && takes(before, &new));
    assert!(takes(after.clone(), &old) && takes(after, &new));
    assert!(takes(alone.clone(), &old) && !takes(alone, &new));
    assert_eq!(replace(&gateway, &erin(jwt(""))).0, 200);
    assert!(!takes(keys(), &old) && takes(keys(), &new));
}

#[test]
fn a_token_ends_with_the_assertion_that_it_rests_on_and_may_stand_in_another_header() {
    let jwt = JWT.replace("[route.jwt]", "[route.jwt]\nheader = \"x-jwt\"\nseconds = 3600");
    let (gateway, backend) = telling(&jwt);
    let got = told(&gateway, &backend, &with_role("r"), &[("X-Jwt", "forged")]);
    assert_eq!(got.headers("authorization"), [""; 0]);
    let [token] = got.headers("x-jwt")[..] else {
        panic!("{got:?}")
    };
    let end = read(token).1["exp"].as_i64().unwrap();
    assert!(end <= (Utc::now() + TimeDelta::minutes(5)).timestamp());
}

#[test]
fn who_is_not_the_subject_of_an_assertion_is_no_subject_of_a_token() {
    let (gateway, backend) = telling(JWT);
    refused(&gateway, &backend, &Message::default());
    refused(&gateway, &backend, &with_role(&"x".repeat(1025)));
    refused(&gateway, &backend, &with_role("a&#x9;b"));
}

/// A gate of the backend's, that trusts the gateway for its messages and its assertions.
fn backend_gate(policy: Profile, audience: &str) -> Gate {
    let metadata = format!(
        "<m:EntityDescriptor xmlns:m=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://gateway.example\"><m:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><m:KeyDescriptor use=\"signing\">\
         <d:KeyInfo xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><d:X509Data><d:X509Certificate>{}</d:X509Certificate></d:X509Data>\
         </d:KeyInfo></m:KeyDescriptor><m:SingleSignOnService Binding=\"urn:b\" Location=\"https://gateway.example\"/>\
         </m:IDPSSODescriptor></m:EntityDescriptor>",
        sealgate::crypto::encode_base64(certificate("gateway").der())
    );
    let mut issuers = Issuers::new();
    issuers.add(metadata.into()).unwrap();
    Gate {
        issuers,
        party: RelyingParty {
            audience: Some(audience.to_owned()),
            recipient: Some("https://backend.example/in".to_owned()),
            ..RelyingParty::default()
        },
        ..gate_trusting("gateway", policy)
    }
}

/// A gate of the backend's, that trusts the certificate `name` of the fixtures.
pub(crate) fn gate_trusting(name: &str, policy: Profile) -> Gate {
    let mut trust = TrustSources::new();
    trust.trust(certificate(name), None);
    Gate {
        passwords: Passwords::default(),
        keyring: Keyring::new(),
        trust: trust.build(),
        issuers: Issuers::new(),
        policy: policy.policy(),
        party: RelyingParty::default(),
        roles: Roles::default(),
        understood: Vec::new(),
        destination: None,
        schema: None,
        threats: None,
        sender_header: SenderHeader::TakenOut,
        exceptions: Vec::new(),
        replay: None,
    }
}

const ASSERTION: &str = "[route.security_header.replace.assertion]\nissuer = \"https://gateway.example\"\naudience = \"urn:backend\"\n\
                         subject = \"signer-subject\"\nattributes = { san = \"signer-san\", dn = \"signer-subject\" }\n";

#[test]
fn an_assertion_that_the_gateway_vouches_for_is_signed_with_the_message() {
    let (gateway, backend) = telling(ASSERTION);
    let message = Message::default().with_addressing("MessageID", "urn:uuid:1");
    let got = told(&gateway, &backend, &message, &[]);
    assert_eq!(got.body.matches("Security ").count(), 1, "{}", got.body);
    assert!(!got.body.contains("alice.pem"));
    let judge = |body: &str, audience: &str| {
        let gate = backend_gate(Profile::Strict, audience);
        let received = Received::from(bytes::Bytes::from(body.to_owned()));
        gate.judge(received, AsOf::Time(Utc::now()))
    };
    let judged = judge(&got.body, "urn:backend");
    let claims = judged.findings.claims.clone();
    judged
        .verdict
        .unwrap_or_else(|error| panic!("{error}: {}", got.body));
    let claims = claims.unwrap();
    assert_eq!(claims["name_id"]["value"], "O=Example,CN=alice", "{claims}");
    assert_eq!(claims["attributes"][0]["name"], "dn");
    let code = |body: &str, audience: &str| judge(body, audience).verdict.unwrap_err().code();
    assert_eq!(code(&got.body, "urn:other"), "saml.audience");
    assert_eq!(
        code(&got.body.replace("CN=alice<", "CN=admin<"), "urn:backend"),
        "dsig.digest_mismatch"
    );
    assert_eq!(
        code(&got.body.replace("bolt", "nuts"), "urn:backend"),
        "dsig.digest_mismatch"
    );
    assert_eq!(
        code(&got.body.replace("urn:uuid:1", "urn:uuid:2"), "urn:backend"),
        "dsig.digest_mismatch"
    );
}

#[test]
fn a_bearer_assertion_and_a_username_token_say_who_sent_the_message() {
    let more = ASSERTION.replace(
        "subject = \"signer-subject\"\n",
        "subject = \"signer-subject\"\nconfirmation = { bearer = \"https://backend.example/in?a&b\" }\n",
    ) + "[route.security_header.replace.username_token]\nusername = \"signer-subject\"\npassword_file = \"password\"\n";
    let (gateway, backend) = telling(&more);
    let got = told(&gateway, &backend, &Message::default(), &[]);
    assert!(
        got.body
            .contains("Recipient=\"https://backend.example/in?a&amp;b\""),
        "{}",
        got.body
    );
    let between = |start: &str, end: &str| {
        let (_, after) = got
            .body
            .split_once(start)
            .unwrap_or_else(|| panic!("{start}: {}", got.body));
        after.split_once(end).unwrap().0.to_owned()
    };
    assert_eq!(between("<wsse:Username>", "<"), "O=Example,CN=alice");
    let nonce = decode_base64(&between("#Base64Binary\">", "</wsse:Nonce>")).unwrap();
    let token = between("<wsse:UsernameToken", "</wsse:UsernameToken>");
    let (_, created) = token.split_once("<wsu:Created").unwrap();
    let created = created.split_once('>').unwrap().1.split_once('<').unwrap().0;
    let password = std::fs::read_to_string(gateway.folder.path().join("password")).unwrap();
    let password = password.lines().next().unwrap();
    let octets = [&nonce, created.as_bytes(), password.as_bytes()].concat();
    assert_eq!(
        decode_base64(&between("#PasswordDigest\">", "<")).unwrap(),
        openssl::sha::sha1(&octets)
    );
    assert!(!got.body.contains(&format!(">{password}<")));
}

#[test]
fn values_cannot_become_markup() {
    let more = ASSERTION.replace(
        "subject = \"signer-subject\"\n",
        "subject = { saml_attribute = \"only\" }\n",
    );
    // No message has this attribute.
    let (gateway, backend) = telling(&more);
    refused(&gateway, &backend, &with_role("x"));
    let more = ASSERTION
        .replace("subject = \"signer-subject\"", "subject = \"saml-name-id\"")
        .replace(
            "dn = \"signer-subject\"",
            "\"a<b\" = { saml_attribute = \"role\" }",
        );
    let (gateway, backend) = telling(&more);
    let role = "&lt;/saml2:AttributeValue&gt;&lt;x/&gt;]]&gt;&amp;lt;";
    let got = told(&gateway, &backend, &with_role(role), &[]);
    assert!(got.body.contains("Name=\"a&lt;b\""), "{}", got.body);
    let judged = backend_gate(Profile::Strict, "urn:backend").judge(
        Received::from(bytes::Bytes::from(got.body.clone())),
        AsOf::Time(Utc::now()),
    );
    let claims = judged.findings.claims.clone().unwrap_or_default();
    judged
        .verdict
        .unwrap_or_else(|error| panic!("{error}: {}", got.body));
    assert_eq!(
        claims["attributes"][0]["values"],
        serde_json::json!(["</saml2:AttributeValue><x/>]]>&lt;", "reader"])
    );
}

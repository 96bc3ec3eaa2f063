#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use serde_json::json;

use super::*;
use crate::crypto::Curve;
use crate::crypto::PrivateKey;
use crate::crypto::Secret;
use crate::crypto::SigningKey;
use crate::crypto::encode_base64_url;
use crate::crypto::sign;
use crate::token::datetime;
use crate::token::jwt::JwtError;

const OWN: Fingerprint = [7; 32];

fn now() -> DateTime<Utc> {
    datetime::parse("2026-11-26T12:00:00Z").unwrap()
}

/// A key on P-256, and its JWK called `id`.
fn key(id: &str) -> (SigningKey, Value) {
    let key = PrivateKey::generate_ec(Curve::P256).unwrap();
    let spki = key.public().spki().to_vec();
    let (x, y) = spki[spki.len() - 64..].split_at(32);
    let (x, y) = (encode_base64_url(x), encode_base64_url(y));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256", "x": x, "y": y });
    (key.into(), jwk)
}

fn rules(keys: &[&Value]) -> BearerRules {
    BearerRules {
        issuer: "https://idp.example".to_owned(),
        audience: "urn:us".to_owned(),
        algorithms: vec![SignatureAlgorithm::EcdsaSha256],
        kind: None,
        stands: Stands::Beside,
        age: None,
        binding: Binding::Optional,
        skew: TimeDelta::seconds(60),
        keys: TokenKeys::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap(),
    }
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })
}

fn claims() -> Value {
    let now = now().timestamp();
    json!({ "iss": "https://idp.example", "aud": "urn:us", "sub": "ann", "iat": now, "nbf": now, "exp": now + 60, "jti": "1" })
}

/// `base` with `more` in it; null takes out.
fn with(mut base: Value, more: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            members.shift_remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

fn signed(method: SignatureAlgorithm, key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encode_base64_url(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let value = sign(method, key, signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode_base64_url(&value))
}

#[test]
fn a_token_of_the_issuer_for_us_says_who_its_subject_is() {
    let (key, jwk) = key("one");
    let rules = rules(&[&jwk]);
    let token = |header: &Value, claims: &Value| {
        let token = signed(SignatureAlgorithm::EcdsaSha256, &key, header, claims);
        rules.verify(&token, None, now())
    };
    let bearer = token(&header(), &claims()).unwrap();
    assert_eq!((bearer.claims().subject(), bearer.id()), ("ann", Some("1")));
    for more in [
        json!({ "aud": ["urn:other", "urn:us"] }),
        json!({ "iat": null, "nbf": null, "jti": null }),
        json!({ "exp": now().timestamp() - 59 }),
        json!({ "exp": 1.0e10 }),
        json!({ "nbf": now().timestamp() + 60 }),
    ] {
        assert!(token(&header(), &with(claims(), &more)).is_ok(), "{more}");
    }
    for more in [
        json!({ "kid": null }),
        json!({ "typ": null }),
        json!({ "typ": "at+JWT" }),
        json!({ "typ": "application/at+jwt" }),
        // Whatever these say, nobody looks.
        json!({ "jku": "https://mallory.example", "x5u": "https://mallory.example", "jwk": {}, "x5c": [1] }),
    ] {
        assert!(token(&with(header(), &more), &claims()).is_ok(), "{more}");
    }
    let refused = |more: Value| token(&header(), &with(claims(), &more)).unwrap_err();
    for (more, code) in [
        (json!({ "iss": "https://idp.example/" }), "bearer.issuer"),
        (json!({ "iss": null }), "bearer.issuer"),
        (json!({ "aud": "urn:u" }), "bearer.audience"),
        (json!({ "aud": ["urn:us", 7] }), "bearer.audience"),
        (json!({ "aud": [["urn:us"]] }), "bearer.audience"),
        (json!({ "aud": null }), "bearer.audience"),
        (json!({ "exp": null }), "bearer.expired"),
        (json!({ "exp": "9999999999" }), "bearer.expired"),
        (json!({ "exp": now().timestamp() - 60 }), "bearer.expired"),
        (json!({ "nbf": now().timestamp() + 61 }), "bearer.not_yet_valid"),
        (json!({ "iat": now().timestamp() + 61 }), "bearer.not_yet_valid"),
        (json!({ "nbf": "1" }), "bearer.not_yet_valid"),
        (json!({ "sub": null }), "bearer.no_subject"),
        (json!({ "sub": "" }), "bearer.no_subject"),
        (json!({ "sub": ["ann"] }), "bearer.no_subject"),
    ] {
        assert_eq!(refused(more.clone()).code(), code, "{more}");
    }
}

#[test]
fn the_operator_is_told_what_did_not_match() {
    let (key, jwk) = key("one");
    let rules = rules(&[&jwk]);
    let told = |header: Value, claims: Value| {
        let token = signed(SignatureAlgorithm::EcdsaSha256, &key, &header, &claims);
        rules.verify(&token, None, now()).unwrap_err().to_string()
    };
    let claim = |more: Value| told(header(), with(claims(), &more));
    let at = now().timestamp();
    assert_eq!(
        claim(json!({ "exp": 7 })),
        format!("the token's exp is \"7\", and it is {at}")
    );
    assert_eq!(
        claim(json!({ "exp": null })),
        format!("the token's exp is none, and it is {at}")
    );
    let ahead = at + 99;
    assert_eq!(
        claim(json!({ "nbf": ahead })),
        format!("the token's nbf is \"{ahead}\", and it is {at}")
    );
    assert_eq!(claim(json!({ "iss": "x" })), "the token has another iss: \"x\"");
    assert_eq!(
        claim(json!({ "aud": ["x"] })),
        "the token has another aud: \"[\\\"x\\\"]\""
    );
    assert_eq!(
        told(with(header(), &json!({ "kid": "two" })), claims()),
        "no one key of the issuer has the token's kid \"two\" and is for its alg ES256"
    );
    assert_eq!(
        rules.verify("a.b", None, now()).unwrap_err().to_string(),
        "the token is malformed: it has no three parts"
    );
}

#[test]
fn only_a_key_of_the_issuer_with_an_algorithm_that_is_taken_counts() {
    let (own, jwk) = key("one");
    let (other, other_jwk) = key("two");
    let es256 = SignatureAlgorithm::EcdsaSha256;
    let both = rules(&[&jwk, &other_jwk]);
    let verify = |token: &str| both.verify(token, None, now()).map(drop);
    let refused = |token: &str| verify(token).unwrap_err();
    assert_eq!(verify(&signed(es256, &own, &header(), &claims())), Ok(()));
    // The key of another name, of no name, and one that the token brings along.
    assert_eq!(
        refused(&signed(es256, &other, &header(), &claims())),
        BearerError::Signature
    );
    let unknown = with(header(), &json!({ "kid": "../../one" }));
    assert_eq!(
        refused(&signed(es256, &own, &unknown, &claims())),
        BearerError::Key {
            id: Some("../../one".to_owned()),
            algorithm: es256
        }
    );
    let unnamed = with(header(), &json!({ "kid": null }));
    assert_eq!(
        refused(&signed(es256, &own, &unnamed, &claims())),
        BearerError::Key {
            id: None,
            algorithm: es256
        }
    );
    let (stranger, stranger_jwk) = key("one");
    let brought = with(header(), &json!({ "jwk": stranger_jwk }));
    assert_eq!(
        refused(&signed(es256, &stranger, &brought, &claims())),
        BearerError::Signature
    );
    // No algorithm, a MAC with what everybody knows, and one that is not taken.
    for name in ["none", "None", "HS256", "ES384", "RS256"] {
        let header = with(header(), &json!({ "alg": name }));
        let SigningKey::Private(key) = &own else {
            unreachable!()
        };
        let secret = SigningKey::Hmac(Secret::new(key.public().spki().to_vec()));
        let token = signed(SignatureAlgorithm::HmacSha256, &secret, &header, &claims());
        assert_eq!(refused(&token), BearerError::Algorithm(name.to_owned()));
    }
    let token = signed(es256, &own, &header(), &claims());
    let (without, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refused(&format!("{without}.")), BearerError::Signature);
    let (head, _) = token.split_once('.').unwrap();
    let admin = encode_base64_url(with(claims(), &json!({ "sub": "admin" })).to_string().as_bytes());
    let (_, value) = token.rsplit_once('.').unwrap();
    assert_eq!(
        refused(&format!("{head}.{admin}.{value}")),
        BearerError::Signature
    );
    assert_eq!(
        refused(&format!("{token}.a.b")),
        BearerError::Token(JwtError::Encrypted)
    );
    for typ in ["JOSE", "secevent+jwt", ""] {
        let header = with(header(), &json!({ "typ": typ }));
        assert_eq!(
            refused(&signed(es256, &own, &header, &claims())),
            BearerError::Kind(Some(typ.to_owned()))
        );
    }
    let strict = BearerRules {
        kind: Some("at+jwt".to_owned()),
        ..both.clone()
    };
    let access = with(header(), &json!({ "typ": "at+jwt" }));
    assert!(
        strict
            .verify(&signed(es256, &own, &access, &claims()), None, now())
            .is_ok()
    );
    assert_eq!(
        strict.verify(&token, None, now()),
        Err(BearerError::Kind(Some("JWT".to_owned())))
    );
}

#[test]
fn a_token_that_is_bound_to_a_certificate_is_of_no_use_to_others() {
    let (key, jwk) = key("one");
    let optional = rules(&[&jwk]);
    let required = BearerRules {
        binding: Binding::Required,
        ..optional.clone()
    };
    let bound = |cnf: Value| {
        let claims = with(claims(), &json!({ "cnf": cnf }));
        signed(SignatureAlgorithm::EcdsaSha256, &key, &header(), &claims)
    };
    let token = bound(json!({ "x5t#S256": encode_base64_url(&OWN) }));
    for rules in [&optional, &required] {
        assert!(rules.verify(&token, Some(&OWN), now()).is_ok());
        for client in [None, Some(&[8; 32])] {
            assert_eq!(
                rules.verify(&token, client, now()),
                Err(BearerError::ClientCertificate)
            );
        }
        for cnf in [
            json!({ "jkt": "x" }),
            json!({ "x5t#S256": encode_base64_url(&OWN), "jkt": "x" }),
            json!({ "x5t#S256": 7 }),
            json!({}),
            json!("x"),
        ] {
            assert_eq!(
                rules.verify(&bound(cnf.clone()), Some(&OWN), now()),
                Err(BearerError::Confirmation),
                "{cnf}"
            );
        }
    }
    let unbound = signed(SignatureAlgorithm::EcdsaSha256, &key, &header(), &claims());
    assert_eq!(
        required.verify(&unbound, Some(&OWN), now()),
        Err(BearerError::Confirmation)
    );
}

#[test]
fn a_token_that_stands_for_a_message_can_be_told_from_others() {
    let (key, jwk) = key("one");
    let beside = rules(&[&jwk]);
    let for_message = BearerRules {
        stands: Stands::ForMessage,
        ..beside.clone()
    };
    let token = |more: Value| {
        signed(
            SignatureAlgorithm::EcdsaSha256,
            &key,
            &header(),
            &with(claims(), &more),
        )
    };
    let one = token(json!({}));
    assert_eq!(beside.verify(&one, None, now()).unwrap().for_message(), None);
    let bearer = |token: &str| {
        for_message
            .verify(token, None, now())
            .map(VerifiedBearer::for_message)
    };
    let first = bearer(&one).unwrap().unwrap();
    assert_eq!(
        (first.claims().subject(), first.claims().issuer()),
        ("ann", "https://idp.example")
    );
    assert_eq!(first.claims().end(), now() + TimeDelta::seconds(60));
    let once = first.the_use().unwrap();
    assert_eq!(
        (once.issued, once.until),
        (now(), now() + TimeDelta::seconds(120))
    );
    let other = |more: Value| bearer(&token(more)).unwrap().unwrap().the_use().unwrap().key;
    assert_eq!(other(json!({ "sub": "bob" })), once.key);
    assert_ne!(other(json!({ "jti": "2" })), once.key);
    for more in [
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 7 }),
        json!({ "iat": null }),
    ] {
        assert_eq!(bearer(&token(more.clone())), Err(BearerError::NotOnce), "{more}");
        assert!(beside.verify(&token(more), None, now()).is_ok());
    }
}

#[test]
fn keys_that_were_not_seen_for_too_long_verify_nothing_until_they_are() {
    let (key, jwk) = key("one");
    let seen = LastSeen::at(now() - TimeDelta::seconds(60));
    let rules = BearerRules {
        age: Some(KeysAge {
            seen: seen.clone(),
            most: TimeDelta::seconds(60),
        }),
        ..rules(&[&jwk])
    };
    let token = signed(SignatureAlgorithm::EcdsaSha256, &key, &header(), &claims());
    let code = |at| {
        rules
            .verify(&token, None, at)
            .map(drop)
            .map_err(|error| error.code())
    };
    assert_eq!(code(now()), Ok(()));
    assert_eq!(code(now() + TimeDelta::seconds(1)), Err("bearer.keys_old"));
    seen.again(now());
    assert_eq!(code(now() + TimeDelta::seconds(1)), Ok(()));
}

#[test]
fn a_set_of_keys_has_some_that_verify() {
    let read = |keys: Value| TokenKeys::read(json!({ "keys": keys }).to_string().as_bytes()).err();
    let (_, jwk) = key("one");
    let short = json!({ "kty": "RSA", "n": encode_base64_url(&[0xff; 128]), "e": "AQAB" });
    let secret = json!({ "kty": "oct", "k": "AAAA", "alg": "HS256" });
    let private = with(jwk.clone(), &json!({ "kid": "two", "d": "AAAA" }));
    let unknown = json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" });
    let encryption = with(jwk.clone(), &json!({ "use": "enc" }));
    let wrapping = with(jwk.clone(), &json!({ "use": "sig", "key_ops": ["wrapKey"] }));
    assert_eq!(read(json!([jwk, unknown, encryption, wrapping])), None);
    assert_eq!(read(json!([wrapping])), Some(TokenKeysError::Number));
    assert_eq!(read(json!([jwk, private])), Some(TokenKeysError::Private(2)));
    assert_eq!(read(json!([jwk, secret])), Some(TokenKeysError::Private(2)));
    assert_eq!(read(json!([])), Some(TokenKeysError::Number));
    assert_eq!(read(json!([unknown, encryption])), Some(TokenKeysError::Number));
    assert_eq!(read(json!([jwk, jwk])), Some(TokenKeysError::Twice(2)));
    assert_eq!(read(json!([jwk, short])), Some(TokenKeysError::Key(2)));
    let off = with(jwk.clone(), &json!({ "y": encode_base64_url(&[1; 32]) }));
    assert_eq!(read(json!([off])), Some(TokenKeysError::Key(1)));
    assert_eq!(
        TokenKeys::read(b"{\"keys\":[],\"keys\":[]}").err(),
        Some(TokenKeysError::Malformed)
    );
    // A key is for the algorithm that it names.
    let other = with(jwk, &json!({ "alg": "ES384" }));
    let set = TokenKeys::read(json!({ "keys": [other] }).to_string().as_bytes()).unwrap();
    assert!(set.find(Some("one"), SignatureAlgorithm::EcdsaSha256).is_none());
    assert!(!set.verify(SignatureAlgorithm::EcdsaSha256));
}

/// The JWK of a key on `curve`, with coordinates of so many octets each.
fn on_curve(curve: Curve, name: &str, octets: usize) -> Value {
    let key = PrivateKey::generate_ec(curve).unwrap();
    let spki = key.public().spki().to_vec();
    let (x, y) = spki[spki.len() - 2 * octets..].split_at(octets);
    json!({ "kty": "EC", "crv": name, "x": encode_base64_url(x), "y": encode_base64_url(y) })
}

fn read(keys: &[Value]) -> Result<TokenKeys, TokenKeysError> {
    TokenKeys::read(json!({ "keys": keys }).to_string().as_bytes())
}

#[test]
fn a_curve_is_for_its_digest() {
    use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512, Ed25519, RsaSha256};
    for (curve, name, octets, own) in [
        (Curve::P256, "P-256", 32, EcdsaSha256),
        (Curve::P384, "P-384", 48, EcdsaSha384),
        (Curve::P521, "P-521", 66, EcdsaSha512),
    ] {
        let keys = read(&[on_curve(curve, name, octets)]).unwrap();
        for algorithm in [EcdsaSha256, EcdsaSha384, EcdsaSha512, Ed25519, RsaSha256] {
            assert_eq!(keys.verify(algorithm), algorithm == own, "{name} {algorithm:?}");
        }
    }
}

#[test]
fn coordinates_are_as_long_as_their_curve() {
    let good = on_curve(Curve::P256, "P-256", 32);
    assert!(read(std::slice::from_ref(&good)).is_ok());
    let octets = |name: &str| crate::crypto::decode_base64_url(good[name].as_str().unwrap()).unwrap();
    let (x, y) = (octets("x"), octets("y"));
    let both = [x, y].concat();
    for at in [0, 31, 33, 64] {
        let (x, y) = both.split_at(at);
        let moved = json!({ "x": encode_base64_url(x), "y": encode_base64_url(y) });
        assert_eq!(
            read(&[with(good.clone(), &moved)]).unwrap_err(),
            TokenKeysError::Key(1),
            "{at}"
        );
    }
    for name in ["x", "y"] {
        let longer = [&[0][..], &octets(name)].concat();
        let changed = json!({ name: encode_base64_url(&longer) });
        assert_eq!(
            read(&[with(good.clone(), &changed)]).unwrap_err(),
            TokenKeysError::Key(1),
            "{name}"
        );
    }
}

#[test]
fn keys_for_something_else_are_left_out() {
    let good = on_curve(Curve::P256, "P-256", 32);
    for (more, counts) in [
        (json!({}), true),
        (json!({ "use": "sig" }), true),
        (json!({ "key_ops": ["verify"] }), true),
        (json!({ "key_ops": ["encrypt", "verify"] }), true),
        (json!({ "use": "sig", "key_ops": ["encrypt"] }), false),
        (json!({ "key_ops": ["sign"] }), false),
        (json!({ "key_ops": [] }), false),
        (json!({ "use": "enc", "key_ops": ["verify"] }), false),
    ] {
        let read = read(&[with(good.clone(), &more)]);
        match counts {
            true => assert!(read.is_ok(), "{more}"),
            false => assert_eq!(read.unwrap_err(), TokenKeysError::Number, "{more}"),
        }
    }
}

#[test]
fn there_are_at_most_64_keys_and_rsa_has_2048_bits() {
    let key = on_curve(Curve::P256, "P-256", 32);
    assert!(read(&vec![key.clone(); 64]).is_ok());
    assert_eq!(read(&vec![key; 65]).unwrap_err(), TokenKeysError::Number);
    let rsa = |octets: usize| {
        let mut modulus = vec![0xc3; octets];
        modulus[octets - 1] = 1;
        read(&[json!({ "kty": "RSA", "n": encode_base64_url(&modulus), "e": "AQAB" })]).map(drop)
    };
    assert_eq!(rsa(256), Ok(()));
    assert_eq!(rsa(255), Err(TokenKeysError::Key(1)));
}

#[test]
fn dates_end_before_a_thousand_million_million() {
    for (value, whole) in [
        (json!(7), Some(7)),
        (json!(7.9), Some(7)),
        (json!(-7.1), Some(-8)),
        (json!(1e14), Some(100_000_000_000_000)),
        (json!(1e15), None),
        (json!(-1e15), None),
        (json!("7"), None),
    ] {
        assert_eq!(seconds(&value), whole, "{value}");
    }
}

//! What a token has besides keys, tokens beside it, and what is signed only for tokens.

use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, CertificateType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use openssl::pkey::PKey;
use openssl::x509::X509;
use sealgate::crypto::{Curve, PrivateKey, sign, verify};
use sealgate::hsm::{self, TokenKeyUri};
use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{post, request, send, send_tls};
use crate::exchange;
use crate::hsm::{MODULE, Token, configured, uri};
use crate::message::{Message, certificate};
use crate::site::wait_until;

/// Where the test in a process of its own finds its token.
const FOLDER: &str = "SEALGATE_TEST_OBJECTS";

#[test]
fn a_token_has_certificates_too_and_another_beside_it_and_keys_that_always_ask() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        let token = Token::new(&["gateway", "bob", "carol"]);
        token.util("--init-token --free --label second --so-pin 1234 --pin 4711");
        let key = format!("{}/bob.key.pem", crate::message::KEYS);
        token.util(&format!(
            "--import {key} --token second --label gateway --id 01 --pin 4711"
        ));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "hsm_objects::a_token_has_certificates_too_and_another_beside_it_and_keys_that_always_ask",
                "--nocapture",
            ])
            .env(FOLDER, token.path("."));
        let output = token.of(&mut command).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    };
    let folder = PathBuf::from(folder);
    let load = |token: &str, key: &str| {
        let uri = uri(&folder, key).replace("token=gateway", &format!("token={token}"));
        let uri = TokenKeyUri::parse(Path::new(&uri)).unwrap().unwrap();
        hsm::load(&uri, "4711", None)
    };
    put_certificate_and_asking_key();
    // The certificate with the CKA_ID of the key says what its public half is.
    let ours = load("gateway", "gateway").unwrap();
    assert_eq!(ours.certificate, Some(certificate("gateway")));
    // Of the same name, in the other token: a key of its own, and no certificate.
    let other = load("second", "gateway").unwrap();
    assert_eq!(other.certificate, None);
    for (key, name) in [(ours.key, "gateway"), (other.key, "bob")] {
        assert_eq!(key.public(), certificate(name).public_key());
        let key = key.into();
        let algorithm = sealgate::crypto::SigningKey::default_algorithm(&key).unwrap();
        let value = sign(algorithm, &key, b"message").unwrap();
        verify(algorithm, &key.verifying_key(), b"message", &value).unwrap();
    }
    let refused = load("gateway", "asking").err().unwrap().to_string();
    assert!(refused.contains("asks for its PIN whenever"), "{refused}");
    // Of several certificates or public keys with the CKA_ID of the key, none is taken before another.
    for ambiguous in ["bob", "carol"] {
        let refused = load("gateway", ambiguous).err().unwrap();
        assert_eq!(refused, hsm::Error::ManyPublicHalves);
        assert!(refused.instead().contains("PEM file"));
    }
}

fn put_certificate_and_asking_key() {
    let session = session("gateway");
    for (name, id) in [("gateway", 1), ("alice", 2), ("bob", 2)] {
        let own = certificate(name);
        let subject = X509::from_der(own.der())
            .unwrap()
            .subject_name()
            .to_der()
            .unwrap();
        session
            .create_object(&[
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Id(vec![id]),
                Attribute::Subject(subject),
                Attribute::Value(own.der().to_vec()),
            ])
            .unwrap();
    }
    let other = PrivateKey::generate_ec(Curve::P256).unwrap();
    let (_, point) = other.public().ec_point().unwrap();
    session
        .create_object(&[
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Token(true),
            Attribute::Id(vec![3]),
            Attribute::EcParams(b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07".to_vec()),
            Attribute::EcPoint([&[0x04, 65], point].concat()),
        ])
        .unwrap();
    let key = PrivateKey::generate_ec(Curve::P256).unwrap();
    let pkey = PKey::private_key_from_pem(&key.to_pem().unwrap()).unwrap();
    session
        .create_object(&[
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sign(true),
            Attribute::AlwaysAuthenticate(true),
            Attribute::Label(b"asking".to_vec()),
            Attribute::Id(vec![0x21]),
            Attribute::EcParams(b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07".to_vec()),
            Attribute::Value(pkey.ec_key().unwrap().private_key().to_vec()),
        ])
        .unwrap();
}

/// A session that may write into the token called `label`.
fn session(label: &str) -> Session {
    let module = Pkcs11::new(MODULE).unwrap();
    module
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .unwrap();
    let slots = module.get_slots_with_initialized_token().unwrap();
    let mut slots = slots.into_iter();
    let slot = slots.find(|slot| module.get_token_info(*slot).unwrap().label() == label);
    let session = module.open_rw_session(slot.unwrap()).unwrap();
    session
        .login(UserType::User, Some(&AuthPin::from("4711")))
        .unwrap();
    session
}

#[test]
fn no_token_is_given_and_no_assertion_used_up_while_the_key_is_gone() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let jwt = "[route.jwt]\nissuer = \"urn:us\"\naudience = \"urn:backend\"\nsubject = \"signer-subject\"\n";
    let text = configured(backend.address, &token.uri("gateway"))
        .replace("[[route]]", &format!("{}\n[[route]]", exchange::ENDPOINT))
        .replace("[route.backend]", &format!("{jwt}[route.backend]"));
    let (_folder, gateway) = token.gateway(&text);
    let gateway = gateway.unwrap();
    token.moves("tokens", "elsewhere");
    let ready = || send(gateway.admin, &request("GET", "/readyz", &[], "")).status;
    wait_until("it is missed", || ready() == 503);
    let form = exchange::bearer_form();
    let ask = || {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        send_tls(gateway.tls(), None, &request("POST", "/token", &headers, &form)).unwrap()
    };
    let message = Message::default().signed();
    let order = || send(gateway.plain, &post(Version::Soap11, "urn:place", &message));
    for _ in 0..2 {
        for answer in [ask(), order()] {
            assert_eq!(answer.status, 503, "{answer:?}");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
    }
    assert!(backend.got().is_empty());
    token.moves("elsewhere", "tokens");
    wait_until("it is back", || ready() == 200);
    assert_eq!((ask().status, order().status), (200, 200));
    assert_eq!(backend.only().headers("authorization").len(), 1);
}

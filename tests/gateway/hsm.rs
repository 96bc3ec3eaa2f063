//! Keys that stay in a token: SoftHSM, a token in software, through the same module as every other program would use it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use openssl::pkey::PKey;
use sealgate::algorithm::{DigestAlgorithm, MaskGeneration, SignatureAlgorithm};
use sealgate::crypto::{
    Ability, CipherError, Curve, Oaep, PrivateKey, Secret, SigningKey, agree, decrypt_oaep, decrypt_rsa_1_5,
    encrypt_oaep, sign, verify,
};
use sealgate::hsm::{self, TokenKeyUri};
use sealgate::soap::Version;
use tempfile::TempDir;

use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{post, request, send};
use crate::encrypted::sealed;
use crate::gateway::{configuration, prepared};
use crate::message::{KEYS, Message};
use crate::process::{Process, program};
use crate::site::wait_until;

pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Where a test in a process of its own finds its token.
const FOLDER: &str = "SEALGATE_TEST_TOKEN";

/// A token of its own, with keys of the fixtures.
pub(crate) struct Token(TempDir);

impl Token {
    pub(crate) fn new(keys: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let tokens = path.join("tokens");
        fs::create_dir(&tokens).unwrap();
        fs::write(path.join("pin"), "4711\n").unwrap();
        fs::set_permissions(path.join("pin"), fs::Permissions::from_mode(0o600)).unwrap();
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        fs::write(path.join("softhsm2.conf"), settings).unwrap();
        let token = Self(folder);
        token.util("--init-token --free --label gateway --so-pin 1234 --pin 4711");
        for (key, number) in keys.iter().zip(1..) {
            let file = format!("{KEYS}/{key}.key.pem");
            token.util(&format!(
                "--import {file} --token gateway --label {key} --id 0{number} --pin 4711"
            ));
        }
        token
    }

    pub(crate) fn util(&self, arguments: &str) {
        let mut command = Command::new("softhsm2-util");
        let output = self
            .of(command.args(arguments.split(' ')))
            .output()
            .expect("softhsm2 is installed: .ci/setup test");
        assert!(output.status.success(), "{arguments}: {output:?}");
    }

    /// `command`, which will find the token.
    pub(crate) fn of<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn uri(&self, key: &str) -> String {
        uri(self.0.path(), key)
    }

    /// The token is pulled out, or put in again.
    pub(crate) fn moves(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn sealgate(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        self.of(command.args(arguments)).output().unwrap()
    }

    pub(crate) fn gateway(&self, text: &str) -> (TempDir, Result<Process, String>) {
        let (folder, file) = prepared(text);
        (folder, self.serve(&file))
    }

    /// A gateway with the configuration in `file`.
    pub(crate) fn serve(&self, file: &Path) -> Result<Process, String> {
        let mut command = Command::new(program());
        command
            .arg("serve")
            .arg("--config")
            .arg(file)
            .args(["--log", "json"]);
        self.of(&mut command);
        Process::spawn(command)
    }
}

pub(crate) fn uri(folder: &Path, key: &str) -> String {
    let pin = folder.join("pin");
    format!(
        "pkcs11:token=gateway;object={key}?module-path={MODULE}&pin-source=file:{}",
        pin.display()
    )
}

/// The usual configuration, in which everything is signed and decrypted with the token's key `gateway`.
pub(crate) fn configured(backend: std::net::SocketAddr, key: &str) -> String {
    let text = configuration(&format!("http://{backend}/legacy"));
    let (before, after) = text.split_once("[gateway]").unwrap();
    let after = after.replacen("key = \"gateway.key.pem\"", &format!("key = {key:?}"), 1);
    let decryption = format!("[[route.decryption]]\ncertificate = \"gateway.pem\"\nkey = {key:?}\n\n");
    format!("{before}[gateway]{after}").replace("[route.backend]", &format!("{decryption}[route.backend]"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn answers_are_signed_and_requests_decrypted_in_the_token_and_refused_while_it_is_gone() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (_folder, gateway) = token.gateway(&configured(backend.address, &token.uri("gateway")));
    let gateway = gateway.unwrap();
    let ask = |message: &str| send(gateway.plain, &post(Version::Soap11, "urn:place", message));
    let admin = |path: &str| send(gateway.admin, &request("GET", path, &[], ""));
    let answered = |answer: &crate::client::Answer| {
        let file = token.path("answer.xml");
        fs::write(&file, &answer.body).unwrap();
        let trust = format!("{KEYS}/ca.pem");
        let verified = token.sealgate(&["verify", "--trust", &trust, file.to_str().unwrap()]);
        assert!(verified.status.success(), "{answer:?} {}", stderr(&verified));
    };
    answered(&ask(&Message::default().signed()));
    answered(&ask(&sealed(&Message::default().signed())));
    assert!(backend.got()[1].body.contains("PlaceOrder"));
    assert_eq!(admin("/readyz").status, 200);
    assert!(
        admin("/metrics")
            .body
            .contains("sealgate_token_available{token=\"gateway\"} 1")
    );

    token.moves("tokens", "elsewhere");
    // Nobody knows yet: what is not encrypted has been relayed by the time its answer cannot be signed. Whoever tries again is not served twice.
    let plain = Message::default().signed();
    let again = Message::default().signed();
    for message in [&plain, &again, &sealed(&again), &again] {
        let before = backend.got().len();
        let answer = ask(message);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
        let (done, later) = (backend.got().len() > before, answer.header("retry-after"));
        assert_eq!(later.is_none(), done, "{answer:?}");
    }
    assert_eq!(backend.got().len(), 3);
    let (ready, metrics) = (admin("/readyz"), admin("/metrics").body);
    assert!(
        !metrics.contains("sealgate_store_available{store=\"audit_log\"}"),
        "{metrics}"
    );
    assert_eq!(
        (ready.status, ready.body.trim()),
        (503, "a token with keys of ours is lost")
    );
    assert!(
        admin("/metrics")
            .body
            .contains("sealgate_token_available{token=\"gateway\"} 0")
    );

    token.moves("elsewhere", "tokens");
    wait_until("the token is back", || admin("/readyz").status == 200);
    answered(&ask(&sealed(&Message::default().signed())));
    // It was not used up by the tries in between.
    answered(&ask(&again));
    for text in [
        "a token with keys of ours is lost",
        "a token with keys of ours is there again",
    ] {
        gateway.lines_of(1, |line| line["fields"]["message"] == text);
    }
}

#[test]
fn a_route_signs_its_answers_in_the_token_by_any_algorithm_that_fits_the_key() {
    let (token, backend) = (Token::new(&["erin"]), orders());
    let text = |algorithm: &str| {
        let answer = format!(
            "[route.answer]\ncertificate = \"erin.pem\"\nkey = {:?}\nalgorithm = \"{algorithm}\"\n\n[route.limits]",
            token.uri("erin")
        );
        configuration(&format!("http://{}/legacy", backend.address)).replace("[route.limits]", &answer)
    };
    let (folder, gateway) = token.gateway(&text("rsa-pss-sha384"));
    let gateway = gateway.unwrap();
    let answer = send(
        gateway.plain,
        &post(Version::Soap11, "urn:place", &Message::default().signed()),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("#sha384-rsa-MGF1"), "{}", answer.body);
    let file = token.path("answer.xml");
    fs::write(&file, &answer.body).unwrap();
    let pin = format!("{KEYS}/erin.pem");
    let verified = token.sealgate(&["verify", "--trust", &pin, file.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", stderr(&verified));

    let file = folder.path().join("sealgate.toml");
    fs::write(&file, text("ecdsa-sha256")).unwrap();
    let checked = token.sealgate(&["config", "check", file.to_str().unwrap()]);
    let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), stderr(&checked));
    assert_eq!(checked.status.code(), Some(2), "{said}");
    assert!(said.contains("answer.algorithm: cannot sign answers"), "{said}");

    token.moves("tokens", "elsewhere");
    wait_until("the key of the route is missed", || {
        send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 503
    });
}

#[test]
fn a_message_is_not_used_up_while_nobody_can_sign_its_answer() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let note =
        "operation = [ { action = \"urn:note\", body = \"{urn:example:orders}Note\", one_way = true },";
    let text = configured(backend.address, &token.uri("gateway")).replacen("operation = [", note, 1);
    let (_folder, gateway) = token.gateway(&text);
    let gateway = gateway.unwrap();
    let ready = || send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 200;
    token.moves("tokens", "elsewhere");
    wait_until("it is missed", || !ready());
    let message = Message::default().signed();
    let ask = || send(gateway.plain, &post(Version::Soap11, "urn:place", &message));
    for _ in 0..2 {
        let answer = ask();
        assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
    }
    assert!(backend.got().is_empty());
    // One of one way needs no signature.
    let note = Message {
        body: "<Note xmlns=\"urn:example:orders\"/>".to_owned(),
        ..Message::default()
    };
    send(gateway.plain, &post(Version::Soap11, "urn:note", &note.signed()));
    assert_eq!(backend.got().len(), 1);
    token.moves("elsewhere", "tokens");
    wait_until("the token is back", ready);
    assert_eq!(ask().status, 200);
    assert_eq!(backend.got().len(), 2);
}

#[test]
fn who_has_no_answer_though_the_backend_did_it_is_not_told_to_come_back() {
    let late = Behaviour::Late(Duration::from_millis(1500), placed(false));
    let (token, backend) = (Token::new(&["gateway"]), Backend::start(late));
    let (_folder, gateway) = token.gateway(&configured(backend.address, &token.uri("gateway")));
    let gateway = gateway.unwrap();
    let message = Message::default().signed();
    let ask = || send(gateway.plain, &post(Version::Soap11, "urn:place", &message));
    let answer = std::thread::scope(|scope| {
        let asked = scope.spawn(ask);
        backend.wait_for(1);
        token.moves("tokens", "elsewhere");
        asked.join().unwrap()
    });
    assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
    assert_eq!((answer.status, answer.header("retry-after")), (503, None));
}

#[test]
fn a_token_that_goes_unused_is_missed_too() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (_folder, gateway) = token.gateway(&configured(backend.address, &token.uri("gateway")));
    let gateway = gateway.unwrap();
    token.moves("tokens", "elsewhere");
    wait_until("it is missed", || {
        send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 503
    });
}

#[test]
fn what_cannot_work_is_told_before_the_start() {
    let token = Token::new(&["gateway", "alice"]);
    let backend = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let wrong = |key: &str, what: &str| {
        let (folder, _) = prepared(&configured(backend, key));
        let file = folder.path().join("sealgate.toml");
        let checked = token.sealgate(&["config", "check", file.to_str().unwrap()]);
        assert_eq!(checked.status.code(), Some(2), "{key}: {checked:?}");
        let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), stderr(&checked));
        assert!(said.contains(what), "{key}: {said}");
        assert!(!said.contains("4711"), "{said}");
    };
    let good = token.uri("gateway");
    wrong(&token.uri("nobody"), "no private key that the URI names");
    wrong(&token.uri("nobody"), "name one private key that the token has");
    wrong(&token.uri("alice"), "it is another key");
    wrong(&token.uri("alice"), "name the key of the certificate");
    wrong(
        &good.replace("token=gateway", "token=other"),
        "no token is there that the URI names",
    );
    wrong(
        &good.replace(MODULE, "/nowhere.so"),
        "/nowhere.so cannot be loaded",
    );
    wrong(&good.replace(MODULE, KEYS), "cannot be loaded");
    wrong(
        &format!("{good}&pin-value=4711").replace("4711", "1111"),
        "secrets do not stand in configurations",
    );
    wrong(&good.replace("object=gateway", "id=%09"), "no private key");
    fs::set_permissions(token.path("pin"), fs::Permissions::from_mode(0o644)).unwrap();
    wrong(&good, "is open to everybody");
    fs::set_permissions(token.path("pin"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(token.path("pin"), "0815\n").unwrap();
    wrong(&good, "does not take the PIN");
    wrong(&good, "write the PIN of the token into the file");
    fs::remove_file(token.path("pin")).unwrap();
    wrong(&good, "cannot be read");
    fs::write(token.path("pin"), "4711\n").unwrap();
    fs::set_permissions(token.path("pin"), fs::Permissions::from_mode(0o600)).unwrap();
    // TLS takes no key from a token.
    let text = configured(backend, &good).replace(
        "tls = { certificate = \"gateway.pem\", key = \"gateway.key.pem\" }",
        &format!("tls = {{ certificate = \"gateway.pem\", key = {good:?} }}"),
    );
    let (folder, _) = prepared(&text);
    let file = folder.path().join("sealgate.toml");
    let checked = token.sealgate(&["config", "check", file.to_str().unwrap()]);
    let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), stderr(&checked));
    assert!(said.contains("serves no TLS"), "{said}");
}

#[test]
fn the_command_line_signs_and_decrypts_with_it() {
    let token = Token::new(&["gateway"]);
    let key = token.uri("gateway");
    let (plain, signed) = (token.path("plain.xml"), token.path("signed.xml"));
    let envelope = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header/><s:Body><a/></s:Body></s:Envelope>";
    fs::write(&plain, envelope).unwrap();
    let own = format!("{KEYS}/gateway.pem");
    let output = token.sealgate(&["sign", "--key", &key, "--cert", &own, plain.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    fs::write(&signed, &output.stdout).unwrap();
    let trust = format!("{KEYS}/ca.pem");
    let verified = token.sealgate(&["verify", "--trust", &trust, signed.to_str().unwrap()]);
    assert!(verified.status.success(), "{verified:?}");
    let message = token.path("sealed.xml");
    fs::write(&message, sealed(&Message::default().signed())).unwrap();
    let output = token.sealgate(&["decrypt", "--key", &key, message.to_str().unwrap()]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("PlaceOrder"),
        "{output:?}"
    );
}

#[test]
fn a_key_in_a_token_does_what_one_in_a_file_does() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        // The module finds its token by the environment, which is one for a process.
        let token = Token::new(&["gateway", "bob", "carol", "dave", "ed25519"]);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "hsm::a_key_in_a_token_does_what_one_in_a_file_does",
                "--nocapture",
            ])
            .env(FOLDER, token.0.path());
        let output = token.of(&mut command).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    };
    let folder = PathBuf::from(folder);
    put_agreeing_key();
    for (name, algorithms) in [
        (
            "gateway",
            &[
                SignatureAlgorithm::RsaSha256,
                SignatureAlgorithm::RsaSha384,
                SignatureAlgorithm::RsaSha512,
                SignatureAlgorithm::RsaPssSha256,
                SignatureAlgorithm::RsaPssSha512,
                SignatureAlgorithm::RsaPss,
            ][..],
        ),
        (
            "bob",
            &[SignatureAlgorithm::EcdsaSha256, SignatureAlgorithm::EcdsaSha512],
        ),
        ("carol", &[SignatureAlgorithm::EcdsaSha384]),
        ("dave", &[SignatureAlgorithm::EcdsaSha512]),
        ("ed25519", &[SignatureAlgorithm::Ed25519]),
    ] {
        let key = loaded(&folder, name);
        assert_eq!(key.public(), here(name).public());
        assert!(key.can(Ability::Sign));
        let key = SigningKey::from(key);
        for &algorithm in algorithms {
            let value = sign(algorithm, &key, b"message").unwrap();
            verify(algorithm, &key.verifying_key(), b"message", &value).unwrap();
            assert!(verify(algorithm, &key.verifying_key(), b"massage", &value).is_err());
        }
        let refused = sign(SignatureAlgorithm::RsaSha224, &key, b"message");
        assert_eq!(refused.is_ok(), name == "gateway");
    }
    decrypts_as_one_here(&loaded(&folder, "gateway"), &here("gateway"));
    let agreeing = loaded(&folder, "agreeing");
    assert!(!agreeing.can(Ability::Sign) && agreeing.decrypts());
    let other = PrivateKey::generate_ec(Curve::P256).unwrap();
    assert_eq!(
        agree(&agreeing, other.public()).unwrap(),
        agree(&other, agreeing.public()).unwrap()
    );
    assert!(!loaded(&folder, "bob").decrypts());
    stays_there(&loaded(&folder, "gateway"));
}

fn loaded(folder: &Path, name: &str) -> PrivateKey {
    let uri = TokenKeyUri::parse(Path::new(&uri(folder, name)))
        .unwrap()
        .unwrap();
    hsm::load(&uri, "4711", None).unwrap().key
}

fn here(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&fs::read(format!("{KEYS}/{name}.key.pem")).unwrap(), None).unwrap()
}

/// RSA-OAEP by every pair of digest and mask, RSA 1.5, and everything that is wrong with either.
fn decrypts_as_one_here(token: &PrivateKey, file: &PrivateKey) {
    let secret = Secret::random(32).unwrap();
    for digest in [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha512,
    ] {
        for &mask in MaskGeneration::ALL {
            for label in [&b""[..], b"label"] {
                let parameters = Oaep {
                    digest,
                    mask,
                    label: label.to_vec(),
                };
                let ciphertext = encrypt_oaep(token.public(), &parameters, &secret).unwrap();
                let both = [token, file].map(|key| decrypt_oaep(key, &parameters, &ciphertext));
                assert!(
                    both.iter().all(|found| found.as_ref() == Ok(&secret)),
                    "{parameters:?}"
                );
                let mut changed = ciphertext;
                changed[200] ^= 1;
                for wrong in [&changed[..], &changed[1..], &[0; 256], &[0xff; 256]] {
                    let both = [token, file].map(|key| decrypt_oaep(key, &parameters, wrong));
                    assert_eq!(both, [Err(CipherError::Failed), Err(CipherError::Failed)]);
                }
            }
        }
    }
    let pkey = PKey::public_key_from_der(token.public().spki()).unwrap();
    let mut ciphertext = vec![0; 256];
    let padding = openssl::rsa::Padding::PKCS1;
    pkey.rsa()
        .unwrap()
        .public_encrypt(&[7; 16], &mut ciphertext, padding)
        .unwrap();
    assert_eq!(
        decrypt_rsa_1_5(token, &ciphertext, 16).unwrap(),
        Secret::new(vec![7; 16])
    );
    ciphertext[200] ^= 1;
    let [one, other] = [(); 2].map(|()| decrypt_rsa_1_5(token, &ciphertext, 16).unwrap());
    assert_eq!(one, other, "asking twice tells nothing");
    assert_ne!(one, Secret::new(vec![7; 16]));
}

/// Puts a key on P-256 into the token that agrees and does not sign, and its public half.
fn put_agreeing_key() {
    let module = Pkcs11::new(MODULE).unwrap();
    module
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .unwrap();
    let slots = module.get_slots_with_initialized_token().unwrap();
    let session = module.open_rw_session(slots[0]).unwrap();
    session
        .login(UserType::User, Some(&AuthPin::from("4711")))
        .unwrap();
    let key = PrivateKey::generate_ec(Curve::P256).unwrap();
    let (_, point) = key.public().ec_point().unwrap();
    let pkey = PKey::private_key_from_pem(&key.to_pem().unwrap()).unwrap();
    let scalar = pkey.ec_key().unwrap().private_key().to_vec();
    let common = || {
        vec![
            Attribute::KeyType(KeyType::EC),
            Attribute::Token(true),
            Attribute::Label(b"agreeing".to_vec()),
            Attribute::Id(vec![0x20]),
            Attribute::EcParams(b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07".to_vec()),
        ]
    };
    let mut private = common();
    private.extend([
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(false),
        Attribute::Derive(true),
        Attribute::Value(scalar),
    ]);
    session.create_object(&private).unwrap();
    let mut public = common();
    public.extend([
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::EcPoint([&[0x04, 65], point].concat()),
    ]);
    session.create_object(&public).unwrap();
}

/// The private parts come out neither of the module nor of us.
fn stays_there(key: &PrivateKey) {
    let said = key.to_pem().unwrap_err().to_string();
    assert!(said.contains("never leaves the token"), "{said}");
    let module = Pkcs11::new(MODULE).unwrap();
    let slots = module.get_slots_with_initialized_token().unwrap();
    let session = module.open_ro_session(slots[0]).unwrap();
    let found = session.find_objects(&[
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Label(b"gateway".to_vec()),
    ]);
    let found = found.unwrap()[0];
    let parts = [AttributeType::PrivateExponent, AttributeType::Prime1];
    assert!(session.get_attributes(found, &parts).unwrap().is_empty());
}

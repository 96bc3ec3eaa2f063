//! TLS on listeners and towards backends, with the crypto library that verifies messages.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ssl::AlpnError;
use openssl::ssl::ClientHelloResponse;
use openssl::ssl::HandshakeError;
use openssl::ssl::Ssl;
use openssl::ssl::SslAcceptor;
use openssl::ssl::SslAcceptorBuilder;
use openssl::ssl::SslConnector;
use openssl::ssl::SslContext;
use openssl::ssl::SslContextBuilder;
use openssl::ssl::SslMethod;
use openssl::ssl::SslRef;
use openssl::ssl::SslVerifyMode;
use openssl::ssl::SslVersion;
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl::x509::store::X509Store;
use openssl::x509::store::X509StoreBuilder;

use super::Certificate;
use super::Fingerprint;
use super::PrivateKey;
use super::random_bytes;

/// Who we are, in TLS and in signatures: a certificate, the path above it, and its key.
#[derive(Clone)]
pub struct Identity {
    chain: Vec<Certificate>,
    key: PrivateKey,
}

/// Whether a listener asks its clients for a certificate, and who must have issued it.
#[derive(Clone, Debug)]
pub enum ClientCertificates {
    /// It does not ask.
    NotAsked,
    /// A client may have none; one that it has must be issued by these.
    Optional(Vec<Certificate>),
    /// A client without a certificate issued by these gets no connection.
    Required(Vec<Certificate>),
}

/// The TLS side of a listener: TLS 1.2 and 1.3.
pub struct TlsServer(SslContext);

/// Where a listener has its TLS side from, connection by connection, so that it can be replaced while others are open.
#[derive(Clone)]
pub struct TlsSwitch(Arc<ArcSwap<SslContext>>);

/// HTTP/1.1, as ALPN writes it (RFC 7301 §3.1). No HTTP/2: the web server sets no bounds to the streams of a connection, and does not tell when the
/// client of one has gone.
const PROTOCOLS: &[u8] = b"\x08http/1.1";

/// How long the name is that keeps the sessions of one TLS side from being resumed on another.
const SESSION_NAME: usize = 16;

/// The TLS side of a client that trusts given certificates only: TLS 1.2 and 1.3, the host's name is checked.
#[derive(Clone)]
pub struct TlsClient {
    connector: SslConnector,
    anchors: Arc<[Certificate]>,
    identity: Option<Identity>,
}

/// Why TLS cannot be set up as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// There is no certificate.
    NoCertificate,
    /// The key is not that of the first certificate.
    KeyMismatch,
    /// There is nobody to trust.
    NoAnchor,
    /// The key is held by a token, and TLS needs it here.
    Held,
    /// The crypto library refused it.
    Library(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("there is no certificate"),
            Self::KeyMismatch => f.write_str("the key is not that of the first certificate"),
            Self::NoAnchor => f.write_str("there is no certificate of anybody to trust"),
            Self::Held => f.write_str("a key in a token signs and decrypts messages, and serves no TLS"),
            Self::Library(reason) => write!(f, "the crypto library refused it: {reason}"),
        }
    }
}

impl std::error::Error for TlsError {}

impl From<ErrorStack> for TlsError {
    fn from(stack: ErrorStack) -> Self {
        let reason = stack.errors().first().and_then(openssl::error::Error::reason);
        Self::Library(reason.unwrap_or("no reason given").to_owned())
    }
}

impl Identity {
    /// The identity of the first of `chain`; the others are the path above it, in order.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when there is no certificate, or `key` is not that of the first.
    pub fn new(chain: Vec<Certificate>, key: PrivateKey) -> Result<Self, TlsError> {
        let own = chain.first().ok_or(TlsError::NoCertificate)?;
        if own.public_key() != key.public() {
            return Err(TlsError::KeyMismatch);
        }
        Ok(Self { chain, key })
    }

    /// The certificate of the key.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// The certificate, and the path above it.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    fn install(&self, context: &mut SslContextBuilder) -> Result<(), TlsError> {
        let mut chain = self.chain.iter();
        let own = chain.next().ok_or(TlsError::NoCertificate)?;
        let own = X509::from_der(own.der())?;
        context.set_certificate(&own)?;
        let key = self.key.openssl().map_err(|_| TlsError::Held)?;
        context.set_private_key(key)?;
        context.check_private_key()?;
        for above in chain {
            context.add_extra_chain_cert(X509::from_der(above.der())?)?;
        }
        Ok(())
    }
}

/// The certificates are the same, and with the first of them the key.
impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl Eq for Identity {}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.certificate()).finish()
    }
}

impl TlsServer {
    /// The TLS side of a listener that shows `identity` and treats clients as `clients` says.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when clients are asked for certificates of nobody, or the crypto library refuses something.
    pub fn new(identity: &Identity, clients: &ClientCertificates) -> Result<Self, TlsError> {
        let mut acceptor = acceptor()?;
        identity.install(&mut acceptor)?;
        // A session that began before the certificates of clients were to come from somebody else ends with that.
        let session =
            random_bytes(SESSION_NAME).map_err(|_| TlsError::Library("no random numbers".to_owned()))?;
        acceptor.set_session_id_context(&session)?;
        acceptor.set_alpn_select_callback(|_, offered| {
            openssl::ssl::select_next_proto(PROTOCOLS, offered).ok_or(AlpnError::NOACK)
        });
        let (mode, anchors) = match clients {
            ClientCertificates::NotAsked => return Ok(Self(acceptor.build().into_context())),
            ClientCertificates::Optional(anchors) => (SslVerifyMode::PEER, anchors),
            ClientCertificates::Required(anchors) => {
                (SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT, anchors)
            }
        };
        acceptor.set_cert_store(store(anchors)?);
        acceptor.set_client_ca_list(names(anchors)?);
        acceptor.set_verify(mode);
        Ok(Self(acceptor.build().into_context()))
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer").finish_non_exhaustive()
    }
}

impl TlsSwitch {
    /// A switch that stands on `server`.
    pub fn new(server: TlsServer) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(server.0)))
    }

    /// Connections that begin from now on meet `server`.
    pub fn replace(&self, server: TlsServer) {
        self.0.store(Arc::new(server.0));
    }

    /// What the web server takes: nothing but the way to what the switch stands on.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when the crypto library refuses something.
    pub(crate) fn acceptor(&self) -> Result<SslAcceptorBuilder, TlsError> {
        let mut acceptor = acceptor()?;
        let switch = Arc::clone(&self.0);
        acceptor.set_client_hello_callback(move |connection, _| {
            let server = switch.load();
            connection.set_ssl_context(&server)?;
            // The one setting that a connection keeps from where it began.
            connection.set_verify(server.verify_mode());
            Ok(ClientHelloResponse::SUCCESS)
        });
        Ok(acceptor)
    }
}

impl fmt::Debug for TlsSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSwitch").finish_non_exhaustive()
    }
}

/// SHA-256 of the certificate that the client at the other end of `connection` has shown, and that was verified.
pub(crate) fn client_certificate(connection: &SslRef) -> Option<Fingerprint> {
    let shown = connection.peer_certificate()?;
    let digest = shown.digest(MessageDigest::sha256()).ok()?;
    digest.as_ref().try_into().ok()
}

fn acceptor() -> Result<SslAcceptorBuilder, TlsError> {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    acceptor.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    Ok(acceptor)
}

impl TlsClient {
    /// A client that trusts servers whose certificate `anchors` issued, and shows `identity` if it has one and is
    /// asked.
    ///
    /// # Errors
    ///
    /// [`TlsError`] without anchors, or when the crypto library refuses something.
    pub fn new(anchors: &[Certificate], identity: Option<&Identity>) -> Result<Self, TlsError> {
        let mut connector = SslConnector::builder(SslMethod::tls_client())?;
        connector.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        // In place of the system's store, which the builder has loaded.
        connector.set_cert_store(store(anchors)?);
        if let Some(identity) = identity {
            identity.install(&mut connector)?;
        }
        Ok(Self {
            connector: connector.build(),
            anchors: anchors.into(),
            identity: identity.cloned(),
        })
    }

    /// Speaks TLS on `stream` with the server that calls itself `host`.
    pub(crate) fn connect(
        &self,
        host: &str,
        stream: std::net::TcpStream,
    ) -> std::io::Result<impl std::io::Read + std::io::Write + Send + use<>> {
        let connected = self.connector.connect(host, stream);
        connected.map_err(|error| {
            // The stream waits no longer.
            if matches!(error, HandshakeError::WouldBlock(_)) {
                return std::io::ErrorKind::TimedOut.into();
            }
            std::io::Error::other(error.to_string())
        })
    }

    /// What speaks TLS with the server that calls itself `host`, and with no other.
    pub(crate) fn session(&self, host: &str) -> Result<Ssl, ErrorStack> {
        self.connector.configure()?.into_ssl(host)
    }
}

/// Both trust the same, and show the same.
impl PartialEq for TlsClient {
    fn eq(&self, other: &Self) -> bool {
        self.anchors == other.anchors && self.identity == other.identity
    }
}

impl Eq for TlsClient {}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").finish_non_exhaustive()
    }
}

fn store(anchors: &[Certificate]) -> Result<X509Store, TlsError> {
    if anchors.is_empty() {
        return Err(TlsError::NoAnchor);
    }
    let mut store = X509StoreBuilder::new()?;
    for anchor in anchors {
        store.add_cert(X509::from_der(anchor.der())?)?;
    }
    Ok(store.build())
}

/// The names that a client may choose its certificate by.
fn names(anchors: &[Certificate]) -> Result<Stack<openssl::x509::X509Name>, TlsError> {
    let mut names = Stack::new()?;
    for anchor in anchors {
        names.push(X509::from_der(anchor.der())?.subject_name().to_owned()?)?;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::io::Read;
    use std::io::Write;
    use std::net::TcpListener;
    use std::net::TcpStream;

    use super::*;

    const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");

    fn certificates(name: &str) -> Vec<Certificate> {
        Certificate::from_pem_bundle(&std::fs::read(format!("{KEYS}/{name}.pem")).unwrap()).unwrap()
    }

    fn identity(name: &str) -> Identity {
        let key = std::fs::read(format!("{KEYS}/{name}.key.pem")).unwrap();
        Identity::new(certificates(name), PrivateKey::from_pem(&key, None).unwrap()).unwrap()
    }

    /// Whether a client reaches the server and hears from it.
    fn talk(server: TlsServer, client: &TlsClient, host: &str) -> bool {
        heard(&TlsSwitch::new(server), client, host)
    }

    fn heard(switch: &TlsSwitch, client: &TlsClient, host: &str) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = switch.acceptor().unwrap().build();
        let served = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            if let Ok(mut stream) = acceptor.accept(stream) {
                let _ = stream.write_all(b"hello");
            }
        });
        let stream = client
            .connector
            .connect(host, TcpStream::connect(address).unwrap());
        let mut heard = [0; 5];
        let heard = stream.is_ok_and(|mut stream| stream.read_exact(&mut heard).is_ok());
        served.join().unwrap();
        heard
    }

    fn server(clients: &ClientCertificates) -> TlsServer {
        TlsServer::new(&identity("gateway"), clients).unwrap()
    }

    #[test]
    fn a_client_reaches_the_server_it_trusts_by_the_name_in_the_certificate() {
        let trusting = TlsClient::new(&certificates("ca"), None).unwrap();
        let not_asked = ClientCertificates::NotAsked;
        assert!(talk(server(&not_asked), &trusting, "gateway.example"));
        assert!(!talk(server(&not_asked), &trusting, "other.example"));
        let stranger = TlsClient::new(&certificates("stranger-ca"), None).unwrap();
        assert!(!talk(server(&not_asked), &stranger, "gateway.example"));
    }

    #[test]
    fn clients_show_a_certificate_where_it_is_required_and_never_a_strangers() {
        let anchors = certificates("ca");
        let client = |name: Option<&str>| {
            let identity = name.map(identity);
            TlsClient::new(&anchors, identity.as_ref()).unwrap()
        };
        let optional = ClientCertificates::Optional(anchors.clone());
        let required = ClientCertificates::Required(anchors.clone());
        for (clients, name, heard) in [
            (&required, Some("alice"), true),
            (&required, None, false),
            (&required, Some("mallory"), false),
            (&optional, Some("alice"), true),
            (&optional, None, true),
            (&optional, Some("mallory"), false),
        ] {
            assert_eq!(
                talk(server(clients), &client(name), "gateway.example"),
                heard,
                "{clients:?} {name:?}"
            );
        }
    }

    #[test]
    fn who_comes_after_a_switch_meets_what_it_stands_on() {
        let switch = TlsSwitch::new(server(&ClientCertificates::NotAsked));
        let client = |name: Option<&str>| {
            let identity = name.map(identity);
            TlsClient::new(&certificates("ca"), identity.as_ref()).unwrap()
        };
        assert!(heard(&switch, &client(None), "gateway.example"));
        switch.replace(server(&ClientCertificates::Required(certificates("ca"))));
        assert!(!heard(&switch, &client(None), "gateway.example"));
        assert!(heard(&switch, &client(Some("alice")), "gateway.example"));
        assert!(!heard(&switch, &client(Some("mallory")), "gateway.example"));
        let other = TlsServer::new(&identity("mallory"), &ClientCertificates::NotAsked);
        switch.replace(other.unwrap());
        assert!(!heard(&switch, &client(None), "gateway.example"));
    }

    #[test]
    fn clients_are_the_same_that_trust_and_show_the_same() {
        let client = |ca: &str, own: Option<&str>| {
            TlsClient::new(&certificates(ca), own.map(identity).as_ref()).unwrap()
        };
        let one = client("ca", Some("alice"));
        assert_eq!(one, client("ca", Some("alice")));
        assert_ne!(one, client("stranger-ca", Some("alice")));
        assert_ne!(one, client("ca", Some("bob")));
        assert_ne!(one, client("ca", None));
    }

    #[test]
    fn versions_before_1_2_are_refused() {
        let greatest = |version| {
            let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
            connector.set_cert_store(store(&certificates("ca")).unwrap());
            connector.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
            connector.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
            connector.set_max_proto_version(Some(version)).unwrap();
            TlsClient {
                connector: connector.build(),
                anchors: Arc::new([]),
                identity: None,
            }
        };
        let not_asked = ClientCertificates::NotAsked;
        for (version, heard) in [
            (SslVersion::TLS1, false),
            (SslVersion::TLS1_1, false),
            (SslVersion::TLS1_2, true),
            (SslVersion::TLS1_3, true),
        ] {
            let client = greatest(version);
            assert_eq!(
                talk(server(&not_asked), &client, "gateway.example"),
                heard,
                "{version:?}"
            );
        }
    }

    #[test]
    fn what_cannot_work_is_refused_at_once() {
        let key = std::fs::read(format!("{KEYS}/alice.key.pem")).unwrap();
        let key = PrivateKey::from_pem(&key, None).unwrap();
        let mismatch = Identity::new(certificates("gateway"), key.clone()).unwrap_err();
        assert_eq!(mismatch, TlsError::KeyMismatch);
        let nothing = Identity::new(Vec::new(), key).unwrap_err();
        assert_eq!(nothing, TlsError::NoCertificate);
        assert_eq!(TlsClient::new(&[], None).unwrap_err(), TlsError::NoAnchor);
        let nobody = ClientCertificates::Required(Vec::new());
        let nobody = TlsServer::new(&identity("gateway"), &nobody).unwrap_err();
        assert_eq!(nobody, TlsError::NoAnchor);
    }
}

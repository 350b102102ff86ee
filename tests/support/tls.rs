//! A TLS listener on loopback with a certificate of its own, made anew for each.

use std::net::SocketAddr;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Accepts connections for one host name. Must be made inside tokio.
pub struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    certificate: Vec<u8>,
}

impl TlsListener {
    /// Listens on a free port.
    pub async fn new(host: &str) -> Self {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let certificate = certificate(host, key.as_ref());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(certificate.clone())],
                PrivatePkcs8KeyDer::from(key.as_ref().to_vec()).into(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), certificate }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// What its clients have to trust, as DER.
    pub fn certificate(&self) -> Vec<u8> {
        self.certificate.clone()
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A certificate for `host` that is signed by its own key. Format: RFC 5280, section 4.1.
fn certificate(host: &str, key: &[u8]) -> Vec<u8> {
    const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key, &random).unwrap();
    let algorithm = sequence(&[der(OBJECT_ID, ECDSA_WITH_SHA256)]);
    let common_name = sequence(&[der(OBJECT_ID, COMMON_NAME), der(UTF8_STRING, b"a test")]);
    let name = sequence(&[der(SET, &common_name)]);
    let validity = sequence(&[der(UTC_TIME, b"200101000000Z"), der(GENERALIZED_TIME, b"21000101000000Z")]);
    let key_kind = sequence(&[der(OBJECT_ID, EC_PUBLIC_KEY), der(OBJECT_ID, P256)]);
    let public_key = sequence(&[key_kind, bits(pair.public_key().as_ref())]);
    let names = sequence(&[der(DNS_NAME, host.as_bytes())]);
    let extensions = sequence(&[sequence(&[der(OBJECT_ID, ALTERNATIVE_NAME), der(OCTET_STRING, &names)])]);
    let body = sequence(&[
        der(0xa0, &der(INTEGER, &[2])),
        der(INTEGER, &[1]),
        algorithm.clone(),
        name.clone(),
        validity,
        name,
        public_key,
        der(0xa3, &extensions),
    ]);
    let signature = pair.sign(&random, &body).unwrap();
    sequence(&[body, algorithm, bits(signature.as_ref())])
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const DNS_NAME: u8 = 0x82;

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(SEQUENCE, &parts.concat())
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    der(BIT_STRING, &[&[0], bytes].concat())
}

/// One value with its tag and length.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

//! The claims with which an App proves itself.

use serde_json::Value;

/// The claim in `Bearer HEADER.PAYLOAD.SIGNATURE`, if the App's key signed it.
pub(super) fn claim_of(authorization: &str, public_key: &[u8]) -> Option<Value> {
    let token = authorization.strip_prefix("Bearer ")?;
    let (text, signature) = token.rsplit_once('.')?;
    let (header, payload) = text.split_once('.')?;
    let key = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, public_key);
    key.verify(text.as_bytes(), &from_base64url(signature)).ok()?;
    let header: Value = serde_json::from_slice(&from_base64url(header)).ok()?;
    (header["alg"] == "RS256").then(|| serde_json::from_slice(&from_base64url(payload)).unwrap())
}

fn from_base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits: Vec<usize> = text.chars().map(|digit| ALPHABET.find(digit).unwrap()).collect();
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let word = chunk.iter().fold(0, |word, digit| (word << 6) | digit) << (6 * (4 - chunk.len()));
        bytes.extend((0..chunk.len() - 1).map(|byte| (word >> (16 - 8 * byte)) as u8));
    }
    bytes
}

/// The public half of an App's key in PEM, for `World::app_key`.
pub fn public_key(pem: &str) -> Vec<u8> {
    use ring::signature::KeyPair as _;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let pair = ring::rsa::KeyPair::from_der(key.secret_der()).unwrap();
    pair.public_key().as_ref().to_vec()
}

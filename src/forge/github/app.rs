//! A GitHub App's way to a token: a signed claim, the installation of an owner, a token for an hour.
//!
//! Source: "Authenticating as a GitHub App installation" in GitHub's documentation. The claim is signed by ring through
//! rustls, which are here for TLS already.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use octocrab::secrecy::{ExposeSecret as _, SecretString};
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::ForgeError;
use super::client::{Call, Client, Safety};
use super::failure::{Failure, Refusal};
use super::place::Place;
use super::wire::time;

/// A token is renewed when it has less time than this left.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);
/// How long a claim is good for; GitHub takes at most ten minutes.
const CLAIM_LASTS: i64 = 540;
/// Clocks differ: claims begin this long ago.
const CLAIM_BEGAN: i64 = 60;

/// An App with the tokens that it was given.
pub(super) struct App {
    id: String,
    key: Arc<dyn SigningKey>,
    tokens: Mutex<HashMap<String, Granted>>,
}

#[derive(Clone)]
struct Granted {
    token: SecretString,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct InstallationToken {
    token: String,
    expires_at: String,
}

impl App {
    /// Reads the App's key: RSA, in PEM.
    pub(super) fn new(id: &str, private_key: &SecretString) -> Result<Self, ForgeError> {
        let refuse = |problem: &str| ForgeError::NotAllowed {
            reason: format!("the private key of the GitHub App {id} cannot be used: {problem}"),
        };
        let key = PrivateKeyDer::from_pem_slice(private_key.expose_secret().as_bytes())
            .map_err(|_| refuse("it is not a private key in PEM"))?;
        let key = any_supported_type(&key).map_err(|_| refuse("it is not an RSA key"))?;
        if key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).is_none() {
            return Err(refuse("it is not an RSA key"));
        }
        Ok(Self { id: id.to_owned(), key, tokens: Mutex::default() })
    }

    /// The token for an owner's repositories, of which `place` is one.
    pub(super) async fn token(&self, client: &Client, place: &Place) -> Result<SecretString, Failure> {
        let mut tokens = self.tokens.lock().await;
        let now = client.now();
        let owner = place.owner.to_ascii_lowercase();
        if let Some(granted) = tokens.get(&owner)
            && granted.until.duration_since(now).as_secs() > RENEWED_BEFORE.as_secs().cast_signed()
        {
            return Ok(granted.token.clone());
        }
        let granted = self.grant(client, place, now).await?;
        tokens.insert(owner, granted.clone());
        Ok(granted.token)
    }

    /// Forgets an owner's token, because GitHub does not take it any more.
    pub(super) async fn forget(&self, place: &Place) {
        self.tokens.lock().await.remove(&place.owner.to_ascii_lowercase());
    }

    async fn grant(&self, client: &Client, place: &Place, now: Timestamp) -> Result<Granted, Failure> {
        let claim = self.claim(now)?;
        let look = Call::get(place.route("installation"));
        let found: Installation = client.call_as(&claim, &look).await.map_err(|failure| self.not_installed(failure))?;
        let route = format!("/app/installations/{}/access_tokens", found.id);
        let call = Call::post(route, &serde_json::json!({}), Safety::Repeatable);
        let given: InstallationToken = client.call_as(&claim, &call).await?;
        let until = time(&given.expires_at).ok_or_else(|| Failure::Unavailable {
            message: "it gives a token that ends at no time that can be read".to_owned(),
        })?;
        Ok(Granted { token: SecretString::from(given.token), until })
    }

    fn not_installed(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Refused(refusal) if refusal.status == 404 => {
                let message = format!("the GitHub App {} is not installed there", self.id);
                Failure::Refused(Refusal { status: 403, message, fields: Vec::new() })
            }
            failure => failure,
        }
    }

    /// A JSON Web Token as GitHub wants it: RS256, RFC 7515.
    fn claim(&self, now: Timestamp) -> Result<SecretString, Failure> {
        let unsigned = || Failure::Unavailable { message: "the App's key does not sign".to_owned() };
        let header = serde_json::json!({ "alg": "RS256", "typ": "JWT" });
        let payload = serde_json::json!({
            "iat": now.as_second() - CLAIM_BEGAN,
            "exp": now.as_second() + CLAIM_LASTS,
            "iss": self.id,
        });
        let text =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(payload.to_string().as_bytes()));
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(unsigned)?;
        let signature = signer.sign(text.as_bytes()).map_err(|_| unsigned())?;
        Ok(SecretString::from(format!("{text}.{}", base64url(&signature))))
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}

/// RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_usize, |word, byte| (word << 8) | usize::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|digit| char::from(ALPHABET[(word >> (18 - 6 * digit)) & 63])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_has_no_padding() {
        let check = |bytes: &[u8], expect: &str| assert_eq!(base64url(bytes), expect);
        check(b"", "");
        check(b"f", "Zg");
        check(b"fo", "Zm8");
        check(b"foo", "Zm9v");
        check(&[0xfb, 0xff], "-_8");
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_being_shown() {
        let pem = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        for key in ["", "secret", pem] {
            let error = App::new("7", &SecretString::from(key)).expect_err("it is no key").to_string();
            assert!(error.contains("App 7") && !error.contains("secret") && !error.contains("c2Vj"), "{error}");
        }
    }
}

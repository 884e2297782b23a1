//! The secret that clients must know.

use std::fmt;

use hyper::{
    Request,
    header::{AUTHORIZATION, HeaderValue},
};
use ring::{hmac, rand::SystemRandom};

/// A secret, kept as a keyed hash only: it is compared in constant time, whatever its length, and
/// there is nothing to print.
#[derive(Clone)]
pub struct Token {
    key: hmac::Key,
    hash: hmac::Tag,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}

impl Token {
    /// Remembers `secret`.
    ///
    /// # Errors
    /// If it is empty, or the system has no random numbers.
    pub fn new(secret: &[u8]) -> Result<Self, &'static str> {
        if secret.is_empty() {
            return Err("the token is empty");
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| "the system has no random numbers")?;
        let hash = hmac::sign(&key, secret);
        Ok(Self { key, hash })
    }

    /// Whether `candidate` is the secret.
    #[must_use]
    pub fn is(&self, candidate: &[u8]) -> bool {
        hmac::verify(&self.key, candidate, self.hash.as_ref()).is_ok()
    }

    /// Whether a request presents the secret, as query parameter `token` or as bearer token.
    pub(super) fn is_in<B>(&self, request: &Request<B>) -> bool {
        let query = request.uri().query().and_then(last_token);
        let by_query = query.is_some_and(|value| {
            // A form encodes a blank as `+`, as the reference agent reads it; a person who pastes
            // base64 into a URL means the sign itself.
            self.is(&decode(value, b'+')) || (value.contains('+') && self.is(&decode(value, b' ')))
        });
        let mut headers = request.headers().get_all(AUTHORIZATION).iter();
        by_query || headers.any(|value| bearer(value).is_some_and(|token| self.is(token)))
    }
}

/// The value of the last parameter `token`, still encoded.
fn last_token(query: &str) -> Option<&str> {
    let parameters = query.split('&').rev();
    let mut tokens = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (decode(name, b' ') == b"token").then_some(value)
    });
    tokens.next()
}

/// Undoes percent-encoding; a `%` that encodes nothing stands for itself.
fn decode(text: &str, plus: u8) -> Vec<u8> {
    let digit = |byte: Option<&u8>| (*byte? as char).to_digit(16);
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        let encoded = digit(after.first()).zip(digit(after.get(1)));
        match (first, encoded) {
            (b'%', Some((high, low))) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
                continue;
            }
            (b'+', _) => bytes.push(plus),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    bytes
}

/// The token of `Bearer TOKEN` (RFC 6750).
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(secret: &[u8], target: &str, header: Option<&str>) -> bool {
        let mut request = Request::get(target);
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        let token = Token::new(secret).unwrap();
        token.is_in(&request.body(()).unwrap())
    }

    #[test]
    fn the_query_is_read_as_the_reference_agent_reads_it() {
        for target in [
            "/ws?token=s3cret",
            "/ws?a=b&token=s3cret&c",
            "/ws?token=wrong&token=s3cret",
            "/ws?token=s%33cret",
            "/ws?%74oken=%73%33%63%72%65%74",
            "http://host/ws?token=s3cret",
        ] {
            assert!(accepts(b"s3cret", target, None), "{target}");
        }
        for target in [
            "/ws",
            "/ws?",
            "/ws?token",
            "/ws?token=",
            "/ws?token=s3cre",
            "/ws?token=s3cret0",
            "/ws?token=S3CRET",
            "/ws?token=s3cret&token=wrong",
            "/ws?token=s3cret&token",
            "/ws?tokens=s3cret",
            "/ws?Token=s3cret",
            "/ws?x=token=s3cret",
            "/ws?token=s3cret%",
            "/ws?token==s3cret",
            "/s3cret?s3cret",
        ] {
            assert!(!accepts(b"s3cret", target, None), "{target}");
        }
    }

    #[test]
    fn a_plus_is_itself_or_a_blank() {
        assert!(accepts(b"a+b/c==", "/ws?token=a+b/c==", None));
        assert!(accepts(b"a+b/c==", "/ws?token=a%2Bb%2fc%3D%3d", None));
        assert!(accepts(b"a b", "/ws?token=a+b", None));
        assert!(accepts(b"a b", "/ws?token=a%20b", None));
        assert!(!accepts(b"a b", "/ws?token=a%2bb", None));
        assert!(accepts(b"100%", "/ws?token=100%", None));
        assert!(accepts(b"%zz", "/ws?token=%zz", None));
    }

    #[test]
    fn a_bearer_token_does_as_well() {
        for header in ["Bearer s3cret", "bearer s3cret", "BEARER   s3cret "] {
            assert!(accepts(b"s3cret", "/ws", Some(header)), "{header}");
        }
        for header in [
            "s3cret",
            "Bearer",
            "Bearer ",
            "Bearers3cret",
            "Basic s3cret",
            "Bearer s3cret,",
        ] {
            assert!(!accepts(b"s3cret", "/ws", Some(header)), "{header}");
        }
    }

    #[test]
    fn it_cannot_be_printed() {
        let token = Token::new(b"s3cret").unwrap();
        assert_eq!(format!("{token:?}"), "Token(secret)");
        assert!(Token::new(b"").unwrap_err().contains("empty"));
    }

    fn percent(secret: &[u8]) -> String {
        secret.iter().map(|byte| format!("%{byte:02X}")).collect()
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(
            secret in prop::collection::vec(any::<u8>(), 1..40),
            before in "[a-z=&%+]{0,12}",
        ) {
            let target = format!("/ws?{before}&token={}", percent(&secret));
            prop_assert!(accepts(&secret, &target, None));
        }

        #[test]
        fn another_one_is_not_accepted(
            secret in prop::collection::vec(any::<u8>(), 1..8),
            other in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            prop_assume!(secret != other);
            let target = format!("/ws?token={}", percent(&other));
            prop_assert!(!accepts(&secret, &target, None));
        }

        #[test]
        fn no_query_is_too_odd(query in "[ -~]{0,60}") {
            let _ = last_token(&query).map(|value| decode(value, b' '));
            // Decoding is the identity on what needs no encoding.
            let plain: String = query.chars().filter(|c| !"%+".contains(*c)).collect();
            prop_assert_eq!(decode(&plain, b' '), plain.as_bytes());
        }
    }
}

//! Who may connect.

use hyper::Request;

use super::{Origins, Token};

/// What a client must bring.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The secret; without one everybody may connect.
    pub token: Option<Token>,
    /// Web pages that may connect.
    pub origins: Origins,
}

/// Why a client may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It is a web page of somewhere else.
    Origin,
    /// It does not know the token.
    Token,
}

impl Access {
    /// Whether `request` may be answered. A foreign page does not even learn whether its token is
    /// right.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Denied> {
        if self.origins.are_foreign(request.headers()) {
            return Err(Denied::Origin);
        }
        match &self.token {
            Some(token) if !token.is_in(request) => Err(Denied::Token),
            _ => Ok(()),
        }
    }
}

//! The answer when there is no other.

use serde::{Deserialize, Serialize};

use super::{Frame, Request, RequestError};

/// `{"error":..,"pid":..,"request":..}`: says what is wrong. Clients that cannot read it report an
/// invalid response and carry on with the next request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// What is wrong and what would be right.
    pub error: String,
    /// The process asked about; left out for other requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Name of the request, or the start of what was sent instead of one.
    pub request: String,
}

impl ErrorObject {
    /// A request that was understood and cannot be answered.
    pub fn new(request: Request, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            pid: request.pid(),
            request: request.name().to_owned(),
        }
    }

    /// Encodes it as a text frame, whatever its size.
    pub fn to_frame(&self) -> Frame {
        // Two strings and a number have no way to fail.
        Frame::text(&serde_json::to_vec(self).unwrap_or_default())
    }
}

impl From<&RequestError> for ErrorObject {
    fn from(error: &RequestError) -> Self {
        Self {
            error: error.to_string(),
            pid: None,
            request: error.excerpt().to_owned(),
        }
    }
}

//! A value that nothing prints.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A value that is never printed: a token, a password, the URL of a webhook.
///
/// # Examples
///
/// ```
/// use tribune::Secret;
///
/// let secret = Secret::from("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret([REDACTED])");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The value itself, for the one place that has to use it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value that `text` stands for: a JSON string loses its quotes.
    pub(crate) fn parse(text: &str) -> Self {
        let quoted = text.trim().starts_with('"');
        match serde_json::from_str::<String>(text) {
            Ok(inner) if quoted => inner.into(),
            _ => text.into(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value.into())
    }
}

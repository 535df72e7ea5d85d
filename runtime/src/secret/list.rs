//! Which secrets there are, and where, without their values.

use std::collections::BTreeMap;

use super::{FILE_SUFFIX, PREFIX, SecretError, Secrets};

/// A place that has a secret of this name.
///
/// # Examples
///
/// ```
/// use tribune::Secrets;
///
/// let secrets = Secrets::new().with("TOKEN", "t0ps3cret");
/// let token = secrets.list()?.into_iter().find(|secret| secret.name() == "TOKEN").unwrap();
/// assert_eq!(token.place(), "what the run was given");
/// assert!(token.is_used());
/// # Ok::<(), tribune::SecretError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPlace {
    name: String,
    place: String,
    about: BTreeMap<String, String>,
    is_stored: bool,
    is_used: bool,
}

impl SecretPlace {
    fn new(name: &str, place: &str) -> Self {
        Self {
            name: name.to_owned(),
            place: place.to_owned(),
            about: BTreeMap::new(),
            is_stored: false,
            is_used: false,
        }
    }

    /// The secret's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The place, in words.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What the store has noted about it, such as the channel of a webhook.
    pub fn about(&self) -> &BTreeMap<String, String> {
        &self.about
    }

    /// Tells whether this is the [`SecretStore`](crate::SecretStore).
    pub fn is_stored(&self) -> bool {
        self.is_stored
    }

    /// Tells whether the secret is taken from here, and not from an earlier place.
    pub fn is_used(&self) -> bool {
        self.is_used
    }
}

impl Secrets {
    /// Every secret in every place, by name, and for each name in the order of the places.
    ///
    /// # Errors
    ///
    /// A configuration file or the store cannot be read.
    pub fn list(&self) -> Result<Vec<SecretPlace>, SecretError> {
        let mut list = Vec::new();
        let mut add = |name: &str, place: &str| list.push(SecretPlace::new(name, place));
        for (name, _) in &self.given {
            add(name, "what the run was given");
        }
        for variable in self.environment.variables() {
            let is_set = self
                .environment
                .variable(&variable)
                .is_some_and(|value| !value.is_empty());
            let Some(name) = variable.strip_prefix(PREFIX).filter(|_| is_set) else {
                continue;
            };
            match name.strip_suffix(FILE_SUFFIX) {
                Some(name) => add(name, &in_file_of(&variable)),
                None => add(name, &in_variable(&variable)),
            }
        }
        for secret in self.stored()? {
            list.push(SecretPlace {
                about: secret.about().clone(),
                is_stored: true,
                ..SecretPlace::new(secret.name(), &self.store_place())
            });
        }
        for at in 0..self.files.len() {
            let file = self.file(at)?;
            for name in file.names() {
                list.push(SecretPlace::new(name, file.place()));
            }
        }
        Ok(in_order(list))
    }
}

/// Sorted by name, the first of each marked as the one that is used.
fn in_order(mut list: Vec<SecretPlace>) -> Vec<SecretPlace> {
    list.sort_by(|a, b| a.name.cmp(&b.name));
    let mut earlier: Option<String> = None;
    for secret in &mut list {
        secret.is_used = earlier.as_deref() != Some(&secret.name);
        earlier = Some(secret.name.clone());
    }
    list
}

pub(super) fn in_variable(variable: &str) -> String {
    format!("the environment variable `{variable}`")
}

pub(super) fn in_file_of(variable: &str) -> String {
    format!("the file that `{variable}` names")
}

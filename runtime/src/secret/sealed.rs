//! The sealed file: what its bytes are, and how a key opens it.
//!
//! A line that names the format and the holder of the key; for a passphrase, a salt; a nonce; and
//! the content, encrypted and authenticated, line and salt included, by ChaCha20-Poly1305. A new nonce
//! is drawn each time. A passphrase becomes a key by PBKDF2 with HMAC-SHA-256.

use std::num::NonZeroU32;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::zeroize::Zeroizing;

/// What OWASP recommends for this function.
const ITERATIONS: u32 = if cfg!(test) { 1000 } else { 600_000 };
const SALT: usize = 16;

/// The bytes that open a file.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// Who holds the key of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    KeyFile,
    KeyStore,
    Passphrase,
}

impl Holder {
    const ALL: [Self; 3] = [Self::KeyFile, Self::KeyStore, Self::Passphrase];

    fn line(self) -> &'static [u8] {
        match self {
            Self::KeyFile => b"tribune secrets 1 key-file\n",
            Self::KeyStore => b"tribune secrets 1 key-store\n",
            Self::Passphrase => b"tribune secrets 1 passphrase\n",
        }
    }
}

/// What stands before the encrypted part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) holder: Holder,
    salt: Vec<u8>,
}

impl Header {
    /// The header of a new file.
    pub(super) fn new(holder: Holder) -> Self {
        let is_derived = holder == Holder::Passphrase;
        let salt = if is_derived {
            random::<SALT>().to_vec()
        } else {
            Vec::new()
        };
        Self { holder, salt }
    }

    /// The header of these bytes, and the rest, if they are such a file.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut holders = Holder::ALL.iter();
        let (holder, rest) =
            holders.find_map(|holder| Some((*holder, bytes.strip_prefix(holder.line())?)))?;
        let salt = if holder == Holder::Passphrase {
            SALT
        } else {
            0
        };
        let (salt, rest) = rest.split_at_checked(salt)?;
        let salt = salt.to_owned();
        Some((Self { holder, salt }, rest))
    }

    /// The key that this passphrase is here.
    pub(super) fn key(&self, passphrase: &str) -> Key {
        let mut key = Key::default();
        let iterations = NonZeroU32::new(ITERATIONS).unwrap_or(NonZeroU32::MIN);
        pbkdf2::derive(
            PBKDF2_HMAC_SHA256,
            iterations,
            &self.salt,
            passphrase.as_bytes(),
            &mut *key,
        );
        key
    }

    /// The whole file with this content.
    pub(super) fn seal(&self, key: &Key, content: &[u8]) -> Vec<u8> {
        let nonce = random::<NONCE_LEN>();
        let mut sealed = content.to_owned();
        aead(key)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.aad(), &mut sealed)
            .expect("a few secrets are shorter than 256 gigabytes");
        [self.aad().as_ref(), &nonce, &sealed].concat()
    }

    /// The content of the rest of a file, if this is its key and nobody changed it.
    pub(super) fn open(&self, key: &Key, rest: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut content = Zeroizing::new(sealed.to_owned());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = aead(key)
            .open_in_place(nonce, self.aad(), &mut content)
            .ok()?
            .len();
        content.truncate(length);
        Some(content)
    }

    /// What is not encrypted, but may not be changed.
    fn aad(&self) -> Aad<Vec<u8>> {
        Aad::from([self.holder.line(), &self.salt].concat())
    }
}

fn aead(key: &Key) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, &**key).expect("the key has the right length");
    LessSafeKey::new(key)
}

/// A new key.
pub(super) fn new_key() -> Key {
    Zeroizing::new(random())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("every operating system that this runs on has random numbers");
    bytes
}

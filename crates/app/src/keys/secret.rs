//! The text of a key: `fdk_<id>_<secret>`.

use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};

use crate::ports::machine::Machine;

/// What every key begins with, so that a search for leaked ones finds them.
const PREFIX: &str = "fdk";

/// Letters of an id: 80 bits.
const ID: usize = 16;

/// Letters of a secret: 256 bits.
const SECRET: usize = 52;

/// RFC 4648, in small letters.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Memory in KiB and passes: what OWASP asks for of Argon2id.
const COST: (u32, u32) = (19_456, 2);

/// The text of a key. Nothing prints it but [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one, with the id in it.
    pub(super) fn draw(machine: &dyn Machine) -> (String, Self) {
        let id = base32(&machine.entropy());
        let secret: [u8; 32] = drawn(machine);
        let text = format!("{PREFIX}_{id}_{}", base32(&secret));
        (id, Self(text))
    }

    /// The text, for who is to keep it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it: Argon2id with its salt and cost, as a PHC string.
    pub(super) fn hash(&self, machine: &dyn Machine) -> Result<String, String> {
        let (memory, passes) = COST;
        let params = Params::new(memory, passes, 1, None).map_err(|error| error.to_string())?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt: [u8; 16] = drawn(machine);
        let hash = argon.hash_password_with_salt(self.0.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A text that somebody presents as a key: in form, and no more.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented<'a> {
    text: &'a str,
    id: &'a str,
}

impl<'a> Presented<'a> {
    /// A text in the form of a key.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('_');
        let (prefix, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let is_plain = |part: &str| part.bytes().all(|byte| ALPHABET.contains(&byte));
        let fits = parts.next().is_none()
            && prefix == PREFIX
            && (id.len(), secret.len()) == (ID, SECRET)
            && is_plain(id)
            && is_plain(secret);
        fits.then_some(Self { text, id })
    }

    /// The whole text: it must not be kept or shown.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Which key it says to be.
    pub fn id(&self) -> &str {
        self.id
    }

    /// What stands for it in memory.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// Whether it is what the hash was made of. Slow on purpose.
    pub(super) fn is_of(&self, hash: &str) -> bool {
        Argon2::default()
            .verify_password(self.text.as_bytes(), hash)
            .is_ok()
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({})", self.id)
    }
}

fn drawn<const N: usize>(machine: &dyn Machine) -> [u8; N] {
    let mut bytes = [0; N];
    for part in bytes.chunks_mut(10) {
        part.copy_from_slice(&machine.entropy()[..part.len()]);
    }
    bytes
}

/// Random bytes as a plain name: a record needs one that nobody has.
pub(crate) fn random_name(machine: &dyn Machine) -> String {
    base32(&machine.entropy())
}

/// Five bits a letter; the last one is filled up with zeros.
fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(letter(bits >> held));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(letter(bits << (5 - held)));
    }
    text
}

fn letter(bits: u32) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_the_standard() {
        // The test vectors of RFC 4648, without padding, in small letters.
        for (bytes, text) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn only_the_form_of_a_key_is_one() {
        let (id, secret) = ("a".repeat(16), "7".repeat(52));
        let text = format!("fdk_{id}_{secret}");
        assert_eq!(Presented::parse(&text).unwrap().id(), id);
        for bad in [
            String::new(),
            "fdk".to_owned(),
            format!("fdk_{id}"),
            format!("FDK_{id}_{secret}"),
            format!("fdk_{id}_{secret}_"),
            format!("fdk_{id}_{secret}7"),
            format!("fdk_{id}x_{secret}"),
            format!("fdk_{id}_{}", "1".repeat(52)),
            format!("fdk_{id}_{}", "é".repeat(26)),
        ] {
            assert_eq!(Presented::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_prints_a_secret() {
        let text = format!("fdk_{}_{}", "a".repeat(16), "7".repeat(52));
        let shown = format!(
            "{:?} {:?}",
            Secret(text.clone()),
            Presented::parse(&text).unwrap()
        );
        assert!(!shown.contains("777"), "{shown}");
    }
}

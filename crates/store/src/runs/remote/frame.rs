//! What lies on the wire: frames of a JSON text and, where a body goes along,
//! its bytes as they are.
//!
//! ```text
//! length of the text: 4 bytes | length of the body: 4 bytes | text | body
//! ```
//!
//! Lengths are big-endian. A frame is read as its bytes come, so that one who
//! announces much and sends little costs little.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// The largest frame in bytes: a plan of a million tasks fits.
pub const FRAME_LIMIT: usize = 256 * 1024 * 1024;

/// Why a frame did not come or go.
#[derive(Debug, Error)]
pub enum FrameError {
    /// Longer than is taken.
    #[error("a frame of {bytes} bytes: {limit} is the most")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// The other side went away in the middle of it.
    #[error("the other side ended in the middle of a frame")]
    Cut,
    /// Its text is not what is meant here.
    #[error("a frame that means nothing: {0}")]
    Garbled(serde_json::Error),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(#[from] io::Error),
}

/// A frame as it came.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) text: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// With a body beside the text.
    pub(super) fn of(message: &impl Serialize, body: &[u8]) -> Result<Self, FrameError> {
        Ok(Self {
            text: serde_json::to_vec(message).map_err(FrameError::Garbled)?,
            body: body.to_vec(),
        })
    }

    /// What its text says.
    pub(super) fn message<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        serde_json::from_slice(&self.text).map_err(FrameError::Garbled)
    }

    /// Sends it. Nothing is sent of one that is too large.
    pub(super) fn write(&self, to: &mut impl Write, limit: usize) -> Result<(), FrameError> {
        let lengths = [self.text.len(), self.body.len()];
        let bytes = lengths[0].saturating_add(lengths[1]);
        if bytes > limit {
            return Err(FrameError::TooLarge { bytes, limit });
        }
        let mut whole = Vec::with_capacity(8 + bytes);
        for length in lengths {
            whole.extend((length as u32).to_be_bytes());
        }
        whole.extend(&self.text);
        whole.extend(&self.body);
        to.write_all(&whole)?;
        Ok(())
    }

    /// The next one, or nothing where the other side ended between two.
    pub(super) fn read(from: &mut impl Read, limit: usize) -> Result<Option<Self>, FrameError> {
        let head = exactly(from, 8)?;
        if head.is_empty() {
            return Ok(None);
        }
        let length = |at: usize| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            u32::from_be_bytes(bytes) as usize
        };
        if head.len() < 8 {
            return Err(FrameError::Cut);
        }
        let bytes = length(0).saturating_add(length(4));
        if bytes > limit {
            return Err(FrameError::TooLarge { bytes, limit });
        }
        let text = exactly(from, length(0))?;
        let body = exactly(from, length(4))?;
        if text.len() + body.len() < bytes {
            return Err(FrameError::Cut);
        }
        Ok(Some(Self { text, body }))
    }
}

/// So many bytes, or fewer where the other side ends before.
fn exactly(from: &mut impl Read, length: usize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::with_capacity(length.min(64 * 1024));
    from.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: usize) -> Result<Option<Frame>, FrameError> {
        Frame::read(&mut &bytes[..], limit)
    }

    #[test]
    fn a_frame_is_two_lengths_and_two_parts() {
        let mut wire = Vec::new();
        let frame = Frame::of(&"ab", b"\x00\xff").unwrap();
        frame.write(&mut wire, 100).unwrap();
        assert_eq!(wire, b"\0\0\0\x04\0\0\0\x02\"ab\"\x00\xff");
        let back = read(&wire, 100).unwrap().unwrap();
        assert_eq!(back.message::<String>().unwrap(), "ab");
        assert_eq!(back.body, b"\x00\xff");
        assert!(read(&[], 100).unwrap().is_none());
    }

    #[test]
    fn a_frame_cut_anywhere_is_no_frame() {
        let mut wire = Vec::new();
        let frame = Frame::of(&"text", b"body").unwrap();
        frame.write(&mut wire, 100).unwrap();
        for length in 1..wire.len() {
            let cut = read(&wire[..length], 100);
            assert!(matches!(cut, Err(FrameError::Cut)), "{length}");
        }
    }

    #[test]
    fn what_is_too_large_is_neither_sent_nor_awaited() {
        let announced = [0x40, 0, 0, 0, 0x40, 0, 0, 0];
        let refused = read(&announced, FRAME_LIMIT);
        let bytes = 2 * 1024 * 1024 * 1024;
        assert!(matches!(refused, Err(FrameError::TooLarge { bytes: b, .. }) if b == bytes));
        let mut wire = Vec::new();
        let frame = Frame::of(&"", &[7; 20]).unwrap();
        let refused = frame.write(&mut wire, 10);
        assert!(matches!(
            refused,
            Err(FrameError::TooLarge {
                bytes: 22,
                limit: 10
            })
        ));
        assert!(wire.is_empty());
    }
}

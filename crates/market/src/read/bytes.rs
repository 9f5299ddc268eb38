//! The bytes of a file, unpacked.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::ReadError;

/// The whole file; `.gz` is unpacked, and a cut archive is an error.
pub(crate) fn load(path: &Path) -> Result<Vec<u8>, ReadError> {
    let packed = std::fs::read(path).map_err(|cause| ReadError::io(path, cause))?;
    if packed.is_empty() {
        return Err(ReadError::Empty { path: path.into() });
    }
    if !path
        .extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("gz"))
    {
        return Ok(packed);
    }
    let mut unpacked = Vec::with_capacity(packed.len() * 4);
    MultiGzDecoder::new(packed.as_slice())
        .read_to_end(&mut unpacked)
        .map_err(|cause| ReadError::damaged(path, "gzip", cause))?;
    if unpacked.is_empty() {
        return Err(ReadError::Empty { path: path.into() });
    }
    Ok(unpacked)
}

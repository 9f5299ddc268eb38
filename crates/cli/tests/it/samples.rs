//! The sample candles are the ones their notice speaks of.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::harness::repository;

#[test]
fn the_file_is_the_one_of_the_notice() {
    let bytes = std::fs::read(repository("samples/us-daily/stocks.csv.gz")).unwrap();
    let notice = std::fs::read_to_string(repository("samples/us-daily/NOTICE.md")).unwrap();
    let hash = Sha256::digest(&bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
    assert!(
        notice.contains(&format!("| SHA-256 | `{hash}` |")),
        "{hash}"
    );
}

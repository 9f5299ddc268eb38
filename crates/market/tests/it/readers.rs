//! Files as people have them.

use std::path::PathBuf;

use fondaco_app::data::{
    Decimal, FileContent, Keep, Note, QuoteSide, ReadOptions, Repair, SkipReason, StampMeans,
};
use fondaco_app::ports::CandleFiles;
use fondaco_market::LocalFiles;

use crate::support::{read_all, read_one, refusal, shared};

fn plain() -> ReadOptions {
    ReadOptions::default()
}

/// A file of its own folder.
fn file(name: &str, content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn every_file_of_the_shared_folder_is_read_or_left_out_for_a_reason() {
    let Some(root) = shared("") else { return };
    let (mut rows, mut series, mut skipped) = (0, 0, std::collections::BTreeMap::new());
    for path in LocalFiles.find(&[root]).unwrap() {
        match LocalFiles.read(&path, &plain()) {
            Ok(FileContent::Series(all)) => {
                series += all.len();
                rows += all.iter().map(|it| it.bars.len()).sum::<usize>();
            }
            Ok(FileContent::Skipped(reason)) => {
                *skipped.entry(reason.describe()).or_insert(0) += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let reasons: Vec<String> = skipped
        .iter()
        .map(|(why, n)| format!("{n} {why}"))
        .collect();
    println!("{series} series, {rows} rows; {reasons:#?}");
}

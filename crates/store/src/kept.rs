//! Kept results by their names, for those who know no folders.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use fondaco_app::ports::Failure;
use fondaco_app::ports::results::{ResultFile, ResultStore};
use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult};

use crate::error::StoreError;
use crate::results::Results;

impl ResultStore for Results {
    fn listing(&self, name: &str) -> Result<Option<BacktestListing>, Failure> {
        self.document(name, ResultFile::Listing, BacktestListing::from_json)
    }

    fn result(&self, name: &str) -> Result<Option<BacktestResult>, Failure> {
        self.document(name, ResultFile::Result, BacktestResult::from_json)
    }

    fn file(&self, name: &str, file: ResultFile) -> Result<Option<Vec<u8>>, Failure> {
        let Some(path) = self.place(name, file) else {
            return Ok(None);
        };
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Failure::new(StoreError::Read { path, source })),
        }
    }
}

impl Results {
    fn document<T>(
        &self,
        name: &str,
        file: ResultFile,
        read: impl Fn(&str) -> Result<T, fondaco_contract::ContractError>,
    ) -> Result<Option<T>, Failure> {
        let Some(path) = self.place(name, file) else {
            return Ok(None);
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Failure::new(StoreError::Read { path, source })),
        };
        read(&text)
            .map(Some)
            .map_err(|source| Failure::new(StoreError::Contract { path, source }))
    }

    /// Where a file of a result lies. A name with a folder in it names none.
    fn place(&self, name: &str, file: ResultFile) -> Option<PathBuf> {
        let mut parts = Path::new(name).components();
        let plain = matches!(parts.next(), Some(Component::Normal(part)) if part == name);
        (plain && parts.next().is_none()).then(|| self.root().join(name).join(file.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let home = tempfile::tempdir().unwrap();
        let results = Results::at(home.path().join("backtests"));
        let inside = home.path().join("backtests/one");
        fs::create_dir_all(&inside).unwrap();
        fs::write(inside.join("report.html"), "inside").unwrap();
        fs::write(home.path().join("report.html"), "outside").unwrap();
        let read = |name: &str| results.file(name, ResultFile::Report).unwrap();
        assert_eq!(read("one").as_deref(), Some(b"inside".as_slice()));
        let absolute = home.path().display().to_string();
        for name in [
            "",
            ".",
            "..",
            "one/..",
            "../backtests/one",
            "one/",
            &absolute,
        ] {
            assert_eq!(read(name), None, "{name:?}");
        }
        assert_eq!(results.file("one", ResultFile::EquityCsv).unwrap(), None);
        assert!(results.listing("one").unwrap().is_none());
    }
}

//! The table of parameters that an older program kept of its backtests:
//! `backtest_results(params, sharpe_ratio, strategy_type)` in a file of
//! `SQLite`, usually `research_results/runs.db`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_domain::{ErrorKind, Hint};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use thiserror::Error;

/// The best Bollinger parameters of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct BestRow {
    /// Numbers of its parameters, such as `period` and `num_std`.
    pub params: BTreeMap<String, f64>,
    /// Its Sharpe ratio.
    pub sharpe: f64,
    /// The largest Sharpe ratio of the whole table, whatever the strategy.
    pub best: f64,
}

/// A table that cannot be read.
#[derive(Debug, Error)]
pub enum LegacyTableError {
    /// There is no such file.
    #[error("there is no table of parameters at {}", .0.display())]
    NotFound(PathBuf),
    /// It is no database, or has no such table.
    #[error("{} has no table `backtest_results` that can be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// No row is of a Bollinger strategy with a Sharpe ratio.
    #[error("{} has no Bollinger row with a Sharpe ratio", .0.display())]
    Empty(PathBuf),
    /// The parameters of the best row are no object of JSON.
    #[error("the parameters of the best row of {} do not read", path.display())]
    Params {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl Hint for LegacyTableError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Read { .. } | Self::Params { .. } => ErrorKind::Corrupt,
            Self::Empty(_) => ErrorKind::NoData,
        }
    }
}

/// Reads the best Bollinger row, of several alike the first. Rows without a
/// Sharpe ratio are passed over, and so are parameters that are no numbers.
/// The file is not changed.
pub fn best_bollinger(path: &Path) -> Result<BestRow, LegacyTableError> {
    // A missing file would be told as one that cannot be opened.
    if !path.is_file() {
        return Err(LegacyTableError::NotFound(path.to_owned()));
    }
    let read = |source| LegacyTableError::Read {
        path: path.to_owned(),
        source,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let table = Connection::open_with_flags(path, flags).map_err(read)?;
    let row: Option<(String, f64)> = table
        .query_row(
            "SELECT params, sharpe_ratio FROM backtest_results
             WHERE strategy_type IN ('BollingerStrategy', 'bollinger')
               AND typeof(sharpe_ratio) IN ('real', 'integer')
             ORDER BY sharpe_ratio DESC, rowid LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(read)?;
    let (params, sharpe) = row.ok_or_else(|| LegacyTableError::Empty(path.to_owned()))?;
    let best: f64 = table
        .query_row(
            "SELECT max(sharpe_ratio) FROM backtest_results
             WHERE typeof(sharpe_ratio) IN ('real', 'integer')",
            [],
            |row| row.get(0),
        )
        .map_err(read)?;
    let params: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&params).map_err(|source| LegacyTableError::Params {
            path: path.to_owned(),
            source,
        })?;
    let number = |(name, value): (String, serde_json::Value)| Some((name, value.as_f64()?));
    Ok(BestRow {
        params: params.into_iter().filter_map(number).collect(),
        sharpe,
        best,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        let made = Connection::open(&path).unwrap();
        let create = "CREATE TABLE backtest_results
            (params TEXT, sharpe_ratio REAL, strategy_type TEXT);";
        made.execute_batch(&format!("{create}{rows}")).unwrap();
        (folder, path)
    }

    #[test]
    fn the_best_bollinger_row_and_the_best_of_all() {
        let (_folder, path) = table(
            r#"INSERT INTO backtest_results VALUES
                ('{"period": 10, "num_std": 1.5}', 0.7, 'bollinger'),
                ('{"period": 20, "num_std": 2.0, "note": "x"}', 1.2, 'BollingerStrategy'),
                ('{"period": 30}', 1.2, 'BollingerStrategy'),
                ('{"period": 40}', NULL, 'BollingerStrategy'),
                ('{"fast": 5}', 2.4, 'CrossStrategy');"#,
        );
        let row = best_bollinger(&path).unwrap();
        assert_eq!((row.sharpe, row.best), (1.2, 2.4));
        let params: Vec<_> = row.params.into_iter().collect();
        assert_eq!(
            params,
            [("num_std".to_owned(), 2.0), ("period".to_owned(), 20.0)]
        );
    }

    #[test]
    fn what_is_no_such_table_is_said() {
        let (_folder, empty) = table("");
        let error = best_bollinger(&empty).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoData);
        let (_folder, garbled) =
            table("INSERT INTO backtest_results VALUES ('period=20', 1.0, 'bollinger');");
        let error = best_bollinger(&garbled).unwrap_err();
        assert!(matches!(error, LegacyTableError::Params { .. }));
        let folder = tempfile::tempdir().unwrap();
        let absent = best_bollinger(&folder.path().join("runs.db")).unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
        let text = folder.path().join("text.db");
        std::fs::write(&text, "no database, but long enough to look at").unwrap();
        let error = best_bollinger(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

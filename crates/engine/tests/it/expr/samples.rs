//! Every strategy file of the project compiles and runs.

use std::path::{Path, PathBuf};

use fondaco_domain::strategy::parse;
use fondaco_engine::expr::{Inputs, ParamValues, compile};

use super::{FIVE_MINUTES, candles};

#[test]
fn all_strategy_files_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies");
    let files = [files(&folder), files(&folder.join("golden"))].concat();
    assert!(files.len() >= 20, "only {} strategy files", files.len());
    let closes: Vec<f64> = (0..2_000)
        .map(|row| 100.0 + f64::from(row % 37) + 20.0 * (f64::from(row) * 0.05).sin())
        .collect();
    let bars = candles(FIVE_MINUTES, &closes);
    for path in files {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let strategy =
            parse(&text).unwrap_or_else(|error| panic!("{}", error.render(&file, &text)));
        let program = compile(&strategy, &ParamValues::defaults(&strategy))
            .unwrap_or_else(|error| panic!("{}", error.render(&file, &text)));
        let mut inputs = Inputs::new(&bars);
        for need in program.needs() {
            inputs = inputs.with(&need.name, &bars);
        }
        let signals = program.signals(&inputs).unwrap();
        assert_eq!(signals.len(), bars.len(), "{file}");
        assert!(
            strategy.signals_from_files || strategy.require_rules().is_ok(),
            "{file} has no entry rule"
        );
        assert_eq!(
            strategy.name,
            path.file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .replace('_', "-"),
            "{file} has the name of another file"
        );
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect()
}

//! Files into a store: all or nothing.

use std::path::{Path, PathBuf};

use fondaco_app::data::{
    DataError, ExportFormat, ExportRequest, ImportReport, ImportRequest, Overlap, ReadOptions,
    Selector, VersionRef, export, import, list, read, resolve,
};
use fondaco_app::ports::{BarStore, Quiet};
use fondaco_domain::{ErrorKind, Hint, TimeRange, UnixMillis};
use fondaco_market::{LocalFiles, ParquetStore};

use crate::support::{dataset, minutes, put, read_one, shared, tree};

fn request(path: &Path) -> ImportRequest {
    ImportRequest {
        paths: vec![path.to_owned()],
        ..ImportRequest::default()
    }
}

fn open(folder: &tempfile::TempDir) -> ParquetStore {
    ParquetStore::open(folder.path().to_str().unwrap()).unwrap()
}

async fn run(request: &ImportRequest, store: &ParquetStore) -> Result<ImportReport, DataError> {
    import(request, &LocalFiles, store, &Quiet, UnixMillis(0)).await
}

fn write(folder: &tempfile::TempDir, name: &str, rows: &[&str]) -> PathBuf {
    let path = folder.path().join(name);
    let text = format!("date,open,high,low,close,volume\n{}\n", rows.join("\n"));
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn folders_come_in_at_once_and_again_without_change() {
    let roots = ["freqtrade", "djia-2025", "raw-samples", "wiki-daily"].map(shared);
    let [Some(a), Some(b), Some(c), Some(d)] = roots else {
        return;
    };
    let request = ImportRequest {
        paths: vec![a, b, c, d],
        ..ImportRequest::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let report = run(&request, &store).await.unwrap();
    // 18 files of freqtrade, 20 names, one answer, five names in one file.
    assert_eq!(report.imported.len(), 18 + 20 + 1 + 5);
    let before = tree(folder.path());
    let again = run(&request, &store).await.unwrap();
    assert!(
        again
            .imported
            .iter()
            .all(|it| it.added == 0 && it.replaced == 0)
    );
    assert_eq!(tree(folder.path()), before);
    let swap = Selector {
        venue: Some("binance".parse().unwrap()),
        symbol: Some("XRP/USDT:USDT".parse().unwrap()),
        ..Selector::default()
    };
    assert_eq!(list(&store, &swap).await.unwrap().len(), 3);
    assert!(matches!(
        resolve(&store, &swap).await,
        Err(DataError::Ambiguous { .. })
    ));
}

#[tokio::test]
async fn a_folder_of_a_market_comes_in_with_one_command() {
    for (inside, zone, venue, timeframe, symbols, last, close) in [
        (
            "nasdaq100-daily",
            None,
            "nasdaq100-daily",
            "1d",
            103,
            "AAPL 2025-10-30 00:00:00+00:00",
            271.4,
        ),
        (
            "nasdaq100-60min",
            Some("America/New_York"),
            "nasdaq100-60min",
            "1h",
            102,
            // 15:00 in New York, in winter.
            "AAPL 2025-11-10 20:00:00+00:00",
            269.36,
        ),
        (
            "crypto-daily",
            None,
            "crypto-daily",
            "1d",
            10,
            "BTC-USDT 2025-11-16 00:00:00+00:00",
            95_374.01,
        ),
        (
            "sse50-daily",
            None,
            "sse50-daily",
            "1d",
            51,
            "600519.SHH 2025-11-06 00:00:00+00:00",
            // Written as 1,433.3300, between rows without separators.
            1_433.33,
        ),
        (
            "djia-2025/daily",
            None,
            "djia-2025",
            "1d",
            20,
            "AAPL 2025-07-31 00:00:00+00:00",
            207.57,
        ),
    ] {
        let Some(path) = shared(inside) else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        let mut request = request(&path);
        request.options.zone = zone.map(str::to_owned);
        let report = run(&request, &store).await.unwrap();
        assert_eq!(report.imported.len(), symbols, "{inside}");
        for it in &report.imported {
            assert_eq!(it.dataset.venue.as_str(), venue);
            assert_eq!(it.dataset.timeframe.to_string(), timeframe);
        }
        let (symbol, at) = last.split_once(' ').unwrap();
        let of = Selector {
            symbol: Some(symbol.parse().unwrap()),
            ..Selector::default()
        };
        let id = resolve(&store, &of).await.unwrap();
        let (_, bars) = store.read(&id, &VersionRef::Latest).await.unwrap();
        let row = bars.time().iter().position(|it| it.to_string() == at);
        let row = row.unwrap_or_else(|| panic!("{inside} has no {last}"));
        assert_eq!(bars.close()[row], close, "{inside}");
    }
}

#[tokio::test]
async fn one_bad_file_among_good_ones_stores_nothing() {
    let (files, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(&place);
    put(
        &store,
        &dataset("AAPL"),
        &minutes([(0, 1.0)]),
        Overlap::Refuse,
    )
    .await
    .unwrap();
    let before = tree(place.path());
    write(&files, "A_1d.csv", &["2025-01-02,1,2,0.5,1.5,7"]);
    write(&files, "B_1d.csv", &["2025-01-02,1,2,0.5,nonsense,7"]);
    let error = run(&request(files.path()), &store).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("B_1d.csv:2: `close` is `nonsense`"),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(tree(place.path()), before);
}

#[tokio::test]
async fn a_cut_file_leaves_the_store_as_it_was() {
    let (Some(feather), Some(text)) = (
        shared("freqtrade/binance/futures/XRP_USDT_USDT-5m-futures.feather"),
        shared("crypto-5m/XRP_ETH-5m.csv.gz"),
    ) else {
        return;
    };
    let (files, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(&place);
    run(&request(&feather), &store).await.unwrap();
    let id = resolve(&store, &Selector::default()).await.unwrap();
    let parquet = files.path().join("XRP_USDT-5m.parquet");
    let request_export = ExportRequest {
        dataset: id,
        version: VersionRef::Latest,
        range: TimeRange::default(),
        format: ExportFormat::Parquet,
        path: Some(parquet.clone()),
    };
    export(&request_export, &store, &LocalFiles).await.unwrap();
    let before = tree(place.path());
    for whole in [feather, text, parquet] {
        let bytes = std::fs::read(&whole).unwrap();
        let name = whole.file_name().unwrap().to_string_lossy().into_owned();
        let cut = files.path().join(format!("cut-{name}"));
        // Near the ends, and at places between.
        let near = (0..12).chain(bytes.len() - 12..bytes.len());
        let between = (1..16).map(|step| bytes.len() * step / 16);
        for length in near.chain(between) {
            std::fs::write(&cut, &bytes[..length]).unwrap();
            let mut request = request(&cut);
            request.options.symbol = Some("CUT".parse().unwrap());
            request.options.timeframe = Some("5m".parse().unwrap());
            let error = run(&request, &store)
                .await
                .expect_err(&format!("{name} cut at {length}"));
            assert!(
                matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NoData),
                "{name} cut at {length}: {error}"
            );
        }
        assert_eq!(tree(place.path()), before, "{name}");
    }
}

#[tokio::test]
async fn contradictions_need_a_word() {
    let (files, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(&place);
    let first = write(
        &files,
        "A_1d.csv",
        &["2025-01-02,1,2,0.5,1.5,7", "2025-01-03,1,2,0.5,1.5,7"],
    );
    run(&request(&first), &store).await.unwrap();
    let before = tree(place.path());
    let other = write(
        &files,
        "A_1d.csv",
        &["2025-01-03,1,2,0.5,1.6,7", "2025-01-06,1,2,0.5,1.5,7"],
    );
    let error = run(&request(&other), &store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.hint().unwrap().contains("--replace"));
    assert_eq!(tree(place.path()), before);

    let dry = ImportRequest {
        overlap: Overlap::Replace,
        dry_run: true,
        ..request(&other)
    };
    let report = run(&dry, &store).await.unwrap();
    assert_eq!(
        (report.imported[0].added, report.imported[0].replaced),
        (1, 1)
    );
    assert_eq!(tree(place.path()), before);

    let report = run(
        &ImportRequest {
            dry_run: false,
            ..dry
        },
        &store,
    )
    .await
    .unwrap();
    assert_eq!(report.imported[0].version.as_ref().unwrap().number, 2);
    let dataset = report.imported[0].dataset.clone();
    let empty = TimeRange::parse("20240101-20240201").unwrap();
    let absent = read(&store, &dataset, &VersionRef::Latest, empty)
        .await
        .unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NoData);
}

#[tokio::test]
async fn every_form_of_export_reads_back_as_the_same() {
    let (files, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, id) = (open(&place), dataset("BTC/USDT"));
    let bars = minutes((0..500).map(|minute| (minute, 1.0 + 1.0 / (minute as f64 + 3.0))));
    put(&store, &id, &bars, Overlap::Refuse).await.unwrap();
    for format in [
        ExportFormat::Csv,
        ExportFormat::Json,
        ExportFormat::Feather,
        ExportFormat::Parquet,
    ] {
        let path = files
            .path()
            .join(format!("BTC_USDT-1m.{}", format.extension()));
        let request = ExportRequest {
            dataset: id.clone(),
            version: VersionRef::Latest,
            range: TimeRange::default(),
            format,
            path: Some(path.clone()),
        };
        export(&request, &store, &LocalFiles).await.unwrap();
        assert_eq!(
            read_one(&path, &ReadOptions::default()).bars,
            bars,
            "{format:?}"
        );
    }
    let nowhere = ExportRequest {
        dataset: id,
        version: VersionRef::Latest,
        range: TimeRange::default(),
        format: ExportFormat::Csv,
        path: Some(files.path().join("absent/x.csv")),
    };
    let error = export(&nowhere, &store, &LocalFiles).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(store.list().await.unwrap().len(), 1);
}

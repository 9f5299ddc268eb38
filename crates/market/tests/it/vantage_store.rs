//! What is stored of a source that misbehaves, and who asks it when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fondaco_app::data::{Overlap, VersionRef};
use fondaco_app::ports::exec::Watch;
use fondaco_app::ports::{BarStore, Clock, Quiet};
use fondaco_app::simulation::download::{
    Asked, Availability, Budget, Came, Coverage, DownloadPorts, DownloadRules, Outcome, PriceShelf,
    Reach, RequestBook, SymbolOutcome, download,
};
use fondaco_domain::calendar::Calendar;
use fondaco_domain::time::parse_stamp;
use fondaco_domain::{Hint, Symbol, Timeframe, UnixMillis};
use fondaco_market::{ParquetStore, Requests, StoredPrices};

use crate::vantage::{DAYS, KEY, source, symbol};
use crate::vantage_server::{Reply, Server, daily, message, row, rows, says};

/// A store and a book in a folder of their own.
struct Bench {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    store: Arc<ParquetStore>,
}

/// Waits for nothing, and stops when it is told to.
#[derive(Default)]
struct Impatient {
    stop: AtomicBool,
    waits: Mutex<Vec<f64>>,
}

impl Watch for Impatient {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn wait(&self, time: Duration) {
        self.waits.lock().unwrap().push(time.as_secs_f64());
    }

    fn progress(&self, _text: &str) {}
}

struct Friday;

impl Clock for Friday {
    fn now(&self) -> UnixMillis {
        parse_stamp("2025-01-31T12:00:00Z").unwrap()
    }
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("data");
        Self {
            store: Arc::new(ParquetStore::open(place.to_str().unwrap()).unwrap()),
            runtime: tokio::runtime::Runtime::new().unwrap(),
            folder,
        }
    }

    fn shelf(&self) -> StoredPrices {
        StoredPrices {
            store: self.store.clone(),
            place: "here".to_owned(),
            runtime: self.runtime.handle().clone(),
            venue: "alpha-vantage".parse().unwrap(),
            timeframe: Timeframe::DAY,
            overlap: Overlap::Refuse,
        }
    }

    fn run(&self, server: &Server, names: &str, watch: &Impatient) -> Outcome {
        let symbols: Vec<Symbol> = names.split(' ').map(symbol).collect();
        let shelf = self.shelf();
        let mut coverage = Coverage::new();
        for symbol in &symbols {
            coverage.insert(symbol.clone(), shelf.stored(symbol).unwrap().opens);
        }
        let steps: Vec<_> = DAYS.iter().map(|day| day.parse().unwrap()).collect();
        let availability =
            Availability::of(&steps, &symbols, &Calendar::UsEquities, &coverage).unwrap();
        let book = Requests::open(&self.folder.path().join("downloads"), "alpha-vantage").unwrap();
        let ports = DownloadPorts {
            source: &source(server),
            shelf: &shelf,
            book: &book,
            calendar: &Calendar::UsEquities,
            clock: &Friday,
            progress: &Quiet,
        };
        let rules = DownloadRules {
            budget: Budget {
                per_minute: 0,
                per_day: 0,
            },
            ..DownloadRules::default()
        };
        download(&availability.plan(Friday.now()), ports, &rules, watch).unwrap()
    }
}

#[test]
fn a_symbol_is_stored_whole_with_where_it_is_from() {
    let server = Server::of(|it, before| match (it.symbol.as_str(), before) {
        ("B", 0) => Reply::Whole(502, "", String::new()),
        ("B", 1) => Reply::Cut(daily("B", &rows(&DAYS[..1]))),
        ("C", _) => says(&daily("C", &row("2025-01-30", "10", "12", "-9", "11", "5"))),
        ("D", _) => message("Note", "5 calls per minute"),
        (name, _) => says(&daily(name, &rows(&DAYS))),
    });
    let (bench, watch) = (Bench::new(), Impatient::default());
    let outcome = bench.run(&server, "A B C D E", &watch);
    let words: Vec<String> = outcome
        .symbols
        .iter()
        .map(|it| match &it.outcome {
            SymbolOutcome::Failed { reason, message } => {
                format!("{} {reason}: {message}", it.symbol)
            }
            other => format!("{} {other:?}", it.symbol),
        })
        .collect();
    let words = words
        .join("\n")
        .replace(&server.url().replace("http://", ""), "HOST");
    insta::assert_snapshot!(words, @r#"
    A Downloaded { added: 3, version: 1, rows: 3 }
    B Downloaded { added: 3, version: 1, rows: 3 }
    C rows: alpha-vantage HOST answered a row that is no candle: C:1: `low` is `-9`: negative
    D NotReached
    E NotReached
    "#);
    assert_eq!(*watch.waits.lock().unwrap(), [2.0, 4.0]);
    assert_eq!(server.symbols(), ["A", "B", "B", "B", "C", "D"]);
    assert_eq!(
        outcome.warnings(),
        [
            "Rate limit reached - downloaded 2/5 symbols",
            "1 symbols failed to download"
        ]
    );
    let listed = bench.runtime.block_on(bench.store.list()).unwrap();
    let sources: Vec<String> = listed
        .iter()
        .map(|(id, version)| format!("{id}: {} rows, {}", version.rows, version.source))
        .collect();
    let host = server.url().replace("http://", "");
    assert_eq!(
        sources,
        [
            format!("alpha-vantage A 1d: 3 rows, alpha-vantage {host} A compact"),
            format!("alpha-vantage B 1d: 3 rows, alpha-vantage {host} B compact"),
        ]
    );
    let dataset = &listed[1].0;
    let (_, bars) = bench
        .runtime
        .block_on(bench.store.read(dataset, &VersionRef::Latest))
        .unwrap();
    assert_eq!(bars.close(), [11.0; 3]);
    // Nothing of the folder holds the key.
    for (path, bytes) in crate::support::tree(bench.folder.path()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(KEY), "{}", path.display());
    }
}

#[test]
fn one_asks_at_a_time_and_the_book_stays() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Requests::open(folder.path(), "x").unwrap();
    let (one, other) = (open(), open());
    let question = |at: i64| Asked {
        at: UnixMillis(at),
        symbol: symbol("A"),
        reach: Reach::Compact,
        place: "here".to_owned(),
        came: Came::Nothing,
    };
    let day = 86_400_000;
    let mut turn = one.turn().unwrap().unwrap();
    assert!(other.turn().unwrap().is_none(), "two at a time");
    turn.ask(question(day)).unwrap();
    turn.ask(question(2 * day)).unwrap();
    turn.came(Came::Prices).unwrap();
    drop(turn);
    let mut turn = other.turn().unwrap().unwrap();
    let came: Vec<Came> = turn.asked().iter().map(|it| it.came).collect();
    assert_eq!(came, [Came::Nothing, Came::Prices]);
    // What is old is forgotten, and so is what a wrong clock left.
    turn.ask(question(3 * day + 1)).unwrap();
    assert_eq!(turn.asked().len(), 2);
    turn.ask(question(-9 * day)).unwrap();
    assert_eq!(turn.asked().len(), 1);
    drop(turn);

    std::fs::write(folder.path().join("x.json"), "[{").unwrap();
    let error = one.turn().map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), fondaco_domain::ErrorKind::Corrupt);
    assert!(error.hint().unwrap().contains("remove it"));
}

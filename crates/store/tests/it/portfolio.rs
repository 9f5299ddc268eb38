//! Watchlist, accounts and positions, over a store in memory.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use fondaco_app::portfolio::{
    Close, Closes, NewPosition, Portfolio, PortfolioError, Which, context, to_csv, totals, value,
};
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::records::{RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_domain::{ErrorKind, Hint, Symbol, UnixMicros, UnixMillis};
use fondaco_store::runs::MemoryRuns;

/// 2025-03-10T12:00:00Z.
const NOW: i64 = 1_741_608_000_000_000;

#[derive(Default)]
struct At(AtomicU8);

impl Machine for At {
    fn wall(&self) -> UnixMicros {
        let count = i64::from(self.0.load(Ordering::Relaxed));
        UnixMicros(NOW + count)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn entropy(&self) -> [u8; 10] {
        [self.0.fetch_add(1, Ordering::Relaxed); 10]
    }
}

fn portfolio<'a>(store: &'a dyn RecordStore, machine: &'a At) -> Portfolio<'a> {
    Portfolio {
        store,
        machine,
        actor: "key:desk",
    }
}

fn new(ticker: &str, shares: f64, cost_price: f64) -> NewPosition {
    NewPosition {
        ticker: ticker.to_owned(),
        shares,
        cost_price,
        purchase_date: None,
        notes: String::new(),
        account: None,
    }
}

fn closes(of: &[(&str, f64)]) -> Closes {
    let close = |(ticker, price): &(&str, f64)| {
        let symbol: Symbol = ticker.parse().unwrap();
        let dataset = fondaco_app::data::DatasetId {
            venue: "sample".parse().unwrap(),
            symbol: symbol.clone(),
            timeframe: fondaco_domain::Timeframe::DAY,
            kind: fondaco_app::data::CandleKind::Trades,
        };
        let (at, price) = (UnixMillis(0), *price);
        (symbol, Close { price, at, dataset })
    };
    of.iter().map(close).collect()
}

#[test]
fn an_instrument_is_watched_once() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    let desk = portfolio(&store, &machine);
    desk.watch("MSFT", Some(" Microsoft ")).unwrap();
    desk.watch("AAPL", None).unwrap();
    let twice = desk.watch("MSFT", Some("again")).unwrap_err();
    assert!(matches!(&twice, PortfolioError::Watched(ticker) if ticker.as_str() == "MSFT"));
    assert_eq!(twice.kind(), ErrorKind::Conflict);
    let list = desk.watchlist().unwrap();
    let shown: Vec<_> = list
        .iter()
        .map(|one| (one.ticker.as_str(), &*one.name))
        .collect();
    assert_eq!(shown, [("AAPL", "AAPL"), ("MSFT", "Microsoft")]);
    assert_eq!(desk.unwatch("MSFT").unwrap().name, "Microsoft");
    let gone = desk.unwatch("MSFT").unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    // What was removed may come back.
    desk.watch("MSFT", None).unwrap();
    assert_eq!(desk.watchlist().unwrap().len(), 2);
    for bad in ["", "../x", "A B"] {
        assert_eq!(
            desk.watch(bad, None).unwrap_err().kind(),
            ErrorKind::Invalid
        );
    }
    let named = desk.watch("KO", Some("two\nlines")).unwrap_err();
    assert_eq!(named.kind(), ErrorKind::Invalid);
}

#[test]
fn every_change_names_its_actor() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    let desk = portfolio(&store, &machine);
    desk.watch("AAPL", None).unwrap();
    desk.add_account("ira").unwrap();
    let held = desk.add_position(new("AAPL", 1.0, 2.0)).unwrap();
    desk.remove_account("ira").unwrap();
    let trail = store.trail(&TrailQuery::default()).unwrap();
    let told: Vec<_> = trail
        .iter()
        .map(|one| (one.kind, &*one.name, &*one.actor, one.body.is_some()))
        .collect();
    let id = &*held.position_id;
    assert_eq!(
        told,
        [
            (RecordKind::Account, "ira", "key:desk", false),
            (RecordKind::Position, id, "key:desk", true),
            (RecordKind::Account, "ira", "key:desk", true),
            (RecordKind::Watchlist, "AAPL", "key:desk", true),
        ]
    );
}

#[test]
fn bad_positions_are_refused_and_leave_nothing() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    let desk = portfolio(&store, &machine);
    let refused = |position: NewPosition| desk.add_position(position).unwrap_err();
    for shares in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = refused(new("AAPL", shares, 1.0));
        assert!(matches!(error, PortfolioError::Shares(_)), "{shares}");
    }
    for cost in [-0.01, f64::NAN, f64::INFINITY] {
        let error = refused(new("AAPL", 1.0, cost));
        assert!(matches!(error, PortfolioError::CostPrice(_)), "{cost}");
    }
    let on = |date: &str, account: Option<&str>| NewPosition {
        purchase_date: Some(date.parse().unwrap()),
        account: account.map(str::to_owned),
        ..new("AAPL", 1.0, 0.0)
    };
    let future = refused(on("2025-03-11", None));
    assert!(matches!(future, PortfolioError::Future { .. }));
    assert_eq!(future.to_string(), "2025-03-11 is after today, 2025-03-10");
    let unknown = refused(on("2025-03-10", Some("ira")));
    assert!(matches!(unknown, PortfolioError::NoAccount(_)));
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    let long = NewPosition {
        notes: "x".repeat(2_001),
        ..new("AAPL", 1.0, 1.0)
    };
    assert!(matches!(refused(long), PortfolioError::Notes(2_001)));
    assert_eq!(refused(new("A B", 1.0, 1.0)).kind(), ErrorKind::Invalid);
    assert_eq!(store.trail(&TrailQuery::default()).unwrap(), []);
    desk.add_position(on("2025-03-10", Some("default")))
        .unwrap();
}

#[test]
fn one_position_goes_at_a_time() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    let desk = portfolio(&store, &machine);
    desk.add_account("ira").unwrap();
    let one = desk.add_position(new("AAPL", 1.0, 10.0)).unwrap();
    let ira = NewPosition {
        account: Some("ira".to_owned()),
        ..new("AAPL", 2.0, 11.0)
    };
    desk.add_position(ira).unwrap();
    let which = |id: Option<&str>, account: Option<&str>| Which {
        ticker: Some("AAPL".to_owned()),
        position_id: id.map(str::to_owned),
        account: account.map(str::to_owned),
    };
    let several = desk.remove_position(&which(None, None)).unwrap_err();
    assert_eq!(several.kind(), ErrorKind::Conflict);
    assert_eq!(desk.positions(None).unwrap().len(), 2);
    let in_use = desk.remove_account("ira").unwrap_err();
    assert!(matches!(
        in_use,
        PortfolioError::AccountInUse { positions: 1, .. }
    ));
    let gone = desk.remove_position(&which(None, Some("ira"))).unwrap();
    assert_eq!(gone.shares, 2.0);
    desk.remove_account("ira").unwrap();
    let gone = desk
        .remove_position(&which(Some(&one.position_id), None))
        .unwrap();
    assert_eq!(gone.position_id, one.position_id);
    let none = desk.remove_position(&which(None, None)).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    assert!(matches!(
        desk.remove_account("default").unwrap_err(),
        PortfolioError::AccountStays(_)
    ));
    assert!(matches!(
        desk.add_account("default").unwrap_err(),
        PortfolioError::AccountTaken(_)
    ));
}

/// A store in which somebody removes the account just before a position is
/// written, and as it does: the position does not stay.
struct Racing<'a>(&'a MemoryRuns);

impl RecordStore for Racing<'_> {
    fn put_record(
        &self,
        change: fondaco_app::ports::records::Change,
        by: Asked,
    ) -> Result<fondaco_app::ports::records::Record, RunStoreError> {
        if change.kind == RecordKind::Position && change.body.is_some() {
            portfolio(self.0, &At::default())
                .remove_account("ira")
                .unwrap();
        }
        self.0.put_record(change, by)
    }

    fn record(
        &self,
        kind: RecordKind,
        name: &str,
    ) -> Result<Option<fondaco_app::ports::records::Record>, RunStoreError> {
        self.0.record(kind, name)
    }

    fn records(
        &self,
        kind: RecordKind,
    ) -> Result<Vec<fondaco_app::ports::records::Record>, RunStoreError> {
        self.0.records(kind)
    }

    fn trail(
        &self,
        query: &TrailQuery,
    ) -> Result<Vec<fondaco_app::ports::records::Record>, RunStoreError> {
        self.0.trail(query)
    }
}

#[test]
fn no_position_outlives_its_account() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    portfolio(&store, &machine).add_account("ira").unwrap();
    let racing = Racing(&store);
    let desk = portfolio(&racing, &machine);
    let ira = NewPosition {
        account: Some("ira".to_owned()),
        ..new("AAPL", 2.0, 11.0)
    };
    let error = desk.add_position(ira).unwrap_err();
    assert!(matches!(error, PortfolioError::NoAccount(_)));
    assert_eq!(desk.positions(None).unwrap(), []);
}

#[test]
fn gains_are_by_the_formula_and_null_without_a_price() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    let desk = portfolio(&store, &machine);
    let noted = NewPosition {
        notes: "said \"buy\", then\nwaited".to_owned(),
        purchase_date: Some("2025-01-02".parse().unwrap()),
        ..new("AAPL", 10.0, 200.0)
    };
    desk.add_position(noted).unwrap();
    desk.add_position(new("KO", 4.0, 0.0)).unwrap();
    let formula = NewPosition {
        notes: "=1+1".to_owned(),
        ..new("NONE", 1.0, 1.0)
    };
    desk.add_position(formula).unwrap();
    let prices = closes(&[("AAPL", 250.0), ("KO", 50.0)]);
    let valued = value(desk.positions(None).unwrap(), &prices);
    let gains: Vec<_> = valued.iter().map(|one| (one.pnl, one.pnl_pct)).collect();
    assert_eq!(
        gains,
        [(Some(500.0), Some(25.0)), (Some(200.0), None), (None, None)]
    );
    let sum = totals(&valued);
    assert_eq!((sum.positions, sum.priced), (3, 2));
    assert_eq!((sum.cost, sum.value, sum.pnl), (2_000.0, 2_700.0, 700.0));
    let ids: Vec<_> = valued
        .iter()
        .map(|one| one.position.position_id.clone())
        .collect();
    assert_eq!(
        to_csv(&valued),
        format!(
            "position_id,account,ticker,shares,cost_price,purchase_date,current_price,price_at,value,pnl,pnl_pct,notes\r\n\
             {},default,AAPL,10,200,2025-01-02,250,1970-01-01T00:00:00Z,2500,500,25,\"said \"\"buy\"\", then\nwaited\"\r\n\
             {},default,KO,4,0,,50,1970-01-01T00:00:00Z,200,200,,\r\n\
             {},default,NONE,1,1,,,,,,,'=1+1\r\n",
            ids[0], ids[1], ids[2]
        )
    );
}

#[test]
fn a_run_is_told_the_largest_and_the_worst_of_its_day() {
    let (store, machine) = (MemoryRuns::default(), At::default());
    let desk = portfolio(&store, &machine);
    assert_eq!(desk.known_positions().unwrap(), None, "nobody ever said");
    let bought = |ticker: &str, shares, cost, on: &str| NewPosition {
        purchase_date: Some(on.parse().unwrap()),
        ..new(ticker, shares, cost)
    };
    let all = [
        ("A", 10.0, 100.0, 90.0), // 900, −10 %
        ("B", 1.0, 100.0, 50.0),  // 50, −50 %
        ("C", 5.0, 100.0, 120.0), // 600, +20 %
        ("D", 3.0, 100.0, 99.0),  // 297, −1 %
        ("E", 2.0, 100.0, 100.0), // 200, 0 %
    ];
    let mut ids = Vec::new();
    for (ticker, shares, cost, _) in all {
        let position = bought(ticker, shares, cost, "2025-01-02");
        ids.push(desk.add_position(position).unwrap().position_id);
    }
    // Without a price, ranked at what it cost: 700.
    desk.add_position(bought("F", 7.0, 100.0, "2025-03-04"))
        .unwrap();
    // Bought a day later than the day of the run.
    desk.add_position(bought("G", 999.0, 100.0, "2025-03-05"))
        .unwrap();
    let prices: Vec<_> = all.iter().map(|one| (one.0, one.3)).collect();
    let positions = desk.known_positions().unwrap().unwrap();
    let targets = BTreeSet::from(["B".parse().unwrap(), "X".parse().unwrap()]);
    let day = "2025-03-04".parse().unwrap();
    let told = context::portfolio(&positions, &closes(&prices), &targets, day);
    let tickers = |of: &[fondaco_contract::v1alpha1::analysis::PositionContext]| -> Vec<String> {
        of.iter().map(|one| one.ticker.to_string()).collect()
    };
    assert_eq!(told.positions, 6);
    assert_eq!(tickers(&told.held), ["B"]);
    assert_eq!(tickers(&told.largest), ["A", "F", "C", "D"]);
    assert_eq!(tickers(&told.worst), ["B", "A", "D"]);
    assert_eq!(told.held[0].return_pct, Some(-50.0));
    // Prices of a past day are those of its end; of today, of now.
    let now = UnixMillis(NOW / 1_000);
    assert_eq!(
        context::clock(day, now).timestamp().to_string(),
        "2025-03-05T00:00:00Z"
    );
    assert_eq!(context::clock("2025-03-10".parse().unwrap(), now), now);
    // All sold is known, and nothing.
    for position in desk.positions(None).unwrap() {
        let which = Which {
            position_id: Some(position.position_id),
            ..Which::default()
        };
        desk.remove_position(&which).unwrap();
    }
    assert_eq!(desk.known_positions().unwrap(), Some(Vec::new()));
    let told = context::portfolio(&[], &Closes::new(), &targets, day);
    assert_eq!((told.positions, told.held.len()), (0, 0));
}

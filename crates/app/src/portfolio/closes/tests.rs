use async_trait::async_trait;
use fondaco_domain::bars::Columns;
use fondaco_domain::{Bars, ContentHash, Timeframe};

use super::*;
use crate::data::Merged;
use crate::ports::{Staged, StoreState};

const DAY: i64 = 86_400_000;

/// Data sets with closes that count up from a hundred times their place.
struct Sets(Vec<(DatasetId, Vec<i64>)>);

impl Sets {
    fn version(opens: &[i64]) -> Version {
        Version {
            number: 1,
            id: ContentHash::of(b"x"),
            parent: None,
            rows: opens.len() as u64,
            first: UnixMillis(opens[0]),
            last: UnixMillis(opens[opens.len() - 1]),
            source: String::new(),
            created_at: UnixMillis(0),
        }
    }
}

#[async_trait]
impl BarStore for Sets {
    async fn list(&self) -> Result<Vec<(DatasetId, Version)>, StoreError> {
        let sets = self.0.iter();
        Ok(sets
            .map(|(id, opens)| (id.clone(), Self::version(opens)))
            .collect())
    }

    async fn versions(&self, _: &DatasetId) -> Result<Vec<Version>, StoreError> {
        unreachable!("not asked")
    }

    async fn read(
        &self,
        dataset: &DatasetId,
        _: &VersionRef,
    ) -> Result<(Version, Bars), StoreError> {
        let place = self.0.iter().position(|(id, _)| id == dataset).unwrap();
        let opens = &self.0[place].1;
        let closes: Vec<f64> = (0..opens.len())
            .map(|row| (place * 100 + row + 1) as f64)
            .collect();
        let bars = Bars::new(Columns {
            time: opens.iter().copied().map(UnixMillis).collect(),
            open: closes.clone(),
            high: closes.clone(),
            low: closes.clone(),
            volume: closes.clone(),
            close: closes,
        });
        Ok((Self::version(opens), bars.unwrap()))
    }

    async fn stage(
        &self,
        _: &DatasetId,
        _: Option<&Version>,
        _: &Merged,
        _: &str,
        _: UnixMillis,
    ) -> Result<Staged, StoreError> {
        unreachable!("not asked")
    }

    async fn commit(&self, _: Staged) -> Result<Version, StoreError> {
        unreachable!("not asked")
    }

    async fn examine(&self) -> Result<StoreState, StoreError> {
        unreachable!("not asked")
    }
}

fn set(symbol: &str, timeframe: Timeframe, opens: &[i64]) -> (DatasetId, Vec<i64>) {
    let id = DatasetId {
        venue: "sample".parse().unwrap(),
        symbol: symbol.parse().unwrap(),
        timeframe,
        kind: CandleKind::Trades,
    };
    (id, opens.to_vec())
}

/// The price of A at an instant, and when that candle was over.
fn price(sets: &[(DatasetId, Vec<i64>)], at: i64) -> Option<(f64, i64)> {
    let symbols = BTreeSet::from(["A".parse().unwrap(), "B".parse().unwrap()]);
    let store = Sets(sets.to_vec());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let closes = runtime
        .block_on(last_closes(&store, &symbols, UnixMillis(at)))
        .unwrap();
    assert!(
        !closes.contains_key(&"B".parse().unwrap()),
        "B has no candles"
    );
    closes
        .values()
        .next()
        .map(|close| (close.price, close.at.0))
}

#[test]
fn a_candle_counts_once_it_is_over() {
    let daily = [set("A", Timeframe::DAY, &[0, DAY, 2 * DAY])];
    for (at, expected) in [
        (DAY - 1, None),
        (DAY, Some((1.0, DAY))),
        (3 * DAY - 1, Some((2.0, 2 * DAY))),
        (3 * DAY, Some((3.0, 3 * DAY))),
        (90 * DAY, Some((3.0, 3 * DAY))),
    ] {
        assert_eq!(price(&daily, at), expected, "{at}");
    }
    assert_eq!(price(&[set("C", Timeframe::DAY, &[0])], 9 * DAY), None);
}

#[test]
fn of_several_data_sets_the_latest_close_counts() {
    let hour = 3_600_000;
    let both = [
        set("A", Timeframe::DAY, &[0, DAY]),
        set("A", Timeframe::HOUR, &[DAY, DAY + hour, 3 * DAY]),
    ];
    // Hours reach further; on one instant the shorter candle counts.
    assert_eq!(price(&both, DAY + 2 * hour), Some((102.0, DAY + 2 * hour)));
    assert_eq!(price(&both, 2 * DAY), Some((2.0, 2 * DAY)));
    assert_eq!(price(&both, 3 * DAY + hour), Some((103.0, 3 * DAY + hour)));
    // The hours begin later: only days know the first one.
    assert_eq!(price(&both, DAY), Some((1.0, DAY)));
}

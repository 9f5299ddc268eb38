//! Daily candles.

use std::collections::BTreeMap;

use fondaco_domain::{Bar, Symbol, UnixMillis};
use jiff::civil::Date;

use super::rows::Fields;
use super::{Dirt, ImportError, Notes, Source};

pub(super) fn read(
    source: &Source<'_>,
    notes: &mut Notes,
) -> Result<BTreeMap<Symbol, Vec<Bar>>, ImportError> {
    let mut by_day: BTreeMap<Symbol, BTreeMap<UnixMillis, Bar>> = BTreeMap::new();
    for row in source.rows("price_data")? {
        match candle(&row) {
            Ok((symbol, bar)) => {
                by_day.entry(symbol).or_default().insert(bar.time, bar);
            }
            Err(dirt) => {
                let part = |name| row.text(&[name]).unwrap_or_else(|| "?".to_owned());
                let name = format!("price_data {} {}", part("symbol"), part("date"));
                notes.add(dirt, name);
            }
        }
    }
    let bars = by_day.into_iter();
    Ok(bars
        .map(|(symbol, bars)| (symbol, bars.into_values().collect()))
        .collect())
}

fn candle(row: &Fields) -> Result<(Symbol, Bar), Dirt> {
    let symbol = row.text(&["symbol"]).ok_or(Dirt::Symbol)?;
    let symbol = symbol.parse().map_err(|_| Dirt::Symbol)?;
    let date = row.text(&["date"]).ok_or(Dirt::Date)?;
    let date: Date = date.parse().map_err(|_| Dirt::Date)?;
    let price = |name| row.real(&[name]).ok_or(Dirt::Number);
    let bar = Bar {
        time: UnixMillis::midnight(date),
        open: price("open")?,
        high: price("high")?,
        low: price("low")?,
        close: price("close")?,
        volume: price("volume")?,
    };
    let is_one = bar.low > 0.0
        && bar.low <= bar.open.min(bar.close)
        && bar.high >= bar.open.max(bar.close)
        && bar.volume >= 0.0;
    if is_one {
        Ok((symbol, bar))
    } else {
        Err(Dirt::Candle)
    }
}

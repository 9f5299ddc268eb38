//! Random lives: what may happen to an account.

use fondaco_domain::ledger::{Account, Fees, Settlement, Shorting};
use proptest::prelude::*;
use proptest::sample::select;

use super::book::Way;
use super::d;
use super::reference::{MONEY, Rules, UNIT};

/// The third is of a board with other limits, the fourth is never traded but
/// may be a new name.
pub(super) const SYMBOLS: [&str; 4] = ["600000.SHH", "600001.SHH", "688001.SHH", "600003.SHH"];

/// The finest price of the tests.
pub(super) const TICK: i128 = MONEY / 10_000;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Order {
        way: Way,
        symbol: usize,
        size: Size,
        price: i128,
        close: Option<i128>,
    },
    Day {
        days: i32,
        nights: Vec<(usize, Event)>,
    },
    Hour,
    See(Vec<Option<i128>>),
    Deposit(i128),
}

#[derive(Debug, Clone)]
pub(super) enum Size {
    /// As much of it as is in steps.
    Fraction(i128),
    Units(i128),
    /// All there is, and so many units more.
    Held(i128),
    Finest,
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Split((i128, i128), i128),
    Dividend(i128, Option<i32>),
    Renamed(usize),
    Delisted(Option<i128>),
}

/// The same rules in two languages.
pub(super) fn markets() -> Vec<(Account, Rules)> {
    let plain = Rules {
        step: UNIT,
        whole_steps: true,
        lot: None,
        next_day: false,
        commission_bp: 0,
        commission_min: 0,
        duty_bp: 0,
        transfer_bp: 0,
        cent: MONEY / 100,
        slippage_bp: 0,
        limit: None,
        margin: Some((50, 30)),
    };
    let boards = |symbol: &str| if symbol.starts_with("688") { 20 } else { 10 };
    let china = Rules {
        lot: Some(100 * UNIT),
        next_day: true,
        commission_bp: 3,
        commission_min: 5 * MONEY,
        duty_bp: 10,
        limit: Some(boards),
        margin: None,
        ..plain
    };
    let coins = Rules {
        step: UNIT / 100_000_000,
        cent: MONEY / 100_000_000,
        margin: None,
        ..plain
    };
    let everything = Rules {
        transfer_bp: 1,
        slippage_bp: 25,
        margin: Some((50, 30)),
        ..china
    };
    let dear = Rules {
        commission_bp: 100,
        commission_min: MONEY,
        slippage_bp: 200,
        duty_bp: 50,
        ..plain
    };
    let any_fraction = Rules {
        step: 1,
        whole_steps: false,
        ..dear
    };
    let fees = |bp: &str, least: &str, duty: &str, transfer: &str| Fees {
        commission_bp: d(bp),
        commission_min: d(least),
        stamp_duty_bp: d(duty),
        transfer_bp: d(transfer),
        decimals: 2,
    };
    let dear_account = Account {
        fees: fees("100", "1", "50", "0"),
        slippage_bp: d("200"),
        ..Account::us_equity()
    };
    let whole_house = Account {
        currency: "CNY".to_owned(),
        fees: fees("3", "5", "10", "1"),
        slippage_bp: d("25"),
        shorting: Shorting::margin(),
        settlement: Settlement::NextSession,
        ..Account::a_share()
    };
    let any_account = Account {
        quantity_step: None,
        ..dear_account.clone()
    };
    vec![
        (Account::us_equity(), plain),
        (Account::a_share(), china),
        (Account::crypto(), coins),
        (whole_house, everything),
        (dear_account, dear),
        (any_account, any_fraction),
    ]
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..40)
}

fn step() -> impl Strategy<Value = Step> {
    let way = select(vec![Way::Buy, Way::Buy, Way::Cover, Way::Sell, Way::Short]);
    let close = prop_oneof![8 => (870..1130_i128).prop_map(Some), 1 => Just(None)];
    let order =
        (way, 0..3_usize, sizes(), price(), close).prop_map(|(way, symbol, size, price, close)| {
            Step::Order {
                way,
                symbol,
                size,
                price,
                close: close.map(|promille| price / TICK * promille / 1000 * TICK),
            }
        });
    let nights = prop::collection::vec((0..4_usize, event()), 0..3);
    let day = (1..5, nights).prop_map(|(days, nights)| Step::Day { days, nights });
    let seen = prop::collection::vec(prop::option::of(price()), 4);
    let money = (-2..40_i128).prop_map(|amount| Step::Deposit(amount * 100 * MONEY));
    prop_oneof![
        12 => order,
        4 => day,
        1 => Just(Step::Hour),
        2 => seen.prop_map(Step::See),
        1 => money,
    ]
}

fn sizes() -> impl Strategy<Value = Size> {
    prop_oneof![
        1 => (-1..2_i128).prop_map(Size::Units),
        3 => (1..60_i128).prop_map(Size::Units),
        3 => (1..12_i128).prop_map(|lots| Size::Units(100 * lots)),
        2 => (1..400 * UNIT).prop_map(Size::Fraction),
        3 => select(vec![0, 0, 0, 1, 100, -1, -100]).prop_map(Size::Held),
        1 => Just(Size::Finest),
    ]
}

fn price() -> impl Strategy<Value = i128> {
    prop_oneof![
        12 => (500_000..1_500_000_i128).prop_map(|ticks| ticks * TICK),
        3 => (100..3_000_000_i128).prop_map(|ticks| ticks * TICK),
        1 => (-1..1_i128).prop_map(|ticks| ticks * TICK),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let ratio = select(vec![(1, 2), (1, 5), (3, 1), (10, 1), (2, 5), (1, 1)]);
    let paid = (1..2_000_000_i128).prop_map(|ticks| ticks * TICK);
    let per_share = (0..30_000_i128).prop_map(|ticks| ticks * TICK);
    prop_oneof![
        3 => (ratio, paid.clone()).prop_map(|(ratio, lieu)| Event::Split(ratio, lieu)),
        4 => (per_share, prop::option::of(0..6)).prop_map(|(a, b)| Event::Dividend(a, b)),
        1 => (0..4_usize).prop_map(Event::Renamed),
        1 => prop::option::of(paid).prop_map(Event::Delisted),
    ]
}

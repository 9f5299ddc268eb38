//! The rules of an account, as data.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::symbol::Symbol;
use crate::{ErrorKind, Hint};

/// How much of the value of a short is held as margin: the one default of the
/// whole program.
pub const MARGIN_REQUIREMENT: Decimal = written(5, 1);

/// The least that equity may be of the market value of all shorts: 30 %, as
/// FINRA rule 4210 (c)(3) has it for shares of five dollars and more.
pub const MAINTENANCE_MARGIN: Decimal = written(3, 1);

/// What an account may do and what it pays for it. What is left out is as in
/// [`Account::us_equity`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Account {
    /// The currency of all its money.
    pub currency: String,
    /// The step of quantities: 1 for whole shares; `None` for any fraction of
    /// at most [`super::QUANTITY_DECIMALS`] decimals.
    pub quantity_step: Option<Decimal>,
    /// Buys and new shorts come in multiples of it; what is left of a position
    /// beside whole lots may be sold only as a whole.
    pub lot: Option<Decimal>,
    /// What an order costs.
    pub fees: Fees,
    /// By how much the price of every fill is worse than the one given, in
    /// basis points; never beyond a price limit.
    pub slippage_bp: Decimal,
    /// When what was bought may be sold.
    pub settlement: Settlement,
    /// How far a price may move in a day.
    pub price_limit: Option<PriceLimit>,
    /// Whether shares may be sold that are not there.
    pub shorting: Shorting,
}

/// What an order costs. Every fee is rounded half up to `decimals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fees {
    /// Of the value of the order, in basis points.
    pub commission_bp: Decimal,
    /// The least commission of one order, both its legs together.
    pub commission_min: Decimal,
    /// Of the value of what is sold, in basis points.
    pub stamp_duty_bp: Decimal,
    /// Of the value of the order, in basis points, beside the commission.
    pub transfer_bp: Decimal,
    /// Decimals of a fee.
    pub decimals: u32,
}

/// When what was bought may be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// At once.
    #[default]
    Immediate,
    /// Not on the day it was bought (T+1).
    NextSession,
}

/// How far a price may move from the previous close, as a fraction of it. The
/// most particular one counts: the symbol's own, the longest prefix, the
/// general one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceLimit {
    /// In general: 0.1 for ±10 %.
    pub fraction: Decimal,
    /// By the first characters of a symbol: boards of an exchange.
    #[serde(default)]
    pub prefixes: BTreeMap<String, Decimal>,
    /// Of single symbols: those under special treatment, 0.05.
    #[serde(default)]
    pub symbols: BTreeMap<Symbol, Decimal>,
    /// Limits are rounded half up to a multiple of it: 0.01.
    #[serde(default = "cent")]
    pub price_step: Decimal,
}

/// Whether shares may be sold that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shorting {
    /// No.
    Forbidden,
    /// On margin.
    Margin {
        /// Held of the value of a new short, in cash.
        #[serde(default = "margin_requirement")]
        requirement: Decimal,
        /// Of the market value of all shorts, the least that equity may be.
        #[serde(default = "maintenance_margin")]
        maintenance: Decimal,
    },
}

impl Account {
    /// Whole shares, no fees, no slippage, sold at once: what the published
    /// comparisons of models assume. Shorts on margin.
    pub fn us_equity() -> Self {
        Self {
            currency: "USD".to_owned(),
            quantity_step: Some(Decimal::ONE),
            lot: None,
            fees: Fees::default(),
            slippage_bp: Decimal::ZERO,
            settlement: Settlement::Immediate,
            price_limit: None,
            shorting: Shorting::margin(),
        }
    }

    /// Shanghai and Shenzhen: lots of 100, T+1, ±10 % (±20 % on the growth
    /// boards, ±30 % in Beijing), stamp duty 0.1 % of sales, commission
    /// 0.03 % and at least 5.
    pub fn a_share() -> Self {
        let boards = [
            ("688", written(2, 1)),
            ("689", written(2, 1)),
            ("300", written(2, 1)),
            ("301", written(2, 1)),
            ("43", written(3, 1)),
            ("83", written(3, 1)),
            ("87", written(3, 1)),
            ("92", written(3, 1)),
        ];
        Self {
            currency: "CNY".to_owned(),
            lot: Some(written(100, 0)),
            fees: Fees {
                commission_bp: written(3, 0),
                commission_min: written(5, 0),
                stamp_duty_bp: written(10, 0),
                transfer_bp: Decimal::ZERO,
                decimals: 2,
            },
            settlement: Settlement::NextSession,
            price_limit: Some(PriceLimit {
                fraction: written(1, 1),
                prefixes: boards.map(|(code, of)| (code.to_owned(), of)).into(),
                symbols: BTreeMap::new(),
                price_step: cent(),
            }),
            shorting: Shorting::Forbidden,
            ..Self::us_equity()
        }
    }

    /// Coins owned outright in fractions, no limits, no fees.
    pub fn crypto() -> Self {
        Self {
            currency: "USDT".to_owned(),
            quantity_step: Some(written(1, 8)),
            fees: Fees {
                decimals: 8,
                ..Fees::default()
            },
            shorting: Shorting::Forbidden,
            ..Self::us_equity()
        }
    }

    /// Whether quantities may have a fraction.
    pub fn is_fractional(&self) -> bool {
        self.quantity_step
            .is_none_or(|step| !step.fract().is_zero())
    }

    /// The margin rules, where shorts are allowed: requirement, maintenance.
    pub fn margin(&self) -> Option<(Decimal, Decimal)> {
        match self.shorting {
            Shorting::Forbidden => None,
            Shorting::Margin {
                requirement,
                maintenance,
            } => Some((requirement, maintenance)),
        }
    }

    /// Whether the rules can be meant.
    pub fn check(&self) -> Result<(), AccountError> {
        for (field, step) in [("quantity_step", self.quantity_step), ("lot", self.lot)] {
            positive(field, step.unwrap_or(Decimal::ONE))?;
        }
        for (field, value) in [
            ("fees.commission_bp", self.fees.commission_bp),
            ("fees.stamp_duty_bp", self.fees.stamp_duty_bp),
            ("fees.transfer_bp", self.fees.transfer_bp),
            ("slippage_bp", self.slippage_bp),
        ] {
            within(field, value, written(5000, 0))?;
        }
        within(
            "fees.commission_min",
            self.fees.commission_min,
            written(1_000_000_000, 0),
        )?;
        within(
            "fees.decimals",
            self.fees.decimals.into(),
            super::MONEY_DECIMALS.into(),
        )?;
        if let Some(limit) = &self.price_limit {
            let special = limit.prefixes.values().chain(limit.symbols.values());
            for fraction in special.chain([&limit.fraction]) {
                positive("price_limit", *fraction)?;
                within("price_limit", *fraction, Decimal::ONE)?;
            }
            positive("price_limit.price_step", limit.price_step)?;
        }
        if let Some((requirement, maintenance)) = self.margin() {
            within("shorting.requirement", requirement, written(10, 0))?;
            within("shorting.maintenance", maintenance, written(10, 0))?;
        }
        Ok(())
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::us_equity()
    }
}

impl Default for Fees {
    /// None; rounded to cents where there are some.
    fn default() -> Self {
        Self {
            commission_bp: Decimal::ZERO,
            commission_min: Decimal::ZERO,
            stamp_duty_bp: Decimal::ZERO,
            transfer_bp: Decimal::ZERO,
            decimals: 2,
        }
    }
}

impl Shorting {
    /// On margin, with the defaults of the program.
    pub fn margin() -> Self {
        Self::Margin {
            requirement: MARGIN_REQUIREMENT,
            maintenance: MAINTENANCE_MARGIN,
        }
    }

    /// On margin, with a requirement of one's own. What has to be there at the
    /// beginning is never less than what has to be there later.
    pub fn requiring(requirement: Decimal) -> Self {
        Self::Margin {
            requirement,
            maintenance: MAINTENANCE_MARGIN.min(requirement),
        }
    }
}

impl PriceLimit {
    /// The fraction for a symbol.
    pub fn of(&self, symbol: &Symbol) -> Decimal {
        let by_prefix = || {
            let matching = self
                .prefixes
                .iter()
                .filter(|(prefix, _)| symbol.as_str().starts_with(prefix.as_str()));
            matching.max_by_key(|(prefix, _)| prefix.len())
        };
        let own = self.symbols.get(symbol).copied();
        own.or_else(|| by_prefix().map(|(_, fraction)| *fraction))
            .unwrap_or(self.fraction)
    }
}

/// Rules that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountError {
    /// A step, a lot or a fraction that is zero or less.
    #[error("the account's {field} is {value}, which is not above zero")]
    NotPositive {
        /// Which rule.
        field: &'static str,
        /// What it says.
        value: Decimal,
    },
    /// Below zero or too large.
    #[error("the account's {field} is {value}, which is not between 0 and {most}")]
    OutOfRange {
        /// Which rule.
        field: &'static str,
        /// What it says.
        value: Decimal,
        /// The most it may say.
        most: Decimal,
    },
}

impl Hint for AccountError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

fn positive(field: &'static str, value: Decimal) -> Result<(), AccountError> {
    if value > Decimal::ZERO {
        Ok(())
    } else {
        Err(AccountError::NotPositive { field, value })
    }
}

fn within(field: &'static str, value: Decimal, most: Decimal) -> Result<(), AccountError> {
    if value >= Decimal::ZERO && value <= most {
        Ok(())
    } else {
        Err(AccountError::OutOfRange { field, value, most })
    }
}

/// `mantissa / 10^decimals`.
const fn written(mantissa: u32, decimals: u32) -> Decimal {
    Decimal::from_parts(mantissa, 0, 0, false, decimals)
}

fn cent() -> Decimal {
    written(1, 2)
}

fn margin_requirement() -> Decimal {
    MARGIN_REQUIREMENT
}

fn maintenance_margin() -> Decimal {
    MAINTENANCE_MARGIN
}

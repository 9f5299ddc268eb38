//! Cron expressions: what they say, and what is wrong with one.

use std::fmt;

use croner::errors::CronError;
use croner::time::Weekday;
use jiff::civil::{Date, DateTime, Time};
use thiserror::Error;

use crate::{ErrorKind, Hint};

/// Why a timing is none.
#[derive(Debug, Error)]
pub enum TimingError {
    /// Too few fields, or too many.
    #[error("`{expression}` has {found} fields")]
    Fields {
        /// The expression.
        expression: String,
        /// How many fields it has.
        found: usize,
    },
    /// One field cannot be read.
    #[error("`{text}` is no {field} of a cron expression")]
    Field {
        /// Which.
        field: CronField,
        /// What it says.
        text: String,
        /// What is wrong with it.
        #[source]
        source: FieldFault,
    },
    /// No date is ever like that: the 30th of February.
    #[error("`{0}` never fires")]
    Never(String),
    /// No such zone.
    #[error("there is no time zone `{0}`")]
    Zone(String),
    /// An interval that is none.
    #[error("an interval of {0} microseconds never ends")]
    Interval(i64),
}

impl Hint for TimingError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Fields { .. } => {
                "write minute, hour, day of month, month and day of week, with seconds first or without"
            }
            Self::Field { field, .. } => field.allowed(),
            Self::Never(_) => "look at the day of month and the month together",
            Self::Zone(_) => "write an IANA name such as Europe/Berlin or UTC",
            Self::Interval(_) => "write a time longer than zero",
        };
        Some(hint.to_owned())
    }
}

/// A field of a cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CronField {
    /// 0 to 59; 0 where it is left out.
    Second,
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 12, or the first three letters of the name.
    Month,
    /// 0 to 7 from Sunday to Sunday, or the first three letters of the name.
    DayOfWeek,
}

impl CronField {
    /// All of them, as they are written.
    pub const ALL: [Self; 6] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
    ];

    fn allowed(self) -> &'static str {
        match self {
            Self::Second | Self::Minute => {
                "write 0 to 59 or *, with `,` for lists, `-` for ranges and `/` for steps"
            }
            Self::Hour => {
                "write 0 to 23 or *, with `,` for lists, `-` for ranges and `/` for steps"
            }
            Self::DayOfMonth => {
                "write 1 to 31 or *, L for the last day, 15W for the weekday nearest the 15th"
            }
            Self::Month => "write 1 to 12 or *, or JAN to DEC",
            Self::DayOfWeek => {
                "write 0 to 7 (0 and 7 are Sunday), SUN to SAT or *, 5#2 for the second Friday, 5L for the last"
            }
        }
    }

    /// Names that stand for numbers.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Second | Self::Minute | Self::Hour | Self::DayOfMonth => &[],
            Self::Month => &[
                "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
            ],
            Self::DayOfWeek => &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        }
    }

    /// Whether this may stand for a value, or for all of them.
    fn knows(self, value: &str) -> bool {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = |text: &str| number(text) || self.names().contains(&text);
        match self {
            _ if value == "*" || plain(value) => true,
            Self::DayOfMonth => {
                ["L", "LW"].contains(&value) || value.strip_suffix('W').is_some_and(number)
            }
            Self::DayOfWeek => value
                .strip_suffix('L')
                .is_some_and(|day| !day.is_empty() && plain(day)),
            _ => false,
        }
    }

    /// How many values it has.
    fn span(self) -> u16 {
        match self {
            Self::Second | Self::Minute => 60,
            Self::Hour => 24,
            Self::DayOfMonth => 31,
            Self::Month => 12,
            Self::DayOfWeek => 7,
        }
    }
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

/// What is wrong with one field.
#[derive(Debug, Error)]
pub enum FieldFault {
    /// Nothing before, between or after commas.
    #[error("there is nothing between two commas")]
    Empty,
    /// A name or a sign that means nothing here.
    #[error("`{0}` means nothing here")]
    Sign(String),
    /// A step as long as the field: it would never be taken.
    #[error("a step of {0} is never taken")]
    Step(String),
    /// Whatever else: a number out of range, a range that goes back.
    #[error(transparent)]
    Range(#[from] CronError),
}

/// What an expression says, on the clock of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CivilTicks {
    days: croner::Cron,
    hours: u64,
    minutes: u64,
    seconds: u64,
}

impl CivilTicks {
    /// Reads five fields, or six with seconds first.
    pub(super) fn parse(expression: &str) -> Result<Self, TimingError> {
        let texts: Vec<String> = expression
            .split_whitespace()
            .map(str::to_ascii_uppercase)
            .collect();
        let skipped = match texts.len() {
            5 => 1,
            6 => 0,
            found => {
                return Err(TimingError::Fields {
                    expression: expression.to_owned(),
                    found,
                });
            }
        };
        for (field, text) in CronField::ALL[skipped..].iter().zip(&texts) {
            check_field(*field, text).map_err(|source| TimingError::Field {
                field: *field,
                text: text.clone(),
                source,
            })?;
        }
        // Each field was accepted alone, and croner looks at none beside
        // another.
        let cron: croner::Cron = texts
            .join(" ")
            .parse()
            .map_err(|source| TimingError::Field {
                field: CronField::ALL[skipped],
                text: expression.to_owned(),
                source: FieldFault::Range(source),
            })?;
        let ticks = Self {
            hours: mask(&cron.pattern.hours.values()),
            minutes: mask(&cron.pattern.minutes.values()),
            seconds: mask(&cron.pattern.seconds.values()),
            days: cron,
        };
        match ticks.at_or_after(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)) {
            Some(_) => Ok(ticks),
            None => Err(TimingError::Never(expression.to_owned())),
        }
    }

    /// Whether it fires in every hour of its days: it names a distance.
    pub(super) fn every_hour(&self) -> bool {
        self.hours.count_ones() == 24
    }

    /// The first reading of the clock at or after this one that it matches.
    pub(super) fn at_or_after(&self, from: DateTime) -> Option<DateTime> {
        if let Some(time) = self.time_at_or_after(from.time())
            && self.matches(from.date())
        {
            return Some(from.date().to_datetime(time));
        }
        let first = self.time_at_or_after(Time::midnight())?;
        let date = self.date_after(from.date())?;
        Some(date.to_datetime(first))
    }

    fn date_after(&self, date: Date) -> Option<Date> {
        let mut date = date.tomorrow().ok()?;
        // The calendar repeats itself after 400 years.
        let last_year = date.year().saturating_add(400);
        while date.year() <= last_year {
            if self.month_matches(date) {
                if self.matches(date) {
                    return Some(date);
                }
                date = date.tomorrow().ok()?;
            } else {
                date = date.last_of_month().tomorrow().ok()?;
            }
        }
        None
    }

    fn month_matches(&self, date: Date) -> bool {
        let month = date.month().unsigned_abs().into();
        // An error means that there is no such month.
        self.days.pattern.month_match(month).unwrap_or(false)
    }

    fn matches(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset().unsigned_abs();
        // An error means that there is no such date.
        self.month_matches(date)
            && self
                .days
                .pattern
                .day_match(
                    date.year().into(),
                    date.month().unsigned_abs().into(),
                    date.day().unsigned_abs().into(),
                    Weekday::from_days_from_sunday(weekday.into()),
                )
                .unwrap_or(false)
    }

    fn time_at_or_after(&self, time: Time) -> Option<Time> {
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let at = |hour, minute, second| Time::new(hour, minute, second, 0).ok();
        if self.hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1
                && let Some(second) = next_bit(self.seconds, second)
            {
                return at(hour, minute, second);
            }
            if let Some(minute) = next_bit(self.minutes, minute + 1) {
                return at(hour, minute, next_bit(self.seconds, 0)?);
            }
        }
        let hour = next_bit(self.hours, hour + 1)?;
        at(hour, next_bit(self.minutes, 0)?, next_bit(self.seconds, 0)?)
    }
}

/// What croner is lenient about, and then croner itself, with every other
/// field open.
fn check_field(field: CronField, text: &str) -> Result<(), FieldFault> {
    for part in text.split(',') {
        if part.is_empty() {
            return Err(FieldFault::Empty);
        }
        if let Some((_, step)) = part.split_once('/')
            && step.parse().is_ok_and(|step: u16| step >= field.span())
        {
            return Err(FieldFault::Step(step.to_owned()));
        }
        let between = |c| "-/".contains(c) || (c == '#' && field == CronField::DayOfWeek);
        if let Some(value) = part.split(between).find(|value| !field.knows(value)) {
            return Err(FieldFault::Sign(value.to_owned()));
        }
    }
    let alone = CronField::ALL.map(|other| if other == field { text } else { "*" });
    alone.join(" ").parse::<croner::Cron>()?;
    Ok(())
}

fn mask(values: &[u16]) -> u64 {
    values.iter().fold(0, |mask, value| mask | 1 << value)
}

/// The first bit that is set, from this one on.
fn next_bit(mask: u64, from: i8) -> Option<i8> {
    let rest = mask.checked_shr(u32::from(from.unsigned_abs()))?;
    (rest != 0).then(|| from + rest.trailing_zeros() as i8)
}

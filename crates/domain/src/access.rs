//! What somebody may do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that a key may allow. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Looking.
    Read,
    /// Submitting and changing runs, strategies, data and schedules.
    Run,
    /// Placing orders.
    Trade,
    /// Setting halts, and clearing them.
    Halt,
    /// Keys and flags, and all the others.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Read, Self::Run, Self::Trade, Self::Halt, Self::Admin];

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Trade => "trade",
            Self::Halt => "halt",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Scope::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a key allows, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Everything.
    pub fn all() -> Self {
        Self(Scope::ALL.into())
    }

    /// Whether they allow something: [`Scope::Admin`] allows all, and no other
    /// scope implies another.
    pub fn allow(&self, wanted: Scope) -> bool {
        self.0.contains(&Scope::Admin) || self.0.contains(&wanted)
    }

    /// Whether they allow nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// `read, run`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (no, scope) in self.iter().enumerate() {
            if no > 0 {
                f.write_str(", ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admin_implies_another() {
        for held in Scope::ALL {
            for wanted in Scope::ALL {
                let allows = Scopes::from_iter([held]).allow(wanted);
                assert_eq!(
                    allows,
                    held == wanted || held == Scope::Admin,
                    "{held}, {wanted}"
                );
            }
            assert!(!Scopes::default().allow(held));
            assert_eq!(Scope::parse(held.as_str()), Some(held));
        }
        assert_eq!(Scope::parse("root"), None);
    }
}

//! The parts that a process can play.

/// One part: its own address, its own routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The native API, and what belongs to no other.
    Control,
    /// Market data, to look at.
    Trading,
    /// What was in the news, and why prices moved.
    News,
    /// The life of the gateway process.
    Runtime,
    /// Events over a socket.
    Gateway,
    /// Takes tasks and does them; listens nowhere.
    Worker,
}

impl Role {
    /// All of them, in the order of their ports.
    pub const ALL: [Self; 6] = [
        Self::Control,
        Self::Trading,
        Self::News,
        Self::Runtime,
        Self::Gateway,
        Self::Worker,
    ];

    /// As it is said on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Trading => "trading",
            Self::News => "news",
            Self::Runtime => "runtime",
            Self::Gateway => "gateway",
            Self::Worker => "worker",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The port it listens at where nobody says otherwise.
    pub fn port(self) -> Option<u16> {
        match self {
            Self::Control => Some(8000),
            Self::Trading => Some(8001),
            Self::News => Some(8002),
            Self::Runtime => Some(8003),
            Self::Gateway => Some(8765),
            Self::Worker => None,
        }
    }
}

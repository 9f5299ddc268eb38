//! Wrong keys, and from where they come.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::bucket::{Buckets, Rate};

/// From where somebody asks: an address, or the network of one where a single
/// user has billions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(Option<IpAddr>);

impl Source {
    /// Of an address, where one is known; all unknown ones are one source.
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address @ IpAddr::V4(_) => address,
        }))
    }
}

/// Wrong keys that a source may present at once, and how fast it may go on.
const RATE: Rate = Rate {
    per_second: 0.2,
    burst: 10,
};

/// Slows down who guesses.
#[derive(Debug)]
pub struct Attempts(Buckets<Source>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Buckets::new(RATE))
    }
}

impl Attempts {
    /// Whether a source may try; else how long it has to wait.
    pub fn may_try(&self, source: Source, now: Duration) -> Result<(), Duration> {
        let seen = self.0.look(source, now);
        if seen.granted { Ok(()) } else { Err(seen.wait) }
    }

    /// Counts a try before it is known what comes of it.
    pub fn tries(&self, source: Source, now: Duration) -> Result<(), Duration> {
        let taken = self.0.take(source, now);
        if taken.granted {
            Ok(())
        } else {
            Err(taken.wait)
        }
    }

    /// The try was none: the key was right.
    pub fn succeeded(&self, source: Source, now: Duration) {
        self.0.give_back(source, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_source_and_an_address_in_two_forms_is_one() {
        let of = |text: &str| Source::of(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}

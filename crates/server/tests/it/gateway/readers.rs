//! Readers against a model: any order of writing, looking and reading.

use std::sync::Arc;

use bytes::Bytes;
use fondaco_app::feed::{Bounds, Hub, Reader, Settings, Step};
use fondaco_contract::gateway::Subscribe;
use fondaco_store::runs::MemoryRuns;
use proptest::prelude::*;
use serde_json::Value;

use super::desk::{Mill, Seen, assert_whole, platform};

const READERS: usize = 3;

#[derive(Debug, Clone)]
enum Act {
    /// A run is submitted, or ended at once.
    Write { ends: bool },
    /// The hub looks at the store.
    Look,
    /// A reader does one thing.
    Read(usize),
    /// A reader asks again: from where it is, or from so many numbers before
    /// the newest it knows.
    Subscribe(usize, Option<u64>),
    /// A reader's line is cut; it comes again with the number it has.
    Return(usize),
    /// The process ends; another one takes over.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any::<bool>().prop_map(|ends| Act::Write { ends }),
        4 => Just(Act::Look),
        8 => (0..READERS).prop_map(Act::Read),
        1 => (0..READERS, proptest::option::of(0_u64..12)).prop_map(|(one, back)| Act::Subscribe(one, back)),
        2 => (0..READERS).prop_map(Act::Return),
        1 => Just(Act::Restart),
    ]
}

/// A client that believes what it is told, and checks it.
struct Told {
    reader: Reader,
    /// The largest number it was told.
    seq: u64,
    subscribed: bool,
    /// Its events since the last reset.
    events: Vec<Seen>,
    /// The number that its events follow on.
    since: u64,
}

impl Told {
    fn of(hub: &Arc<Hub>) -> Self {
        Self {
            reader: hub.join().unwrap(),
            seq: 0,
            subscribed: false,
            events: Vec::new(),
            since: 0,
        }
    }

    /// One turn; false where there is nothing more.
    fn turn(&mut self) -> bool {
        let frames = match self.reader.step() {
            Step::Frames(frames) => frames,
            Step::Load => self.reader.load().unwrap(),
            Step::Wait => return false,
        };
        for frame in frames {
            self.take(&frame);
        }
        true
    }

    fn take(&mut self, frame: &Bytes) {
        let frame: Value = serde_json::from_slice(frame).unwrap();
        let seq = frame["seq"].as_u64().unwrap();
        if frame["cause"] == "too_old" {
            self.seq = 0;
        }
        assert!(seq >= self.seq, "{seq} after {}: {frame}", self.seq);
        self.seq = seq;
        match frame["type"].as_str().unwrap() {
            "event" => self.events.push(Seen::of(&frame)),
            "snapshot" if frame["reset"] == true || frame["cause"] == "subscribed" => {
                self.events.clear();
                self.since = seq;
            }
            _ => {}
        }
    }

    fn ask(&mut self, from: Option<u64>) {
        let wish = Subscribe {
            resume_from: from,
            ..Subscribe::default()
        };
        let passed = from.is_some_and(|from| from < self.reader.seq());
        assert_eq!(self.reader.subscribe(&wish).is_err(), passed);
        self.subscribed |= !passed;
    }

    /// The same client on another line, from the number it has.
    fn again(&mut self, hub: &Arc<Hub>) {
        self.reader = hub.join().unwrap();
        if self.subscribed {
            self.ask(Some(self.seq));
        }
    }
}

fn hub(mill: &Mill, settings: Settings) -> Arc<Hub> {
    let (store, machine) = (Arc::clone(&mill.0.store), Arc::clone(&mill.0.machine));
    Arc::new(Hub::new(store, machine, settings, Arc::default()))
}

fn check(acts: Vec<Act>, settings: Settings) {
    let mill = Mill(platform(Arc::new(MemoryRuns::default())));
    let mut now = hub(&mill, settings);
    let mut told: Vec<Told> = (0..READERS).map(|_| Told::of(&now)).collect();
    for act in acts {
        match act {
            Act::Write { ends: true } => drop(mill.grind(1)),
            Act::Write { ends: false } => drop(mill.submit(1)),
            Act::Look => now.look().unwrap(),
            Act::Read(one) => drop(told[one].turn()),
            Act::Subscribe(one, None) => told[one].ask(None),
            Act::Subscribe(one, Some(back)) => {
                let one = &mut told[one];
                if one.subscribed {
                    // Its own events say no more about what it missed.
                    let from = one.seq.saturating_sub(back);
                    one.ask(Some(from));
                }
            }
            Act::Return(one) => told[one].again(&now),
            Act::Restart => {
                now = hub(&mill, settings);
                for one in &mut told {
                    one.again(&now);
                }
            }
        }
    }
    now.look().unwrap();
    let end = mill.end();
    for one in &mut told {
        while one.turn() {}
        if !one.subscribed {
            assert!(one.events.is_empty());
            continue;
        }
        // All since its last reset, once, in order, to the end.
        let wanted = Seen::rows(&mill.feed(one.since));
        assert_eq!(one.events, wanted);
        assert_eq!(one.seq, end);
        if one.since == 0 {
            assert_whole(&one.events);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn each_reader_gets_everything_once_between_resets(
        acts in proptest::collection::vec(act(), 1..80),
        (items, page, warm, replay) in (1_usize..24, 1_usize..6, 0_u64..20, 1_u64..60),
    ) {
        let settings = Settings {
            ring: Bounds { items, bytes: 1 << 20 },
            page,
            warm,
            replay,
            ..Settings::default()
        };
        check(acts, settings);
    }
}

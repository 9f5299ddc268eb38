//! What must hold whatever the evidence is.

use std::collections::BTreeMap;

use fondaco_app::analysis::keys::Node;
use fondaco_contract::v1alpha1::analysis::{Analyst, NodeOutcome, NodeRole};
use fondaco_domain::signal::Rating;
use proptest::prelude::*;

use super::world::{Filings, Market, News, World};
use super::{Temperament, analysis, answer, node, rating};

/// A piece of evidence: beyond what is counted, too.
fn lean() -> impl Strategy<Value = f64> {
    -1.4..1.4
}

/// Pieces that mostly go one way, as real ones do.
fn market() -> impl Strategy<Value = Market> {
    (lean(), prop::array::uniform10(-0.6..0.6), 0.4..2.2).prop_map(|(trend, noise, ratio)| {
        let piece = |no: usize| trend + noise[no];
        Market {
            averages: [piece(0), piece(1), piece(2)],
            return_5: piece(3),
            return_20: piece(4),
            return_60: piece(5),
            macd: piece(6),
            rsi: piece(7),
            bands: piece(8),
            range: piece(9).clamp(-1.0, 1.0),
            volume_ratio: ratio,
        }
    })
}

fn news() -> impl Strategy<Value = News> {
    let signs = |most: usize| prop::collection::vec(-1..=1_i8, 0..most);
    (signs(12), signs(5), 0..30_u64).prop_map(|(mut tones, events, before)| {
        tones.push(0);
        News {
            tones,
            events,
            before,
        }
    })
}

fn filings() -> impl Strategy<Value = Filings> {
    (lean(), lean(), lean(), lean(), lean()).prop_map(|(a, b, c, d, e)| Filings {
        revenues: a,
        income: b,
        per_share: c,
        margin: d,
        margin_before: e,
    })
}

fn world() -> impl Strategy<Value = World> {
    (
        prop::option::weighted(0.9, market()),
        prop::option::weighted(0.9, news()),
        prop::option::weighted(0.9, filings()),
        0.005..0.06,
    )
        .prop_map(|(market, news, filings, volatility)| World {
            market,
            news,
            filings,
            volatility,
        })
}

fn temperament() -> impl Strategy<Value = Temperament> {
    prop::sample::select(Temperament::ALL.to_vec())
}

fn turned(rating: Rating) -> Rating {
    match rating {
        Rating::Sell => Rating::Buy,
        Rating::Underweight => Rating::Overweight,
        Rating::Hold => Rating::Hold,
        Rating::Overweight => Rating::Underweight,
        Rating::Buy => Rating::Sell,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    // `node` checks every answer against its schema and reads it, so all of
    // these also show that no answer leaves its form.

    #[test]
    fn mirrored_evidence_gives_the_mirrored_rating(world in world(), who in temperament()) {
        let here = rating(who, &world);
        let there = rating(who, &world.mirrored());
        prop_assert_eq!(here.map(turned), there);
    }

    #[test]
    fn every_analyst_is_mirrored(world in world(), who in temperament()) {
        for analyst in Analyst::ALL {
            let lean = |world: &World| {
                let report = node(who, world, Node::Analyst(analyst), &[]);
                let NodeOutcome::Answered(answer) = report.outcome else {
                    return None;
                };
                Some((i8::from(answer.direction?), answer.confidence?.get(), answer.points.len()))
            };
            let mirrored = lean(&world.mirrored());
            let expected = lean(&world).map(|(way, sure, points)| (-way, sure, points));
            prop_assert_eq!(mirrored, expected, "{:?}", analyst);
        }
    }

    #[test]
    fn better_evidence_never_lowers_the_rating(
        world in world(),
        who in temperament(),
        piece in 0..17_usize,
        more in 0.01..2.0,
    ) {
        let better = improved(&world, piece, more);
        prop_assert!(rating(who, &better) >= rating(who, &world), "{:?}", better);
    }

    #[test]
    fn the_same_evidence_gives_the_same_words(world in world(), who in temperament()) {
        prop_assert_eq!(analysis(who, &world, 2), analysis(who, &world, 2));
    }

    #[test]
    fn more_rounds_change_no_rating(world in world(), who in temperament()) {
        let decided = |rounds| {
            let reports = analysis(who, &world, rounds);
            answer(&reports, NodeRole::PortfolioManager).and_then(|answer| answer.rating)
        };
        prop_assert_eq!(decided(1), decided(3));
    }

    #[test]
    fn the_bold_go_further_than_the_cautious(world in world()) {
        let far = |who| {
            let rated = rating(who, &world).unwrap_or(Rating::Hold);
            (rated.max(turned(rated)), rated)
        };
        let (bold, even, cautious) = (
            far(Temperament::Bold),
            far(Temperament::Even),
            far(Temperament::Cautious),
        );
        // How much each takes from a conviction for its risk differs, too, so
        // only whether a side is taken is compared with the side itself.
        prop_assert!(bold.0 >= even.0 && even.0 >= cautious.0);
        for (narrow, wide) in [(cautious, even), (even, bold)] {
            let same_side = (narrow.1 >= Rating::Hold) == (wide.1 >= Rating::Hold);
            prop_assert!(narrow.1 == Rating::Hold || same_side);
        }
    }
}

/// One piece of evidence more for a rise.
fn improved(world: &World, piece: usize, more: f64) -> World {
    let mut world = world.clone();
    if let Some(market) = &mut world.market {
        match piece {
            0 => market.averages[0] += more,
            // A lower average of 200 makes both others look better.
            1 => market.averages[2] += more,
            2 => market.return_5 += more,
            3 => market.return_20 += more,
            4 => market.return_60 += more,
            5 => market.macd += more,
            6 => market.rsi += more,
            7 => market.bands += more,
            8 => market.range = (market.range + more).min(1.0),
            _ => {}
        }
    }
    if let Some(news) = &mut world.news {
        let better = |list: &mut Vec<i8>| {
            if let Some(worst) = list.iter_mut().min() {
                *worst = (*worst + 1).min(1);
            }
        };
        match piece {
            9 => better(&mut news.tones),
            10 => better(&mut news.events),
            11 => news.events.push(1),
            12 => news.tones.push(1),
            _ => {}
        }
    }
    if let Some(filings) = &mut world.filings {
        match piece {
            13 => filings.revenues += more,
            14 => filings.income += more,
            15 => filings.per_share += more,
            16 => filings.margin += more,
            _ => {}
        }
    }
    world
}

#[test]
fn ratings_are_spread_over_all_five() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    const WORLDS: u32 = 120;
    let mut runner = TestRunner::deterministic();
    let mut worlds = Vec::new();
    for _ in 0..WORLDS / 2 {
        let world = world().new_tree(&mut runner).unwrap().current();
        worlds.push(world.mirrored());
        worlds.push(world);
    }
    for who in Temperament::ALL {
        let mut counts: BTreeMap<Rating, u32> = BTreeMap::new();
        for rated in worlds.iter().filter_map(|world| rating(who, world)) {
            *counts.entry(rated).or_default() += 1;
        }
        for rating in Rating::ALL {
            let count = counts.get(&rating).copied().unwrap_or(0);
            assert!(count * 100 <= WORLDS * 60, "{who:?} {counts:?}");
            assert!(count * 100 >= WORLDS * 2, "{who:?} {counts:?}");
        }
    }
}

//! Names with generations.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::ports::services::{Holder, Service};
use fondaco_domain::UnixMicros;

use super::at;

fn holder(pid: u32) -> Holder {
    Holder {
        host: "desk".to_owned(),
        pid,
        pid_start: "77".to_owned(),
        address: format!("127.0.0.1:{pid}"),
    }
}

/// The generation there is, where the answer says that it is another one.
fn found(answer: &Result<Service, RunStoreError>) -> Option<u64> {
    match answer {
        Err(RunStoreError::ServiceChanged { found, .. }) => Some(*found),
        _ => None,
    }
}

pub(super) fn generations(store: &dyn Store) -> Result<(), RunStoreError> {
    assert_eq!(store.services()?, []);
    assert_eq!(found(&store.claim_service("gateway", 1, at(1))), Some(0));
    let first = store.claim_service("gateway", 0, at(2))?;
    let mut expected = Service {
        name: "gateway".to_owned(),
        generation: 1,
        holder: None,
        renewals: 0,
        since: UnixMicros(2),
        seen: UnixMicros(2),
    };
    assert_eq!(first, expected);
    assert_eq!(found(&store.claim_service("gateway", 0, at(3))), Some(1));
    assert!(store.renew_service("gateway", 1, holder(7), UnixMicros(4))?);
    assert!(store.renew_service("gateway", 1, holder(7), UnixMicros(6))?);
    // A clock that went back moves nothing back.
    assert!(store.renew_service("gateway", 1, holder(7), UnixMicros(5))?);
    expected.holder = Some(holder(7));
    (expected.renewals, expected.seen) = (3, UnixMicros(6));
    assert_eq!(store.services()?, [expected]);
    let second = store.claim_service("gateway", 1, at(8))?;
    assert_eq!((second.generation, second.renewals), (2, 0));
    assert_eq!((&second.holder, second.since), (&None, UnixMicros(8)));
    // Who had it is told, and changes nothing any more.
    assert!(!store.renew_service("gateway", 1, holder(7), UnixMicros(9))?);
    store.release_service("gateway", 1)?;
    assert_eq!(store.services()?, [second]);
    assert!(!store.renew_service("gateway", 3, holder(7), UnixMicros(9))?);
    assert!(!store.renew_service("another", 1, holder(7), UnixMicros(9))?);
    let another = store.claim_service("another", 0, at(10))?;
    assert_eq!(store.services()?[0], another);
    Ok(())
}

pub(super) fn released(store: &dyn Store) -> Result<(), RunStoreError> {
    store.claim_service("gateway", 0, at(1))?;
    assert!(store.renew_service("gateway", 1, holder(7), UnixMicros(2))?);
    store.release_service("gateway", 1)?;
    store.release_service("gateway", 1)?;
    store.release_service("nobody's", 1)?;
    let service = &store.services()?[0];
    assert_eq!((service.generation, &service.holder), (1, &None));
    assert_eq!(service.seen, UnixMicros(2));
    // Its generation goes on counting.
    assert_eq!(found(&store.claim_service("gateway", 0, at(3))), Some(1));
    assert_eq!(store.claim_service("gateway", 1, at(3))?.generation, 2);
    Ok(())
}

pub(super) fn claimed_at_once(store: &dyn Store) -> Result<(), RunStoreError> {
    for seen in 0..3 {
        let answers = std::thread::scope(|scope| {
            let claim = |n: u32| {
                let by = Asked {
                    actor: format!("claimant {n}"),
                    at: UnixMicros(5),
                };
                scope.spawn(move || store.claim_service("gateway", seen, by))
            };
            let claimants: Vec<_> = (0..8).map(claim).collect();
            claimants
                .into_iter()
                .filter_map(|claimant| claimant.join().ok())
                .collect::<Vec<_>>()
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert_eq!(lost.len(), 7);
        for answer in lost {
            assert_eq!(found(&answer), Some(seen + 1));
        }
    }
    // Whose answer was lost asks again, and has it.
    let by = || Asked {
        actor: "me".to_owned(),
        at: UnixMicros(9),
    };
    let mine = store.claim_service("gateway", 3, by())?;
    assert_eq!(store.claim_service("gateway", 3, by())?, mine);
    Ok(())
}

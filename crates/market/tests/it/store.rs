//! Versions of candles in a folder.

use fondaco_app::data::{Overlap, VersionRef, content_hash};
use fondaco_app::ports::{BarStore, StoreError};
use fondaco_domain::UnixMillis;
use fondaco_market::ParquetStore;

use crate::support::{change, dataset, minutes, put, tree};

fn open(folder: &tempfile::TempDir) -> ParquetStore {
    ParquetStore::open(folder.path().to_str().unwrap()).unwrap()
}

fn some(from: i64, to: i64) -> fondaco_domain::Bars {
    minutes((from..to).map(|minute| (minute, 100.0 + minute as f64 / 3.0)))
}

#[tokio::test]
async fn what_is_written_is_read_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id) = (open(&folder), dataset("BTC/USDT:USDT"));
    // Across the turn of a year: two partitions.
    let bars = some(-5_000, 5_000);
    let version = put(&store, &id, &bars, Overlap::Refuse).await.unwrap();
    assert_eq!((version.number, version.rows), (1, 10_000));
    assert_eq!(version.id, content_hash(&bars));
    let (read, again) = store.read(&id, &VersionRef::Latest).await.unwrap();
    assert_eq!((read, again), (version.clone(), bars));
    assert_eq!(store.list().await.unwrap(), [(id, version)]);
    let years = std::fs::read_dir(
        folder
            .path()
            .join("bars/venue=binance/kind=trades/symbol=BTC%2FUSDT%3AUSDT/timeframe=1m"),
    );
    assert_eq!(years.unwrap().count(), 2);
}

#[tokio::test]
async fn old_versions_stay_and_the_folder_shows_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id) = (open(&folder), dataset("AAPL"));
    let first = put(&store, &id, &some(0, 100), Overlap::Refuse)
        .await
        .unwrap();
    let second = put(&store, &id, &some(50, 200), Overlap::Refuse)
        .await
        .unwrap();
    let third = put(&store, &id, &minutes([(0, 1.0)]), Overlap::Replace)
        .await
        .unwrap();
    assert_eq!(third.parent, Some(second.id.clone()));
    assert_eq!(
        store.versions(&id).await.unwrap(),
        [first.clone(), second.clone(), third]
    );

    let of = |version: &str| version.parse::<VersionRef>().unwrap();
    let (_, bars) = store.read(&id, &of("1")).await.unwrap();
    assert_eq!(bars, some(0, 100));
    let (_, bars) = store.read(&id, &of(second.id.short())).await.unwrap();
    assert_eq!(bars, some(0, 200));
    let (_, bars) = store.read(&id, &of("latest")).await.unwrap();
    assert_eq!((bars.len(), bars.open()[0]), (200, 1.0));
    assert!(matches!(
        store.read(&id, &of("9")).await,
        Err(StoreError::NoVersion { .. })
    ));

    // The third version rewrote the year: its file is the only one in `bars`.
    assert_eq!(tree(&folder.path().join("bars")).len(), 1);
    assert_eq!(tree(&folder.path().join("parts")).len(), 2);
    let state = store.examine().await.unwrap();
    assert_eq!(
        (state.parts, state.orphans.len(), state.damaged.len()),
        (3, 0, 0)
    );
}

#[tokio::test]
async fn a_list_shows_all_that_was_there_when_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    // What one has read is not what another one wrote since.
    let (reader, writer) = (open(&folder), open(&folder));
    let id = dataset("AAPL");
    let mut versions = Vec::new();
    for day in 1..=5 {
        let bars = some(0, 100 * day);
        versions.push(put(&writer, &id, &bars, Overlap::Refuse).await.unwrap());
        let expected = [(id.clone(), versions.last().unwrap().clone())];
        // Several at once are answered by as few looks as possible.
        let (one, two, three) = tokio::join!(reader.list(), reader.list(), reader.list());
        for listed in [one, two, three] {
            assert_eq!(listed.unwrap(), expected);
        }
    }
    // A data set that was taken away and made anew is another one.
    std::fs::remove_dir_all(folder.path().join("manifests")).unwrap();
    assert_eq!(reader.list().await.unwrap(), []);
    let other = put(&writer, &id, &some(7, 9), Overlap::Refuse)
        .await
        .unwrap();
    assert_eq!(other.number, 1);
    assert_eq!(reader.list().await.unwrap(), [(id, other)]);
}

#[tokio::test]
async fn the_name_of_a_version_does_not_depend_on_files() {
    let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let id = dataset("AAPL");
    let whole = put(&open(&one), &id, &some(0, 300), Overlap::Refuse)
        .await
        .unwrap();
    let mut last = None;
    // Backwards and in more steps than a year may have files.
    for step in (0..30).rev() {
        let bars = some(step * 10, step * 10 + 10);
        last = Some(
            put(&open(&many), &id, &bars, Overlap::Refuse)
                .await
                .unwrap(),
        );
    }
    assert_eq!(last.unwrap().id, whole.id);
    assert!(tree(&many.path().join("bars")).len() <= 12);
    let (_, bars) = open(&many).read(&id, &VersionRef::Number(7)).await.unwrap();
    assert_eq!(bars, some(230, 300));
}

#[tokio::test]
async fn of_two_writers_one_wins_and_the_other_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id) = (open(&folder), dataset("AAPL"));
    put(&store, &id, &some(0, 10), Overlap::Refuse)
        .await
        .unwrap();
    let (parent, slow) = change(&store, &id, &some(5, 20), Overlap::Refuse).await;
    let staged = store
        .stage(&id, parent.as_ref(), &slow, "slow", UnixMillis(0))
        .await
        .unwrap();
    put(&store, &id, &some(5, 30), Overlap::Refuse)
        .await
        .unwrap();
    assert!(matches!(
        store.commit(staged).await,
        Err(StoreError::Conflict { number: 2, .. })
    ));
    let (version, bars) = store.read(&id, &VersionRef::Latest).await.unwrap();
    assert_eq!((version.number, bars), (2, some(0, 30)));
    // What the loser wrote is nobody's, and not in sight of other readers.
    let state = store.examine().await.unwrap();
    assert_eq!((state.orphans.len(), state.damaged.len()), (1, 0));
    assert!(
        state.orphans[0].starts_with("parts/"),
        "{:?}",
        state.orphans
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap().to_owned();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let place = place.clone();
            tokio::spawn(async move {
                let (store, id) = (ParquetStore::open(&place).unwrap(), dataset("AAPL"));
                for step in 0..4 {
                    let from = (writer * 4 + step) * 10;
                    let bars = some(from, from + 10);
                    loop {
                        match put(&store, &id, &bars, Overlap::Refuse).await {
                            Ok(_) => break,
                            Err(StoreError::Conflict { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let (store, id) = (ParquetStore::open(&place).unwrap(), dataset("AAPL"));
    let (version, bars) = store.read(&id, &VersionRef::Latest).await.unwrap();
    assert_eq!((version.number, bars), (32, some(0, 320)));
    assert!(store.examine().await.unwrap().damaged.is_empty());
}

#[tokio::test]
async fn damage_is_found_by_reading() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id) = (open(&folder), dataset("AAPL"));
    put(&store, &id, &some(0, 100), Overlap::Refuse)
        .await
        .unwrap();
    let (path, mut bytes) = tree(&folder.path().join("bars")).remove(0);
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(
        store.read(&id, &VersionRef::Latest).await,
        Err(StoreError::Damaged { .. })
    ));
    assert_eq!(store.examine().await.unwrap().damaged.len(), 1);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        store.read(&id, &VersionRef::Latest).await,
        Err(StoreError::Damaged { .. })
    ));
}

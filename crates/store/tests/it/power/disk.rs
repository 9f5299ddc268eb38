//! What a disk may hold after a power cut.
//!
//! A file's bytes and size are durable when the file was synced after they
//! were written; a name (of a new file, a new folder, after a rename or a
//! removal) when its folder was synced after it was given. All else is there
//! or not, each part on its own: later writes without earlier ones, half of a
//! write by sectors of 512 bytes, a new size without the bytes in it. What a
//! failed sync was to save is lost, and no later one saves it: the system has
//! forgotten that it is unsaved.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::shim::Op;

const SECTOR: usize = 512;

/// Numbers from a seed (`SplitMix64`: <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// True so many times in a hundred.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

/// The disk and the page cache at one moment.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    of_inode: HashMap<u64, usize>,
    /// As the running process sees them.
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, Named>,
    unsynced_names: Vec<NameChange>,
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Size(usize),
}

#[derive(Debug, Clone, Copy)]
enum Named {
    File(usize),
    Folder,
}

#[derive(Debug, Clone)]
enum NameChange {
    Give(PathBuf, Named),
    Take(PathBuf),
    Move(PathBuf, PathBuf, usize),
}

impl NameChange {
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Give(path, _) | Self::Take(path) | Self::Move(_, path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Named>) {
        match self {
            Self::Give(path, what) => {
                names.insert(path.clone(), *what);
            }
            Self::Take(path) => {
                names.remove(path);
            }
            Self::Move(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), Named::File(*file));
            }
        }
    }
}

impl Disk {
    /// The process did something.
    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create { inode, path } => {
                self.files.push(File::default());
                let file = self.files.len() - 1;
                self.of_inode.insert(*inode, file);
                self.names.insert(path.clone(), file);
                let given = NameChange::Give(path.clone(), Named::File(file));
                self.unsynced_names.push(given);
            }
            Op::Write {
                inode,
                offset,
                data,
            } => self.change(
                *inode,
                Change::Write {
                    offset: *offset,
                    data: data.clone(),
                },
            ),
            Op::Size { inode, size } => self.change(*inode, Change::Size(*size)),
            Op::Sync { inode } => self.files[self.of_inode[inode]].sync(),
            Op::SyncFolder { path } => self.sync_folder(path),
            Op::Rename { from, to } => {
                assert_eq!(from.parent(), to.parent(), "a rename within a folder");
                let file = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), file);
                let moved = NameChange::Move(from.clone(), to.clone(), file);
                self.unsynced_names.push(moved);
            }
            Op::Unlink { path } => {
                self.names.remove(path);
                self.unsynced_names.push(NameChange::Take(path.clone()));
            }
            Op::Folder { path } => {
                let given = NameChange::Give(path.clone(), Named::Folder);
                self.unsynced_names.push(given);
            }
            // A folder's is no file of ours: its names stay as they were.
            Op::SyncFailed { inode } => {
                if let Some(file) = self.of_inode.get(inode) {
                    self.files[*file].unsynced.clear();
                }
            }
            Op::Ack(_) => {}
        }
    }

    fn change(&mut self, inode: u64, change: Change) {
        self.files[self.of_inode[&inode]].unsynced.push(change);
    }

    fn sync_folder(&mut self, path: &Path) {
        let (now, later): (Vec<_>, Vec<_>) = self
            .unsynced_names
            .drain(..)
            .partition(|change| change.folder() == Some(path));
        self.unsynced_names = later;
        for change in now {
            change.apply(&mut self.durable_names);
        }
    }

    /// Writes one of the states that the disk may be in when the power goes
    /// now.
    pub(crate) fn image(&self, root: &Path, dice: &mut Dice, into: &Path) {
        let weather = Weather::of(dice);
        let mut names = self.durable_names.clone();
        for change in &self.unsynced_names {
            if dice.percent(weather.names) {
                change.apply(&mut names);
            }
        }
        for (path, what) in &names {
            let place = into.join(path.strip_prefix(root).unwrap());
            let has_folder = place.parent().is_some_and(Path::is_dir);
            match what {
                // Its folder is not on the disk.
                _ if !has_folder => {}
                Named::Folder => std::fs::create_dir(&place).unwrap(),
                // Shared memory is not written but mapped: anything may be in it.
                Named::File(_) if is_shared_memory(path) => {
                    if dice.percent(50) {
                        let garbage: Vec<u8> = (0..32_768).map(|_| dice.next() as u8).collect();
                        std::fs::write(&place, garbage).unwrap();
                    }
                }
                Named::File(file) => {
                    let bytes = self.files[*file].after_a_cut(&weather, dice);
                    std::fs::write(&place, bytes).unwrap();
                }
            }
        }
    }
}

fn is_shared_memory(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}

/// How much of what was not synced got through, in percent.
#[derive(Debug)]
struct Weather {
    names: usize,
    writes: usize,
    /// Within a write that got through.
    sectors: usize,
    /// What a new part of a file holds where its bytes did not get through.
    filler: u8,
}

impl Weather {
    fn of(dice: &mut Dice) -> Self {
        let chances = [0, 100, 50, 10, 90, 50];
        let one = |dice: &mut Dice| chances[dice.below(chances.len())];
        Self {
            names: one(dice),
            writes: one(dice),
            sectors: if dice.percent(50) { 100 } else { one(dice) },
            filler: if dice.percent(50) { 0 } else { 0xa5 },
        }
    }
}

impl File {
    fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Write { offset, data } => {
                    grow(&mut self.durable, offset + data.len(), 0);
                    self.durable[offset..offset + data.len()].copy_from_slice(&data);
                }
                Change::Size(size) => self.durable.resize(size, 0),
            }
        }
    }

    fn after_a_cut(&self, weather: &Weather, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.unsynced {
            let through = dice.percent(weather.writes);
            match change {
                Change::Size(size) => {
                    if through {
                        bytes.resize(*size, 0);
                    }
                }
                Change::Write { offset, data } if through => {
                    grow(&mut bytes, offset + data.len(), weather.filler);
                    tear(&mut bytes, *offset, data, weather.sectors, dice);
                }
                Change::Write { offset, data } => {
                    if dice.percent(20) {
                        grow(&mut bytes, offset + data.len(), weather.filler);
                    }
                }
            }
        }
        bytes
    }
}

fn grow(bytes: &mut Vec<u8>, size: usize, filler: u8) {
    if bytes.len() < size {
        bytes.resize(size, filler);
    }
}

/// Lets some sectors of a write through.
fn tear(bytes: &mut [u8], offset: usize, data: &[u8], chance: usize, dice: &mut Dice) {
    let mut at = 0;
    while at < data.len() {
        let to_end_of_sector = SECTOR - (offset + at) % SECTOR;
        let end = data.len().min(at + to_end_of_sector);
        if dice.percent(chance) {
            bytes[offset + at..offset + end].copy_from_slice(&data[at..end]);
        }
        at = end;
    }
}

#[test]
fn what_was_synced_is_there_and_nothing_else_must_be() {
    let root = Path::new("/d");
    let file = |name: &str| root.join(name);
    let mut disk = Disk::default();
    let create = |inode, name| Op::Create {
        inode,
        path: file(name),
    };
    let write = |inode, offset, text: &str| Op::Write {
        inode,
        offset,
        data: text.into(),
    };
    let synced = [
        create(1, "kept"),
        write(1, 0, "before"),
        Op::Sync { inode: 1 },
        Op::SyncFolder { path: root.into() },
        create(2, "nameless"),
        write(2, 0, "x"),
        Op::Sync { inode: 2 },
        write(1, 0, "AFTER!"),
    ];
    for op in &synced {
        disk.apply(op);
    }
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let into = super::shim::scratch();
        disk.image(root, &mut Dice(seed), into.path());
        let kept = std::fs::read_to_string(into.path().join("kept")).unwrap();
        assert!(["before", "AFTER!"].contains(&kept.as_str()), "{kept}");
        let nameless = std::fs::read(into.path().join("nameless")).ok();
        assert!(nameless.as_deref().is_none_or(|bytes| bytes == b"x"));
        seen.insert((kept, nameless));
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn a_write_may_be_torn_at_its_sectors() {
    let mut file = File::default();
    file.unsynced.push(Change::Write {
        offset: 500,
        data: vec![1; 1_000],
    });
    let weather = Weather {
        names: 100,
        writes: 100,
        sectors: 50,
        filler: 0,
    };
    let mut shapes = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let bytes = file.after_a_cut(&weather, &mut Dice(seed));
        assert_eq!((bytes.len(), &bytes[..500]), (1_500, &[0; 500][..]));
        let parts = [&bytes[500..512], &bytes[512..1_024], &bytes[1_024..]];
        shapes.insert(parts.map(|part| {
            assert!(part.iter().all(|byte| *byte == part[0]));
            part[0]
        }));
    }
    assert_eq!(shapes.len(), 8);
}

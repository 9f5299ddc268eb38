//! Where the socket of a database lies.
//!
//! Beside it, as `<file>.sock`. Where that path is longer than a socket's may
//! be, the socket is in a private folder of the system's runtime folder, under
//! a name derived from the path, and `<file>.sock` is a link to it: so a
//! process finds it whatever its own runtime folder is.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use fondaco_domain::ContentHash;

/// Bytes that the path of a socket has at most on every system.
const LONGEST: usize = 100;

/// The path of a database's socket, and where it really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketPlace {
    beside: PathBuf,
}

impl SocketPlace {
    /// Of a database.
    pub fn of(database: &Path) -> Self {
        let mut beside = database.as_os_str().to_owned();
        beside.push(".sock");
        Self {
            beside: beside.into(),
        }
    }

    /// Beside the database: the socket, or a link to it.
    pub fn path(&self) -> &Path {
        &self.beside
    }

    /// Where to connect to.
    pub(super) fn to_connect(&self) -> PathBuf {
        fs::read_link(&self.beside).unwrap_or_else(|_| self.beside.clone())
    }

    /// Makes room for a new socket and says where it goes. What another owner
    /// left behind is removed; what is no socket stays and is an error.
    pub(super) fn to_bind(&self) -> io::Result<PathBuf> {
        clear(&self.beside)?;
        if self.beside.as_os_str().len() <= LONGEST {
            return Ok(self.beside.clone());
        }
        let socket = runtime_folder()?.join(short_name(&self.beside));
        clear(&socket)?;
        std::os::unix::fs::symlink(&socket, &self.beside)?;
        Ok(socket)
    }

    /// Removes what [`SocketPlace::to_bind`] made, as far as it is there and
    /// is still the same.
    pub(super) fn remove(&self, socket: &Path, made: &SocketFile) {
        if SocketFile::at(socket).ok().as_ref() != Some(made) {
            return;
        }
        // Nothing can be done where this fails, and the next owner does it.
        let _ = fs::remove_file(socket);
        if fs::read_link(&self.beside).is_ok_and(|target| target == socket) {
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Which file a path names: another one of the same name is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SocketFile {
    device: u64,
    inode: u64,
}

impl SocketFile {
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let found = fs::symlink_metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() || found.is_symlink() => fs::remove_file(path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} is no socket", path.display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The first 128 bits of the path's hash: two databases of one machine do not
/// share them.
fn short_name(beside: &Path) -> String {
    let hash = ContentHash::of(beside.as_os_str().as_encoded_bytes());
    let digits: String = hash
        .as_str()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(32)
        .collect();
    format!("{digits}.sock")
}

/// A folder that nobody else may enter. One of that name that is not ours, or
/// is open to others, is refused.
fn runtime_folder() -> io::Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let folder = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(std::env::temp_dir)
        .join(format!("fondaco-{user}"));
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    if let Err(error) = made
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    let found = fs::symlink_metadata(&folder)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o777 == 0o700 {
        return Ok(folder);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} is not a private folder of ours", folder.display()),
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_socket_lies_beside_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let place = SocketPlace::of(&folder.path().join("runs.db"));
        assert_eq!(place.path(), folder.path().join("runs.db.sock"));
        let socket = place.to_bind().unwrap();
        assert_eq!(socket, place.path());
        let listener = UnixListener::bind(&socket).unwrap();
        let made = SocketFile::at(&socket).unwrap();
        drop(listener);
        // A stale one makes room.
        assert_eq!(place.to_bind().unwrap(), socket);
        // Another one of the same name is not ours to remove.
        let _other = UnixListener::bind(&socket).unwrap();
        let other = SocketFile::at(&socket).unwrap();
        if other != made {
            place.remove(&socket, &made);
            assert!(socket.exists());
        }
        place.remove(&socket, &other);
        assert!(!socket.exists());
    }

    #[test]
    fn too_long_a_path_gets_a_link_to_a_short_one() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let place = SocketPlace::of(&deep.join("runs.db"));
        let socket = place.to_bind().unwrap();
        assert!(socket.as_os_str().len() <= LONGEST, "{}", socket.display());
        assert_eq!(place.to_connect(), socket);
        let _listener = UnixListener::bind(&socket).unwrap();
        place.remove(&socket, &SocketFile::at(&socket).unwrap());
        assert!(!socket.exists());
        assert!(fs::symlink_metadata(place.path()).is_err());
    }

    #[test]
    fn a_file_that_is_no_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = SocketPlace::of(&folder.path().join("runs.db"));
        fs::write(place.path(), "notes").unwrap();
        assert_eq!(
            place.to_bind().unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read_to_string(place.path()).unwrap(), "notes");
    }
}

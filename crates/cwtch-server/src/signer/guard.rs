//! The guard beside the log key, by which a server notices that its database is not the one that it wrote last.
//!
//! A restored or copied database knows less than what the server has signed. Going on with the same log key would
//! contradict those signatures, and whoever holds one would have proof of a crime that nobody committed. The guard lies
//! outside of the database and of its backup, and holds
//!
//! - a nonce that is in the database, too, and changes at each start, so that of two copies only one goes on;
//! - the size and time last signed, at most a minute old, and exact after a clean stop and at each start;
//! - the certificate of the log key.
//!
//! Beside it lies the *mark*: size and time of the last commit, overwritten after each commit, before anything of it
//! is shown. Nobody waits until it is durable, so a power cut may lose or tear it (then it does not count), but no
//! kill does: a database that was set back within the same minute is noticed.
//!
//! While a start changes the nonce, the guard holds both, the old and the next: between any two of its writes the
//! database has one of them, so a crash leaves nothing that looks like a restore.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cwtch_primitives::CryptoRngCore;
use data_encoding::HEXLOWER;

use crate::data_dir::{DataDirError, check_private_file};

/// Bytes of a nonce.
const NONCE: usize = 16;
/// Upper bound on the length of a guard file, in bytes.
const MAX_FILE: u64 = 4096;
const FIRST_LINE: &str = "cwtch-server guard 1";

/// The random value that a database and its guard share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; NONCE]);

impl Nonce {
    /// Draws a nonce.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = [0; NONCE];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Reads a nonce from the database; `None` if the length is wrong.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to be stored in the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The content of a guard file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The database's nonce; `None` for a database that had none.
    pub nonce: Option<Nonce>,
    /// The nonce that a start is about to put in its place.
    pub next: Option<Nonce>,
    /// Number of entries that have been signed, at least.
    pub size: u64,
    /// The latest time that has been signed, at least, in unix seconds.
    pub time: u64,
    /// The certificate under which they were signed; empty while there is none.
    pub certificate: Vec<u8>,
}

/// Reason why a guard file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The file is readable by others, or the system refused.
    #[error(transparent)]
    File(#[from] DataDirError),
    /// The file does not hold a guard.
    #[error("the guard file {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Guard {
    /// The file's name, beside the log key.
    pub const FILE: &'static str = "log.guard";

    /// Reads the guard of a directory of keys; `None` if it has none.
    ///
    /// # Errors
    /// [`GuardError`].
    pub fn load(dir: &Path) -> Result<Option<Self>, GuardError> {
        let path = dir.join(Self::FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DataDirError::io("opened", &path)(error).into()),
        };
        check_private_file(&file, &path, "the guard file")?;
        let mut text = String::new();
        // A file that is not UTF-8 counts as damaged, too.
        let read = file.take(MAX_FILE).read_to_string(&mut text);
        let guard = read.ok().and_then(|_| Self::parse(&text));
        let guard = guard.ok_or(GuardError::Damaged { path })?;
        Ok(Some(guard.marked(dir)))
    }

    /// Advances size and time to those of the mark, if the mark belongs to this guard's database.
    fn marked(self, dir: &Path) -> Self {
        match Mark::read(&dir.join(Mark::FILE)) {
            Some((nonce, size, time)) if self.nonce == Some(nonce) => {
                Self { size: self.size.max(size), time: self.time.max(time), ..self }
            }
            _ => self,
        }
    }

    /// Replaces the guard file whole: after a crash the old guard or this one is there.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn store(&self, dir: &Path) -> Result<(), DataDirError> {
        let text = self.to_text();
        cwtch_files::replace(&dir.join(Self::FILE), text.as_bytes())
            .map_err(DataDirError::of("the guard file"))
    }

    /// True if a database with this nonce, and this size and time signed last, can be the one that this guard was
    /// written for.
    pub fn fits(&self, nonce: Option<Nonce>, size: u64, time: u64) -> bool {
        // A database with the next nonce holds what the start itself signed; that may be a restored database, which
        // knows less.
        (nonce.is_some() && nonce == self.next)
            || (nonce == self.nonce && size >= self.size && time >= self.time)
    }

    /// True if a nonce is the guard's current or next one.
    pub fn knows(&self, nonce: Option<Nonce>) -> bool {
        nonce == self.nonce || (nonce.is_some() && nonce == self.next)
    }

    fn to_text(&self) -> String {
        let nonce =
            |nonce: Option<Nonce>| nonce.map_or_else(|| "-".to_owned(), |n| HEXLOWER.encode(n.as_bytes()));
        format!(
            "{FIRST_LINE}\nnonce {}\nnext {}\nsize {}\ntime {}\ncertificate {}\nend\n",
            nonce(self.nonce),
            nonce(self.next),
            self.size,
            self.time,
            HEXLOWER.encode(&self.certificate)
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut line = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let nonce = |text: &str| match text {
            "-" => Some(None),
            hex => Nonce::from_slice(&HEXLOWER.decode(hex.as_bytes()).ok()?).map(Some),
        };
        (line("cwtch-server")? == "guard 1").then_some(())?;
        let guard = Self {
            nonce: nonce(line("nonce")?)?,
            next: nonce(line("next")?)?,
            size: line("size")?.parse().ok()?,
            time: line("time")?.parse().ok()?,
            certificate: HEXLOWER.decode(line("certificate")?.as_bytes()).ok()?,
        };
        (lines.eq(["end", ""])).then_some(guard)
    }
}

/// The file of the mark, which is written after each commit.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
    nonce: Nonce,
}

impl Mark {
    /// The file's name, beside the guard.
    pub(super) const FILE: &'static str = "log.mark";
    /// Bytes of the file: nonce, size and time, all of it twice, so that a mark that was written in part does not
    /// count.
    const LEN: usize = 2 * Self::HALF;
    const HALF: usize = NONCE + 16;

    /// Opens or makes the file to mark what is signed for the database with this nonce.
    ///
    /// # Errors
    /// If the system refuses.
    pub(super) fn open(dir: &Path, nonce: Nonce) -> Result<Self, DataDirError> {
        let path = dir.join(Self::FILE);
        let file = cwtch_files::open_or_create(&path).map_err(DataDirError::of("the mark file"))?;
        Ok(Self { file, nonce })
    }

    /// Overwrites the mark with the size and time that were signed last.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn write(&self, size: u64, time: u64) -> std::io::Result<()> {
        let half = [self.nonce.as_bytes(), &size.to_be_bytes(), &time.to_be_bytes()].concat();
        self.file.write_all_at(&half.repeat(2), 0)
    }

    fn read(path: &Path) -> Option<(Nonce, u64, u64)> {
        let mut bytes = [0; Self::LEN];
        File::open(path).ok()?.read_exact(&mut bytes).ok()?;
        let (first, second) = bytes.split_at(Self::HALF);
        let (nonce, rest) = first.split_at(NONCE);
        let (size, time) = rest.split_first_chunk()?;
        let time = time.first_chunk()?;
        let whole = first == second;
        whole.then_some((Nonce::from_slice(nonce)?, u64::from_be_bytes(*size), u64::from_be_bytes(*time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_mark_counts_for_its_own_database_and_whole_only() {
        let dir = tempfile::tempdir().unwrap();
        let guard = guard();
        guard.store(dir.path()).unwrap();
        let mark = Mark::open(dir.path(), nonce(1)).unwrap();
        let known = || Guard::load(dir.path()).unwrap().map(|guard| (guard.size, guard.time));
        assert_eq!(known(), Some((300, guard.time)), "an empty one");
        mark.write(301, guard.time + 60).unwrap();
        assert_eq!(known(), Some((301, guard.time + 60)));
        // An old one takes nothing back.
        mark.write(299, guard.time - 60).unwrap();
        assert_eq!(known(), Some((300, guard.time)));
        mark.write(400, guard.time).unwrap();
        let path = dir.path().join(Mark::FILE);
        let whole = fs::read(&path).unwrap();
        assert_eq!(
            (whole.len(), fs::metadata(&path).unwrap().permissions().mode() & 0o777),
            (Mark::LEN, 0o600)
        );
        for torn in 0..Mark::LEN {
            let mut bytes = whole.clone();
            bytes[torn] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(known(), Some((300, guard.time)), "byte {torn}");
        }
        Mark::open(dir.path(), nonce(2)).unwrap().write(500, guard.time + 600).unwrap();
        assert_eq!(known(), Some((300, guard.time)), "of another start");
    }

    fn nonce(n: u8) -> Nonce {
        Nonce([n; NONCE])
    }

    fn guard() -> Guard {
        Guard { nonce: Some(nonce(1)), next: None, size: 300, time: 1_700_000_040, certificate: vec![7; 186] }
    }

    #[test]
    fn a_guard_is_read_back_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Guard::load(dir.path()).unwrap(), None);
        for guard in
            [guard(), Guard { nonce: None, next: Some(nonce(2)), certificate: Vec::new(), ..guard() }]
        {
            guard.store(dir.path()).unwrap();
            assert_eq!(Guard::load(dir.path()).unwrap(), Some(guard));
        }
        let path = dir.path().join(Guard::FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Guard::load(dir.path()), Err(GuardError::File(_))));
    }

    #[test]
    fn a_damaged_guard_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let text = guard().to_text();
        for damaged in [
            String::new(),
            text.replace("guard 1", "guard 2"),
            text.replace("size 300", "size -300"),
            text.replace("nonce 01", "nonce 1"),
            text.replace("end", ""),
            format!("{text}\n"),
            text.get(..text.len() - 9).unwrap().to_owned(),
        ] {
            fs::write(dir.path().join(Guard::FILE), damaged.as_bytes()).unwrap();
            fs::set_permissions(dir.path().join(Guard::FILE), fs::Permissions::from_mode(0o600)).unwrap();
            let error = Guard::load(dir.path()).unwrap_err();
            assert!(matches!(error, GuardError::Damaged { .. }), "{damaged}: {error}");
        }
    }

    #[test]
    fn a_database_that_knows_less_or_has_another_nonce_does_not_fit() {
        let guard = guard();
        assert!(guard.fits(Some(nonce(1)), 300, 1_700_000_040));
        assert!(guard.fits(Some(nonce(1)), 301, 1_700_000_100));
        assert!(!guard.fits(Some(nonce(1)), 299, 1_700_000_040));
        assert!(!guard.fits(Some(nonce(1)), 300, 1_700_000_039));
        assert!(!guard.fits(Some(nonce(2)), 300, 1_700_000_040));
        assert!(!guard.fits(None, 300, 1_700_000_040));
        let starting = Guard { next: Some(nonce(2)), ..guard.clone() };
        assert!(starting.fits(Some(nonce(1)), 300, 1_700_000_040));
        assert!(starting.fits(Some(nonce(2)), 300, 1_700_000_040));
        // A guard that names no next nonce is not met by a database without one.
        assert!(Guard { nonce: None, ..guard }.fits(None, 300, 1_700_000_040));
    }
    proptest::proptest! {
        #[test]
        fn whatever_the_file_holds_is_a_guard_or_none(text in "[ -~\n]{0,400}", cut in 0..400usize) {
            let whole = guard().to_text();
            let mixed = format!("{}{text}", whole.get(..cut.min(whole.len())).unwrap_or_default());
            for text in [text, mixed] {
                if let Some(guard) = Guard::parse(&text) {
                    proptest::prop_assert_eq!(guard.to_text(), text);
                }
            }
        }
    }
}

//! `app.toml` in the data directory: what a person chose in the app and is not asked again.

use std::path::Path;

use cwtch_net::NetworkSpec;
use serde::{Deserialize, Serialize};

use crate::command_error::CommandError;
use crate::words::{say, word};

const FILE: &str = "app.toml";
const FILE_MAX: usize = 64 * 1024;

/// Choices that are remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remembered {
    /// The network, as `--network` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<String>,
    /// True to leave the daemon running when the app is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stay_reachable: Option<bool>,
    /// True to keep addresses and keys from the screen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) streamer_mode: bool,
    /// True to have the desktop tell that something came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) notifications: bool,
}

impl Remembered {
    /// The choices of a data directory.
    ///
    /// # Errors
    /// If the file cannot be read or has something else in it.
    pub(crate) fn read(data: &Path) -> Result<Self, CommandError> {
        let path = data.join(FILE);
        let wrong = |why: String| {
            let shown = path.display();
            CommandError::usage(say(
                "cli-remembered-unusable",
                [("path", shown.to_string().into()), ("detail", why.into())],
            ))
        };
        let bytes = match cwtch_files::read_bounded(&path, FILE_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(Self::default()),
            Err(error) => return Err(wrong(error.why.to_string())),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong(word("cli-remembered-no-text")))?;
        let read: Self = toml::from_str(text).map_err(|e| wrong(e.message().to_owned()))?;
        if let Some(network) = &read.network {
            network.parse::<NetworkSpec>().map_err(|e| wrong(e.to_string()))?;
        }
        Ok(read)
    }

    /// Remembers a change, durably.
    ///
    /// # Errors
    /// As [`Self::read`], or if the file cannot be written.
    pub(crate) fn change(data: &Path, change: impl FnOnce(&mut Self)) -> Result<(), CommandError> {
        let mut all = Self::read(data)?;
        change(&mut all);
        let unwritable =
            |why: String| CommandError::storage(say("cli-remembered-unkept", [("detail", why.into())]));
        let text = toml::to_string(&all).map_err(|e| unwritable(e.to_string()))?;
        cwtch_files::replace(&data.join(FILE), text.as_bytes()).map_err(|e| unwritable(e.why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_there_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Remembered::read(dir.path()).unwrap(), Remembered::default());
        Remembered::change(dir.path(), |all| all.stay_reachable = Some(true)).unwrap();
        Remembered::change(dir.path(), |all| all.network = Some("system-tor".to_owned())).unwrap();
        let read = Remembered::read(dir.path()).unwrap();
        assert_eq!(
            read,
            Remembered {
                network: Some("system-tor".to_owned()),
                stay_reachable: Some(true),
                ..Remembered::default()
            }
        );
        Remembered::change(dir.path(), |all| all.streamer_mode = true).unwrap();
        assert!(Remembered::read(dir.path()).unwrap().streamer_mode);
    }

    #[test]
    fn a_file_with_something_else_in_it_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for wrong in ["network = 3", "network = \"the internet\"", "colour = true", "[", "\u{0}"] {
            std::fs::write(dir.path().join(FILE), wrong).unwrap();
            assert!(Remembered::read(dir.path()).unwrap_err().message.contains(FILE), "{wrong}");
            assert!(Remembered::change(dir.path(), |all| all.stay_reachable = None).is_err());
            assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), wrong);
        }
    }
}

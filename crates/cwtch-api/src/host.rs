//! Commands about profiles as wholes, for the daemon that holds them and not for the engine of one.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Secret;

/// One thing that a person asks of whoever holds the profiles. JSON: `{"method":"profile.open","params":{…}}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", deny_unknown_fields)]
pub enum HostCommand {
    /// All profiles of the data directory. Reply: a list of [`ProfileInfo`].
    #[serde(rename = "profile.list")]
    ProfileList {},
    /// Opens a profile: it goes online, and commands may name it. Reply: its [`ProfileInfo`].
    #[serde(rename = "profile.open")]
    ProfileOpen {
        /// Its label.
        profile: String,
        /// Its password, where it has one.
        #[serde(default)]
        password: Option<Secret>,
    },
    /// Closes a profile when what it does is durable; the others go on. Reply: its [`ProfileInfo`].
    #[serde(rename = "profile.close")]
    ProfileClose {
        /// Its label.
        profile: String,
    },
    /// Gives a profile that nobody has open another label. Reply: its [`ProfileInfo`].
    #[serde(rename = "profile.rename")]
    ProfileRename {
        /// Its label.
        profile: String,
        /// Its new label.
        name: String,
    },
    /// Erases a profile that nobody has open: first its keys, then its files. Reply: `Done`.
    #[serde(rename = "profile.delete")]
    ProfileDelete {
        /// Its label.
        profile: String,
    },
}

impl HostCommand {
    /// Names of the methods.
    pub const METHODS: [&'static str; 5] =
        ["profile.list", "profile.open", "profile.close", "profile.rename", "profile.delete"];
}

/// The method only: parameters are names and passwords.
impl fmt::Debug for HostCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProfileList {} => "HostCommand(profile.list)",
            Self::ProfileOpen { .. } => "HostCommand(profile.open)",
            Self::ProfileClose { .. } => "HostCommand(profile.close)",
            Self::ProfileRename { .. } => "HostCommand(profile.rename)",
            Self::ProfileDelete { .. } => "HostCommand(profile.delete)",
        })
    }
}

/// A profile as the daemon knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileInfo {
    /// Its label.
    pub profile: String,
    /// True if opening it takes a password.
    pub password: bool,
    /// True if it is open in the daemon.
    pub open: bool,
    /// Its address; `null` where it is not open.
    pub address: Option<String>,
}

/// A profile that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenProfile {
    /// Its label.
    pub profile: String,
    /// Its address.
    pub address: String,
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_password_is_shown_nowhere() {
        let password = Some(Secret::new(Zeroizing::new("hush".to_owned())));
        let command = HostCommand::ProfileOpen { profile: "me".into(), password: password.clone() };
        assert!(!format!("{command:?} {password:?}").contains("hush"));
        let json = serde_json::to_value(&command).unwrap();
        assert_eq!(json["params"], serde_json::json!({"profile": "me", "password": "hush"}));
        assert_eq!(serde_json::from_value::<HostCommand>(json).unwrap(), command);
    }

    #[test]
    fn each_method_is_listed() {
        for method in HostCommand::METHODS {
            let params = serde_json::json!({"profile": "a", "name": "b"});
            let refusal = serde_json::from_value::<HostCommand>(
                serde_json::json!({"method": method, "params": params}),
            );
            let known = refusal.map_or_else(|e| !e.to_string().contains("unknown variant"), |_| true);
            assert!(known, "{method}");
        }
    }
}

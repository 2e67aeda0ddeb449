//! arti's configuration: the person's part and the program's.

use std::path::Path;

use arti_client::TorClientConfig;
use arti_client::config::{CfgPath, TorClientConfigBuilder};
use tor_config::ExplicitOrAuto;
use tor_keymgr::config::ArtiKeystoreKind;

/// Reason why a configuration of the embedded Tor cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not TOML, or a value is not of the kind that arti expects.
    #[error("the settings of the embedded Tor are malformed: {0}")]
    Malformed(String),
    /// A key that arti does not know.
    #[error("the embedded Tor has no setting \"{0}\"; its settings are those of arti")]
    Unknown(String),
    /// The values do not fit together.
    #[error("the settings of the embedded Tor do not fit together: {0}")]
    Inconsistent(String),
}

/// Checks that a configuration can be used, as [`EmbeddedTor::start`](crate::EmbeddedTor::start) would.
///
/// # Errors
/// [`ConfigError`].
pub fn check(settings: &str) -> Result<(), ConfigError> {
    // Nothing is made at this path: building a configuration touches no disk.
    build(settings, Path::new("/nonexistent")).map(drop)
}

/// Directory, below what the caller names, of what arti keeps for later runs.
pub(crate) const STATE: &str = "state";

/// Builds the configuration for a client that keeps its files in `state`.
pub(crate) fn build(settings: &str, state: &Path) -> Result<TorClientConfig, ConfigError> {
    let table: toml::Table = settings.parse().map_err(malformed)?;
    let mut unknown = None;
    let mut builder: TorClientConfigBuilder = serde_ignored::deserialize(table, |path| {
        unknown.get_or_insert(path.to_string());
    })
    .map_err(malformed)?;
    if let Some(key) = unknown {
        return Err(ConfigError::Unknown(key));
    }
    let place = |name| CfgPath::new_literal(state.join(name));
    let storage = builder.storage();
    storage.state_dir(place(STATE)).cache_dir(place("cache"));
    storage.keystore().primary().kind(ExplicitOrAuto::Explicit(ArtiKeystoreKind::Ephemeral));
    // This program never leaves the Tor network, so circuits to exits would be built for nobody.
    if !settings.contains("initial_predicted_ports") {
        builder.preemptive_circuits().set_initial_predicted_ports(Vec::new());
    }
    builder.build().map_err(|e| ConfigError::Inconsistent(e.to_string()))
}

fn malformed(error: toml::de::Error) -> ConfigError {
    ConfigError::Malformed(error.to_string().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_settings_are_settings() {
        check("").unwrap();
    }

    #[test]
    fn a_private_network_and_bridges_can_be_set() {
        check(
            "[tor_network]\nfallback_caches = [{ rsa_identity = \"0000000000000000000000000000000000000001\", \
             ed_identity = \"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\", orports = [\"127.10.0.1:27000\"] }]\n\
             [tor_network.authorities]\nv3idents = [\"0000000000000000000000000000000000000001\"]\n\
             uploads = [[\"127.10.0.1:27100\"]]\ndownloads = [[\"127.10.0.1:27100\"]]\nvotes = [[\"127.10.0.1:27100\"]]\n",
        )
        .unwrap();
        check(
            "[bridges]\nenabled = true\nbridges = '''\n192.0.2.66:443 8C00000DFE0046ABCDFAD191144399CB520C29E8\n\
             obfs4 192.0.2.55:38114 316E643333645F6D79216558614D3931657A5F5F \
             cert=YXJlIGZyZXF1ZW50bHkgZnVsbCBvZiBsaXR0bGUgbWVzc2FnZXMgeW91IGNhbiBmaW5kLg iat-mode=0\n'''\n\
             [[bridges.transports]]\nprotocols = [\"obfs4\"]\npath = \"/usr/bin/obfs4proxy\"\n",
        )
        .unwrap();
    }

    #[test]
    fn what_the_program_decides_it_decides_last() {
        let settings =
            "[storage]\nstate_dir = \"/elsewhere\"\n[storage.keystore.primary]\nkind = \"native\"\n";
        let config = build(settings, Path::new("/here")).unwrap();
        assert_eq!(config, build("", Path::new("/here")).unwrap());
    }

    #[test]
    fn a_key_that_arti_does_not_know_is_refused_by_name() {
        let error = check("[circuit_timing]\nmax_dirtines = \"1 hour\"\n").unwrap_err();
        assert!(
            matches!(&error, ConfigError::Unknown(key) if key == "circuit_timing.max_dirtines"),
            "{error}"
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        assert!(matches!(check("bridges = 3"), Err(ConfigError::Malformed(_))));
        assert!(matches!(check("bridges = "), Err(ConfigError::Malformed(_))));
        let bridge = "[bridges]\nenabled = true\nbridges = \"not a bridge\"\n";
        assert!(check(bridge).is_err());
        // A transport that nothing provides.
        let bridge = "[bridges]\nenabled = true\nbridges = \"obfs4 192.0.2.55:38114 \
                      316E643333645F6D79216558614D3931657A5F5F\"\n";
        assert!(check(bridge).is_err());
    }
}

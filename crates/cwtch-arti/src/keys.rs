//! Keys of identities in arti's keystore: there while an identity listens, and no longer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use arti_client::TorClient;
use cwtch_primitives::Address;
use tor_keymgr::KeyPathPattern;
use tor_rtcompat::Runtime;

/// Names under which arti keeps what belongs to an identity, in the order in which identities first listened: on disk
/// they reveal nothing about the address. They hold for one run of the program.
#[derive(Debug, Default)]
pub(crate) struct Nicknames(Mutex<HashMap<Address, Nickname>>);

#[derive(Debug)]
struct Nickname {
    name: String,
    /// Number of the identity's newest service.
    newest: u64,
    /// True while arti has the identity's key.
    has_key: bool,
}

/// The number of a service that begins, and the name of its identity.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) name: String,
    /// True if arti must be given the identity's key.
    pub(crate) needs_key: bool,
    /// Number of the service, among those of its identity.
    pub(crate) number: u64,
}

impl Nicknames {
    /// Notes that a service of an identity begins; an earlier one may still be about to end.
    pub(crate) fn begin(&self, address: &Address) -> Begun {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = format!("service-{}", all.len());
        let this = all.entry(*address).or_insert(Nickname { name: next, newest: 0, has_key: false });
        this.newest += 1;
        let needs_key = !std::mem::replace(&mut this.has_key, true);
        Begun { name: this.name.clone(), needs_key, number: this.newest }
    }

    /// Calls `forget` with the identity's name if the service that ended was its newest. Nothing begins meanwhile.
    pub(crate) fn end(&self, address: &Address, number: u64, forget: impl FnOnce(&str)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(this) = all.get_mut(address).filter(|it| it.newest == number && it.has_key) {
            this.has_key = false;
            forget(&this.name);
        }
    }

    /// Calls `forget` with the name of every identity whose key arti has.
    pub(crate) fn end_all(&self, mut forget: impl FnMut(&str)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for this in all.values_mut().filter(|it| it.has_key) {
            this.has_key = false;
            forget(&this.name);
        }
    }
}

/// Takes the keys that belong to a nickname out of arti's keystore, those for single periods and relays, too. The
/// keystore is in memory, and erases what it gives up.
pub(crate) fn forget(client: &TorClient<impl Runtime>, name: &str) {
    let pattern = KeyPathPattern::Arti(format!("hss/{name}/**"));
    let forgotten = client.keymgr().map_err(|e| e.to_string()).and_then(|keys| {
        let entries = keys.list_matching(&pattern).map_err(|e| e.to_string())?;
        entries.iter().try_for_each(|entry| keys.remove_entry(entry).map(drop).map_err(|e| e.to_string()))
    });
    if let Err(why) = forgotten {
        tracing::warn!(why, "keys of an onion service that ended stay in memory until the program ends");
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::{Identity, OsRng};
    use tor_hsservice::HsIdKeypairSpecifier;
    use tor_keymgr::KeystoreSelector;
    use tor_llcrypto::pk::ed25519;
    use tor_rtcompat::tokio::TokioRustlsRuntime;

    use super::*;

    fn ended(names: &Nicknames, address: &Address, begun: &Begun) -> Option<String> {
        let mut forgotten = None;
        names.end(address, begun.number, |name| forgotten = Some(name.to_owned()));
        forgotten
    }

    #[test]
    fn a_key_is_needed_once_and_again_after_it_was_forgotten() {
        let names = Nicknames::default();
        let [alice, bob] = [(); 2].map(|()| Identity::generate(&mut OsRng).address());
        let first = names.begin(&alice);
        assert_eq!((first.name.as_str(), first.needs_key), ("service-0", true));
        assert_eq!(names.begin(&bob).name, "service-1");
        assert_eq!(ended(&names, &alice, &first).as_deref(), Some("service-0"));
        assert_eq!(ended(&names, &alice, &first), None, "once");
        let again = names.begin(&alice);
        assert_eq!((again.name.as_str(), again.needs_key), ("service-0", true));
    }

    #[test]
    fn an_earlier_service_takes_no_key_from_a_later_one() {
        let names = Nicknames::default();
        let alice = Identity::generate(&mut OsRng).address();
        let (first, second) = (names.begin(&alice), names.begin(&alice));
        assert!(!second.needs_key, "the earlier one has not ended yet");
        assert_eq!(ended(&names, &alice, &first), None);
        assert_eq!(ended(&names, &alice, &second).as_deref(), Some("service-0"));
    }

    #[test]
    fn all_are_forgotten_at_the_end() {
        let names = Nicknames::default();
        let begun = [(); 3].map(|()| {
            let address = Identity::generate(&mut OsRng).address();
            (address, names.begin(&address))
        });
        assert!(ended(&names, &begun[1].0, &begun[1].1).is_some());
        let mut forgotten = Vec::new();
        names.end_all(|name| forgotten.push(name.to_owned()));
        forgotten.sort();
        assert_eq!(forgotten, ["service-0", "service-2"]);
    }

    #[tokio::test]
    async fn a_forgotten_key_is_in_the_keystore_no_more_and_another_one_is() {
        let dir = tempfile::tempdir().unwrap();
        cwtch_files::make_dir(dir.path()).unwrap();
        // Never told to connect to anything.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = TorClient::with_runtime(TokioRustlsRuntime::current().unwrap())
            .config(crate::config::build("", dir.path()).unwrap())
            .bootstrap_behavior(arti_client::BootstrapBehavior::Manual)
            .create_unbootstrapped_async()
            .await
            .unwrap();
        let keys = client.keymgr().unwrap();
        let seed = Identity::generate(&mut OsRng).seed();
        for name in ["service-1", "service-10"] {
            let key = ed25519::ExpandedKeypair::from(&ed25519::Keypair::from_bytes(seed.expose()));
            let under = HsIdKeypairSpecifier::new(name.parse().unwrap());
            keys.insert::<tor_hscrypto::pk::HsIdKeypair>(
                key.into(),
                &under,
                KeystoreSelector::Primary,
                false,
            )
            .unwrap();
        }
        let held = || keys.list_matching(&KeyPathPattern::Arti("**".to_owned())).unwrap().len();
        assert_eq!(held(), 2);
        forget(&client, "service-1");
        assert_eq!(held(), 1);
        forget(&client, "service-10");
        assert_eq!(held(), 0);
    }
}

//! The private network, and people and servers on it.

use cwtch_testkit::tornet::{Client, Options, TorNet};

use crate::common::{Person, Server, World};

/// Whose Tor a program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// The one inside the program.
    Embedded,
    /// One that runs beside it.
    System,
}

impl Provider {
    pub(crate) const BOTH: [Self; 2] = [Self::Embedded, Self::System];

    /// The argument of `--network`.
    fn network(self) -> &'static str {
        match self {
            Self::Embedded => "arti",
            Self::System => "system-tor",
        }
    }
}

/// The system's Tor of whoever is measured.
const OURS: usize = 0;
/// The system's Tor of the contacts and servers at the other end, as on another machine.
const THEIRS: usize = 1;

/// The network, running until this is dropped.
pub(crate) struct Stage(TorNet);

impl Stage {
    pub(crate) fn new() -> Self {
        Self(TorNet::start(Options::with_clients(2)).expect("a private Tor network"))
    }

    /// A directory of its own.
    pub(crate) fn place(&self) -> Place<'_> {
        Place { stage: self, world: World::new() }
    }

    /// The system's Tor of whoever is measured.
    pub(crate) fn system_tor(&self) -> &Client {
        self.0.client(OURS).expect("a client")
    }
}

/// A directory with people and servers in it.
pub(crate) struct Place<'a> {
    stage: &'a Stage,
    pub(crate) world: World,
}

impl Place<'_> {
    /// The arguments without which a program would look for the public Tor network.
    fn settings(&self, client: usize) -> Vec<String> {
        let path = self.world.path(&format!("tor-{client}.toml"));
        let settings = self.stage.0.tor_toml(Some(client)).expect("settings");
        std::fs::write(&path, settings).expect("a file");
        vec!["--tor-config".to_owned(), path.display().to_string()]
    }

    fn person_of(&self, name: &str, provider: Provider, client: usize) -> Person {
        let mut person = self.world.person(name);
        person.extra.extend(self.settings(client));
        provider.network().clone_into(&mut person.network);
        person
    }

    /// Several profiles in one data directory, who are measured; offline.
    pub(crate) fn household<const N: usize>(&self, names: [&str; N], provider: Provider) -> [Person; N] {
        self.world.household(names).map(|mut person| {
            person.extra.extend(self.settings(OURS));
            provider.network().clone_into(&mut person.network);
            person
        })
    }

    /// Somebody who is measured; offline.
    pub(crate) fn person(&self, name: &str, provider: Provider) -> Person {
        self.person_of(name, provider, OURS)
    }

    /// Somebody at the other end; offline.
    pub(crate) fn contact(&self, name: &str, provider: Provider) -> Person {
        self.person_of(name, provider, THEIRS)
    }

    /// A server, not running yet.
    pub(crate) fn server(&self, name: &str, provider: Provider) -> Server {
        self.world.server_over(name, provider.network(), &self.settings(THEIRS))
    }
}

//! Authentication to a control port (control-spec, "AUTHENTICATE" and "AUTHCHALLENGE").

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use cwtch_primitives::Zeroizing;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::reply::Reply;
use super::words::{value_of, words};
use cwtch_net::Obstacle;

/// The length of Tor's cookie, of nonces and of hashes.
pub(crate) const LEN: usize = 32;

const SERVER_KEY: &[u8] = b"Tor safe cookie authentication server-to-controller hash";
const CONTROLLER_KEY: &[u8] = b"Tor safe cookie authentication controller-to-server hash";

/// Self-description of a Tor before anything is proved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ProtocolInfo {
    null: bool,
    password: bool,
    cookie: bool,
    safe_cookie: bool,
    cookie_file: Option<PathBuf>,
    version: Option<String>,
}

/// One way to prove who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// Proof of having read a file, without telling its content.
    SafeCookie(PathBuf),
    /// The configured password.
    Password,
    /// The content of a file, for a Tor that knows nothing better.
    Cookie(PathBuf),
    /// No proof at all.
    Null,
}

impl ProtocolInfo {
    /// Reads the reply to `PROTOCOLINFO 1`.
    pub(crate) fn of(reply: &Reply) -> Result<Self, Obstacle> {
        let mut info = Self::default();
        if !reply.is_ok() || !reply.first().starts_with("PROTOCOLINFO ") {
            return Err(Obstacle::NotTor);
        }
        for line in &reply.lines {
            let words = words(&line.text);
            match words.first().map(|word| word.value.as_slice()) {
                Some(b"AUTH") => {
                    let methods = value_of(&words, "METHODS").unwrap_or_default();
                    let has = |name| methods.split(',').any(|method| method == name);
                    (info.null, info.password) = (has("NULL"), has("HASHEDPASSWORD"));
                    (info.cookie, info.safe_cookie) = (has("COOKIE"), has("SAFECOOKIE"));
                    let file = words.iter().find(|word| word.key.as_deref() == Some("COOKIEFILE"));
                    info.cookie_file = file.map(|word| PathBuf::from(OsString::from_vec(word.value.clone())));
                }
                Some(b"VERSION") => info.version = value_of(&words, "Tor"),
                _ => {}
            }
        }
        Ok(info)
    }

    /// The ways that are open, the best first.
    pub(crate) fn ways(&self, have_password: bool) -> Vec<Way> {
        let file = |offered: bool| self.cookie_file.clone().filter(|file| offered && file.is_absolute());
        let mut ways = Vec::new();
        ways.extend(file(self.safe_cookie).map(Way::SafeCookie));
        ways.extend((self.password && have_password).then_some(Way::Password));
        // A Tor that offers SAFECOOKIE need not be told the cookie.
        ways.extend(file(self.cookie && !self.safe_cookie).map(Way::Cookie));
        ways.extend(self.null.then_some(Way::Null));
        ways
    }

    /// The obstacle to report when none of the ways succeeded.
    pub(crate) fn no_way(&self, unreadable_cookie: bool) -> Obstacle {
        match (unreadable_cookie, self.password) {
            (true, _) => Obstacle::CookieUnreadable,
            (false, true) => Obstacle::ControlPasswordNeeded,
            (false, false) => Obstacle::NoLogin,
        }
    }

    /// The file whose owner is the user that Tor runs as.
    pub(crate) fn cookie_file(&self) -> Option<&Path> {
        self.cookie_file.as_deref()
    }

    /// True if this Tor is too old for onion services of version 3 by ADD_ONION.
    pub(crate) fn is_too_old(&self) -> bool {
        let Some(version) = &self.version else { return false };
        let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        let mut next = || numbers.next().unwrap_or(0);
        (next(), next(), next()) < (0, 3, 3)
    }
}

/// The command `AUTHENTICATE` with bytes: a password, a cookie or a hash. As hexadecimal digits they need no escapes.
pub(crate) fn authenticate(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(secret.len() * 2 + 16));
    line.extend_from_slice(b"AUTHENTICATE ");
    line.extend_from_slice(Zeroizing::new(HEXLOWER.encode(secret)).as_bytes());
    line.extend_from_slice(b"\r\n");
    line
}

/// The command `AUTHCHALLENGE` with our nonce.
pub(crate) fn challenge(nonce: &[u8; LEN]) -> Vec<u8> {
    format!("AUTHCHALLENGE SAFECOOKIE {}\r\n", HEXLOWER.encode(nonce)).into_bytes()
}

/// Checks that whoever answered the challenge knows the cookie, too, and proves that we do.
pub(crate) fn answer(
    cookie: &[u8],
    nonce: &[u8; LEN],
    reply: &Reply,
) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
    let words = words(reply.first());
    let bytes = |key| HEXLOWER_PERMISSIVE.decode(value_of(&words, key)?.as_bytes()).ok();
    let (Some(hash), Some(theirs)) = (bytes("SERVERHASH"), bytes("SERVERNONCE")) else {
        return Err(Obstacle::NotTor);
    };
    let keyed = |key: &[u8]| -> Result<Hmac<Sha256>, Obstacle> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Obstacle::NotTor)?;
        [cookie, nonce, theirs.as_slice()].iter().for_each(|part| mac.update(part));
        Ok(mac)
    };
    // Compared in constant time; a hash of another length is wrong, too.
    keyed(SERVER_KEY)?.verify_slice(&hash).map_err(|_| Obstacle::CookieWrong)?;
    let proof = Zeroizing::new(<[u8; LEN]>::from(keyed(CONTROLLER_KEY)?.finalize().into_bytes()));
    Ok(authenticate(&*proof))
}

/// The Tor's side of [`answer`], for the tests' control port.
#[cfg(test)]
pub(super) fn server_proofs(cookie: &[u8], ours: &[u8], theirs: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let proof = |key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        [cookie, ours, theirs].iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    };
    (proof(SERVER_KEY), proof(CONTROLLER_KEY))
}

#[cfg(test)]
mod tests {
    use super::super::reply::Replies;
    use super::*;

    fn reply(text: &str) -> Reply {
        let mut replies = Replies::default();
        replies.push(text.as_bytes());
        replies.next().unwrap().unwrap()
    }

    fn info(auth: &str, version: &str) -> ProtocolInfo {
        let text =
            format!("250-PROTOCOLINFO 1\r\n250-AUTH {auth}\r\n250-VERSION Tor=\"{version}\"\r\n250 OK\r\n");
        ProtocolInfo::of(&reply(&text)).unwrap()
    }

    #[test]
    fn the_best_way_is_first() {
        let file = || PathBuf::from("/run/c");
        let all = info("METHODS=NULL,COOKIE,SAFECOOKIE,HASHEDPASSWORD COOKIEFILE=\"/run/c\"", "0.4.9.11");
        assert_eq!(all.ways(true), [Way::SafeCookie(file()), Way::Password, Way::Null]);
        assert_eq!(all.ways(false), [Way::SafeCookie(file()), Way::Null]);
        let old = info("METHODS=COOKIE,HASHEDPASSWORD COOKIEFILE=\"/run/c\"", "0.2.0");
        assert_eq!(old.ways(true), [Way::Password, Way::Cookie(file())]);
        let nowhere = info("METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"relative\"", "0.4.9.11");
        assert_eq!(nowhere.ways(true), []);
        assert_eq!(info("METHODS=HASHEDPASSWORD", "0.4").no_way(false), Obstacle::ControlPasswordNeeded);
        assert_eq!(ProtocolInfo::of(&reply("510 no\r\n")), Err(Obstacle::NotTor));
    }

    #[test]
    fn only_versions_without_onion_services_of_version_3_are_too_old() {
        for (version, old) in [("0.3.2.10", true), ("0.2.9.17 (git-1)", true), ("0.3.3.1-alpha", false)] {
            assert_eq!(info("METHODS=NULL", version).is_too_old(), old, "{version}");
        }
        assert!(!info("METHODS=NULL", "0.4.9.11").is_too_old());
        assert!(!info("METHODS=NULL", "1.0.0").is_too_old());
    }

    #[test]
    fn both_sides_prove_that_they_know_the_cookie() {
        let (cookie, nonce, theirs) = ([7; LEN], [1; LEN], [2; LEN]);
        let (server, client) = server_proofs(&cookie, &nonce, &theirs);
        let text = |hash: &[u8]| {
            let (hash, nonce) =
                (data_encoding::HEXUPPER.encode(hash), data_encoding::HEXUPPER.encode(&theirs));
            format!("250 AUTHCHALLENGE SERVERHASH={hash} SERVERNONCE={nonce}\r\n")
        };
        let line = answer(&cookie, &nonce, &reply(&text(&server))).unwrap();
        assert_eq!(*line, *authenticate(&client));
        assert_eq!(answer(&[8; LEN], &nonce, &reply(&text(&server))), Err(Obstacle::CookieWrong));
        assert_eq!(answer(&cookie, &nonce, &reply(&text(&server[..31]))), Err(Obstacle::CookieWrong));
        assert_eq!(answer(&cookie, &nonce, &reply("250 AUTHCHALLENGE\r\n")), Err(Obstacle::NotTor));
    }
}

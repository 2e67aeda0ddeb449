//! Bridges as people are given them, as settings of the embedded Tor.

use std::path::PathBuf;

use crate::config::TorConfig;

/// Pluggable transports, and programs that speak them, the best first.
const TRANSPORTS: [(&str, &[&str]); 5] = [
    ("obfs4", &["lyrebird", "obfs4proxy"]),
    ("webtunnel", &["lyrebird", "webtunnel-client"]),
    ("meek_lite", &["lyrebird", "obfs4proxy"]),
    ("obfs3", &["lyrebird", "obfs4proxy"]),
    ("snowflake", &["snowflake-client"]),
];
/// The most bridges that are taken.
const BRIDGES_MAX: usize = 64;

/// Reason why bridges cannot be used. None names a bridge: who has one can have it closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// There is none in the text.
    #[error("there is no bridge in it: paste the lines that you were given, one bridge in each")]
    None,
    /// There are too many.
    #[error("there are more than {BRIDGES_MAX} bridges in it: take a few")]
    TooMany,
    /// A line that is no bridge.
    #[error(
        "line {line} is no bridge: a bridge is an address with its port, as 192.0.2.1:443, and a fingerprint of 40 letters and digits, \
         or the same behind the name of a transport, as obfs4. Lines must not be broken: paste them as they were given"
    )]
    Line {
        /// The line's number, from 1.
        line: usize,
    },
    /// A transport that nothing here knows.
    #[error("the transport {0} is not known here: ask for bridges of the kind obfs4")]
    Transport(String),
    /// A transport whose program is not installed.
    #[error(
        "bridges of the kind {transport} need the program {}, which is not installed: install it (on Debian: apt install {}), or ask \
         for bridges without a transport",
        programs.join(" or "),
        programs.last().copied().unwrap_or_default()
    )]
    Program {
        /// The transport.
        transport: &'static str,
        /// Programs that speak it.
        programs: &'static [&'static str],
    },
    /// The settings that are there already cannot be read.
    #[error("{0}")]
    Settings(String),
    /// The embedded Tor does not take them.
    #[error("the Tor inside this program does not take these bridges: look whether lines are whole")]
    Refused,
}

/// The text of a `tor.toml` (empty where there is none) with these bridges instead of those that it had; without `lines`, with
/// none. `find` gives the path of a program that is installed. Comments of the text are lost, its other settings are kept.
///
/// # Errors
/// [`BridgeError`].
pub fn with_bridges(
    settings: &str,
    lines: Option<&str>,
    find: impl Fn(&str) -> Option<PathBuf>,
) -> Result<String, BridgeError> {
    let wrong = |e: &dyn std::fmt::Display| BridgeError::Settings(e.to_string());
    TorConfig::parse(settings).map_err(|e| wrong(&e))?;
    let mut all: toml::Table = settings.parse().map_err(|e| wrong(&e))?;
    let embedded = all.entry("embedded").or_insert_with(|| toml::Table::new().into());
    if let Some(embedded) = embedded.as_table_mut() {
        match lines {
            None => {
                embedded.remove("bridges");
            }
            Some(lines) => {
                embedded.insert("bridges".to_owned(), bridges(lines, find)?.into());
            }
        }
        #[cfg(feature = "arti")]
        if lines.is_some() {
            let text = toml::to_string(embedded).map_err(|e| wrong(&e))?;
            cwtch_arti::check(&text).map_err(|_| BridgeError::Refused)?;
        }
        if embedded.is_empty() {
            all.remove("embedded");
        }
    }
    toml::to_string(&all).map_err(|e| wrong(&e))
}

fn bridges(lines: &str, find: impl Fn(&str) -> Option<PathBuf>) -> Result<toml::Table, BridgeError> {
    let (mut taken, mut transports) = (Vec::new(), Vec::<toml::Table>::new());
    let mut spoken: Vec<&str> = Vec::new();
    for (number, line) in lines.lines().enumerate() {
        // As torrc has them, too.
        let line = line.trim();
        let line = line.strip_prefix("Bridge ").unwrap_or(line).trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if taken.len() == BRIDGES_MAX {
            return Err(BridgeError::TooMany);
        }
        let wrong = BridgeError::Line { line: number + 1 };
        let mut parts = line.split_whitespace();
        let first = parts.next().ok_or_else(|| wrong.clone())?;
        let at = match is_address(first) {
            true => first,
            false => {
                let transport = transport(first).ok_or_else(|| wrong.clone())?;
                let (name, programs) = TRANSPORTS
                    .iter()
                    .find(|(name, _)| *name == transport)
                    .ok_or_else(|| BridgeError::Transport(transport.to_owned()))?;
                if !spoken.contains(name) {
                    let missing = BridgeError::Program { transport: name, programs };
                    let path = programs.iter().find_map(|program| find(program)).ok_or(missing)?;
                    transports.push(speaker(name, &path));
                    spoken.push(name);
                }
                parts.next().ok_or_else(|| wrong.clone())?
            }
        };
        // The fingerprint may be missing in lines of some transports, and is never something else.
        let whole =
            is_address(at) && parts.next().is_none_or(|next| is_fingerprint(next) || next.contains('='));
        if !whole {
            return Err(wrong);
        }
        taken.push(line.to_owned());
    }
    if taken.is_empty() {
        return Err(BridgeError::None);
    }
    let mut table = toml::Table::new();
    table.insert("enabled".to_owned(), true.into());
    table.insert("bridges".to_owned(), (taken.join("\n") + "\n").into());
    if !transports.is_empty() {
        table.insert("transports".to_owned(), transports.into());
    }
    Ok(table)
}

/// The settings of a program that speaks a transport.
fn speaker(transport: &str, path: &std::path::Path) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert("protocols".to_owned(), vec![transport].into());
    table.insert("path".to_owned(), path.to_string_lossy().into_owned().into());
    table
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok_and(|at| at.port() != 0)
}

fn is_fingerprint(text: &str) -> bool {
    let text = text.strip_prefix('$').unwrap_or(text);
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name of a transport, if it may be one.
fn transport(text: &str) -> Option<&str> {
    let first = text.bytes().next()?;
    let fits = text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (fits && !first.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "192.0.2.66:443 8C00000DFE0046ABCDFAD191144399CB520C29E8";
    const OBFS4: &str = "obfs4 192.0.2.55:38114 316E643333645F6D79216558614D3931657A5F5F \
        cert=YXJlIGZyZXF1ZW50bHkgZnVsbCBvZiBsaXR0bGUgbWVzc2FnZXMgeW91IGNhbiBmaW5kLg iat-mode=0";

    fn found(program: &str) -> Option<PathBuf> {
        (program == "obfs4proxy").then(|| PathBuf::from("/usr/bin/obfs4proxy"))
    }

    #[test]
    fn lines_as_people_are_given_them_become_settings_and_go_again() {
        let pasted = format!("# mine\nBridge {PLAIN}\r\n\n  {OBFS4}  \n");
        let before = "[onion]\ncheck_seconds = 600\n";
        let text = with_bridges(before, Some(&pasted), found).unwrap();
        let config = TorConfig::parse(&text).unwrap();
        assert_eq!(config.onion.check_seconds, 600);
        let table = config.embedded["bridges"].as_table().unwrap();
        assert_eq!(table["bridges"].as_str().unwrap(), format!("{PLAIN}\n{OBFS4}\n"));
        assert_eq!(table["transports"][0]["path"].as_str(), Some("/usr/bin/obfs4proxy"));
        assert_eq!(with_bridges(&text, None, found).unwrap(), before);
        assert_eq!(with_bridges("", None, found).unwrap(), "");
    }

    #[test]
    fn each_fault_is_said_and_no_bridge_is_named() {
        let refusal = |lines: &str| with_bridges("", Some(lines), found).unwrap_err();
        assert_eq!(refusal("\n# nothing\n"), BridgeError::None);
        for (broken, line) in [
            ("hello there", 1),
            ("192.0.2.66:443 tooshort", 1),
            ("192.0.2.66", 1),
            ("bridge.example:443 8C00000DFE0046ABCDFAD191144399CB520C29E8", 1),
            ("obfs4", 1),
            ("192.0.2.66:0 8C00000DFE0046ABCDFAD191144399CB520C29E8", 1),
        ] {
            let error = refusal(broken);
            // A name that may be one of a transport is said not to be known.
            let is_line = error == BridgeError::Line { line };
            assert!(is_line || matches!(error, BridgeError::Transport(_)), "{broken}: {error}");
            assert!(!error.to_string().contains("192.0.2.66"), "{error}");
        }
        assert_eq!(refusal(&format!("{PLAIN}\nobfs4 192.0.2.1")), BridgeError::Line { line: 2 });
        assert_eq!(refusal(&OBFS4.replace("obfs4", "warp")), BridgeError::Transport("warp".to_owned()));
        let missing = with_bridges("", Some(OBFS4), |_| None).unwrap_err();
        assert!(missing.to_string().contains("lyrebird or obfs4proxy"), "{missing}");
        assert_eq!(refusal(&format!("{PLAIN}\n").repeat(BRIDGES_MAX + 1)), BridgeError::TooMany);
        assert!(matches!(with_bridges("[onion", Some(PLAIN), found), Err(BridgeError::Settings(_))));
    }
}

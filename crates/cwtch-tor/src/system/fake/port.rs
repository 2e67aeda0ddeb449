//! The fake's control port.

use std::fmt::Write as _;

use data_encoding::HEXLOWER_PERMISSIVE;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

use super::super::auth::server_proofs;
use super::{FakeState, FakeTor};

/// Events that this Tor knows.
const EVENTS: [&str; 4] = ["HS_DESC", "NETWORK_LIVENESS", "STATUS_CLIENT", "STATUS_GENERAL"];
const NONCE: [u8; 32] = [9; 32];
/// No answer: the connection ends.
const BREAKS: &str = "breaks";

impl FakeTor {
    pub(super) async fn serve(&self, stream: DuplexStream) {
        let (read, mut write) = tokio::io::split(stream);
        let mut lines = BufReader::new(read).lines();
        let mut events = self.events.subscribe();
        let mut wanted = Vec::new();
        let mut proof = Vec::new();
        loop {
            let out = tokio::select! {
                line = lines.next_line() => match line {
                    Ok(Some(line)) => self.answer(&line, &mut wanted, &mut proof),
                    _ => break,
                },
                event = events.recv() => {
                    let event = event.unwrap();
                    let kind = event.split(' ').next().unwrap().to_owned();
                    let line = format!("650 {event}");
                    let state = self.state();
                    let shown = match &state.does.filter {
                        Some(filter) => filter.event(&kind, &line),
                        None => Some(line),
                    };
                    shown.filter(|_| wanted.contains(&kind)).map_or(String::new(), |line| line + "\r\n")
                }
            };
            if out == BREAKS || write.write_all(out.as_bytes()).await.is_err() || out.starts_with("515") {
                break;
            }
        }
        // A Tor ends a connection's services with it.
        self.state().served.clear();
    }

    fn answer(&self, line: &str, wanted: &mut Vec<String>, proof: &mut Vec<u8>) -> String {
        let mut state = self.state();
        let (command, arguments) = line.split_once(' ').unwrap_or((line, ""));
        if state.does.breaks_at.take_if(|at| *at == command).is_some() {
            return BREAKS.to_owned();
        }
        let key = arguments.strip_prefix("ED25519-V3:").and_then(|rest| rest.split(' ').next()).unwrap_or("");
        let is_key = !key.is_empty() && key != "probe";
        state.heard.push_back(if is_key { line.replace(key, "KEY") } else { line.to_owned() });
        let Some(filter) = state.does.filter.clone() else {
            return state.command(command, arguments, wanted, proof);
        };
        // onion-grater answers these itself.
        match command {
            "PROTOCOLINFO" => return "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n".to_owned(),
            "AUTHENTICATE" => return "250 OK\r\n".to_owned(),
            _ => {}
        }
        let Some(passed) = filter.command(command, arguments) else {
            state.leaked |= is_key;
            return "510 Command filtered\r\n".to_owned();
        };
        let reply = state.command(command, &passed, wanted, proof);
        filter.reply(command, arguments, &reply)
    }
}

impl FakeState {
    fn command(
        &mut self,
        command: &str,
        arguments: &str,
        wanted: &mut Vec<String>,
        proof: &mut Vec<u8>,
    ) -> String {
        let does = &self.does;
        let mut out = String::new();
        match (command, arguments) {
            ("PROTOCOLINFO", _) => {
                let file = does.cookie_file.as_ref();
                let file = file.map_or(String::new(), |file| format!(" COOKIEFILE=\"{}\"", file.display()));
                write!(out, "250-PROTOCOLINFO 1\r\n250-AUTH METHODS={}{file}\r\n", does.methods).unwrap();
                write!(out, "250-VERSION Tor=\"{}\"\r\n250 OK\r\n", does.version).unwrap();
            }
            ("AUTHCHALLENGE", nonce) => {
                let nonce = nonce.strip_prefix("SAFECOOKIE ").unwrap();
                let nonce = HEXLOWER_PERMISSIVE.decode(nonce.as_bytes()).unwrap();
                let (server, client) = server_proofs(&does.cookie, &nonce, &NONCE);
                *proof = client;
                let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
                let (hash, nonce) = (hex(&server), hex(&NONCE));
                write!(out, "250 AUTHCHALLENGE SERVERHASH={hash} SERVERNONCE={nonce}\r\n").unwrap();
            }
            ("AUTHENTICATE", secret) => {
                let secret = HEXLOWER_PERMISSIVE.decode(secret.as_bytes()).unwrap();
                let methods: Vec<&str> = does.methods.split(',').collect();
                let right = (methods.contains(&"NULL") && secret.is_empty())
                    || (methods.contains(&"SAFECOOKIE") && !proof.is_empty() && secret == *proof)
                    || (methods.contains(&"COOKIE") && secret == does.cookie)
                    || (methods.contains(&"HASHEDPASSWORD") && secret == does.password);
                out += if right { "250 OK\r\n" } else { "515 Authentication failed\r\n" };
            }
            ("SETEVENTS", events) => match events.split(' ').find(|event| !EVENTS.contains(event)) {
                Some(unknown) => write!(out, "552 Unrecognized event \"{unknown}\"\r\n").unwrap(),
                None => {
                    *wanted = events.split(' ').map(str::to_owned).collect();
                    out += "250 OK\r\n";
                }
            },
            ("GETINFO", key) => {
                let value = match key {
                    "status/bootstrap-phase" => does.phase,
                    "status/circuit-established" => Some(does.circuit),
                    "net/listeners/socks" => Some(does.socks.as_str()),
                    "consensus/valid-after" => does.valid.map(|(after, _)| after),
                    "consensus/valid-until" => does.valid.map(|(_, until)| until),
                    _ => None,
                };
                match value {
                    Some(value) => write!(out, "250-{key}={value}\r\n250 OK\r\n").unwrap(),
                    None => write!(out, "552 Unrecognized key \"{key}\"\r\n").unwrap(),
                }
            }
            ("GETCONF", "DisableNetwork") => {
                write!(out, "250 DisableNetwork={}\r\n", u8::from(does.disabled)).unwrap();
            }
            ("GETCONF", "SocksPort") => out += does.socks_lines,
            ("ADD_ONION", arguments) => out += &self.add_onion(arguments),
            ("DEL_ONION", address) => {
                let known = self.served.remove(&address.parse().unwrap()).is_some();
                out += if known { "250 OK\r\n" } else { "552 Unknown Onion Service id\r\n" };
            }
            _ => write!(out, "510 Unrecognized command \"{command}\"\r\n").unwrap(),
        }
        out
    }

    fn add_onion(&mut self, arguments: &str) -> String {
        let mut words = arguments.split(' ');
        let key = words.next().unwrap().strip_prefix("ED25519-V3:").unwrap();
        let mut target = None;
        for word in words {
            let (name, value) = word.split_once('=').unwrap();
            if let Some(unknown) = self.does.unknown.iter().find(|unknown| word.contains(**unknown)) {
                return format!(
                    "512 Bad arguments to ADD_ONION: Unrecognized keyword argument \"{unknown}\"\r\n"
                );
            }
            if name == "Port" {
                target = value.strip_prefix("9878,");
            }
        }
        if !self.does.v3 {
            return "513 Invalid key type\r\n".to_owned();
        }
        let Some(address) = self.keys.get(key) else {
            return "512 Failed to decode ED25519-V3 key\r\n".to_owned();
        };
        if self.does.collides || self.served.contains_key(address) {
            return "550 Onion address collision\r\n".to_owned();
        }
        self.served.insert(*address, target.unwrap().to_owned());
        format!("250-ServiceID={address}\r\n250 OK\r\n")
    }
}

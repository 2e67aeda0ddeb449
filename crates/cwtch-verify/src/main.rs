//! The program `cwtch-verify`: does this proof show that this server cheated?

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use cwtch_log::{FraudProof, ProofError, armour};
use cwtch_primitives::{Address, AddressError};

const NOT_PROVEN: u8 = 1;
const UNREADABLE: u8 = 2;

/// Check a proof that a Cwtch server cheated.
///
/// A server that keeps a verifiable log signs what it stores. When it drops, changes or reorders messages, or shows different
/// people different logs, two things that it signed contradict each other. A fraud proof holds these two things. This
/// program checks their signatures and the contradiction, and says in words what they show.
///
/// It needs nothing but the proof and the server's address: no network, no account, no trust in whoever made the proof. A
/// proof cannot be forged for a server that did not sign it, and it names no person, group or message.
#[derive(Debug, Parser)]
#[command(
    name = "cwtch-verify",
    version,
    after_long_help = "EXIT CODES\n  0  proven: this server cheated\n  1  not proven: the file can be read, but does not \
                       show that this server cheated\n  2  the file cannot be read or is no proof, or the command \
                       line is wrong\n\nEXAMPLES\n  cwtch-verify proof.txt\n  cwtch-verify proof.txt --server \
                       ADDRESS\n  cwtch-verify - --server ADDRESS < proof.txt\n\nThe format, and what each kind of \
                       proof means, are in docs/verifiable-log.md, section 4."
)]
struct Cli {
    /// The proof: a file, or - for the standard input
    ///
    /// Either the text between "-----BEGIN CWTCH FRAUD PROOF-----" and its end line, whatever stands around it, as `cwtch
    /// evidence export` writes it, or the bare bytes.
    file: PathBuf,
    /// The address of the server that is accused, with or without .onion
    ///
    /// Without it the address in the text is used, and printed: compare it with that of the server you mean. A script should
    /// always give it, and so should anybody who was sent the file by a stranger. Bare bytes need it.
    #[arg(long, short, value_name = "ADDRESS", value_parser = address)]
    server: Option<Address>,
}

/// Why nothing was proven.
enum Failure {
    NotProven(String),
    Unreadable(String),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (text, code) = match run(&cli) {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(Failure::NotProven(why)) => (format!("NOT PROVEN: {why}.\n"), ExitCode::from(NOT_PROVEN)),
        Err(Failure::Unreadable(why)) => {
            // Nothing is left to do if even this cannot be written.
            let _ = writeln!(io::stderr(), "cwtch-verify: {why}");
            return ExitCode::from(UNREADABLE);
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => code,
        // Without its words the code alone is no verdict.
        Err(_) => ExitCode::from(UNREADABLE),
    }
}

fn address(text: &str) -> Result<Address, AddressError> {
    Address::parse_pasted(text)
}

fn run(cli: &Cli) -> Result<String, Failure> {
    let content = read(&cli.file)
        .map_err(|error| Failure::Unreadable(format!("cannot read {}: {error}", cli.file.display())))?;
    let (named, bytes) = if armour::is_armoured(&content) {
        let text = String::from_utf8_lossy(&content);
        let (named, bytes) = armour::decode(&text).map_err(|error| Failure::Unreadable(error.to_string()))?;
        (Some(named), bytes)
    } else {
        (None, content)
    };
    let server = match (cli.server, named) {
        (Some(given), Some(named)) if given != named => {
            return Err(Failure::NotProven(format!("the file accuses another server, {named}")));
        }
        (Some(server), _) | (None, Some(server)) => server,
        (None, None) => {
            let why = "this is no text with a proof; if it is the bare bytes of one, say which server with --server";
            return Err(Failure::Unreadable(why.into()));
        }
    };
    match FraudProof::verify(&bytes, &server) {
        Ok(proof) => Ok(verdict(&proof, cli.server.is_none())),
        Err(ProofError::NotProven(why)) => Err(Failure::NotProven(why.to_string())),
        Err(error @ ProofError::Unreadable(_)) => Err(Failure::Unreadable(error.to_string())),
    }
}

/// What the file holds, one byte more than the longest text at most.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let limit = armour::MAX_TEXT_LEN as u64 + 1;
    let mut content = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut content)?;
    } else {
        File::open(file)?.take(limit).read_to_end(&mut content)?;
    }
    Ok(content)
}

fn verdict(proof: &FraudProof, address_from_file: bool) -> String {
    let kind = proof.kind();
    let mut text = format!(
        "PROVEN: this server cheated.\n\nServer: {}.onion\nKind:   {kind} ({})\n\n{proof}\n",
        proof.server(),
        kind.number()
    );
    if address_from_file {
        text.push_str(
            "\nThe address is the one in the file. Compare it with that of the server you mean, or give that with \
             --server.\n",
        );
    }
    text
}

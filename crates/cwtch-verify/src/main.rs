//! The program `cwtch-verify`, which tells whether a proof shows that a server cheated.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use cwtch_log::armour::{self, ArmourError, Content};
use cwtch_log::fraud::NotProven;
use cwtch_log::{FraudProof, ProofError};
use cwtch_primitives::{Address, AddressError};

const NOT_PROVEN: u8 = 1;
const UNREADABLE: u8 = 2;
const UNWRITTEN: u8 = 3;

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
                       line is wrong\n  3  the answer could not be written to the standard output\nA script \
                       that throws the words away goes by the code alone.\n\nEXAMPLES\n  cwtch-verify proof.txt\n  cwtch-verify proof.txt --server \
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
    /// The proof is checked against this address, whatever the text around it says. Without it the address in the text is
    /// used, and printed: compare it with that of the server you mean. A script should always give it, and so should anybody
    /// who was sent the file by a stranger. Bare bytes need it.
    #[arg(long, short, value_name = "ADDRESS", value_parser = address)]
    server: Option<Address>,
}

/// Reason why nothing was proven.
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
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => code,
        // An exit code without its words is no verdict.
        Err(error) => {
            let _ = writeln!(io::stderr(), "cwtch-verify: cannot write the answer: {error}");
            ExitCode::from(UNWRITTEN)
        }
    }
}

fn address(text: &str) -> Result<Address, AddressError> {
    Address::parse_pasted(text)
}

fn run(cli: &Cli) -> Result<String, Failure> {
    let content = read(&cli.file)
        .map_err(|error| Failure::Unreadable(format!("cannot read {}: {error}", cli.file.display())))?;
    let content = armour::read(&content).map_err(|error| Failure::Unreadable(no_proof(&content, &error)))?;
    let (named, bytes) = match content {
        Content::Bytes(bytes) => (None, bytes),
        Content::Text { named, bytes } => (Some(named), bytes),
    };
    let Some(server) = cli.server.or(named) else {
        let why = "these are the bare bytes of a proof; say with --server against which server to check them";
        return Err(Failure::Unreadable(why.into()));
    };
    match FraudProof::verify(&bytes, &server) {
        Ok(proof) => Ok(verdict(&proof, cli.server.is_none(), named)),
        Err(ProofError::NotProven(NotProven::OtherServer(other))) if cli.server.is_none() => {
            let why = format!(
                "the text names {server}.onion, but the proof in it is about {other}.onion: somebody exchanged one of them"
            );
            Err(Failure::NotProven(why))
        }
        Err(ProofError::NotProven(why)) => Err(Failure::NotProven(why.to_string())),
        Err(error @ ProofError::Unreadable(_)) => Err(Failure::Unreadable(error.to_string())),
    }
}

/// Reason why a file that is not the bare bytes of a proof holds none.
fn no_proof(content: &[u8], error: &ArmourError) -> String {
    let text = str::from_utf8(content).is_ok();
    match error {
        ArmourError::NoBegin if content.is_empty() => "the file is empty".to_owned(),
        ArmourError::NoBegin if !text => {
            "this is neither a text with a proof nor the bare bytes of one, which begin with \"cwtch-fraud/1\"".to_owned()
        }
        _ => format!("no proof can be read in this text: {error}"),
    }
}

/// Reads the file, up to one byte more than the longest text, so that a longer one is noticed.
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

fn verdict(proof: &FraudProof, address_from_file: bool, named: Option<Address>) -> String {
    let (kind, server) = (proof.kind(), proof.server());
    let mut text = format!(
        "PROVEN: this server cheated.\n\nServer: {server}.onion\nKind:   {kind} (number {} in section 4 of \
         docs/verifiable-log.md)\n\n{proof}\n",
        kind.number()
    );
    if address_from_file {
        text.push_str(
            "\nThe address is the one in the file. Compare it with that of the server you mean, or give that with \
             --server.\n",
        );
    } else if let Some(named) = named.filter(|named| named != server) {
        let note = format!(
            "\nThe text around the proof names another server, {named}.onion. Nothing is proven about that one.\n"
        );
        text.push_str(&note);
    }
    text
}

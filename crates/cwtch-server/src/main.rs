//! The program `cwtch-server`: see [`cwtch_server::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    cwtch_server::cli::run(std::env::args_os())
}

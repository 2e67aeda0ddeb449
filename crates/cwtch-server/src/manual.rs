//! Man pages and completions, made from the definition of a command line, so that they say what the program does.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// The section of programs.
const SECTION: &str = "1";

/// A page of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Name of its file: `cwtch-contact-add.1` for `cwtch contact add`.
    pub file: String,
    /// The page in roff's language.
    pub text: Vec<u8>,
}

/// Makes a page for a command and one for each command below it, the command's own first.
///
/// # Errors
/// None in practice: pages are made in memory.
pub fn pages(command: Command) -> io::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    pages.push(page(command)?);
    shown(command).try_for_each(|below| add(below, pages))
}

/// The commands right below one that have pages; what explains commands needs none.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
}

/// The name under which a command's page is found.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command) -> io::Result<Page> {
    let name = name(command);
    let man = Man::new(command.clone()).title(name).section(SECTION);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        subcommands(command).to_writer(&mut text)?;
    }
    if let Some(notes) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        self::notes(&notes.to_string()).to_writer(&mut text)?;
    }
    Ok(Page { file: format!("{name}.{SECTION}"), text })
}

/// The commands below one, by the names of their pages.
fn subcommands(command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SUBCOMMANDS"]);
    for below in shown(command) {
        roff.control("TP", []);
        roff.text([roman(format!("{}({SECTION})", name(below)))]);
        roff.text([roman(below.get_about().map(ToString::to_string).unwrap_or_default())]);
    }
    roff
}

/// The text below a command's options. Paragraphs with indented lines are tables and examples, whose lines stay as they are.
fn notes(text: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NOTES"]);
    for paragraph in text.split("\n\n") {
        let shaped = paragraph.lines().any(|line| line.starts_with(' '));
        roff.control("PP", []);
        if shaped {
            roff.control("nf", []);
        }
        for line in paragraph.lines() {
            roff.text([roman(line)]);
        }
        if shaped {
            roff.control("fi", []);
        }
    }
    roff
}

/// Writes pages into a directory, which is made if need be, over older ones. Everybody may read them, whatever else this
/// program keeps for itself.
///
/// # Errors
/// The system's refusal.
pub fn write(pages: &[Page], dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        DirBuilder::new().recursive(true).mode(0o755).create(dir)?;
        fs::set_permissions(dir, Permissions::from_mode(0o755))?;
    }
    for Page { file, text } in pages {
        let mut file = File::create(dir.join(file))?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        file.write_all(text)?;
    }
    Ok(())
}

/// Makes the script by which a shell completes a command line.
pub fn completions(shell: Shell, mut command: Command) -> Vec<u8> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

//! `cwtch evidence export`: a piece of evidence as a file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use cwtch_client::api::{Command, EvidenceText};
use serde_json::json;

use super::ask::read;
use crate::fault::Fault;
use crate::output::progress::Progress;
use crate::output::{log, print, print_json};
use crate::session::Session;
use crate::settings::Settings;

/// Writes a piece of evidence to a new file.
///
/// # Errors
/// If there is no such evidence, or the file exists or cannot be written.
pub(crate) async fn export(settings: &Settings, id: i64, output: &Path) -> Result<(), Fault> {
    let mut session = Session::open(settings, false).await?;
    let reply = session.ask(Command::EvidenceExport { id }, &Progress::new(settings.json)).await;
    session.close().await;
    let evidence: EvidenceText = read(reply?)?;
    write_new(output, &evidence.text)?;
    if settings.json {
        let mut value = json!(evidence.evidence);
        if let Some(object) = value.as_object_mut() {
            object.insert("output".to_owned(), json!(output));
        }
        return print_json(&value);
    }
    print(&log::exported(&evidence, output))
}

/// The file is complete and on disk when this returns; one that exists is left alone.
fn write_new(path: &Path, text: &str) -> Result<(), Fault> {
    let shown = path.display();
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Fault::new("refused", format!("{shown} exists and is left as it is: name another file."))
        }
        _ => Fault::storage(format!("{shown} cannot be made: {error}.")),
    })?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = std::fs::remove_file(path);
        Fault::storage(format!("{shown} cannot be written: {error}."))
    })
}

//! `cwtch evidence export`: a piece of evidence as a file.

use std::io::ErrorKind;
use std::path::Path;

use cwtch_api::{Command, Reply};
use cwtch_files::Why;
use serde_json::json;

use super::ask::other_reply;
use crate::command_error::CommandError;
use crate::output::progress::Progress;
use crate::output::{log, print, print_json};
use crate::session::Executor;
use crate::settings::Settings;
use crate::words::say;

/// Writes a piece of evidence to a new file.
///
/// # Errors
/// If there is no such evidence, or the file exists or cannot be written.
pub(crate) async fn export(settings: &Settings, id: i64, output: &Path) -> Result<(), CommandError> {
    let mut executor = Executor::open(settings, false).await?;
    let reply = executor.ask(Command::EvidenceExport { id }, &Progress::new(settings.json)).await;
    executor.close().await;
    let Reply::Evidence(evidence) = reply? else { return Err(other_reply()) };
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
fn write_new(path: &Path, text: &str) -> Result<(), CommandError> {
    let of_file = |key, why: &dyn std::fmt::Display| {
        say(key, [("path", path.display().to_string().into()), ("detail", why.to_string().into())])
    };
    cwtch_files::write_new(path, text.as_bytes()).map_err(|error| match error.why {
        Why::System { action: "created", source } if source.kind() == ErrorKind::AlreadyExists => {
            CommandError::new("refused", of_file("cli-file-exists", &source))
        }
        Why::System { action: "created", source } => {
            CommandError::storage(of_file("cli-file-not-made", &source))
        }
        Why::System { source, .. } => CommandError::storage(of_file("cli-file-unwritable", &source)),
        why => CommandError::storage(of_file("cli-file-unwritable", &why)),
    })?;
    // A directory that may not be read cannot be synced, and the file is there.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = cwtch_files::sync_dir(parent);
    Ok(())
}

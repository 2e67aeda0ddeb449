//! Words for what a person can do about an error: the commands of this program that do it.

use cwtch_api::{Advice, Problem};

use crate::words::{number, say, word};

/// A sentence of the engine with what to do about it behind it.
pub(crate) fn with(sentence: &str, advice: &[Advice]) -> String {
    let advised: Vec<String> = match advice {
        [Advice::ContactList, Advice::GroupList] => {
            vec![word("cli-advice-lists")]
        }
        [Advice::ContactRename, Advice::GroupRename] => {
            vec![word("cli-advice-renames")]
        }
        advice => advice.iter().filter_map(words).collect(),
    };
    std::iter::once(sentence.to_owned()).chain(advised).collect::<Vec<_>>().join(" ")
}

/// Words for what can be done about a problem on a command line, where the person who typed it sits.
pub(crate) fn on_a_command_line(problem: &Problem) -> Option<String> {
    let key = match problem {
        Problem::PasswordEmpty | Problem::NoPasswordSet => "cli-advice-no-password",
        Problem::PasswordNeeded => "cli-advice-password",
        Problem::NoSuchProfile => "cli-advice-profile-new",
        _ => return None,
    };
    Some(word(key))
}

/// Words for one thing; none for what a newer engine advises.
pub(crate) fn words(advice: &Advice) -> Option<String> {
    let key = match advice {
        Advice::ContactAdd => "cli-advice-contact-add",
        Advice::ContactAccept => "cli-advice-contact-accept",
        Advice::ContactRename => "cli-advice-contact-rename",
        Advice::ContactList => "cli-advice-contact-list",
        Advice::GroupJoin => "cli-advice-group-join",
        Advice::GroupLeave => "cli-advice-group-leave",
        Advice::GroupRename => "cli-advice-group-rename",
        Advice::GroupList => "cli-advice-group-list",
        Advice::ServerAdd => "cli-advice-server-add",
        Advice::ServerList => "cli-advice-server-list",
        Advice::Messages => "cli-advice-messages",
        Advice::EvidenceList => "cli-advice-evidence-list",
        Advice::ProfileList => "cli-advice-profile-list",
        Advice::ProfileOpen => "cli-advice-profile-open",
        Advice::ProfileClose => "cli-advice-profile-close",
        Advice::ConfirmOnlyCopy => "cli-advice-confirm-only-copy",
        Advice::ServerResume { server } => {
            return Some(say("cli-advice-server-resume", [("server", server.as_str().into())]));
        }
        Advice::EvidenceExport { id } => {
            return Some(say("cli-advice-evidence-export", [("id", number(id))]));
        }
        Advice::ExperimentEnable { name } => {
            return Some(say("cli-advice-experiment-enable", [("name", name.as_str().into())]));
        }
        _ => return None,
    };
    Some(word(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_stands_behind_what_is_wrong() {
        assert_eq!(with("No.", &[]), "No.");
        assert_eq!(with("No.", &[Advice::ContactAdd]), "No. Add it with `cwtch contact add`.");
        let both = with("No.", &[Advice::ContactList, Advice::GroupList]);
        assert_eq!(both, "No. `cwtch contact list` and `cwtch group list` show them.");
        let alarm =
            with("No.", &[Advice::EvidenceExport { id: 7 }, Advice::ServerResume { server: "a".into() }]);
        assert!(
            alarm.contains("evidence export 7") && alarm.ends_with("`cwtch server resume a`."),
            "{alarm}"
        );
    }
}

//! Words for what a person can do about an error: the commands of this program that do it.

use cwtch_api::{Advice, Problem};

/// A sentence of the engine with what to do about it behind it.
pub(crate) fn with(sentence: &str, advice: &[Advice]) -> String {
    let words: Vec<String> = match advice {
        [Advice::ContactList, Advice::GroupList] => {
            vec!["`cwtch contact list` and `cwtch group list` show them.".to_owned()]
        }
        [Advice::ContactRename, Advice::GroupRename] => {
            vec!["`cwtch contact rename` and `cwtch group rename` give names.".to_owned()]
        }
        advice => advice.iter().filter_map(words).collect(),
    };
    std::iter::once(sentence.to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Words for what can be done about a problem on a command line, where the person who typed it sits.
pub(crate) fn on_a_command_line(problem: &Problem) -> Option<&'static str> {
    match problem {
        Problem::PasswordEmpty => Some("On the command line: --no-password."),
        Problem::PasswordNeeded => Some("Give it with --password-file, or type it."),
        Problem::NoPasswordSet => Some("On the command line: --no-password."),
        Problem::NoSuchProfile => Some("`cwtch profile new` makes one."),
        _ => None,
    }
}

/// Words for one thing; none for what a newer engine advises.
pub(crate) fn words(advice: &Advice) -> Option<String> {
    let fixed = match advice {
        Advice::ContactAdd => "Add it with `cwtch contact add`.",
        Advice::ContactAccept => "Accept it first with `cwtch contact accept`.",
        Advice::ContactRename => "Give it another name with `cwtch contact rename`.",
        Advice::ContactList => "`cwtch contact list` shows them.",
        Advice::GroupJoin => "Join it with `cwtch group join`.",
        Advice::GroupLeave => "`cwtch group leave` does.",
        Advice::GroupRename => "Give it another name with `cwtch group rename`.",
        Advice::GroupList => "`cwtch group list` shows them.",
        Advice::ServerAdd => "Add it with `cwtch server add server:…`.",
        Advice::ServerList => "`cwtch server list` shows them.",
        Advice::Messages => "`cwtch messages` shows the ids.",
        Advice::EvidenceList => "`cwtch evidence list` shows what there is.",
        Advice::ProfileList => "`cwtch profile list` shows them.",
        Advice::ProfileOpen => "Open it with `cwtch profile open`.",
        Advice::ProfileClose => "`cwtch profile close` closes one.",
        Advice::ConfirmOnlyCopy => "To go on here: `cwtch profile confirm-only-copy`.",
        Advice::ServerResume { server } => {
            return Some(format!("If you are sure that it is an accident: `cwtch server resume {server}`."));
        }
        Advice::EvidenceExport { id } => {
            return Some(format!("The proof: `cwtch evidence export {id} --output FILE`."));
        }
        Advice::ExperimentEnable { name } => {
            return Some(format!("Turn it on with: cwtch experiment enable {name}"));
        }
        _ => return None,
    };
    Some(fixed.to_owned())
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

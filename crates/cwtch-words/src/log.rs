//! A server's log: remarks that accuse nobody, and evidence against it.

use cwtch_api::{EvidenceInfo, EvidenceText, LogRemark, Loss, SignedObject};

/// The sentences about something that accuses nobody.
pub(crate) fn remark(remark: LogRemark) -> String {
    let fixed = match remark {
        LogRemark::ClockAhead { seconds } => {
            return format!(
                "The server's clock is {} ahead of yours. Check the clock of this device; if it is right, tell the \
                 server's operator. Nothing new is read until the two agree.",
                span(seconds)
            );
        }
        LogRemark::Stale { seconds } => {
            return format!(
                "The newest that this server shows is {} old. Its clock or yours may be wrong, or it is keeping newer \
                 messages back. It will be asked again.",
                span(seconds)
            );
        }
        LogRemark::Older => {
            "The server showed an older state than before. That can be a slow part of the server; it will be asked again."
        }
        LogRemark::EarlierCertificate => {
            "The server showed a record that it has replaced since. That can be a slow part of the server; it will be \
             asked again."
        }
        LogRemark::Unlinked => {
            "The server was set up anew several times since you last read it, and what lies between cannot be checked. \
             Ask the server's operator, or a contact who read it meanwhile to write in the group."
        }
        LogRemark::Retired => {
            "The server has ended its record of messages and says so. From now on it cannot be checked whether it shows \
             everything."
        }
        LogRemark::Lost(loss) => return lost(loss),
        LogRemark::LostBefore { seconds } => {
            return format!(
                "The server says that it lost everything that it had until {} ago. Nothing of that was ever yours to \
                 check; who was there may post it again.",
                span(seconds)
            );
        }
        LogRemark::Expired { messages: count } => {
            return format!(
                "{} expired on the server before you read it: they are older than it keeps messages.",
                messages(count)
            );
        }
        LogRemark::NoReceipt => {
            "The server said that it stored your message, but gave no valid receipt. Watch whether the message appears."
        }
    };
    fixed.to_owned()
}

/// The sentences about messages that a server declared lost.
pub(crate) fn lost(Loss { from, to, own, again }: Loss) -> String {
    let count = messages(to.saturating_sub(from));
    let mut said = match (from, to) {
        (0, 0) => "The server says that it lost everything that it had.".to_owned(),
        (0, _) => {
            format!(
                "The server says that it lost everything that it had, {count} of those that you checked among it."
            )
        }
        (from, _) => {
            format!(
                "The server says that it lost {count} (from number {from} on), as after a restored backup."
            )
        }
    };
    if own > 0 {
        said += &format!(" {} of yours may be among them and will be sent again.", messages(own));
    }
    if again {
        said += " It is the second loss within 90 days: that is rarely an accident. Consider another server.";
    }
    said
}

/// The sentence about evidence of a kind: 1 to 13 as in section 4 of docs/verifiable-log.md, from 100 on without proof.
pub fn evidence(kind: u8) -> String {
    crate::sentence(deed(kind))
}

/// Report of what was found where there is no proof: readable, and honest about what it is worth.
pub(crate) fn report(found: &EvidenceText) -> String {
    let EvidenceText { evidence: EvidenceInfo { server, kind, found: at, .. }, incarnation, objects, .. } =
        found;
    let mut text = format!(
        "This is a report, and no proof: only the program that wrote it saw what the server sent.\n\
         Others can learn from it what to look for, but have to take its finder's word.\n\n\
         Server: {server}\nWhat happened: {}\nIncarnation of the log: {incarnation}\nFound at: {at} (unix seconds)\n",
        evidence(*kind),
    );
    if !objects.is_empty() {
        text.push_str("\nWhat the server signed or showed, in base64:\n");
    }
    for SignedObject { what, base64 } in objects {
        text += &format!("{what}: {base64}\n");
    }
    text
}

/// The misdeed that evidence of a kind shows, as a part of a sentence.
pub(crate) fn deed(kind: u8) -> &'static str {
    match kind {
        1 | 2 | 12 => "the server signed two different versions of its message list",
        3 => {
            "the server signed a shorter message list after a longer one: it removed messages, or showed somebody an old \
             state as the newest"
        }
        5 => "the server signed two different logs for the same time",
        6 => "the server took back what it had said about deleted messages",
        7 => "the server went on signing a log that it had replaced by another",
        8 => "the server signed a new message list that contradicts the one that it says it continues",
        9 => "the server deleted messages before the time that it had promised",
        10 => "the server signed the same point of its message list twice",
        11 => "the server shortened the time for which it had promised to keep messages",
        13 => "the server signed a new message list that is not the one that it says it goes on from",
        100 => "the server sent other messages than the ones that it signed for",
        101 => "the server signed two states of its message list that do not fit each other",
        102 => "what the server says about deleted messages is not what it signed",
        103 => "the server confirmed your message at a place that was taken before",
        104 => "the server began a new message list that does not continue the old one",
        105 => "the server's new message list is not what it said that it would continue",
        _ => "the server signed two statements that contradict each other",
    }
}

fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

fn span(seconds: u64) -> String {
    match seconds / 60 {
        0..=1 => "a minute".to_owned(),
        minutes @ 2..=119 => format!("{minutes} minutes"),
        minutes => match minutes / 60 {
            hours @ 0..=47 => format!("{hours} hours"),
            hours => format!("{} days", hours / 24),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_says_what_is_sent_again_and_whether_it_is_the_second() {
        let loss = Loss { from: 0, to: 0, own: 0, again: false };
        assert_eq!(lost(loss), "The server says that it lost everything that it had.");
        let some = lost(Loss { from: 3, to: 5, own: 1, again: true });
        assert!(
            some.contains("lost 2 messages (from number 3 on)") && some.contains(" 1 message of yours"),
            "{some}"
        );
        assert!(some.contains("second loss within 90 days"), "{some}");
        assert!(lost(Loss { to: 1, ..loss }).contains("1 message of those that you checked"));
    }

    #[test]
    fn times_are_told_as_people_tell_them() {
        let spans = [(0, "a minute"), (3600, "60 minutes"), (7200, "2 hours"), (200_000, "2 days")];
        for (seconds, said) in spans {
            assert_eq!(span(seconds), said);
        }
    }
}

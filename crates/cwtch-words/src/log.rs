//! A server's log: remarks that accuse nobody, and evidence against it.

use cwtch_api::{EvidenceInfo, EvidenceText, LogRemark, Loss, SignedObject};

use crate::Words;
use crate::text::{count, number, sentence};

/// The sentences about something that accuses nobody.
pub(crate) fn remark(words: &Words, remark: LogRemark) -> String {
    let key = match remark {
        LogRemark::ClockAhead { seconds } => {
            return words.say("remark-clock-ahead", &[("span", span(words, seconds).into())]);
        }
        LogRemark::Stale { seconds } => {
            return words.say("remark-stale", &[("span", span(words, seconds).into())]);
        }
        LogRemark::Older => "remark-older",
        LogRemark::EarlierCertificate => "remark-earlier-certificate",
        LogRemark::Unlinked => "remark-unlinked",
        LogRemark::Retired => "remark-ended",
        LogRemark::Lost(loss) => return lost(words, loss),
        LogRemark::LostBefore { seconds } => {
            return words.say("remark-lost-before", &[("span", span(words, seconds).into())]);
        }
        LogRemark::Expired { messages } => {
            return words.say("remark-expired", &[("count", count(messages))]);
        }
        LogRemark::NoReceipt => "remark-no-receipt",
    };
    words.word(key)
}

/// The sentences about messages that a server declared lost.
pub(crate) fn lost(words: &Words, Loss { from, to, own, again }: Loss) -> String {
    let messages = ("count", count(to.saturating_sub(from)));
    let mut said = vec![match (from, to) {
        (0, 0) => words.word("loss-of-all"),
        (0, _) => words.say("loss-of-all-checked", &[messages]),
        (from, _) => words.say("loss-from", &[messages, ("from", number(from))]),
    }];
    if own > 0 {
        said.push(words.say("loss-of-own", &[("count", count(own))]));
    }
    if again {
        said.push(words.word("loss-again"));
    }
    said.join(" ")
}

/// The sentence about evidence of a kind: 1 to 13 as in section 4 of docs/verifiable-log.md, from 100 on without proof.
pub fn evidence(words: &Words, kind: u8) -> String {
    sentence(&words.word(deed(kind)))
}

/// Report of what was found where there is no proof: readable, and honest about what it is worth.
pub(crate) fn report(words: &Words, found: &EvidenceText) -> String {
    let EvidenceText { evidence: EvidenceInfo { server, kind, found: at, .. }, incarnation, objects, .. } =
        found;
    let mut lines = vec![
        words.word("report-no-proof"),
        words.word("report-worth"),
        String::new(),
        words.say("report-server", &[("server", server.as_str().into())]),
        words.say("report-deed", &[("deed", evidence(words, *kind).into())]),
        words.say("report-incarnation", &[("incarnation", number(incarnation))]),
        words.say("report-found", &[("seconds", number(at))]),
    ];
    if !objects.is_empty() {
        lines.extend([String::new(), words.word("report-objects")]);
    }
    // The names of objects are those of the specification.
    lines.extend(objects.iter().map(|SignedObject { what, base64 }| format!("{what}: {base64}")));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The key of the misdeed that evidence of a kind shows, as a part of a sentence.
pub(crate) fn deed(kind: u8) -> &'static str {
    match kind {
        1 | 2 | 12 => "deed-two-versions",
        3 => "deed-shorter",
        5 => "deed-same-time",
        6 => "deed-deleted-otherwise",
        7 => "deed-replaced",
        8 => "deed-contradicts",
        9 => "deed-too-early",
        10 => "deed-same-point",
        11 => "deed-shortened-time",
        13 => "deed-other-list",
        100 => "deed-other-messages",
        101 => "deed-no-fit",
        102 => "deed-deleted-unsigned",
        103 => "deed-place-taken",
        104 => "deed-not-continued",
        105 => "deed-not-announced",
        _ => "deed-two-statements",
    }
}

fn span(words: &Words, seconds: u64) -> String {
    let (key, amount) = match seconds / 60 {
        0..=1 => return words.word("span-minute"),
        minutes @ 2..=119 => ("span-minutes", minutes),
        minutes => match minutes / 60 {
            hours @ 0..=47 => ("span-hours", hours),
            hours => ("span-days", hours / 24),
        },
    };
    words.say(key, &[("count", count(amount))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(loss: Loss) -> String {
        super::lost(&Words::english().without_marks(), loss)
    }

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
        let words = Words::english().without_marks();
        for (seconds, said) in spans {
            assert_eq!(span(&words, seconds), said);
        }
    }
}

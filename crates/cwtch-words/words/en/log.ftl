### Servers' logs in English: remarks that accuse nobody, misdeeds, and the report of what cannot be proven.

## Remarks. { $span } is one of the spans below.

remark-clock-ahead = The server's clock is { $span } ahead of yours. Check the clock of this device; if it is right, tell the server's operator. Nothing new is read until the two agree.
remark-stale = The newest that this server shows is { $span } old. Its clock or yours may be wrong, or it is keeping newer messages back. It will be asked again.
remark-older = The server showed an older state than before. That can be a slow part of the server; it will be asked again.
remark-earlier-certificate = The server showed a record that it has replaced since. That can be a slow part of the server; it will be asked again.
remark-unlinked = The server was set up anew several times since you last read it, and what lies between cannot be checked. Ask the server's operator, or a contact who read it meanwhile to write in the group.
remark-ended = The server has ended its record of messages and says so. From now on it cannot be checked whether it shows everything.
remark-lost-before = The server says that it lost everything that it had until { $span } ago. Nothing of that was ever yours to check; who was there may post it again.
remark-expired = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } expired on the server before you read it: they are older than it keeps messages.
remark-no-receipt = The server said that it stored your message, but gave no valid receipt. Watch whether the message appears.

span-minute = a minute
span-minutes = { $count } minutes
span-hours = { $count } hours
span-days = { $count } days

## Losses

loss-of-all = The server says that it lost everything that it had.
loss-of-all-checked = The server says that it lost everything that it had, { $count ->
        [one] 1 message
       *[other] { $count } messages
    } of those that you checked among it.
loss-from = The server says that it lost { $count ->
        [one] 1 message
       *[other] { $count } messages
    } (from number { $from } on), as after a restored backup.
loss-of-own = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } of yours may be among them and will be sent again.
loss-again = It is the second loss within 90 days: that is rarely an accident. Consider another server.

## Misdeeds, as parts of a sentence: they stand behind a colon, or alone with a capital letter and a full stop.

deed-two-versions = the server signed two different versions of its message list
deed-shorter = the server signed a shorter message list after a longer one: it removed messages, or showed somebody an old state as the newest
deed-same-time = the server signed two different logs for the same time
deed-deleted-otherwise = the server took back what it had said about deleted messages
deed-replaced = the server went on signing a log that it had replaced by another
deed-contradicts = the server signed a new message list that contradicts the one that it says it continues
deed-too-early = the server deleted messages before the time that it had promised
deed-same-point = the server signed the same point of its message list twice
deed-shortened-time = the server shortened the time for which it had promised to keep messages
deed-other-list = the server signed a new message list that is not the one that it says it goes on from
deed-other-messages = the server sent other messages than the ones that it signed for
deed-no-fit = the server signed two states of its message list that do not fit each other
deed-deleted-unsigned = what the server says about deleted messages is not what it signed
deed-place-taken = the server confirmed your message at a place that was taken before
deed-not-continued = the server began a new message list that does not continue the old one
deed-not-announced = the server's new message list is not what it said that it would continue
deed-two-statements = the server signed two statements that contradict each other
deed-contradicted = this server contradicted what it had signed

## Alarms: a misdeed, and advice

this-server = { $server ->
        [none] This server
       *[other] The server { $server }
    }
alarm-cheated = { this-server } cheated: { $deed }.
alarm-contradicts = { this-server } contradicts itself: { $deed }.
alarm-cheated-advice = It is not used any more. It can be proven to anybody. Ask your contacts through another channel whether they have the alarm, too, and move the groups to another server.
alarm-contradicts-advice = It is not used any more. You saw it, but it cannot be proven to others. Ask your contacts through another channel whether they have the alarm, too, and move the groups to another server.
alarm-hides = { this-server } no longer shows its record of messages, although it has one: it may be hiding messages.
alarm-hides-advice = Nothing is read from it as long as it does. Ask its operator and your contacts, and do not rely on this server.
alarm-lost-advice = Ask its operator and your contacts, and consider moving the groups to another server.

## The report of what cannot be proven

report-no-proof = This is a report, and no proof: only the program that wrote it saw what the server sent.
report-worth = Others can learn from it what to look for, but have to take its finder's word.
report-server = Server: { $server }
report-deed = What happened: { $deed }
report-incarnation = Incarnation of the log: { $incarnation }
report-found = Found at: { $seconds } (unix seconds)
report-objects = What the server signed or showed, in base64:

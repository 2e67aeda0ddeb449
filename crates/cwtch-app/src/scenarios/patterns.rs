//! Patterns: replies and events with everything that a scenario does not care about.

use serde_json::{Map, Value, json};

/// The moment at which scenarios begin: a Monday noon in UTC.
pub const NOW: i64 = 1_700_481_600;
/// Addresses of the people in scenarios.
pub const ALICE: &str = "aliceaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad";
/// Bob's.
pub const BOB: &str = "bobbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbd";
/// A server's.
pub const SERVER: &str = "serverssssssssssssssssssssssssssssssssssssssssssssssssssd";

/// The pattern of a name.
fn pattern(name: &str) -> Option<Value> {
    let you = json!({"kind": "you", "name": "", "name_source": "none", "shown": "you", "short": "alice"});
    let bob =
        json!({"kind": "contact", "name": "Bob", "name_source": "given", "shown": "Bob", "short": "bobbbb"});
    let carol = json!({"kind": "contact", "name": "Carol", "name_source": "given", "shown": "Carol", "short": "carolc"});
    let message = json!({
        "id": 1, "conversation": 7, "with": BOB, "conversation_name": bob, "author": BOB, "speaker": bob, "text": "",
        "overlay": 1, "sent": NOW, "received": NOW, "state": "received", "own": false, "previous": null,
    });
    let own = json!({"author": ALICE, "speaker": you, "own": true, "state": "queued"});
    let conversation = json!({
        "conversation": 7, "kind": "contact", "with": BOB, "name": "Bob", "name_source": "given", "shown": "Bob",
        "unread": 0, "read_to": 0, "messages": 0, "draft": null, "muted": false, "pinned": false, "archived": false,
        "active": NOW, "last": null,
    });
    let group = json!({
        "conversation": 9, "kind": "group", "with": "aa11", "name": "Hikers", "shown": "Hikers",
    });
    let contact = json!({
        "conversation": 7, "address": BOB, "name": "Bob", "name_source": "given", "shown": "Bob", "state": "accepted",
        "online": false, "connection": {"phase": "offline", "trouble": null, "last_seen": null}, "attributes": [],
    });
    let readiness = json!({
        "percent": 100, "waiting_for": "", "step": null, "ready": true, "trouble": null, "why": null,
        "needs_person": false,
    });
    let status = json!({
        "address": ALICE, "online": true, "network_readiness": readiness, "address_readiness": readiness,
        "contacts_online": 0, "queued": 0, "servers": [], "network": {"name": "loopback"},
    });
    let log = json!({
        "size": 300, "checked": NOW, "min_index": 0, "alarm": null, "retired": false, "losses": [], "evidence": 0, "reposts": 0,
    });
    let server = json!({
        "address": SERVER, "bundle": "server:x", "tokens": 5, "phase": "synced", "received": 300, "rejected": 0, "log": log,
    });
    let info = json!({
        "conversation": 9, "group": "aa11", "name": "Hikers", "name_source": "given", "shown": "Hikers", "server": SERVER,
        "messages": 3, "authors": 2,
    });
    let kept = json!({
        "keep": null, "texts": 0, "oldest": null, "goes": null, "forgotten": 0, "posted": 0, "keys_from": null, "sealed": null,
    });
    let epoch = json!({
        "number": 1, "state": "written", "since": NOW, "forker": null, "by": null, "made": null, "listed": 0, "wrote": 0,
        "left_out": [], "left_out_count": 0, "added": [], "added_count": 0, "place": null, "waiting": 0,
    });
    let details = json!({"group": "aa11", "joined": NOW, "past_unread": false, "server": server, "read_from": null, "own_sequence": 0, "verdict": "checked"});
    let fork = json!({
        "fork": "f".repeat(64), "by": {"address": BOB, "speaker": bob}, "made": NOW, "kind": "change", "standing": "asked",
        "question": "change", "members": 2, "moved": 1, "of": 3, "left_out": [{"address": "c", "speaker": carol}], "added": [],
    });
    Some(match name {
        "you" => you,
        "bob" => bob,
        "carol" => carol,
        "message" => message,
        "own" => over(message, own),
        "conversation" => conversation,
        "group" => over(conversation, group),
        "contact" => contact,
        "readiness" => readiness,
        "status" => status,
        "server" => server,
        "group-info" => info,
        "group-details" => {
            let listed = over(conversation, group);
            let epoch = over(epoch, details);
            let more = json!({
                "claimed_name": "Hikers", "listed": listed, "kept": kept, "queued": 0, "written_by": [], "epochs": [epoch],
            });
            over(info, more)
        }
        "epoch" => over(epoch, json!({"number": 2, "forker": BOB, "by": bob, "made": NOW})),
        "fork" => fork,
        "member" => json!({
            "address": BOB, "speaker": bob, "listed": true, "reachable": true, "moved": false, "hidden": false, "stage": null,
        }),
        _ => return None,
    })
}

/// The same JSON with its patterns filled in.
///
/// # Errors
/// If there is no pattern of a name.
pub fn fill(value: Value) -> Result<Value, String> {
    Ok(match value {
        Value::Array(all) => Value::Array(all.into_iter().map(fill).collect::<Result<_, _>>()?),
        Value::Object(all) => {
            let filled: Map<String, Value> =
                all.into_iter().map(|(key, value)| Ok((key, fill(value)?))).collect::<Result<_, String>>()?;
            match filled.get("_").and_then(Value::as_str) {
                None => Value::Object(filled),
                Some(name) => {
                    let pattern = pattern(name).ok_or_else(|| format!("there is no pattern {name}"))?;
                    over(pattern, Value::Object(filled))
                }
            }
        }
        other => other,
    })
}

/// One object with the fields of another one over its own.
fn over(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            under.extend(over.into_iter().filter(|(key, _)| key != "_"));
            Value::Object(under)
        }
        (_, over) => over,
    }
}

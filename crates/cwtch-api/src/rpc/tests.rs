//! Requests as data: what is understood, and what is answered to what is not.

use super::*;
use crate::{
    ContactInfo, ContactState, Event, FoundInfo, Heard, NameSource, Problem, SafetyWords, SyncReport,
};

fn parsed(line: &str) -> Method {
    parse(line.as_bytes()).unwrap().method
}

fn refused(line: &str) -> (Value, i64) {
    let (id, error) = parse(line.as_bytes()).unwrap_err();
    (id, error.code)
}

fn command_of(line: &str) -> Command {
    match parsed(line) {
        Method::Command(command) => *command,
        other => panic!("{other:?} is no command"),
    }
}

#[test]
fn malformed_requests_get_the_standard_codes() {
    for (line, id, code) in [
        (r"{not json", json!(null), -32700),
        ("", json!(null), -32700),
        ("\u{7f}", json!(null), -32700),
        (r"[]", json!(null), -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, json!(null), -32600),
        (r"7", json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, json!(null), -32600),
        (r#"{"id":1,"method":"ping"}"#, json!(1), -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":"a"}"#, json!("a"), -32600),
        (r#"{"jsonrpc":"2.0","id":"a","method":5}"#, json!("a"), -32600),
        (r#"{"jsonrpc":"2.0","id":2,"method":"ping","params":"x"}"#, json!(2), -32600),
        (r#"{"jsonrpc":"2.0","id":2,"method":"ping","params":[1]}"#, json!(2), -32602),
        (r#"{"jsonrpc":"2.0","id":2,"method":"nonsense"}"#, json!(2), -32601),
        (r#"{"jsonrpc":"2.0","id":2,"method":"nonsense","params":{"a":1}}"#, json!(2), -32601),
        // Half a character: the id is known all the same.
        (r#"{"jsonrpc":"2.0","id":3,"method":"send","params":{"text":"\ud800"}}"#, json!(3), -32700),
        (r#"{"params":{"text":"\udc00 "},"id":"x","jsonrpc":"2.0","method":"send"}"#, json!("x"), -32700),
        (r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#, json!(null), -32700),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"\ud800"}"#, json!(null), -32700),
        (r#"{"jsonrpc":"2.0","id":2,"method":"send"}"#, json!(2), -32602),
        (r#"{"jsonrpc":"2.0","id":2,"method":"send","params":{"conversation":"x"}}"#, json!(2), -32602),
        (
            r#"{"jsonrpc":"2.0","id":2,"method":"contact.add","params":{"address":"x","nmae":"y"}}"#,
            json!(2),
            -32602,
        ),
        (r#"{"jsonrpc":"2.0","id":2,"method":"address","params":{"x":1}}"#, json!(2), -32602),
    ] {
        assert_eq!(refused(line), (id, code), "{line}");
    }
}

#[test]
fn commands_come_with_or_without_params() {
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"address"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"address","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"address","params":[]}"#,
    ] {
        assert_eq!(command_of(line), Command::Address, "{line}");
    }
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"sync"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"sync","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"sync","params":{"group":null}}"#,
    ] {
        assert_eq!(command_of(line), Command::Sync { group: None }, "{line}");
    }
}

#[test]
fn a_request_without_an_id_is_a_notification() {
    assert_eq!(parse(br#"{"jsonrpc":"2.0","method":"ping"}"#).unwrap().id, None);
    assert_eq!(parse(br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#).unwrap().id, Some(Value::Null));
}

#[test]
fn what_the_client_writes_the_daemon_reads() {
    let command = Command::Send {
        conversation: "Bob".into(),
        text: "line\nbreak \u{202e}\"".into(),
        timeout: Some(5),
        reply_to: None,
        anyway: false,
    };
    let line = Caller::after(6).command(&command).unwrap();
    assert!(!line.contains('\n'));
    let request = parse(line.as_bytes()).unwrap();
    assert_eq!((request.id, request.method), (Some(json!(7)), Method::Command(Box::new(command))));
    for method in CONNECTION_METHODS {
        assert!(!matches!(parsed(&Caller::default().plain(method)), Method::Command(_)));
    }
}

#[test]
fn a_subscription_begins_now_or_after_a_number() {
    for (line, after) in [
        (Caller::default().subscribe(None), None),
        (Caller::default().subscribe(Some(5)), Some(5)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{}}"#.to_owned(), None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"after":0}}"#.to_owned(), Some(0)),
    ] {
        assert_eq!(parsed(&line), Method::Subscribe { after }, "{line}");
    }
    for params in [json!({"after": -1}), json!({"after": "1"}), json!({"since": 1}), json!([1, 2])] {
        let line = json!({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": params});
        assert_eq!(refused(&line.to_string()), (json!(1), -32602), "{line}");
    }
}

#[test]
fn a_request_may_name_its_profile_and_an_answer_says_it() {
    for line in [
        Caller::of("me").command(&Command::Address).unwrap(),
        r#"{"jsonrpc":"2.0","id":1,"method":"address","params":{"profile":"me"}}"#.to_owned(),
    ] {
        let request = parse(line.as_bytes()).unwrap();
        assert_eq!(request.profile.as_deref(), Some("me"), "{line}");
        assert_eq!(request.method, Method::Command(Box::new(Command::Address)), "{line}");
    }
    let request = parse(Caller::of("me").subscribe(Some(4)).as_bytes()).unwrap();
    assert_eq!(
        (request.profile.as_deref(), request.method),
        (Some("me"), Method::Subscribe { after: Some(4) })
    );
    let command = Command::Sync { group: Some("g".into()) };
    let request = parse(Caller::of("me").command(&command).unwrap().as_bytes()).unwrap();
    assert_eq!(
        (request.profile.as_deref(), request.method),
        (Some("me"), Method::Command(Box::new(command)))
    );
    for (method, params) in [("address", json!({"profile": 7})), ("ping", json!({"profile": "me"}))] {
        let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        assert_eq!(refused(&line.to_string()), (json!(1), -32602), "{line}");
    }
    let reply = || Answer::Reply(Box::new(Reply::Done {}));
    for (profile, outcome) in [
        (None, Ok(reply())),
        (Some("me"), Ok(reply())),
        (Some("me"), Err(RpcError::refused(&ApiError::closed(), "No."))),
    ] {
        let line: Value = serde_json::from_str(&response(&json!(1), profile, &outcome)).unwrap();
        assert_eq!(line.get("profile").and_then(Value::as_str), profile, "{line}");
    }
}

#[test]
fn what_is_done_with_a_profile_names_it_as_its_object() {
    let open = HostCommand::ProfileOpen { profile: "me".into(), password: None };
    let line = Caller::of("another").host(&open).unwrap();
    let request = parse(line.as_bytes()).unwrap();
    assert_eq!((request.profile, request.method), (None, Method::Host(Box::new(open))));
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"profile.list"}"#;
    assert_eq!(parsed(list), Method::Host(Box::new(HostCommand::ProfileList {})));
    for (method, params) in [
        ("profile.open", json!({})),
        ("profile.open", json!({"profile": "a", "passwort": "x"})),
        ("profile.list", json!({"profile": "a"})),
    ] {
        let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        assert_eq!(refused(&line.to_string()), (json!(1), -32602), "{line}");
    }
}

#[test]
fn changes_that_are_gone_are_told_with_what_there_is() {
    let gone = ApiError::from(Problem::ChangesGone { after: 1, oldest: 5, newest: 9 });
    let error = RpcError::refused(&gone, "They are gone.");
    let line = response(&json!(3), None, &Err(error.clone()));
    assert!(line.contains(r#""code":9"#) && line.contains(r#""changes":{"newest":9,"oldest":5}"#), "{line}");
    let caller = Caller::after(3);
    assert_eq!(caller.take(line.as_bytes()).unwrap(), Incoming::Answer(Err(error)));
}

#[test]
fn a_refusal_of_the_engine_keeps_its_kind_on_the_way() {
    let error = RpcError::refused(&Problem::NotYours { id: 7 }.into(), "It is not yours.");
    let line = response(&json!(3), None, &Err(error.clone()));
    assert!(line.contains(r#""code":3"#) && line.contains(r#""message":"It is not yours.""#), "{line}");
    assert!(line.contains(r#""data":{"args":{"id":7},"code":"not-yours","kind":"refused"}"#), "{line}");
    let caller = Caller::after(3);
    assert_eq!(caller.take(line.as_bytes()).unwrap(), Incoming::Answer(Err(error)));
    let later = Caller::after(4);
    assert_eq!(later.take(line.as_bytes()).unwrap(), Incoming::Other, "the answer to an earlier request");
    let whole = response(&Value::Null, None, &Err(RpcError::busy("Too many.")));
    assert_eq!(later.take(whole.as_bytes()).unwrap(), Incoming::Refused(RpcError::busy("Too many.")));
    assert!(matches!(later.take(b"{"), Err(LineFault::NotJson)));
}

#[test]
fn a_reply_comes_back_as_it_was() {
    let contact = ContactInfo {
        conversation: 1,
        address: "a".into(),
        name: "Bob".into(),
        name_source: NameSource::Given,
        shown: "Bob".into(),
        state: ContactState::Accepted,
        online: None,
        connection: None,
        compared: Some(7),
        note: None,
        attributes: vec![],
    };
    let list = Command::ContactList;
    for (command, reply) in [
        (Command::Address, Reply::Address { address: "a".into() }),
        (list.clone(), Reply::Contacts(vec![contact.clone()])),
        (Command::ContactAccept { contact: "Bob".into() }, Reply::Contact(contact.clone())),
        (Command::ContactCompared { contact: "Bob".into(), on: true }, Reply::Contact(contact.clone())),
        (
            Command::ContactWords { contact: "Bob".into() },
            Reply::SafetyWords(SafetyWords { contact, words: vec!["abandon".into()] }),
        ),
        (
            Command::MessageDelete { id: vec![1] },
            Reply::Deleted {
                detail: Some("It may have left.".into()),
                why: Some(Box::new(Problem::MayHaveArrived)),
            },
        ),
        (Command::MessageDelete { id: vec![1] }, Reply::Deleted { detail: None, why: None }),
        (
            serde_json::from_value(
                json!({"method": "search", "params": {"words": "noon", "conversation": 7}}),
            )
            .unwrap(),
            Reply::Found(FoundInfo { hits: vec![], next: Some(3) }),
        ),
        (Command::Sync { group: None }, Reply::Synced(SyncReport::default())),
        (Command::GroupLeave { group: "g".into() }, Reply::Left { told: true }),
    ] {
        let line = response(&json!(1), None, &Ok(Answer::Reply(Box::new(reply.clone()))));
        let Ok(Incoming::Answer(Ok(result))) = Caller::after(1).take(line.as_bytes()) else {
            panic!("{line}");
        };
        assert_eq!(Caller::reply(&command, result).unwrap(), reply);
    }
    assert!(matches!(Caller::reply(&list, json!({"contacts": 1})), Err(LineFault::Reply(_))));
}

#[test]
fn events_arrive_and_unknown_ones_are_passed_over() {
    let caller = Caller::default();
    for seq in [None, Some(7)] {
        let told = Told { seq, event: Event::CaughtUp { after: 4 } };
        let line = notification("me", &told);
        let heard = Heard { profile: "me".into(), told };
        assert_eq!(caller.take(line.as_bytes()).unwrap(), Incoming::Event(Box::new(heard)));
    }
    let unknown = br#"{"jsonrpc":"2.0","method":"event","params":{"event":"of-tomorrow"}}"#;
    assert_eq!(caller.take(unknown).unwrap(), Incoming::Other);
}

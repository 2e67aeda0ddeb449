//! Buying and selling tokens: with the vectors, honestly, and dishonestly.

use cwtch_primitives::token::{IssuerKey, IssuerPublicKey, MAX_BATCH, Token, TokenError};
use cwtch_protocol::app::token_client::{Progress, TokenClient, TokenClientError};
use cwtch_protocol::app::token_issuer::{SEED_LEN, Step, TokenIssuer, TokenIssuerError};
use cwtch_testkit::{Value, hex, hex_array, list, model, number, rng, text};
use proptest::prelude::*;

use crate::support::{Scripted, cases};

fn vector() -> &'static Value {
    &model()["token_service"]
}

fn issuer_key() -> IssuerKey {
    IssuerKey::from_bytes(&hex_array(&vector()["k_hex"])).unwrap()
}

/// Works in slices until a solution is found.
fn solve(client: &mut TokenClient) {
    while client.work(10_000).unwrap() != Progress::Done {}
}

/// A client and a service that has accepted its solution; and the client's request.
fn solved(key: &IssuerKey, count: usize, seed: u64) -> (TokenClient, TokenIssuer, Vec<u8>) {
    let mut rng = rng(seed);
    let mut client = TokenClient::new(*key.public(), count, &mut rng).unwrap();
    let mut issuer = TokenIssuer::new(&mut rng);
    client.handle(&issuer.poll_send().unwrap()).unwrap();
    solve(&mut client);
    assert_eq!(issuer.handle(&client.poll_send().unwrap(), key, &mut rng), Ok(Step::Solved));
    assert_eq!(issuer.poll_send(), None, "a right solution is not answered");
    assert!(issuer.is_solved() && !issuer.is_done());
    let request = client.poll_send().unwrap();
    (client, issuer, request)
}

#[test]
fn both_sides_do_what_the_model_does() {
    let v = vector();
    // A scalar is drawn as 64 bytes; the vector's own, and 32 zeros, reduce to it.
    let mut script = Vec::new();
    for token in list(&v["tokens"]) {
        script.extend([hex(&token["t_hex"]), hex(&token["r_hex"]), vec![0; 32]].concat());
    }
    let mut client_rng = Scripted::new(&[&script]);
    let y = IssuerPublicKey::from_bytes(&hex(&v["Y_hex"])).unwrap();
    let mut client = TokenClient::new(y, 3, &mut client_rng).unwrap();
    assert!(client_rng.is_used_up());

    let mut issuer_rng = Scripted::new(&[&hex(&v["pow"]["seed_hex"]), &hex(&v["proof_t_hex"]), &[0; 32]]);
    let mut issuer = TokenIssuer::new(&mut issuer_rng);
    let seed = issuer.poll_send().unwrap();
    assert_eq!(seed.len(), SEED_LEN);

    assert_eq!(client.work(1), Ok(Progress::NotStarted));
    client.handle(&seed).unwrap();
    let draws = u32::try_from(number(&v["pow"]["draws_until_first_solution"])).unwrap();
    assert_eq!(client.work(draws - 1), Ok(Progress::Searching { tried: u64::from(draws) - 1 }));
    assert_eq!(client.poll_send(), None);
    assert_eq!(client.work(1), Ok(Progress::Done));
    assert_eq!(client.work(1), Ok(Progress::Done));

    let solution = client.poll_send().unwrap();
    assert_eq!(solution, hex(&v["pow"]["solution_hex"]));
    let request = client.poll_send().unwrap();
    assert_eq!(request, text(&v["request_json"]).as_bytes());
    assert_eq!(client.poll_send(), None);

    assert_eq!(issuer.handle(&solution, &issuer_key(), &mut issuer_rng), Ok(Step::Solved));
    assert_eq!(issuer.handle(&request, &issuer_key(), &mut issuer_rng), Ok(Step::Issued(3)));
    assert!(issuer_rng.is_used_up());
    let answer: Value = serde_json::from_slice(&issuer.poll_send().unwrap()).unwrap();
    let expected: Value = serde_json::from_str(text(&v["answer_json"])).unwrap();
    assert_eq!((&answer["st"], &answer["dp"]), (&expected["st"], &expected["dp"]));
    assert_eq!((&answer["SignedTokens"], &answer["Proof"]), (&expected["st"], &expected["dp"]));

    client.handle(text(&v["answer_json"]).as_bytes()).unwrap();
    let tokens = client.take_tokens().unwrap();
    for (token, expected) in tokens.iter().zip(list(&v["tokens"])) {
        assert_eq!(token.to_bytes().expose()[32..], hex(&expected["W_hex"]));
    }
    assert!(client.take_tokens().is_none(), "only once");
}

#[test]
fn the_tokens_can_be_spent() {
    let key = issuer_key();
    let (mut client, mut issuer, request) = solved(&key, MAX_BATCH, 1);
    issuer.handle(&request, &key, &mut rng(2)).unwrap();
    assert!(issuer.is_done());
    client.handle(&issuer.poll_send().unwrap()).unwrap();
    let tokens: Vec<Token> = client.take_tokens().unwrap();
    assert_eq!(tokens.len(), MAX_BATCH);
    for token in tokens {
        assert_eq!(key.redeem(&token.spend(b"data"), b"data"), Ok(()));
    }
}

#[test]
fn a_batch_has_one_to_ten_tokens() {
    for count in [0, 11] {
        let refused = TokenClient::new(*issuer_key().public(), count, &mut rng(1));
        assert_eq!(refused.err(), Some(TokenClientError::BatchSize(count)));
    }
}

#[test]
fn wrong_solutions_close_the_connection() {
    let key = issuer_key();
    for solution in [vec![], vec![0; 31], vec![0; 33], vec![0; 32], vec![0xff; 8190]] {
        let mut issuer = TokenIssuer::new(&mut rng(3));
        let refused = issuer.handle(&solution, &key, &mut rng(4));
        assert_eq!(refused, Err(TokenIssuerError::Solution), "{} bytes", solution.len());
        assert!(issuer.is_done());
        assert_eq!(issuer.handle(&solution, &key, &mut rng(4)), Err(TokenIssuerError::Finished));
    }
}

#[test]
fn a_solution_of_another_seed_is_wrong() {
    let key = issuer_key();
    let mut client = TokenClient::new(*key.public(), 1, &mut rng(5)).unwrap();
    client.handle(&TokenIssuer::new(&mut rng(6)).poll_send().unwrap()).unwrap();
    solve(&mut client);
    let mut other = TokenIssuer::new(&mut rng(7));
    let refused = other.handle(&client.poll_send().unwrap(), &key, &mut rng(8));
    assert_eq!(refused, Err(TokenIssuerError::Solution));
}

#[test]
fn wrong_requests_close_the_connection() {
    let key = issuer_key();
    let identity = format!(r#"[{{"P":"{}="}}]"#, "A".repeat(43));
    let (_, _, good) = solved(&key, 1, 9);
    let good = String::from_utf8(good).unwrap();
    let item = &good[1..good.len() - 1];
    let eleven = format!("[{}]", [item; 11].join(","));
    for request in
        ["", "[]", "{}", "null", "nonsense", &identity, &eleven, r#"[{"P":null}]"#, r#"[{"P":"AA=="}]"#]
    {
        let (_, mut issuer, _) = solved(&key, 1, 9);
        let refused = issuer.handle(request.as_bytes(), &key, &mut rng(10));
        assert!(matches!(refused, Err(TokenIssuerError::Request(_))), "{request}: {refused:?}");
        assert_eq!(issuer.poll_send(), None);
        assert_eq!(issuer.handle(good.as_bytes(), &key, &mut rng(10)), Err(TokenIssuerError::Finished));
    }
}

#[test]
fn one_batch_for_each_connection() {
    let key = issuer_key();
    let (_, mut issuer, request) = solved(&key, 2, 11);
    issuer.handle(&request, &key, &mut rng(12)).unwrap();
    assert_eq!(issuer.handle(&request, &key, &mut rng(12)), Err(TokenIssuerError::Finished));
}

#[test]
fn a_service_that_speaks_out_of_turn() {
    let mut client = TokenClient::new(*issuer_key().public(), 1, &mut rng(13)).unwrap();
    assert_eq!(client.handle(b""), Err(TokenClientError::Seed));
    assert_eq!(client.handle(b"seed"), Err(TokenClientError::Failed));
    assert_eq!(client.work(1), Err(TokenClientError::Failed));

    let mut client = TokenClient::new(*issuer_key().public(), 1, &mut rng(13)).unwrap();
    client.handle(b"any text is a seed").unwrap();
    assert_eq!(client.handle(b"another"), Err(TokenClientError::OutOfTurn));

    let key = issuer_key();
    let (mut client, mut issuer, request) = solved(&key, 1, 14);
    issuer.handle(&request, &key, &mut rng(15)).unwrap();
    let answer = issuer.poll_send().unwrap();
    client.handle(&answer).unwrap();
    assert_eq!(client.handle(&answer), Err(TokenClientError::OutOfTurn));
}

#[test]
fn a_service_that_signs_with_another_key() {
    let (key, other) = (issuer_key(), IssuerKey::generate(&mut rng(16)));
    let (mut client, mut issuer, request) = solved(&key, 3, 17);
    issuer.handle(&request, &other, &mut rng(18)).unwrap();
    let refused = client.handle(&issuer.poll_send().unwrap());
    assert_eq!(refused, Err(TokenClientError::Proof(TokenError::Proof)));
    assert!(client.take_tokens().is_none());
}

#[test]
fn a_service_that_changes_its_answer() {
    let key = issuer_key();
    let answer = |request: &[u8], issuer: &mut TokenIssuer| -> Value {
        issuer.handle(request, &key, &mut rng(19)).unwrap();
        serde_json::from_slice(&issuer.poll_send().unwrap()).unwrap()
    };
    let changes: [fn(&mut Value); 5] = [
        |v| v["st"].as_array_mut().unwrap().swap(0, 1),
        |v| drop(v["st"].as_array_mut().unwrap().pop()),
        |v| v["dp"]["C"] = v["dp"]["S"].clone(),
        |v| v["st"] = Value::Array(vec![]),
        |v| v["st"][0]["Q"] = v["st"][1]["Q"].clone(),
    ];
    for (n, change) in changes.iter().enumerate() {
        let (mut client, mut issuer, request) = solved(&key, 3, 20);
        let mut changed = answer(&request, &mut issuer);
        change(&mut changed);
        assert!(client.handle(changed.to_string().as_bytes()).is_err(), "change {n}");
        assert!(client.take_tokens().is_none());
    }
    // Under the other pair of names the same answer is good.
    let (mut client, mut issuer, request) = solved(&key, 3, 20);
    let mut renamed = answer(&request, &mut issuer);
    renamed.as_object_mut().unwrap().retain(|name, _| name != "st" && name != "dp");
    client.handle(renamed.to_string().as_bytes()).unwrap();
    assert_eq!(client.take_tokens().unwrap().len(), 3);
}

#[test]
fn nothing_secret_is_printed() {
    let (client, issuer, _) = solved(&issuer_key(), 1, 21);
    assert_eq!(format!("{client:?}"), r#"TokenClient { state: "await answer", .. }"#);
    assert_eq!(format!("{issuer:?}"), "TokenIssuer { done: false, .. }");
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn garbage_never_buys_or_sells(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = issuer_key();
        prop_assert!(TokenIssuer::new(&mut rng(22)).handle(&payload, &key, &mut rng(23)).is_err());
        let mut client = TokenClient::new(*key.public(), 1, &mut rng(24)).unwrap();
        client.handle(b"seed").unwrap();
        prop_assert!(client.handle(&payload).is_err());
    }
}

#[test]
fn a_truncated_answer_or_request_is_refused_wherever_it_is_cut() {
    let key = issuer_key();
    // The proof of work is done once; its machines cannot be cloned, so the answer is cut on fresh ones
    // that share a seed and hence a solution.
    let (_, mut issuer, request) = solved(&key, 2, 25);
    issuer.handle(&request, &key, &mut rng(26)).unwrap();
    let answer = issuer.poll_send().unwrap();
    for cut in [1, answer.len() / 3, answer.len() / 2, answer.len() - 1] {
        let (mut client, mut issuer, request) = solved(&key, 2, 25);
        assert!(client.handle(&answer[..cut]).is_err(), "answer cut at {cut}");
        let cut = cut.min(request.len() - 1);
        assert!(issuer.handle(&request[..cut], &key, &mut rng(26)).is_err(), "request cut at {cut}");
    }
}

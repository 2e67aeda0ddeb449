//! Scenarios: what a person does, what the engine says, and what is to be seen then. One table, which each interface is played
//! through by its tests.
//!
//! A scenario is a text file of lines, each a step. What the person does: `type TEXT`, `press INTENT`. What happens: `start PROFILES`,
//! `host WHAT …`, `hears EVENT`, `answers REPLY` and `refuses REFUSAL` to what was asked for last, `tick SECONDS`. What must
//! be: `sees TEXT`, `hides TEXT`, `asks METHOD PARAMS`, `does EFFECT`, `nothing` (more is asked or done). What was asked and done
//! until `forget` is of no interest. JSON is that of a daemon; an object with a field `_` takes all that it does not say
//! from the [pattern](patterns) of that name. Lines that begin with `#` say what it is about.

pub mod patterns;

use cwtch_api::{Command, Reply, Told};
use serde_json::{Value, json};

use crate::effect::Remember;
use crate::input::{HostTold, Input, Intent, Move, NetworkChoice, ProfileChoice, Refusal, Start, Ticket};
use crate::{Effect, Words};

/// A scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Its steps, one in a line.
    pub steps: &'static str,
}

macro_rules! scenarios {
    ($($name:literal),+ $(,)?) => {
        /// All scenarios.
        pub const ALL: &[Scenario] =
            &[$(Scenario { name: $name, steps: include_str!(concat!("../../scenarios/", $name, ".txt")) }),+];
    };
}

scenarios!(
    "first-run",
    "unlock",
    "talk",
    "strangers",
    "choosing",
    "commands",
    "groups",
    "forks",
    "servers",
    "offline",
    "hostile",
    "search",
    "networks",
    "profiles",
    "safety",
    "vanishing",
    "streamer",
    "notifications",
);

/// An interface that a scenario is played on.
pub trait Stage {
    /// Gives it an input, and takes what is to be done.
    fn put(&mut self, input: Input) -> Vec<Effect>;

    /// Everything that is to be seen, in the order in which it is read.
    fn seen(&self) -> String;
}

/// The words in which scenarios say what is to be seen.
pub fn words() -> Words {
    Words::english()
}

/// Plays a scenario.
///
/// # Errors
/// The first step that is not so, with what was to be seen.
pub fn play(scenario: &Scenario, stage: &mut impl Stage) -> Result<(), String> {
    let mut play = Play { stage, asked: Vec::new(), old: 0, done: Vec::new(), current: None, now: 0 };
    for (number, line) in scenario.steps.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        play.step(line).map_err(|why| {
            let (name, seen) = (scenario.name, play.stage.seen());
            format!(
                "{name}, line {}: {line}\n{why}\nasked: {:?}\ndone: {:?}\n{seen}",
                number + 1,
                play.asked,
                play.done
            )
        })?;
    }
    Ok(())
}

struct Play<'a, S> {
    stage: &'a mut S,
    /// Questions without an answer, the oldest first.
    asked: Vec<(Ticket, Command)>,
    /// The number of those of them that are of no interest any more.
    old: usize,
    done: Vec<String>,
    /// The question that is answered next.
    current: Option<(Ticket, Command)>,
    now: i64,
}

impl<S: Stage> Play<'_, S> {
    fn step(&mut self, line: &str) -> Result<(), String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "start" => self.start(rest)?,
            "host" => self.put(Input::Host(host(rest)?)),
            "type" => self.put(Input::Text(unescaped(rest)?)),
            "press" => self.put(Input::Intent(intent(rest)?)),
            "tick" => {
                self.now += rest.parse::<i64>().map_err(|e| e.to_string())?;
                self.put(Input::Tick(self.now));
            }
            "hears" => {
                let told: Told = serde_json::from_value(read(rest)?).map_err(|e| e.to_string())?;
                self.put(Input::Heard(Box::new(told)));
            }
            "asks" => self.asks(rest)?,
            "answers" => {
                let (ticket, command) = self.current.take().ok_or("nothing was asked")?;
                let reply = Reply::from_json(&command, read(rest)?).map_err(|e| e.to_string())?;
                self.put(Input::Reply(ticket, Box::new(Ok(reply))));
            }
            "refuses" => {
                let (ticket, _) = self.current.take().ok_or("nothing was asked")?;
                self.put(Input::Reply(ticket, Box::new(Err(refusal(&read(rest)?)))));
            }
            "does" => {
                let rest = unescaped(rest)?;
                let at = self.done.iter().position(|done| *done == rest).ok_or("it is not done")?;
                self.done.remove(at);
            }
            "nothing" => {
                if self.asked.len() > self.old || !self.done.is_empty() {
                    return Err("something is asked or done".to_owned());
                }
            }
            // What goes on beside is of no interest to a scenario.
            "forget" => {
                self.old = self.asked.len();
                self.done.clear();
            }
            "sees" => {
                if !spaced(&self.stage.seen()).contains(&spaced(&unescaped(rest)?)) {
                    return Err("it is not to be seen".to_owned());
                }
            }
            "hides" => {
                if spaced(&self.stage.seen()).contains(&spaced(&unescaped(rest)?)) {
                    return Err("it is to be seen".to_owned());
                }
            }
            other => return Err(format!("there is no step {other}")),
        }
        Ok(())
    }

    fn start(&mut self, rest: &str) -> Result<(), String> {
        let profiles = choices(rest);
        self.now = patterns::NOW;
        let mut start = Start { now: self.now, network: true, ..Start::default() };
        for one in profiles {
            match one.label.as_str() {
                "--first-network" => start.network = false,
                "--stays" => start.stay = Some(true),
                "--streamer" => start.streamer = true,
                _ => start.profiles.push(one),
            }
        }
        self.put(Input::Started(start));
        Ok(())
    }

    fn put(&mut self, input: Input) {
        for effect in self.stage.put(input) {
            match effect {
                Effect::Ask { ticket, command } => self.asked.push((ticket, *command)),
                Effect::Make { label, password } => {
                    self.done.push(format!("make {label}{}", secret(password.as_ref())))
                }
                Effect::Connect { label, password } => {
                    self.done.push(format!("connect {label}{}", secret(password.as_ref())));
                }
                Effect::Follow => self.done.push("follow".to_owned()),
                Effect::Network(NetworkChoice::Direct) => self.done.push("network direct".to_owned()),
                Effect::Network(NetworkChoice::System) => self.done.push("network system".to_owned()),
                Effect::Network(NetworkChoice::Bridges(lines)) => {
                    self.done.push(format!("network bridges {lines}"));
                }
                Effect::Profile(deed) => self.done.push(format!("{deed:?}")),
                Effect::Remember(Remember::Stay(stay)) => self.done.push(format!("remember {stay}")),
                Effect::Remember(Remember::Notify(on)) => self.done.push(format!("remember notify {on}")),
                Effect::Notify(sentence) => self.done.push(format!("notify {sentence}")),
                Effect::Remember(Remember::Streamer(on)) => self.done.push(format!("remember streamer {on}")),
                Effect::Save { name, text } => self.done.push(format!("save {name} {text}")),
                Effect::Copy(text) => self.done.push(format!("copy {text}")),
                Effect::Call => self.done.push("call".to_owned()),
                Effect::Quit { stop } => self.done.push(if stop { "quit stop" } else { "quit" }.to_owned()),
            }
        }
    }

    fn asks(&mut self, rest: &str) -> Result<(), String> {
        let (method, params) = rest.split_once(' ').unwrap_or((rest, "{}"));
        let wanted = read(params)?;
        let fits = |command: &Command| {
            let json = json!(command);
            let given = json.get("params").cloned().unwrap_or_else(|| json!({}));
            json.get("method") == Some(&json!(method)) && within(&wanted, &given)
        };
        // A list is asked for once, and again when it was answered.
        let from = if method.ends_with("list") || method == "status" { 0 } else { self.old };
        let at =
            self.asked.iter().skip(from).position(|(_, command)| fits(command)).ok_or("it is not asked")?
                + from;
        self.old -= usize::from(at < self.old);
        self.current = Some(self.asked.remove(at));
        Ok(())
    }
}

/// Profiles: `LABEL:password:open`, each with or without the marks.
fn choices(text: &str) -> impl Iterator<Item = ProfileChoice> {
    text.split_whitespace().map(|one| {
        let mut parts = one.split(':');
        let label = parts.next().unwrap_or_default().to_owned();
        let marks: Vec<&str> = parts.collect();
        ProfileChoice { label, password: marks.contains(&"password"), open: marks.contains(&"open") }
    })
}

/// True if everything in one is in the other.
fn within(wanted: &Value, given: &Value) -> bool {
    match (wanted, given) {
        (Value::Object(wanted), Value::Object(given)) => {
            wanted.iter().all(|(key, value)| given.get(key).is_some_and(|other| within(value, other)))
        }
        (wanted, given) => wanted == given,
    }
}

fn secret(password: Option<&cwtch_api::Secret>) -> String {
    password.map(|secret| format!(" {}", secret.expose().as_str())).unwrap_or_default()
}

/// JSON with its patterns filled in.
fn read(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("{text}: {e}"))?;
    patterns::fill(value)
}

/// The text with `\n` and `\u{…}` as what they stand for.
fn unescaped(text: &str) -> Result<String, String> {
    let json = format!("\"{}\"", text.replace('"', "\\\""));
    serde_json::from_str(&json).map_err(|e| format!("{text}: {e}"))
}

/// The text with a space wherever there is any room, as lines are broken differently everywhere; without marks of direction.
fn spaced(text: &str) -> String {
    let plain = text.replace(['\u{2068}', '\u{2069}'], "");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn host(rest: &str) -> Result<HostTold, String> {
    let (what, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(match what {
        "made" => HostTold::Made { label: rest.to_owned() },
        "connected" => HostTold::Connected { label: rest.to_owned(), network: "arti".to_owned() },
        "network-kept" => HostTold::NetworkKept,
        "profiles" => HostTold::Profiles(choices(rest).collect()),
        "saved" => HostTold::Saved { path: rest.to_owned() },
        "no-notifications" => HostTold::NoNotifications,
        "lost" => HostTold::Lost,
        "failed" => HostTold::Failed { sentence: rest.to_owned(), password: false },
        "wrong-password" => HostTold::Failed { sentence: rest.to_owned(), password: true },
        other => return Err(format!("the host never tells {other}")),
    })
}

fn refusal(json: &Value) -> Refusal {
    Refusal {
        sentence: json.get("sentence").and_then(Value::as_str).unwrap_or_default().to_owned(),
        problem: json.get("problem").and_then(|problem| serde_json::from_value(problem.clone()).ok()),
        advice: json
            .get("advice")
            .and_then(|all| serde_json::from_value(all.clone()).ok())
            .unwrap_or_default(),
    }
}

fn intent(name: &str) -> Result<Intent, String> {
    Ok(match name {
        "up" => Intent::Step(Move::Up),
        "down" => Intent::Step(Move::Down),
        "left" => Intent::Step(Move::Back),
        "right" => Intent::Step(Move::On),
        "home" => Intent::Step(Move::LineStart),
        "end" => Intent::Step(Move::LineEnd),
        "page-up" => Intent::PageUp,
        "page-down" => Intent::PageDown,
        "first" => Intent::First,
        "last" => Intent::Last,
        "erase" => Intent::Erase(Move::Back),
        "erase-line" => Intent::Erase(Move::LineStart),
        "enter" => Intent::Confirm,
        "new-line" => Intent::NewLine,
        "back" => Intent::Back,
        "next" => Intent::Next,
        "previous" => Intent::Previous,
        "answer" => Intent::Answer,
        "copy" => Intent::Copy,
        "delete" => Intent::Delete,
        "about" => Intent::About,
        "help" => Intent::Help,
        "command" => Intent::Command,
        "search" => Intent::Search,
        "quit" => Intent::Quit,
        other => return Err(format!("there is no intent {other}")),
    })
}

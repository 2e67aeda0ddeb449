//! The app's connection with the daemon of a profile: many questions at once, and what is told.

use std::collections::HashMap;

use cwtch_api::rpc::{Caller, Incoming, RpcError};
use cwtch_api::{Advice, Command, Reply};
use cwtch_app::{HostTold, Input, Refusal, Ticket};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use crate::command_error::CommandError;
use crate::rpc::client::{Client, Parts};

/// Questions that may wait to be written.
const QUESTIONS_MAX: usize = 1024;
/// Time in which what was asked at the end is answered.
const END: Duration = Duration::from_secs(5);

/// Something for the daemon.
enum Question {
    Ask(Ticket, Box<Command>),
    Follow,
}

/// A connection.
pub(super) struct Link {
    questions: mpsc::Sender<Question>,
    task: JoinHandle<()>,
}

impl Link {
    /// Takes a connection over. What comes goes to `tell`.
    pub(super) fn open(client: Client, tell: mpsc::Sender<Input>) -> Self {
        let (questions, waiting) = mpsc::channel(QUESTIONS_MAX);
        Self { questions, task: tokio::spawn(serve(client.into_parts(), waiting, tell)) }
    }

    /// Asks; true if it is on its way.
    pub(super) fn ask(&self, ticket: Ticket, command: Box<Command>) -> bool {
        self.questions.try_send(Question::Ask(ticket, command)).is_ok()
    }

    /// Has the daemon tell what happens.
    pub(super) fn follow(&self) {
        // One that does not fit is lost with the connection.
        let _ = self.questions.try_send(Question::Follow);
    }

    /// Returns when everything that was asked is answered, or its time is over.
    pub(super) async fn finish(self) {
        let Self { questions, mut task } = self;
        drop(questions);
        if timeout(END, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Writes what is asked, and tells what comes, until either side ends.
async fn serve(mut parts: Parts, mut questions: mpsc::Receiver<Question>, tell: mpsc::Sender<Input>) {
    let mut asked: HashMap<u64, (Ticket, Box<Command>)> = HashMap::new();
    let mut open = true;
    while open || !asked.is_empty() {
        tokio::select! {
            question = questions.recv(), if open => {
                let written = match question {
                    Some(Question::Ask(ticket, command)) => match parts.caller.command(&command) {
                        Ok(line) => {
                            asked.insert(parts.caller.last_id(), (ticket, command));
                            parts.write(&line).await
                        }
                        Err(fault) => {
                            let refusal = refusal(&CommandError::from(fault));
                            tell.send(Input::Reply(ticket, Box::new(Err(refusal)))).await.map_err(|_| ())
                        }
                    },
                    Some(Question::Follow) => {
                        let line = parts.caller.subscribe(None);
                        parts.write(&line).await
                    }
                    None => {
                        open = false;
                        Ok(())
                    }
                };
                if written.is_err() {
                    break;
                }
            }
            line = parts.lines.next() => {
                let Ok(Some(line)) = line else { break };
                if told(&line, open, &mut asked, &tell).await.is_err() {
                    break;
                }
            }
        }
    }
    // Who closed it knows.
    if open {
        let _ = tell.send(Input::Host(HostTold::Lost)).await;
    }
}

/// Takes a line of the daemon.
///
/// # Errors
/// If it cannot be understood, or nobody hears it.
async fn told(
    line: &[u8],
    open: bool,
    asked: &mut HashMap<u64, (Ticket, Box<Command>)>,
    tell: &mpsc::Sender<Input>,
) -> Result<(), ()> {
    let input = match Caller::hear(line).map_err(|_| ())? {
        (Some(id), Incoming::Answer(outcome)) => {
            // The answer to a subscription is of no interest.
            let Some((ticket, command)) = asked.remove(&id) else { return Ok(()) };
            Input::Reply(ticket, Box::new(answer(&command, outcome)))
        }
        (_, Incoming::Event(_)) if !open => return Ok(()),
        (_, Incoming::Event(heard)) => Input::Heard(Box::new(heard.told)),
        (_, Incoming::Refused(_)) => return Err(()),
        _ => return Ok(()),
    };
    tell.send(input).await.map_err(|_| ())
}

fn answer(command: &Command, outcome: Result<serde_json::Value, RpcError>) -> Result<Reply, Refusal> {
    match outcome {
        Ok(value) => Caller::reply(command, value).map_err(|fault| refusal(&CommandError::from(fault))),
        Err(error) => {
            let problem = serde_json::from_value(error.data.clone().into()).ok();
            let advice = error.data.get("advice").cloned().map(serde_json::from_value::<Vec<Advice>>);
            let advice = advice.and_then(Result::ok).unwrap_or_default();
            // As the daemon says it: what would be typed on a command line has other places in the app.
            Err(Refusal { sentence: error.message, problem, advice })
        }
    }
}

fn refusal(error: &CommandError) -> Refusal {
    Refusal { sentence: error.message.clone(), problem: None, advice: Vec::new() }
}

//! Forks between engines over a real server: a new key for those whom it lists, and for nobody else.

use cwtch_client::api::{
    ApiError, Command, Event, ForkInfo, ForkMade, ForkStanding, KnownMember, MessageState, Problem, Reply,
};

use crate::person::Person;
use crate::support::{World, soon, until};

mod change;
mod contacts;
mod hiding;
mod leaving;
mod moves;
mod refetch;
mod transcript;

impl Person {
    pub async fn fork(&self, group: &str, without: &[&str]) -> Result<ForkMade, ApiError> {
        let without = without.iter().map(|&who| who.to_owned()).collect();
        let command = Command::GroupFork {
            group: group.to_owned(),
            without,
            with: Vec::new(),
            again: None,
            quiet: false,
            server: None,
            reason: None,
            anyway: false,
        };
        match self.call(command).await? {
            Reply::ForkMade(made) => Ok(*made),
            other => panic!("not a fork: {other:?}"),
        }
    }

    pub async fn forks(&self, group: &str) -> Vec<ForkInfo> {
        match self.call(Command::GroupForks { group: group.to_owned() }).await.unwrap() {
            Reply::Forks(forks) => forks,
            other => panic!("not forks: {other:?}"),
        }
    }

    pub async fn members(&self, group: &str) -> Vec<KnownMember> {
        match self.call(Command::GroupMembers { group: group.to_owned() }).await.unwrap() {
            Reply::Members(members) => members,
            other => panic!("not members: {other:?}"),
        }
    }

    pub async fn accept(&self, group: &str, fork: &str) -> Result<(), ApiError> {
        let command = Command::GroupAccept { group: group.to_owned(), fork: fork.to_owned() };
        self.call(command).await.map(drop)
    }

    pub async fn decline(&self, group: &str, fork: &str) -> Result<(), ApiError> {
        let command = Command::GroupDecline { group: group.to_owned(), fork: fork.to_owned() };
        self.call(command).await.map(drop)
    }

    /// The forks that the person is asked about next.
    pub async fn asked(&mut self) -> Vec<ForkInfo> {
        self.event("a question about a fork", |event| match event {
            Event::GroupForks { asked, .. } if !asked.is_empty() => Some(asked.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until a group has so many members who can be given a new key.
    pub async fn until_reachable(&self, group: &str, count: usize) {
        until("prekeys", async || {
            self.members(group).await.iter().filter(|member| member.reachable).count() >= count
        })
        .await;
    }
}

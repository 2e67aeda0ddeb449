//! Fetching what is new, as a command asks for it.

use cwtch_primitives::group::GroupId;

use super::links::Links;
use super::{Groups, problems};
use crate::api::{ApiError, Problem, ServerSync, SyncInfo, SyncReport};
use crate::engine::dial::Target;
use crate::engine::patience::Patience;
use crate::profile::Server;

impl Groups {
    /// Fetches what is new from one group's server, or from the servers of all groups, each from the last
    /// message that it has shown. Counts what arrived and was new while this call ran; what a daemon had
    /// received before is not counted again. Where no connection is kept, it also sends what was queued. A server that cannot be
    /// synced has its reason in the report.
    ///
    /// # Errors
    /// The reason, naming the server, if none can be synced.
    pub(crate) async fn sync(
        &self,
        group: Option<&GroupId>,
        patience: impl Fn() -> Patience,
    ) -> Result<SyncReport, ApiError> {
        let servers = match group {
            Some(group) => vec![self.links.server_and_group(group).await?.0],
            None => self.links.servers_with_groups().await?,
        };
        let mut running = Vec::new();
        for server in servers {
            let (links, patience, board) = (self.links.clone(), patience(), server.board);
            running.push((board, tokio::spawn(async move { links.sync_server(server, patience).await })));
        }
        let mut report = SyncReport::default();
        let mut first = None;
        for (board, sync) in running {
            let outcome = sync.await.unwrap_or_else(|_| Err(ApiError::closed()));
            let SyncInfo { received, rejected } = outcome.as_ref().copied().unwrap_or_default();
            let waiting =
                self.context().store.read(move |profile| profile.count_unconfirmed_on(&board)).await?;
            report.received += received;
            report.rejected += rejected;
            report.waiting += waiting;
            let why = outcome.err().map(|error| {
                let problem = Box::new(error.problem.clone());
                first = first.take().or(Some(error));
                problem
            });
            report.servers.push(ServerSync {
                server: board.to_string(),
                received,
                rejected,
                waiting,
                trouble: None,
                why,
            });
        }
        match first {
            Some(error) if report.servers.iter().all(|server| server.why.is_some()) => Err(error),
            _ => Ok(report),
        }
    }
}

impl Links {
    async fn sync_server(&self, server: Server, mut patience: Patience) -> Result<SyncInfo, ApiError> {
        let board = server.board;
        if let Some(alarm) = self.shared.alarm(&board).await?.filter(|alarm| alarm.stopped) {
            return Err(alarm.error(&board));
        }
        let _wanted = self.shared.context.dialing.attention().want(Target::Server(board));
        let link = self.needed_link(&board).await?;
        let _demand = link.demand();
        let info = tokio::select! {
            synced = link.sync() => synced.map_err(|error| self.unless_closing(error))?,
            gave_up = patience.network_fails() => return Err(problems::no_network(gave_up, &patience)),
            () = self.shared.context.shutdown.cancelled() => return Err(ApiError::closed()),
        };
        if !self.shared.context.keeps(Target::Server(board)) {
            self.shared.deliver_queued(&link, &board).await?;
        }
        Ok(info)
    }

    /// While the engine stops, every other explanation is beside the point.
    fn unless_closing(&self, error: ApiError) -> ApiError {
        if self.shared.context.shutdown.is_cancelled() && error.problem != Problem::Closed {
            return ApiError::closed();
        }
        error
    }
}

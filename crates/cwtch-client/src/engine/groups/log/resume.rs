//! Going on with a server in spite of its alarm.

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Change, Monitor};

use crate::api::{ApiError, ServerInfo};
use crate::engine::groups::servers::server_info;
use crate::engine::groups::{Groups, problems};

impl Groups {
    /// Uses a server again that was stopped, as if it were met for the first time. The evidence stays.
    ///
    /// # Errors
    /// `NotFound` for an unknown server, or trouble with the database.
    pub(crate) async fn server_resume(&self, server: &str) -> Result<ServerInfo, ApiError> {
        let board = Address::parse_pasted(server).map_err(|error| problems::no_server(&error))?;
        let known = self.context().store.run(move |profile| profile.server(&board)).await?;
        let known = known.ok_or_else(problems::unknown_server)?;
        if self.links.shared.alarm(&board).await?.is_some() {
            let link = self.links.get(&board);
            let over = match &link {
                // A session that runs has the monitor.
                Some(link) => link.monitor(Monitor::start_over).await,
                None => None,
            };
            if over.is_none() {
                // Without the monitor: what is stored may be damaged.
                let changes = [Change::StartedOver];
                let store = &self.context().store;
                store.run(move |profile| profile.apply_log_changes(&board, &changes)).await?;
            }
            if let Some(link) = link {
                link.resume();
            }
        }
        server_info(&self.links, &known).await
    }
}

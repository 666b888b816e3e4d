//! The disk quota (layer 1): beyond it, what is not needed goes, in this order: warm bases and mirrors that no session borrows
//! and blobs that none names; workspaces of sessions that have ended; those sessions themselves. Each the oldest first, and
//! never what a session at work needs. Where that is not enough, new sessions are refused.
//!
//! Invariant: only what takes room on this host goes; of a database that several servers share, that is what has files here.

use super::retention::{self, Pages};
use super::{blobs, collect, workspaces};
use crate::engine::Engine;
use std::collections::HashSet;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::time::Timestamp;

/// Removals between two looks at the disk, which take a while.
const BETWEEN_LOOKS: usize = 8;

/// The data folder is larger than it may be, and nothing more can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverQuota {
    /// Bytes that it takes.
    pub(crate) used: u64,
    /// Bytes that it may take.
    pub(crate) quota: u64,
}

pub(super) async fn run(engine: &Engine) -> Result<(), PortError> {
    let Some(quota) = engine.options().disk_quota else { return Ok(()) };
    let mut disk = Disk { engine, quota, used: 0 };
    let enough = make_room(&mut disk).await?;
    let over = (!enough).then_some(OverQuota { used: disk.used, quota });
    if let Some(OverQuota { used, quota }) = over {
        tracing::warn!(used, quota, "the data folder is larger than its quota, and nothing more can go");
    }
    engine.upkeep().set_over_quota(over);
    Ok(())
}

struct Disk<'a> {
    engine: &'a Engine,
    quota: u64,
    used: u64,
}

impl Disk<'_> {
    async fn is_enough(&mut self) -> Result<bool, PortError> {
        let Some(host) = &self.engine.options().host else { return Ok(true) };
        let files = host.used().await?;
        self.used = files.saturating_add(self.engine.ports().store.bytes().await?);
        Ok(self.used <= self.quota)
    }
}

async fn make_room(disk: &mut Disk<'_>) -> Result<bool, PortError> {
    if disk.is_enough().await? {
        return Ok(true);
    }
    let engine = disk.engine;
    tracing::info!(used = disk.used, quota = disk.quota, "the data folder is larger than its quota");
    blobs::run(engine).await?;
    collect(engine, 0).await?;
    if disk.is_enough().await? {
        return Ok(true);
    }
    let here = sessions_here(engine).await?;
    for rank in [Rank::Workspaces, Rank::Sessions] {
        // Moments later than any that a session has.
        let mut pages = Pages::new(Timestamp::from_micros(i64::MAX));
        let mut gone = 0;
        while let Some(row) = pages.next(engine).await? {
            if here.as_ref().is_some_and(|here| !here.contains(&row.id)) {
                continue;
            }
            let went = match rank {
                Rank::Workspaces => match engine.ports().store.session(&row.id).await? {
                    Some(found) if found.value.workspace_removed_at.is_none() => {
                        workspaces::put_away(engine, found).await?
                    }
                    Some(_) | None => false,
                },
                Rank::Sessions => retention::bury(engine, &row).await?,
            };
            gone += usize::from(went);
            if went && gone % BETWEEN_LOOKS == 0 && disk.is_enough().await? {
                return Ok(true);
            }
        }
        // A workspace that is gone frees its base.
        collect(engine, 0).await?;
        if disk.is_enough().await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sessions that take room on this host; `None`: all of them do.
async fn sessions_here(engine: &Engine) -> Result<Option<HashSet<SessionId>>, PortError> {
    if engine.ports().store.bytes().await? > 0 {
        return Ok(None);
    }
    let kept = engine.ports().upkeep.kept().await?;
    Ok(Some(kept.into_iter().map(|kept| kept.session).collect()))
}

#[derive(Clone, Copy)]
enum Rank {
    Workspaces,
    Sessions,
}

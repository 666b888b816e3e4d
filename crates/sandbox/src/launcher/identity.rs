//! Who a sandbox is on the host and inside (layer 1).
//!
//! The owner is the only user of the new user namespace, shown inside as [`INSIDE_UID`]. An ordinary user may map
//! itself. As root the namespace is made while still root, so that it works where the host allows ordinary users no
//! namespaces; then the maps must be written from outside of it, by the first process of the launcher.

use crate::failure::failed;
use crate::owner::{HostOwner, INSIDE_UID};
use nix::unistd::{Gid, Uid};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use telecoder_model::PortError;

/// How two processes of the launcher agree on the maps, where root makes them.
#[derive(Debug)]
pub(super) struct Mapping {
    made: (PipeReader, PipeWriter),
    mapped: (PipeReader, PipeWriter),
}

impl Mapping {
    /// Prepares the agreement, before the fork.
    pub(super) fn new() -> Result<Self, PortError> {
        let what = || failed("cannot make a pipe");
        Ok(Self { made: pipe().map_err(what())?, mapped: pipe().map_err(what())? })
    }

    /// Outside: waits until the child has made its namespaces, and writes their maps.
    pub(super) fn write_for(self, child: i32, owner: HostOwner) -> Result<(), PortError> {
        let ((mut made, told), (unread, mut mapped)) = (self.made, self.mapped);
        drop((told, unread));
        let mut byte = [0];
        if made.read_exact(&mut byte).is_err() {
            // The child has failed and says why itself.
            return Ok(());
        }
        write_maps(&child.to_string(), owner)?;
        mapped.write_all(b"m").map_err(failed("the launcher ended before it was mapped"))
    }

    /// Inside: has the maps written and becomes the owner, for ever.
    pub(super) fn become_owner(self) -> Result<(), PortError> {
        let ((unread, mut made), (mut mapped, told)) = (self.made, self.mapped);
        drop((unread, told));
        let lost = || failed("the launcher ended before it was mapped");
        made.write_all(b"n").map_err(lost())?;
        mapped.read_exact(&mut [0]).map_err(lost())?;
        let (uid, gid) = (Uid::from_raw(INSIDE_UID), Gid::from_raw(INSIDE_UID));
        nix::unistd::setresgid(gid, gid, gid).map_err(failed("cannot give up root's group"))?;
        nix::unistd::setresuid(uid, uid, uid).map_err(failed("cannot give up root"))
    }
}

/// Gives up every group of root's but the first.
pub(super) fn leave_groups() -> Result<(), PortError> {
    nix::unistd::setgroups(&[]).map_err(failed("cannot give up groups"))
}

/// Maps an ordinary user, which must be this one, in the namespace that it has made.
pub(super) fn map_self(owner: HostOwner) -> Result<(), PortError> {
    write_maps("self", owner)
}

fn write_maps(process: &str, owner: HostOwner) -> Result<(), PortError> {
    let write = |name: &str, text: String| {
        std::fs::write(format!("/proc/{process}/{name}"), text)
            .map_err(failed(format!("cannot write {name}")))
    };
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{INSIDE_UID} {} 1", owner.uid))?;
    write("gid_map", format!("{INSIDE_UID} {} 1", owner.gid))
}

//! The host user as which sandboxes run (layer 1).
//!
//! As root it is one fixed unprivileged uid that no account of the host has; it owns warm bases, layers and homes,
//! and is shown inside as [`INSIDE_UID`]. As an ordinary user it is that user.

/// The uid and gid of everything inside a sandbox, as seen from inside.
pub(crate) const INSIDE_UID: u32 = 1000;
/// The host uid and gid of sandboxes that root makes.
const FIXED_UID: u32 = 60_780;

/// A uid and gid of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HostOwner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// Says who owns bases, layers and homes on this host.
pub fn host_owner() -> HostOwner {
    if nix::unistd::geteuid().is_root() {
        HostOwner { uid: FIXED_UID, gid: FIXED_UID }
    } else {
        HostOwner { uid: nix::unistd::geteuid().as_raw(), gid: nix::unistd::getegid().as_raw() }
    }
}

//! Descriptors that a launched process starts with, and how they are passed (layer 1).
#![expect(unsafe_code, reason = "closing what was inherited needs a system call that no safe wrapper offers")]

use nix::sys::stat::{Mode, umask};
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Takes the driver's socket (0) and the record (1), puts `/dev/null` in their place and closes all but the log (2).
pub(super) fn take_launch_descriptors() -> std::io::Result<(OwnedFd, OwnedFd)> {
    close_from(3)?;
    let control = std::io::stdin().as_fd().try_clone_to_owned()?;
    let lock = std::io::stdout().as_fd().try_clone_to_owned()?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    Ok((control, lock))
}

/// Takes the supervisor's socket (0); standard output and error are the program's already.
pub(super) fn take_exec_descriptor() -> std::io::Result<OwnedFd> {
    close_from(3)?;
    std::io::stdin().as_fd().try_clone_to_owned()
}

/// Closes every descriptor from `first` on.
fn close_from(first: u32) -> std::io::Result<()> {
    // SAFETY: called before this process has opened anything, so no `OwnedFd` names what is closed.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0_u32) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Binds a unix socket that only its owner may connect to.
pub(super) fn bind_private(path: &Path) -> std::io::Result<UnixListener> {
    let before = umask(Mode::from_bits_truncate(0o177));
    let socket = UnixListener::bind(path);
    umask(before);
    socket
}

/// Sends a descriptor with one byte.
pub(crate) fn send_descriptor(socket: impl AsFd, descriptor: impl AsFd) -> std::io::Result<()> {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(std::io::Error::other("no room for a descriptor"));
    }
    rustix::net::sendmsg(socket, &[IoSlice::new(b"d")], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives a descriptor that [`send_descriptor`] sent.
pub(super) fn receive_descriptor(socket: impl AsFd) -> std::io::Result<OwnedFd> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::net::recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut descriptors) = message
            && let Some(descriptor) = descriptors.next()
        {
            return Ok(descriptor);
        }
    }
    Err(std::io::Error::other("no descriptor arrived"))
}

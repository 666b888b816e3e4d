//! The sandbox's only network interface (layer 1).
#![expect(unsafe_code, reason = "interface flags are set by an ioctl that no safe wrapper offers")]

use crate::failure::failed;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::Listener;

/// Brings `lo` up in this network namespace, with every port free for everyone: it reaches nobody else.
pub(super) fn up() -> Result<(), PortError> {
    raise().map_err(failed("cannot bring the loopback interface up"))?;
    std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")
        .map_err(failed("cannot free the low ports"))
}

fn raise() -> std::io::Result<()> {
    // Any socket of the namespace will do for the request; an unbound unspecified address needs no interface.
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: `ifreq` is plain old data for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    let flags = libc::IFF_UP | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(flags).unwrap_or(libc::c_short::MAX);
    // SAFETY: the request is a valid `ifreq` for SIOCSIFFLAGS and outlives the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Opens the ports whose connections are passed out.
pub(super) fn listen(wanted: &[Listener]) -> Result<Vec<(String, TcpListener)>, PortError> {
    let open = |listener: &Listener| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, listener.port))
            .map(|socket| (listener.name.clone(), socket))
            .map_err(failed(format!("cannot listen on port {} for {}", listener.port, listener.name)))
    };
    wanted.iter().map(open).collect()
}

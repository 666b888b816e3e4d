//! Attempts on networks and sockets (layer 1).

use super::{Attempt, Canaries, Outcome, attempt, must_equal, must_fail};
use crate::launcher::attempt_call;
use std::fs;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixStream};
use std::time::Duration;

/// How long a connection may take before it counts as not made.
const WAIT: Duration = Duration::from_secs(2);
/// Addresses of the world: a name server, cloud metadata, a documentation network, a private network.
const WORLD: &[&str] =
    &["1.1.1.1:443", "169.254.169.254:80", "198.51.100.1:80", "10.0.0.1:22", "[2606:4700::1111]:443"];
/// Address families that no namespace holds, or that reach below IP.
const FAMILIES: &[(&str, u32)] =
    &[("the hypervisor (vsock)", 40), ("raw frames (packet)", 17), ("the kernel's ciphers (alg)", 38)];

pub(super) fn all(canaries: &Canaries) -> Vec<Attempt> {
    let mut all = vec![
        attempt("see a network interface but its own loopback", |_| interfaces()),
        attempt("send a datagram to a name server", |_| send_datagram("1.1.1.1:53")),
        attempt("resolve a name", |_| resolve()),
        attempt("connect to an abstract socket of the host", connect_abstract),
        attempt("raw ICMP", |_| refused_socket(2, 3, 1)),
    ];
    all.extend(WORLD.iter().map(|address| attempt(format!("connect to {address}"), |_| connect(address))));
    for (words, family) in FAMILIES {
        all.push(attempt(format!("open a socket to {words}"), |_| refused_socket(*family, 1, 0)));
    }
    for address in canaries.tcp.clone() {
        all.push(attempt(format!("connect to a service of the host at {}", address.ip()), move |_| {
            connect_to(address)
        }));
    }
    for path in canaries.sockets.clone() {
        all.push(attempt("connect to a socket file of the host", move |_| {
            must_fail(UnixStream::connect(path))
        }));
    }
    all
}

fn interfaces() -> Outcome {
    let text = fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    let names: Vec<&str> =
        text.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim())).collect();
    let real: Vec<&str> = names.into_iter().filter(|name| !is_idle_tunnel(name)).collect();
    must_equal(&real.join(" "), "lo")
}

/// Whether a name is that of a tunnel that some kernels put, down, into every new network namespace.
fn is_idle_tunnel(name: &str) -> bool {
    ["sit", "tunl", "ip6tnl", "ip6_vti", "ip_vti", "gre", "gretap", "erspan", "ip6gre"]
        .iter()
        .any(|tunnel| name.strip_prefix(tunnel) == Some("0"))
}

fn connect(address: &str) -> Outcome {
    match address.parse() {
        Ok(address) => connect_to(address),
        Err(_) => Err("the address cannot be read".to_owned()),
    }
}

fn connect_to(address: SocketAddr) -> Outcome {
    must_fail(TcpStream::connect_timeout(&address, WAIT))
}

fn send_datagram(address: &str) -> Outcome {
    must_fail(UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect(address)?;
        socket.send(b"?")
    }))
}

fn resolve() -> Outcome {
    use std::net::ToSocketAddrs;
    must_fail(("example.com", 80).to_socket_addrs())
}

fn connect_abstract(canaries: &Canaries) -> Outcome {
    must_fail(
        UnixAddress::from_abstract_name(&canaries.abstract_name)
            .and_then(|address| UnixStream::connect_addr(&address)),
    )
}

fn refused_socket(family: u32, kind: u32, protocol: u32) -> Outcome {
    match attempt_call(libc::SYS_socket, [family, kind, protocol, 0, 0]) {
        Some(error) => Ok(error.to_string()),
        None => Err("the socket was made".to_owned()),
    }
}

//! Layer 4: the binary telecoder: server, worker, command line and in-sandbox supervisor.
fn main() {}

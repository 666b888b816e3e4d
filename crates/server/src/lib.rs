//! Layer 2: the HTTP API, event streams and access rules.

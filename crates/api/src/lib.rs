//! Layer 0: wire types of the HTTP API and the typed client.

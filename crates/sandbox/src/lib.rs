//! Layer 1: sandbox drivers, the in-sandbox supervisor and the protocol between them.

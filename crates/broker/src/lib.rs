//! Layer 1: the model gateway and everything else that leaves a sandbox.

//! Layer 1: the ACP connection, the catalogue of agents and their installation.

//! Layer 1: the store adapters of TeleCoder (SQLite).

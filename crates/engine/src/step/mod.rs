//! Steps (layer 1).

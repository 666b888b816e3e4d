//! Layer 1: the only place that runs git: mirrors, warm bases, layers, export, diffs.

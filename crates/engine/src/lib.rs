//! Layer 1: what happens to a task: leases, steps, stages, outcomes, recovery.

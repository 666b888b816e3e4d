//! Fail points (layer 0): named places around whatever lasts (durable writes, effects outside, lines to an agent) at which
//! tests end the process as a kill would.
//!
//! Invariant: in a build without debug assertions a point is nothing at all. In one with them it costs a look at a
//! static, until a test has installed what is called there.

#[cfg(debug_assertions)]
static REACHED: std::sync::OnceLock<fn(&'static str)> = std::sync::OnceLock::new();

/// Says that a point was reached. Its name is `<part>.<thing>.<moment>`; the crash tests hold that each name stands in one
/// place only, and that a story reaches it.
#[inline]
pub fn reach(name: &'static str) {
    #[cfg(debug_assertions)]
    if let Some(reached) = REACHED.get() {
        reached(name);
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

/// Installs what is called at every point from now on; the first call counts. It may not come back.
#[cfg(debug_assertions)]
pub fn install(reached: fn(&'static str)) {
    REACHED.get_or_init(|| reached);
}

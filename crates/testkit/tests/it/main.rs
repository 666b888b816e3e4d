//! Tests of the test kit itself: the scripted model and the scripted agent as others use them.

// `cfg(test)` tells clippy that the functions that tests share are tests too.
#[cfg(test)]
mod client;
#[cfg(test)]
mod fake_forge_app;
#[cfg(test)]
mod fake_forge_client;
#[cfg(test)]
mod fake_forge_description;
#[cfg(test)]
mod fake_forge_faults;
#[cfg(test)]
mod fake_forge_git;
#[cfg(test)]
mod fake_forge_program;
#[cfg(test)]
mod fake_forge_rest;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod gym_basics;
#[cfg(test)]
mod gym_broken;
#[cfg(test)]
mod gym_programs;
#[cfg(test)]
mod model_faults;
#[cfg(test)]
mod model_formats;
#[cfg(test)]
mod model_program;
#[cfg(test)]
mod sse;
#[cfg(test)]
mod stage;

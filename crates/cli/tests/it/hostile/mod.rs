//! Agents that hang, flood, lie and fight: each session ends as it should and in time, what was done until then is kept, nothing
//! is left behind, the server's memory stays where it was, and a session beside it does not notice.

mod agent;
mod bombs;
mod floods;
mod forgery;
mod scene;

use scene::{Case, End, Scene};

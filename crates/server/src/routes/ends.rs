//! The routes of the end of sessions (layer 2), a part of the list of all.

use crate::controllers::{backup, prune};
use crate::route::{Content, Route};
use telecoder_api as wire;
use telecoder_model::principal::Scope::{Admin, Run};

pub(super) fn all() -> Vec<Route> {
    vec![
        Route::get("/api/backup", "takeBackup", backup::take)
            .needs(Admin)
            .does("Takes a backup of the server while it works")
            .details("A tar archive for `telecoder restore`: the database as it is at one moment, blobs, the commits of sessions and the repositories that they borrow from. No keys, no tokens, no workspaces. One whose `end.json` is missing is not whole.")
            .succeeds(200, "The archive", vec![Content::Text(backup::TYPE)])
            .may_be_impossible(),
        Route::delete("/api/sessions/{id}", "removeSession", prune::remove)
            .needs(Run)
            .does("Removes a session that has ended, with everything that belongs to it")
            .details("Refused while it is at work, waits for an answer, is being published, or its local pull request is open. Branches stay where they were pushed.")
            .succeeds(204, "It is gone", vec![Content::Empty])
            .conflicts(),
        Route::post("/api/prune", "prune", prune::old)
            .needs(Run)
            .does("Removes the caller's sessions that have ended and did not change for a while")
            .details("What `DELETE` would refuse stays, and so does a session whose pull request on a forge is open.")
            .takes::<wire::prune::PruneRequest>()
            .gives::<wire::prune::Pruned>(200, "The sessions, and why some of them stay"),
    ]
}

//! What happens to a session when something else than the server dies.

use crate::beside::with_mounts;
use crate::world::{World, program, signal};
use rustix::process::Signal;
use telecoder_testkit::wait::until_blocking;

/// Appends each time it is begun, so that it is seen how often that was; then waits to be let go.
const SCRIPT: &str = r#"GYM{"do":[{"append":["log.txt","begun\n"]},{"write":["/home/agent/started",""]},{"waitFor":"/home/agent/go"},{"append":["log.txt","ended\n"]},{"say":"Done."}]}"#;

/// The processes of the supervisors of a world, by their sandboxes' run folders.
fn supervisors(world: &World) -> Vec<u32> {
    let folders = std::fs::read_dir(world.data().join("run")).unwrap().flatten();
    let records = folders.filter_map(|folder| std::fs::read_to_string(folder.path().join("lock")).ok());
    records.filter_map(|record| record.split(' ').next()?.parse().ok()).collect()
}

/// Begins the script in the background and waits until it waits.
fn begun(world: &World) -> String {
    let id = world.detached(&[&format!("Do it. {SCRIPT}")]);
    world.until_written(&id, "started");
    id
}

/// Kills every supervisor and waits until what it held has ended.
fn kill_supervisors(world: &World) {
    let pids = supervisors(world);
    assert_eq!(pids.len(), 1, "one sandbox");
    for pid in pids {
        signal(pid, Signal::KILL);
        let path = format!("/proc/{pid}");
        until_blocking("the supervisor's end", || (!std::path::Path::new(&path).exists()).then_some(()));
    }
}

/// How often the log tells that a step began or ended with this word in its detail.
fn told(world: &World, id: &str, word: &str) -> usize {
    let events = world.events(id);
    let details = events.iter().filter_map(|event| event["data"]["detail"].as_str().map(str::to_owned));
    details.filter(|detail| detail.contains(word)).count()
}

#[test]
fn a_lost_sandbox_is_replaced_once_a_turn_and_the_agent_goes_on() {
    let world = World::new();
    let id = begun(&world);
    std::fs::remove_file(world.agent_home(&id).join("started")).unwrap();
    kill_supervisors(&world);
    world.until_written(&id, "started");
    world.release(&id, "go");
    world.until_status(&id, "complete");
    assert_eq!(told(&world, &id, "the sandbox was lost"), 1);
    // The agent was told, and did again what it saw fit: inside a sandbox everything happens at least once.
    assert_eq!(world.repo.git(&["show", &format!("telecoder/{id}:log.txt")]), "begun\nbegun\nended\n");
    assert_eq!(world.cli(["pr", "list"]).run().json().as_array().unwrap().len(), 1);
}

#[test]
fn a_sandbox_that_is_lost_again_ends_the_session_with_its_partial_change() {
    let world = World::new();
    let id = begun(&world);
    std::fs::remove_file(world.agent_home(&id).join("started")).unwrap();
    kill_supervisors(&world);
    world.until_written(&id, "started");
    kill_supervisors(&world);
    world.until_status(&id, "error");
    let session = world.session(&id);
    assert_eq!(session["failureKind"], "sandbox_error", "{session}");
    let diff = world.cli(["diff", &id]).run().stdout;
    assert!(diff.contains("+begun\n+begun\n"), "{diff}");
    assert_eq!(session["prNumber"], serde_json::Value::Null);
    until_blocking("the run folder to be empty", || supervisors(&world).is_empty().then_some(()));
}

#[test]
fn after_a_reboot_the_session_goes_on_in_another_sandbox() {
    let mut world = World::new();
    let id = begun(&world);
    std::fs::remove_file(world.agent_home(&id).join("started")).unwrap();
    world.kill();
    kill_supervisors(&world);
    world.start();
    world.until_written(&id, "started");
    world.release(&id, "go");
    world.until_status(&id, "complete");
    assert_eq!(world.repo.git(&["show", &format!("telecoder/{id}:log.txt")]), "begun\nbegun\nended\n");
    let interrupted = world.cli(["logs", &id]).run().stdout;
    assert!(interrupted.contains("you: Do it."), "{interrupted}");
    assert_eq!(world.cli(["pr", "list"]).run().json().as_array().unwrap().len(), 1);
}

#[test]
fn a_sandbox_of_which_the_database_knows_nothing_is_removed_with_all_that_is_in_it() {
    let mut world = World::new();
    begun(&world);
    let supervisor = supervisors(&world).remove(0);
    assert!(with_mounts(&world).len() > 1, "the agent and what is around it");
    world.kill();
    assert!(with_mounts(&world).len() > 1, "they outlive the server");
    for suffix in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(world.data().join(format!("server.db{suffix}"))));
    }
    world.start();
    until_blocking("the end of the sandbox", || {
        let gone = !std::path::Path::new(&format!("/proc/{supervisor}")).exists();
        let folders = std::fs::read_dir(world.data().join("run")).unwrap().count();
        (gone && folders == 0 && with_mounts(&world).is_empty()).then_some(())
    });
}

#[test]
fn a_server_whose_file_is_replaced_goes_on_with_the_program_that_it_is() {
    let mut world = World::without_server(&[]);
    let (file, other) = (world.path("telecoder"), world.path("other"));
    std::fs::copy(program(), &file).unwrap();
    world.start_as(&file);
    // As an upgrade does it; the server is started again when there is time.
    std::fs::write(&other, "no program\n").unwrap();
    std::fs::rename(&other, &file).unwrap();
    let id = world.ran(r#"Do it. GYM{"do":[{"write":["done.txt","x"]},{"say":"Done."}]}"#);
    assert_eq!(world.session(&id)["status"], "complete", "{:#?}", world.events(&id));
}

//! `openapi`.

use crate::world::World;

#[test]
fn the_document_is_printed_without_a_server() {
    let world = World::without_server(&[]);
    let output = world.cli(["openapi"]).run();
    assert_eq!(output.code, 0);
    let document = output.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/sessions"]["post"].is_object());
}

//! The published schemas are those of the types.

use std::path::Path;

use depbot::wire::schemas;

/// With `DEPBOT_UPDATE_SCHEMAS=1` the files are written anew.
#[test]
fn committed_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    #[expect(clippy::disallowed_methods, reason = "a test that writes when it is asked to")]
    let update = std::env::var_os("DEPBOT_UPDATE_SCHEMAS").is_some();
    for (name, expect) in schemas() {
        let file = folder.join(name);
        if update {
            std::fs::write(&file, &expect).expect("the schema folder can be written");
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        assert!(committed == expect, "schema/{name} is old: run DEPBOT_UPDATE_SCHEMAS=1 cargo test --test schema");
    }
}

//! Sets what a Node-API module needs of the linker.

fn main() {
    napi_build::setup();
}

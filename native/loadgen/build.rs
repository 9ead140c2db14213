//! Compiles the generator's and the sink's eBPF programs.

use std::{
    env,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=bpf");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    clang::compile(
        Path::new("bpf/loadgen.bpf.c"),
        None,
        &out.join("loadgen.bpf.o"),
    )
}

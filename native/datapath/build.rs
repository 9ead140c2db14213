//! Compiles the eBPF programs with clang and generates `drop_reason.h` from the model, which defines the numbers.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use model::drop_reason::{DropReason, Note};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sources = Path::new("../bpf");
    println!("cargo::rerun-if-changed=../bpf");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("drop_reason.h"), drop_reason_header())?;
    println!("cargo::metadata=include={}", out.display());
    clang::compile(
        &sources.join("gateway.bpf.c"),
        Some(&out),
        &out.join("gateway.bpf.o"),
    )
}

fn drop_reason_header() -> String {
    let mut header = String::from(
        "/* Generated from model/src/drop_reason.rs. */\n#ifndef DROP_REASON_H\n#define DROP_REASON_H\n\n",
    );
    for reason in DropReason::ALL {
        header += &define("DROP", reason.name(), reason.number());
    }
    for note in Note::ALL {
        header += &define("NOTE", note.name(), note.number());
    }
    header + "\n#endif\n"
}

fn define(kind: &str, name: &str, number: u32) -> String {
    format!("#define {kind}_{} {number}u\n", name.to_uppercase())
}

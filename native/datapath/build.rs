//! Compiles the eBPF programs with clang and generates `drop_reason.h` from the model, which defines the numbers.
//! `CLANG` names another compiler than the newest `clang-NN` or `clang` on the path.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use model::drop_reason::{DropReason, Note};

type Error = Box<dyn std::error::Error>;

/// Oldest clang whose output the verifier of Linux 6.1 was seen to accept.
const CLANG_MINIMUM: u32 = 14;

fn main() -> Result<(), Error> {
    let sources = Path::new("../bpf");
    println!("cargo::rerun-if-changed=../bpf");
    println!("cargo::rerun-if-env-changed=CLANG");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("drop_reason.h"), drop_reason_header())?;
    let clang = clang()?;
    let status = Command::new(&clang)
        .args([
            "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror",
        ])
        .arg(format!("-I{}", out.display()))
        .arg(format!(
            "-I/usr/include/{}-linux-gnu",
            env::var("CARGO_CFG_TARGET_ARCH")?
        ))
        .arg("-c")
        .arg(sources.join("gateway.bpf.c"))
        .arg("-o")
        .arg(out.join("gateway.bpf.o"))
        .status()
        .map_err(|error| format!("{clang}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{clang} could not compile the eBPF programs in native/bpf").into())
    }
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

fn clang() -> Result<String, Error> {
    if let Ok(clang) = env::var("CLANG") {
        return Ok(clang);
    }
    (CLANG_MINIMUM..=30)
        .rev()
        .map(|version| format!("clang-{version}"))
        .chain([String::from("clang")])
        .find(|name| Command::new(name).arg("--version").output().is_ok())
        .ok_or_else(|| format!("clang {CLANG_MINIMUM} or newer is needed to compile the eBPF programs (package clang)").into())
}

//! Compiles eBPF programs written in C, for build scripts. `CLANG` names another compiler than the newest `clang-NN` or
//! `clang` on the path.

use std::{env, error::Error, path::Path, process::Command};

/// Oldest clang whose output the verifier of Linux 6.1 was seen to accept.
const CLANG_MINIMUM: u32 = 14;

/// Compiles one file to an object. Call it from a build script only: it reads Cargo's environment.
///
/// # Errors
/// There is no clang, or it does not accept the source.
pub fn compile(source: &Path, include: Option<&Path>, object: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=CLANG");
    let clang = find()?;
    let mut command = Command::new(&clang);
    command.args([
        "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror",
    ]);
    if let Some(include) = include {
        command.arg(format!("-I{}", include.display()));
    }
    let status = command
        .arg(format!(
            "-I/usr/include/{}-linux-gnu",
            env::var("CARGO_CFG_TARGET_ARCH")?
        ))
        .arg("-c")
        .arg(source)
        .arg("-o")
        .arg(object)
        .status()
        .map_err(|error| format!("{clang}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{clang} could not compile {}", source.display()).into())
    }
}

/// The name of the compiler.
///
/// # Errors
/// There is none.
pub fn find() -> Result<String, Box<dyn Error>> {
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

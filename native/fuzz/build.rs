//! Compiles the eBPF programs for the host, with the helpers and maps of `host/` in the kernel's place; with the
//! feature `libfuzzer` so that it tells its coverage and stops at whatever the sanitizers find.

use std::{env, path::PathBuf, process::Command};

type Error = Box<dyn std::error::Error>;

const SOURCES: [&str; 6] = ["maps", "rings", "output", "tc", "xdp", "programs"];

fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=host");
    println!("cargo::rerun-if-changed=../bpf");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-env-changed=CLANG");
    let clang = clang::find()?;
    // Told by the build script of `datapath`.
    let generated = env::var("DEP_GATEWAY_BPF_INCLUDE")?;
    let mut objects = Vec::new();
    for source in SOURCES {
        let object = out.join(format!("{source}.o"));
        let mut compile = Command::new(&clang);
        compile
            .args(["-O1", "-g", "-fPIC", "-fno-omit-frame-pointer"])
            .args(["-Wall", "-Wextra", "-Werror"])
            .args(["-Ihost/include", "-Ihost", "-I../bpf"])
            .arg(format!("-I{generated}"));
        if env::var_os("CARGO_FEATURE_LIBFUZZER").is_some() {
            compile.args([
                "-fsanitize=fuzzer-no-link,address,undefined",
                "-fno-sanitize-recover=all",
                // Headers are read where they lie: the verifier sees to it that the machine can do that.
                "-fno-sanitize=alignment",
            ]);
        }
        compile.arg("-c").arg(format!("host/{source}.c"));
        run(compile.arg("-o").arg(&object))?;
        objects.push(object);
    }
    let library = out.join("libgateway_host.a");
    run(Command::new("ar").arg("crs").arg(&library).args(&objects))?;
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=static=gateway_host");
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed").into())
    }
}

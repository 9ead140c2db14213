//! `loadgen`: sends frames into a gateway at a set rate and counts what comes out at the other end.
//!
//! Lines of JSON: the first of standard input says the job, each further one a trial, which is answered by a line of
//! standard output. A shunt instead of trials stands there until standard input ends. Whoever starts it is root.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod clock;
mod ends;
mod frames;
mod interrupt;
mod namespace;
mod trial;

use std::{
    error::Error,
    io::{self, BufRead, Write},
    path::PathBuf,
    process::ExitCode,
};

use ends::{Attached, Generator};
use frames::Pattern;
use namespace::run_inside;
use serde::Deserialize;

/// A device in a network namespace, which is named by its path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    netns: PathBuf,
    device: String,
}

/// The first line of input.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "kind"
)]
enum Job {
    /// Trials of one pattern. Frames leave by the device `source`, and are counted where they enter the device `sink`.
    Trials {
        source: End,
        sink: End,
        pattern: Pattern,
        /// Nothing between the ends changes the frames: what is measured is the generator, or a shunt.
        #[serde(default)]
        is_unchanged: bool,
        /// Processors that make frames.
        cpus: Vec<usize>,
    },
    /// Frames of the pattern that enter one device leave by the other: what the machine can do without a gateway.
    Shunt {
        netns: PathBuf,
        from: String,
        to: String,
        pattern: Pattern,
    },
}

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loadgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let job = lines
        .next()
        .ok_or("standard input is empty: its first line is a job")??;
    match serde_json::from_str(&job)? {
        Job::Trials {
            source,
            sink,
            pattern,
            is_unchanged,
            cpus,
        } => {
            let offset = if is_unchanged {
                pattern.mark_offset_in()
            } else {
                pattern.mark_offset_out()
            };
            let counter = Attached::sink(&sink.netns, &sink.device, offset)?;
            let open = || {
                cpus.iter()
                    .map(|&cpu| Ok((cpu, Generator::open(&source.device, &pattern)?)))
                    .collect::<Result<Vec<_>, Box<dyn Error>>>()
                    .map_err(|error| error.to_string())
            };
            let mut generators = run_inside(&source.netns, open)??;
            say(&serde_json::json!({ "ready": true }))?;
            for line in lines {
                let trial = serde_json::from_str(&line?)?;
                let outcome = trial::run(&source.netns, &mut generators, &counter, trial)?;
                say(&serde_json::to_value(outcome)?)?;
            }
        }
        Job::Shunt {
            netns,
            from,
            to,
            pattern,
        } => {
            let _shunt = Attached::shunt(&netns, &from, &to, pattern.mark_offset_in())?;
            say(&serde_json::json!({ "ready": true }))?;
            for line in lines {
                line?;
            }
        }
    }
    Ok(())
}

fn say(value: &serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

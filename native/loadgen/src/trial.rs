//! One trial of a benchmark (RFC 2544 section 26.1): frames at a rate for a time, and what became of them.

use std::{
    error::Error,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    clock::thread_cpu_time,
    ends::{Attached, Counts, Generator, Order, Progress},
    interrupt::run_until,
    namespace::{run_inside, stay_on},
};

/// What a generator takes to get going in the kernel, so that a trial is about as long as was asked for.
const LEAD: Duration = Duration::from_millis(30);
/// The wire is empty when nothing more has come for so long.
const QUIET: Duration = Duration::from_millis(20);

/// What a trial is to be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Trial {
    /// Frames a second from all processors together; without it as many as they make.
    pub rate: Option<f64>,
    /// How long frames are sent, in milliseconds.
    pub duration_ms: u64,
    /// Not more than so many.
    pub frames: Option<u64>,
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Frames that were sent.
    pub sent: u64,
    /// Frames that came out at the far end.
    pub received: u64,
    /// Their bytes there, without check sequences.
    pub received_bytes: u64,
    /// From the first frame to the last.
    pub elapsed_ns: u64,
    /// What the processors that made the frames spent on them, and on all that the network did with them at once. On a
    /// machine that others use too it says more than the clock; a paced trial waits with it, too.
    pub cpu_ns: u64,
}

/// Runs one trial on the given processors, one for each generator, whose frames leave into the namespace `source`.
///
/// # Errors
/// What the kernel says.
pub fn run(
    source: &Path,
    generators: &mut [(usize, Generator)],
    sink: &Attached,
    trial: Trial,
) -> Result<Outcome, Box<dyn Error>> {
    let before = sink.counts()?;
    let order = order_of(trial, generators.len());
    for (_, generator) in generators.iter_mut() {
        generator.begin(order)?;
    }
    let cpu = send(source, generators, Duration::from_millis(trial.duration_ms))?;
    let received = settle(sink)?;
    let progresses = generators
        .iter_mut()
        .map(|(_, generator)| generator.progress())
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Outcome {
        sent: progresses.iter().map(|one| one.frames).sum(),
        received: received.frames - before.frames,
        received_bytes: received.bytes - before.bytes,
        elapsed_ns: elapsed(&progresses),
        cpu_ns: u64::try_from(cpu.as_nanos())?,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate is positive, there are few generators, and an interval in picoseconds is far below 2^53"
)]
fn order_of(trial: Trial, generators: usize) -> Order {
    let share = generators.max(1) as f64;
    Order {
        interval_ps: trial.rate.map_or(0, |rate| (1e12 * share / rate) as u64),
        frames: trial
            .frames
            .map_or(u64::MAX, |frames| frames.div_ceil(generators.max(1) as u64)),
    }
}

/// Sends on all processors at once until the time is over. Returns what they spent.
fn send(
    source: &Path,
    generators: &mut [(usize, Generator)],
    duration: Duration,
) -> Result<Duration, Box<dyn Error>> {
    let deadline = Instant::now() + LEAD + duration;
    let spent = thread::scope(|scope| {
        let sending: Vec<_> = generators
            .iter_mut()
            .map(|(cpu, generator)| {
                let cpu = *cpu;
                scope.spawn(move || run_inside(source, || send_on(cpu, generator, deadline)))
            })
            .collect();
        sending.into_iter().try_fold(Duration::ZERO, |sum, one| {
            let spent = one
                .join()
                .map_err(|_| String::from("a generator ended early"))?;
            Ok::<_, String>(sum + spent.map_err(|error| error.to_string())??)
        })
    });
    Ok(spent?)
}

fn send_on(cpu: usize, generator: &mut Generator, deadline: Instant) -> Result<Duration, String> {
    stay_on(cpu).map_err(|error| error.to_string())?;
    run_until(deadline, || generator.send()).map_err(|error| error.to_string())?;
    Ok(thread_cpu_time())
}

/// From the first frame of any generator to the last of any.
fn elapsed(progresses: &[Progress]) -> u64 {
    let sending = || progresses.iter().filter(|one| one.frames > 0);
    let first = sending().map(|one| one.first_ns).min().unwrap_or(0);
    let last = sending().map(|one| one.last_ns).max().unwrap_or(0);
    last - first
}

fn settle(sink: &Attached) -> Result<Counts, Box<dyn Error>> {
    let mut last = sink.counts()?;
    loop {
        thread::sleep(QUIET);
        let now = sink.counts()?;
        if now.frames == last.frames {
            return Ok(now);
        }
        last = now;
    }
}

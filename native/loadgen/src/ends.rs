//! The ends of a measurement in the kernel: where frames are made, and where they are counted.

use std::{error::Error, io, path::Path};

use aya::{
    Ebpf, EbpfLoader,
    maps::{Array, PerCpuArray},
    programs::{ProgramError, TestRun, TestRunAttrs, TestRunOptions, Xdp, XdpMode},
};

use crate::frames::{MARK, Pattern};
use crate::namespace::{ifindex, run_inside};

/// The object that build.rs compiles.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/loadgen.bpf.o"));

/// Frames of one turn in the kernel; larger ones overflow the ring of a veth (256).
const BATCH: u32 = 64;
const TEMPLATE_WORDS: usize = 16;

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Template([u64; TEMPLATE_WORDS]);

// SAFETY: an array of integers.
unsafe impl aya::Pod for Template {}

/// What a generator is to send.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Order {
    /// Between two frames, in picoseconds; 0: as fast as it can.
    pub interval_ps: u64,
    /// How many at the most.
    pub frames: u64,
}

// SAFETY: two integers without padding.
unsafe impl aya::Pod for Order {}

/// What a generator has sent of its order.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Progress {
    /// Frames.
    pub frames: u64,
    /// When the first was sent, in nanoseconds of `CLOCK_MONOTONIC`.
    pub first_ns: u64,
    /// When the last was, give or take 64 frames.
    pub last_ns: u64,
}

// SAFETY: three integers without padding.
unsafe impl aya::Pod for Progress {}

/// What came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counts {
    /// Frames of ours.
    pub frames: u64,
    /// Their bytes, without check sequences.
    pub bytes: u64,
    /// Anybody else's frames.
    pub others: u64,
}

// SAFETY: three integers without padding.
unsafe impl aya::Pod for Counts {}

fn xdp<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Xdp, Box<dyn Error>> {
    let program = ebpf
        .program_mut(name)
        .ok_or_else(|| io::Error::other(format!("no program {name}")))?;
    Ok(program.try_into()?)
}

/// Puts frames on a device.
pub struct Generator {
    ebpf: Ebpf,
    first: Vec<u8>,
}

impl Generator {
    /// Frames leave by `device` of the calling thread's namespace, each list entry in its turn.
    ///
    /// # Errors
    /// The device, the pattern, or what the kernel says.
    pub fn open(device: &str, pattern: &Pattern) -> Result<Self, Box<dyn Error>> {
        let frames = pattern.frames()?;
        let words = u32::try_from(pattern.header_len().div_ceil(8))?;
        let count = u32::try_from(frames.len())?;
        let target = ifindex(device)?;
        let mut ebpf = EbpfLoader::new()
            .override_global("templates_count", &count, true)
            .override_global("header_words", &words, true)
            .override_global("target_ifindex", &target, true)
            .load(OBJECT)?;
        xdp(&mut ebpf, "generate")?.load()?;
        let mut generator = Self {
            ebpf,
            first: frames.first().cloned().unwrap_or_default(),
        };
        let mut templates = generator.array::<Template>("templates")?;
        for (index, frame) in (0..).zip(&frames) {
            templates.set(index, Template(words_of(frame)), 0)?;
        }
        Ok(generator)
    }

    /// Begins an order; `send` carries it out.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn begin(&mut self, order: Order) -> Result<(), Box<dyn Error>> {
        self.array::<Progress>("progresses")?
            .set(0, Progress::default(), 0)?;
        Ok(self.array::<Order>("orders")?.set(0, order, 0)?)
    }

    /// Sends until a signal interrupts the calling thread.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn send(&mut self) -> Result<(), Box<dyn Error>> {
        let data = &self.first;
        let sent = xdp(&mut self.ebpf, "generate")?.test_run(TestRunOptions {
            data_in: Some(data),
            repeat: u32::MAX >> 1,
            attrs: TestRunAttrs::new().xdp_live_frames(BATCH),
            ..TestRunOptions::default()
        });
        match sent {
            Err(ProgramError::SyscallError(error))
                if error.io_error.kind() == io::ErrorKind::Interrupted =>
            {
                Ok(())
            }
            other => other.map(|_| ()).map_err(Into::into),
        }
    }

    /// What has been sent since `begin`.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn progress(&mut self) -> Result<Progress, Box<dyn Error>> {
        Ok(self.array::<Progress>("progresses")?.get(&0, 0)?)
    }

    fn array<V: aya::Pod>(
        &mut self,
        name: &str,
    ) -> Result<Array<&mut aya::maps::MapData, V>, Box<dyn Error>> {
        let map = self
            .ebpf
            .map_mut(name)
            .ok_or_else(|| io::Error::other(format!("no map {name}")))?;
        Ok(Array::try_from(map)?)
    }
}

fn words_of(frame: &[u8]) -> [u64; TEMPLATE_WORDS] {
    let mut words = [0; TEMPLATE_WORDS];
    for (word, bytes) in words.iter_mut().zip(frame.chunks(8)) {
        let mut padded = [0; 8];
        padded[..bytes.len()].copy_from_slice(bytes);
        *word = u64::from_ne_bytes(padded);
    }
    words
}

/// A program on a device, as long as this lives; also a process that is killed takes it along.
pub struct Attached {
    ebpf: Ebpf,
}

impl Attached {
    /// Counts and removes the frames of a pattern that come out of a device's wire; all others pass.
    ///
    /// # Errors
    /// The namespace, the device, or what the kernel says.
    pub fn sink(
        namespace: &Path,
        device: &str,
        mark_offset: usize,
    ) -> Result<Self, Box<dyn Error>> {
        Self::open(namespace, device, "count", mark_offset, None)
    }

    /// Moves the frames of a pattern on to another device of the namespace; all others pass.
    ///
    /// # Errors
    /// The namespace, a device, or what the kernel says.
    pub fn shunt(
        namespace: &Path,
        from: &str,
        to: &str,
        mark_offset: usize,
    ) -> Result<Self, Box<dyn Error>> {
        Self::open(namespace, from, "shunt", mark_offset, Some(to))
    }

    fn open(
        namespace: &Path,
        device: &str,
        program: &str,
        mark_offset: usize,
        target: Option<&str>,
    ) -> Result<Self, Box<dyn Error>> {
        let offset = u32::try_from(mark_offset)?;
        let attach = || -> Result<Self, String> {
            let target = target.map_or(Ok(0), ifindex).map_err(|e| e.to_string())?;
            let mut ebpf = EbpfLoader::new()
                .override_global("mark", &MARK, true)
                .override_global("mark_offset", &offset, true)
                .override_global("target_ifindex", &target, true)
                .load(OBJECT)
                .map_err(|e| e.to_string())?;
            let loaded = xdp(&mut ebpf, program).map_err(|e| e.to_string())?;
            loaded.load().map_err(|e| e.to_string())?;
            loaded
                .attach(device, XdpMode::Driver)
                .map_err(|e| format!("{program} on {device}: {e}"))?;
            Ok(Self { ebpf })
        };
        Ok(run_inside(namespace, attach)??)
    }

    /// What came until now.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn counts(&self) -> Result<Counts, Box<dyn Error>> {
        let map = self
            .ebpf
            .map("received")
            .ok_or_else(|| io::Error::other("no map of counts"))?;
        let received: PerCpuArray<_, Counts> = PerCpuArray::try_from(map)?;
        let mut sum = Counts::default();
        for one in received.get(&0, 0)?.iter() {
            sum.frames += one.frames;
            sum.bytes += one.bytes;
            sum.others += one.others;
        }
        Ok(sum)
    }
}

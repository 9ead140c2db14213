//! What can go wrong between the gateway and the kernel.

use std::io;

/// An error of the data plane. [`Error::code`] is stable; the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A network device that was named does not exist in this network namespace.
    #[error("network device {0} does not exist")]
    NoSuchDevice(String),
    /// An entry refers to a logical switch that was not put.
    #[error("logical switch {0} is not in the tables")]
    NoSuchSwitch(String),
    /// An entry refers to a remote VTEP that no tunnel leads to.
    #[error("no tunnel leads to {0}")]
    NoSuchTunnel(String),
    /// A table has reached its limit.
    #[error("the table of {table} is full ({limit} entries)")]
    TableFull {
        /// What the table holds.
        table: &'static str,
        /// How many entries it may have.
        limit: u32,
    },
    /// A value that cannot be programmed.
    #[error("{0}")]
    Invalid(String),
    /// Another gateway, or another user of UDP 4789, owns this network namespace.
    #[error("{0}")]
    InUse(String),
    /// The kernel refused a request.
    #[error("{what}: {source}")]
    Kernel {
        /// What was asked of the kernel.
        what: String,
        /// Its answer.
        source: io::Error,
    },
    /// The eBPF object could not be loaded, or a map could not be opened.
    #[error("eBPF: {0}")]
    Bpf(String),
}

impl Error {
    /// Stable name of the kind of error, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchDevice(_) => "no_such_device",
            Self::NoSuchSwitch(_) => "no_such_switch",
            Self::NoSuchTunnel(_) => "no_such_tunnel",
            Self::TableFull { .. } => "table_full",
            Self::Invalid(_) => "invalid",
            Self::InUse(_) => "in_use",
            Self::Kernel { .. } | Self::Bpf(_) => "kernel",
        }
    }

    pub(crate) fn kernel(what: impl Into<String>, source: io::Error) -> Self {
        Self::Kernel {
            what: what.into(),
            source,
        }
    }
}

impl From<aya::EbpfError> for Error {
    fn from(error: aya::EbpfError) -> Self {
        Self::Bpf(with_causes(&error))
    }
}

impl From<aya::maps::MapError> for Error {
    fn from(error: aya::maps::MapError) -> Self {
        Self::Bpf(with_causes(&error))
    }
}

impl From<aya::programs::ProgramError> for Error {
    fn from(error: aya::programs::ProgramError) -> Self {
        Self::Bpf(with_causes(&error))
    }
}

/// aya's errors tell the kernel's answer only through their sources.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

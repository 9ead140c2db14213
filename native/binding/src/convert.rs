//! Text to domain values and errors to values.

use std::{net::IpAddr, time::Duration};

use datapath::{Error, Mode, Options};
use model::{Locator, Mac, MacLimits, SwitchId};

use crate::types::{
    BindingSpec, Failure, FloodSpec, GroupSpec, NeighbourSpec, OpenOptions, OriginSpec,
    RemoteMacSpec, TunnelSpec,
};

/// Runs a task for every entry; answers those that failed.
pub fn failures<T>(entries: Vec<T>, mut task: impl FnMut(T) -> Result<(), Error>) -> Vec<Failure> {
    entries
        .into_iter()
        .enumerate()
        .filter_map(|(index, entry)| task(entry).err().map(|error| failure(index, &error)))
        .collect()
}

/// Runs one task for all entries that can be read, and answers those that failed; where the task as a whole fails, all of
/// them did.
pub fn failures_together<T, U>(
    entries: Vec<T>,
    read: impl Fn(T) -> Result<U, Error>,
    task: impl FnOnce(Vec<U>) -> Result<Vec<Result<(), Error>>, Error>,
) -> Vec<Failure> {
    let mut failed = Vec::new();
    let mut indices = Vec::new();
    let mut valid = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        match read(entry) {
            Ok(entry) => {
                indices.push(index);
                valid.push(entry);
            }
            Err(error) => failed.push(failure(index, &error)),
        }
    }
    match task(valid) {
        Ok(results) => failed.extend(
            indices
                .into_iter()
                .zip(results)
                .filter_map(|(index, result)| result.err().map(|error| failure(index, &error))),
        ),
        Err(error) => failed.extend(indices.into_iter().map(|index| failure(index, &error))),
    }
    failed
}

/// An error of a call as a whole: its message begins with the code.
pub fn thrown(error: Error) -> napi::Error {
    napi::Error::from_reason(format!("{}: {error}", error.code()))
}

pub fn options(options: OpenOptions) -> Result<Options, Error> {
    let mode = match options.mode.as_str() {
        "auto" => Mode::Auto,
        "xdp" => Mode::Xdp,
        "tc" => Mode::Tc,
        other => {
            return Err(Error::Invalid(format!(
                "mode {other:?} is none of auto, xdp, tc"
            )));
        }
    };
    let ageing = Duration::try_from_secs_f64(options.ageing_ms / 1000.0)
        .map_err(|error| Error::Invalid(format!("ageing of {} ms: {error}", options.ageing_ms)))?;
    Ok(Options {
        switch_name: options.switch_name,
        mode,
        ageing,
        mac_limits: MacLimits {
            port: options.mac_limits.port,
            switch: options.mac_limits.logical_switch,
            table: options.mac_limits.table,
        },
    })
}

pub fn switch_id(text: &str) -> Result<SwitchId, Error> {
    text.parse().map_err(invalid)
}

pub fn mac(text: &str) -> Result<Mac, Error> {
    text.parse().map_err(invalid)
}

pub fn ip(text: &str) -> Result<IpAddr, Error> {
    text.parse()
        .map_err(|_| Error::Invalid(format!("{text:?} is no IP address")))
}

pub fn locator(text: &str) -> Result<Locator, Error> {
    text.parse().map_err(invalid)
}

pub fn locators(texts: &[String]) -> Result<Vec<Locator>, Error> {
    texts.iter().map(|text| locator(text)).collect()
}

pub fn vlan(number: u32) -> Result<u16, Error> {
    u16::try_from(number)
        .ok()
        .filter(|vlan| *vlan <= 4094)
        .ok_or_else(|| Error::Invalid(format!("VLAN {number} is not in 0..4094")))
}

impl TryFrom<BindingSpec> for datapath::BindingSpec {
    type Error = Error;

    fn try_from(spec: BindingSpec) -> Result<Self, Error> {
        Ok(Self {
            netdev: spec.netdev,
            vlan: vlan(spec.vlan)?,
            switch_id: switch_id(&spec.switch_id)?,
        })
    }
}

impl TryFrom<TunnelSpec> for datapath::TunnelSpec {
    type Error = Error;

    fn try_from(spec: TunnelSpec) -> Result<Self, Error> {
        Ok(Self {
            remote: ip(&spec.remote_ip)?,
            local: ip(&spec.local_ip)?,
        })
    }
}

impl TryFrom<RemoteMacSpec> for datapath::RemoteMacSpec {
    type Error = Error;

    fn try_from(spec: RemoteMacSpec) -> Result<Self, Error> {
        Ok(Self {
            switch_id: switch_id(&spec.switch_id)?,
            mac: mac(&spec.mac)?,
            locator: locator(&spec.locator)?,
        })
    }
}

impl TryFrom<FloodSpec> for datapath::FloodSpec {
    type Error = Error;

    fn try_from(spec: FloodSpec) -> Result<Self, Error> {
        Ok(Self {
            switch_id: switch_id(&spec.switch_id)?,
            locators: locators(&spec.locators)?,
            is_of_macs: spec.is_of_macs,
        })
    }
}

impl TryFrom<GroupSpec> for datapath::GroupSpec {
    type Error = Error;

    fn try_from(spec: GroupSpec) -> Result<Self, Error> {
        Ok(Self {
            switch_id: switch_id(&spec.switch_id)?,
            mac: mac(&spec.mac)?,
            locators: locators(&spec.locators)?,
        })
    }
}

impl TryFrom<OriginSpec> for datapath::OriginSpec {
    type Error = Error;

    fn try_from(spec: OriginSpec) -> Result<Self, Error> {
        Ok(Self {
            locator: locator(&spec.locator)?,
            switch_id: switch_id(&spec.switch_id)?,
        })
    }
}

impl TryFrom<NeighbourSpec> for datapath::NeighbourSpec {
    type Error = Error;

    fn try_from(spec: NeighbourSpec) -> Result<Self, Error> {
        Ok(Self {
            switch_id: switch_id(&spec.switch_id)?,
            address: ip(&spec.address)?,
            mac: mac(&spec.mac)?,
        })
    }
}

fn failure(index: usize, error: &Error) -> Failure {
    Failure {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        code: error.code().to_owned(),
        message: error.to_string(),
    }
}

pub fn invalid(error: impl std::fmt::Display) -> Error {
    Error::Invalid(error.to_string())
}

//! Counters of drops and notes, by port and reason.

use std::os::fd::OwnedFd;

use aya::{
    Ebpf,
    maps::{Map, MapData, MapError, PerCpuHashMap, PerCpuValues},
    util::nr_cpus,
};
use model::DropReason;

use crate::{
    error::Error,
    layout::DropKey,
    table::{owned_descriptor, take},
};

/// The table of drop counters.
pub struct Drops {
    table: PerCpuHashMap<MapData, DropKey, u64>,
    descriptor: OwnedFd,
}

impl Drops {
    /// Opens the table; counters go on from what it holds.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let map = take(ebpf, "drops")?;
        Ok(Self {
            descriptor: owned_descriptor(&map)?,
            table: PerCpuHashMap::try_from(map)?,
        })
    }

    /// The same table again, for another thread.
    pub fn again(&self) -> Result<Self, Error> {
        let copy = |descriptor: &OwnedFd| {
            descriptor
                .try_clone()
                .map_err(|error| Error::kernel("copy a descriptor", error))
        };
        let map = Map::from_map_data(MapData::from_fd(copy(&self.descriptor)?)?)?;
        Ok(Self {
            table: PerCpuHashMap::try_from(map)?,
            descriptor: copy(&self.descriptor)?,
        })
    }

    /// Counts what user space refused, on the overlay side. The programs must not count that reason themselves.
    pub fn add(&mut self, reason: DropReason, packets: u64) -> Result<(), Error> {
        let key = DropKey {
            ifindex: 0,
            reason: reason.number(),
        };
        let mut values = match self.table.get(&key, 0) {
            Ok(values) => values.to_vec(),
            Err(MapError::KeyNotFound) => {
                let cpus = nr_cpus().map_err(|(what, error)| Error::kernel(what, error))?;
                vec![0; cpus]
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(first) = values.first_mut() {
            *first = first.wrapping_add(packets);
        }
        let values =
            PerCpuValues::try_from(values).map_err(|error| Error::kernel("count a drop", error))?;
        Ok(self.table.insert(key, values, 0)?)
    }

    /// All counters that ever counted.
    pub fn entries(&self) -> Result<Vec<(DropKey, u64)>, Error> {
        self.table
            .iter()
            .map(|entry| {
                let (key, values) = entry?;
                Ok((
                    key,
                    values
                        .iter()
                        .fold(0, |sum: u64, value| sum.wrapping_add(*value)),
                ))
            })
            .collect()
    }

    /// Forgets the counters of a device that is gone: its index may be given to another.
    pub fn forget_device(&mut self, ifindex: u32) -> Result<(), Error> {
        for (key, _) in self.entries()? {
            if key.ifindex == ifindex {
                self.table.remove(&key)?;
            }
        }
        Ok(())
    }
}

//! Counters of drops and notes, by port and reason.

use aya::{
    Ebpf,
    maps::{MapData, PerCpuHashMap},
};

use crate::{error::Error, layout::DropKey, table::take};

/// The table of drop counters.
pub struct Drops {
    table: PerCpuHashMap<MapData, DropKey, u64>,
}

impl Drops {
    /// Opens the table; counters go on from what it holds.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        Ok(Self {
            table: PerCpuHashMap::try_from(take(ebpf, "drops")?)?,
        })
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

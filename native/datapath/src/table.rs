//! One typed eBPF hash map: set, remove, read whole.

use std::{
    io,
    mem::{MaybeUninit, size_of},
    os::fd::{AsFd, AsRawFd, OwnedFd, RawFd},
};

use aya::{
    Ebpf, Pod,
    maps::{HashMap, Map, MapData, MapError},
};

use crate::error::Error;

const BPF_MAP_LOOKUP_AND_DELETE_ELEM: libc::c_long = 21;
const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;
const BATCH: u32 = 4096;

/// A hash map of the gateway, with its limit.
pub struct Table<K, V> {
    what: &'static str,
    limit: u32,
    map: HashMap<MapData, K, V>,
    fd: OwnedFd,
}

/// The attributes of `BPF_MAP_LOOKUP_AND_DELETE_ELEM` (`union bpf_attr`, member without a name).
#[repr(C)]
struct ElementAttributes {
    map_fd: u32,
    pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// The attributes of `BPF_MAP_LOOKUP_BATCH` (`union bpf_attr`, member `batch`).
#[repr(C)]
struct BatchAttributes {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

impl<K: Pod, V: Pod> Table<K, V> {
    /// Takes the map `name` out of the loaded object; `what` names its content for people.
    pub fn take(
        ebpf: &mut Ebpf,
        name: &str,
        what: &'static str,
        limit: u32,
    ) -> Result<Self, Error> {
        let map = take(ebpf, name)?;
        let fd = owned_descriptor(&map)?;
        Ok(Self {
            what,
            limit,
            map: HashMap::try_from(map)?,
            fd,
        })
    }

    pub fn put(&mut self, key: K, value: V) -> Result<(), Error> {
        self.map
            .insert(key, value, 0)
            .map_err(|error| match os_error(&error) {
                Some(libc::E2BIG | libc::ENOSPC | libc::ENOMEM) => Error::TableFull {
                    table: self.what,
                    limit: self.limit,
                },
                _ => error.into(),
            })
    }

    /// Removing what is not there is no error.
    pub fn remove(&mut self, key: &K) -> Result<(), Error> {
        match self.map.remove(key) {
            Err(error) if os_error(&error) != Some(libc::ENOENT) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Removes an entry and returns what it was in that moment.
    pub fn take_out(&mut self, key: &K) -> Result<Option<V>, Error> {
        let mut value = MaybeUninit::<V>::uninit();
        let mut attributes = ElementAttributes {
            map_fd: u32::try_from(self.fd.as_raw_fd()).unwrap_or(u32::MAX),
            pad: 0,
            key: std::ptr::from_ref(key) as u64,
            value: value.as_mut_ptr() as u64,
            flags: 0,
        };
        // SAFETY: the attributes point to a key and to room for a value of the sizes that opening the map compared with
        // the kernel's, and both live through the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_bpf,
                BPF_MAP_LOOKUP_AND_DELETE_ELEM,
                &raw mut attributes,
                size_of::<ElementAttributes>(),
            )
        };
        if result == 0 {
            // SAFETY: the kernel has written the value, and any bytes are a valid Pod.
            return Ok(Some(unsafe { value.assume_init() }));
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            error => Err(Error::kernel(
                format!("take an entry out of the table of {}", self.what),
                error,
            )),
        }
    }

    pub fn get(&self, key: &K) -> Result<Option<V>, Error> {
        match self.map.get(key, 0) {
            Ok(value) => Ok(Some(value)),
            Err(MapError::KeyNotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// All entries, read in batches: a hundredth of the system calls that walking key by key takes.
    pub fn entries(&self) -> Result<Vec<(K, V)>, Error> {
        let mut entries = Vec::new();
        let mut keys: Vec<MaybeUninit<K>> = vec![MaybeUninit::uninit(); BATCH as usize];
        let mut values: Vec<MaybeUninit<V>> = vec![MaybeUninit::uninit(); BATCH as usize];
        // The kernel's position in the walk: four bytes for hash maps, but never more than a key.
        let mut position = vec![0u8; size_of::<K>().max(8)];
        let mut is_first = true;
        loop {
            let mut attributes = BatchAttributes {
                in_batch: if is_first {
                    0
                } else {
                    position.as_ptr() as u64
                },
                out_batch: position.as_mut_ptr() as u64,
                keys: keys.as_mut_ptr() as u64,
                values: values.as_mut_ptr() as u64,
                count: BATCH,
                map_fd: u32::try_from(self.fd.as_raw_fd()).unwrap_or(u32::MAX),
                elem_flags: 0,
                flags: 0,
            };
            // SAFETY: the attributes point to buffers for `count` keys and values of the sizes that opening the map
            // compared with the kernel's, and all of them live through the call.
            let result = unsafe {
                libc::syscall(
                    libc::SYS_bpf,
                    BPF_MAP_LOOKUP_BATCH,
                    &raw mut attributes,
                    size_of::<BatchAttributes>(),
                )
            };
            let error = (result != 0).then(io::Error::last_os_error);
            let is_last = match error.as_ref().and_then(io::Error::raw_os_error) {
                None => error.is_some(),
                Some(libc::ENOENT) => true,
                Some(_) => {
                    return Err(Error::kernel(
                        format!("read the table of {}", self.what),
                        error.unwrap_or_else(io::Error::last_os_error),
                    ));
                }
            };
            for (key, value) in keys.iter().zip(&values).take(attributes.count as usize) {
                // SAFETY: the kernel has written the first `count` keys and values, and any bytes are a valid Pod.
                entries.push(unsafe { (key.assume_init(), value.assume_init()) });
            }
            if is_last {
                return Ok(entries);
            }
            is_first = false;
        }
    }
}

/// Takes a map of any type out of the loaded object.
pub fn take(ebpf: &mut Ebpf, name: &str) -> Result<Map, Error> {
    ebpf.take_map(name)
        .ok_or_else(|| Error::Bpf(format!("the object has no map {name}")))
}

/// A descriptor of a map that outlives it.
pub fn owned_descriptor(map: &Map) -> Result<OwnedFd, Error> {
    data(map)?
        .fd()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| Error::kernel("copy the descriptor of a map", error))
}

/// The descriptor of a map.
pub fn descriptor(map: &Map) -> Result<RawFd, Error> {
    Ok(data(map)?.fd().as_fd().as_raw_fd())
}

fn data(map: &Map) -> Result<&MapData, Error> {
    match map {
        Map::Array(data)
        | Map::HashMap(data)
        | Map::PerCpuArray(data)
        | Map::PerCpuHashMap(data)
        | Map::RingBuf(data) => Ok(data),
        _ => Err(Error::Bpf(String::from(
            "the object has a map of another type than the gateway's",
        ))),
    }
}

fn os_error(error: &MapError) -> Option<i32> {
    match error {
        MapError::SyscallError(error) => error.io_error.raw_os_error(),
        MapError::KeyNotFound | MapError::ElementNotFound => Some(libc::ENOENT),
        _ => None,
    }
}

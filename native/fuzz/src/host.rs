//! The programs on the host (`host/`): their maps, what they are given and what comes out. The host has one state,
//! so one at a time may use it.

use std::{
    ffi::{CString, c_char, c_void},
    marker::PhantomData,
    mem::size_of,
    ptr, slice,
    sync::{Mutex, MutexGuard, PoisonError},
};

use datapath::layout as l;

#[repr(C)]
struct Map {
    _private: [u8; 0],
}

/// What the outer header of a tunnel says.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outer {
    pub is_present: u32,
    pub vni: u32,
    pub remote: u32,
    pub local: u32,
}

#[repr(C)]
struct RawArrival {
    bytes: *const u8,
    length: u32,
    linear: u32,
    ifindex: u32,
    gso_size: u32,
    is_untagged: u32,
    outer: Outer,
}

#[repr(C)]
struct RawCopy {
    ifindex: u32,
    length: u32,
    outer: Outer,
    bytes: *const u8,
}

/// `struct flow` of `bpf/flow.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    pub destination_mac: [u8; 6],
    pub source_mac: [u8; 6],
    pub outer_type: u16,
    pub ethertype: u16,
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub protocol: u16,
    pub next_header: u16,
    pub source_port: u16,
    pub destination_port: u16,
    pub tcp_flags: u16,
    pub icmp_type: u8,
    pub icmp_code: u8,
    pub family: u8,
    pub has: u8,
    pub unreadable: u8,
    pub is_later_fragment: u8,
}

const _: () = assert!(size_of::<Flow>() == 64);

unsafe extern "C" {
    fn host_reset(now_ns: u64);
    fn host_run(program: *const c_char, arrival: *const RawArrival) -> i32;
    fn host_copies(copies: *mut *const RawCopy) -> u32;
    fn host_records(
        ring: *const c_char,
        records: *mut *const *const u8,
        lengths: *mut *const u32,
    ) -> u32;
    fn host_flow() -> *const Flow;
    fn host_map(name: *const c_char) -> *mut Map;
    fn host_map_update(
        map: *mut Map,
        key: *const c_void,
        value: *const c_void,
        flags: u64,
    ) -> std::ffi::c_long;
    fn host_map_key_size(map: *const Map) -> u32;
    fn host_map_value_size(map: *const Map) -> u32;
    fn host_map_entries(
        map: *const Map,
        each: extern "C" fn(*const c_void, *const c_void, *mut c_void),
        context: *mut c_void,
    ) -> u32;
}

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A frame as a driver or a device hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// With its tags inline.
    pub bytes: &'a [u8],
    pub ifindex: u32,
    /// 0: no super-frame.
    pub gso_size: u16,
    /// tc: the receive path has put the outermost tag into the metadata.
    pub is_untagged: bool,
    /// XDP: how many bytes the program reaches directly.
    pub linear: usize,
    /// Where the frame came out of a tunnel.
    pub outer: Outer,
}

impl<'a> Arrival<'a> {
    pub fn new(bytes: &'a [u8], ifindex: u32) -> Self {
        Self {
            bytes,
            ifindex,
            gso_size: 0,
            is_untagged: false,
            linear: bytes.len(),
            outer: Outer::default(),
        }
    }
}

/// A frame on its way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copy {
    pub ifindex: u32,
    pub outer: Outer,
    /// With its tags inline.
    pub bytes: Vec<u8>,
}

/// The host, for as long as one uses it.
pub struct Host {
    _alone: MutexGuard<'static, ()>,
    // Its memory is not to be looked at from another thread.
    _stays: PhantomData<*const ()>,
}

#[expect(
    clippy::unused_self,
    reason = "who has it is alone with the host, whose state is behind the functions of C"
)]
impl Host {
    /// Empty maps, and the time.
    pub fn new(now_ns: u64) -> Self {
        let alone = ONE_AT_A_TIME.lock();
        let this = Self {
            _alone: alone.unwrap_or_else(PoisonError::into_inner),
            _stays: PhantomData,
        };
        // SAFETY: nobody else uses the host.
        unsafe { host_reset(now_ns) };
        this
    }

    /// Puts an entry into a map, as user space does. Key and value are those of `datapath::layout`.
    pub fn put<K: Plain, V: Plain>(&mut self, map: &str, key: &K, value: &V) {
        let map = map_of(map);
        // SAFETY: the map is one of the host's.
        let sizes = unsafe { (host_map_key_size(map), host_map_value_size(map)) };
        assert_eq!(sizes, (size_u32::<K>(), size_u32::<V>()));
        // SAFETY: key and value have the sizes of the map.
        let result = unsafe {
            host_map_update(
                map,
                ptr::from_ref(key).cast(),
                ptr::from_ref(value).cast(),
                0,
            )
        };
        assert_eq!(result, 0);
    }

    /// All entries of a map.
    pub fn entries<K: Plain, V: Plain>(&self, map: &str) -> Vec<(K, V)> {
        extern "C" fn each<K: Plain, V: Plain>(
            key: *const c_void,
            value: *const c_void,
            context: *mut c_void,
        ) {
            // SAFETY: `entries` has compared the sizes, and gave its own list.
            unsafe {
                let found = context.cast::<Vec<(K, V)>>().as_mut();
                let entry = (
                    key.cast::<K>().read_unaligned(),
                    value.cast::<V>().read_unaligned(),
                );
                found.expect("a list").push(entry);
            }
        }
        let map = map_of(map);
        let mut found: Vec<(K, V)> = Vec::new();
        // SAFETY: the map is one of the host's, and the list outlives the call.
        unsafe {
            assert_eq!(host_map_key_size(map), size_u32::<K>());
            assert_eq!(host_map_value_size(map), size_u32::<V>());
            host_map_entries(map, each::<K, V>, ptr::from_mut(&mut found).cast());
        }
        found
    }

    /// Runs a program on a frame; the verdict. XDP gives the frame as it is then as its one copy.
    pub fn run(&mut self, program: &str, arrival: &Arrival<'_>) -> (i32, Vec<Copy>) {
        let raw = RawArrival {
            bytes: arrival.bytes.as_ptr(),
            length: u32::try_from(arrival.bytes.len()).unwrap(),
            linear: u32::try_from(arrival.linear).unwrap(),
            ifindex: arrival.ifindex,
            gso_size: arrival.gso_size.into(),
            is_untagged: arrival.is_untagged.into(),
            outer: arrival.outer,
        };
        let name = CString::new(program).unwrap();
        // SAFETY: the frame lives through the call.
        let verdict = unsafe { host_run(name.as_ptr(), &raw const raw) };
        assert!(verdict >= 0, "{program}: {verdict}");
        let mut first = ptr::null();
        // SAFETY: the copies live until the next run.
        let copies = unsafe { host_copies(&raw mut first) };
        let copies = (0..copies as usize).map(|index| {
            // SAFETY: as many as the host says, each with as many bytes as it says.
            let (copy, bytes) = unsafe {
                let copy = &*first.add(index);
                (
                    copy,
                    slice::from_raw_parts(copy.bytes, copy.length as usize),
                )
            };
            Copy {
                ifindex: copy.ifindex,
                outer: copy.outer,
                bytes: bytes.to_vec(),
            }
        });
        (verdict, copies.collect())
    }

    /// What the last run put into a ring buffer.
    pub fn records(&self, ring: &str) -> Vec<Vec<u8>> {
        let name = CString::new(ring).unwrap();
        let (mut first, mut lengths) = (ptr::null(), ptr::null());
        // SAFETY: the records live until the next run, as many as the host says.
        unsafe {
            let count = host_records(name.as_ptr(), &raw mut first, &raw mut lengths) as usize;
            (0..count)
                .map(|index| {
                    slice::from_raw_parts(*first.add(index), *lengths.add(index) as usize).to_vec()
                })
                .collect()
        }
    }

    /// What the last run of `flow_tc` or `flow_xdp` has read.
    pub fn flow(&self) -> Flow {
        // SAFETY: the host has one flow, always.
        unsafe { *host_flow() }
    }
}

/// Keys and values of maps: plain numbers and structures of them without padding.
///
/// # Safety
/// Any bytes must make a value.
pub unsafe trait Plain: std::marker::Copy {}

macro_rules! plain {
    ($($name:ty),+) => { $(
        // SAFETY: integers and arrays of them, and no padding, as `datapath::layout` asserts.
        unsafe impl Plain for $name {}
    )+ };
}

plain!(
    u32,
    u64,
    l::Address,
    l::Binding,
    l::BindingCounters,
    l::BindingKey,
    l::BfdSession,
    l::DropKey,
    l::FloodKey,
    l::FloodList,
    l::FloodMember,
    l::FloodMemberKey,
    l::LocalMac,
    l::MacLimit,
    l::MacScope,
    l::MacUsage,
    l::LogicalSwitch,
    l::MacKey,
    l::Neighbour,
    l::NeighbourKey,
    l::Origin,
    l::Port,
    l::RemoteMac,
    l::Settings,
    l::Tunnel,
    l::Vtep,
    l::acl::AclKey,
    l::acl::AclList,
    l::acl::AclRule
);

fn map_of(name: &str) -> *mut Map {
    let text = CString::new(name).unwrap();
    // SAFETY: the name ends with a zero.
    let map = unsafe { host_map(text.as_ptr()) };
    assert!(!map.is_null(), "no map is named {name}");
    map
}

fn size_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap()
}

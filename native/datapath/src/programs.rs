//! The eBPF programs: loaded once, attached to devices, replaced in place by the next daemon and never detached by it.
//!
//! tc and XDP programs alike are attached by netlink: they stay when the process ends, whatever its mount namespace,
//! and exist on every kernel since 4.8. A program on a device keeps all maps alive, because all are bound to it.

use std::{
    io,
    mem::size_of,
    os::fd::{AsFd, AsRawFd, RawFd},
};

use aya::{
    Ebpf, EbpfLoader,
    programs::{
        SchedClassifier, TcAttachType, Xdp,
        links::Link as _,
        loaded_programs,
        tc::{NlOptions, SchedClassifierLink, TcAttachOptions, TcHandle, qdisc_add_clsact},
    },
};

use crate::{
    adoption::{MAPS, pin_maps_of},
    bpffs::BpfFs,
    error::Error,
    netlink::{Netlink, link::Link},
};

/// The object that build.rs compiles from `native/bpf`.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/gateway.bpf.o"));

/// Our place among the filters of a device. The number tells our filters from others'.
const TC_PRIORITY: u16 = 4789;
const TC_HANDLE: TcHandle = TcHandle::new(0, 1);

/// Which tc program a device gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcProgram {
    /// For access ports.
    Access,
    /// For the VXLAN device.
    Overlay,
}

/// Which XDP program a device gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XdpProgram {
    /// For access ports.
    Access,
    /// For underlay devices.
    Underlay,
}

const ACCESS_TC: &str = "access_tc";
const OVERLAY_TC: &str = "overlay_tc";
const ACCESS_XDP: &str = "access_xdp";
const UNDERLAY_XDP: &str = "underlay_xdp";

const BPF_PROG_BIND_MAP: libc::c_long = 35;

/// The loaded programs.
pub struct Programs {
    ebpf: Ebpf,
}

impl Programs {
    /// Loads the programs, over the maps of the programs that an earlier process left on `links`, if there are any.
    pub fn load(
        netlink: &mut Netlink,
        links: impl Iterator<Item = u32>,
        is_traced: bool,
    ) -> Result<Self, Error> {
        let bpffs =
            BpfFs::open().map_err(|error| Error::kernel("make a BPF file system", error))?;
        if let Some(program) = links
            .into_iter()
            .find_map(|ifindex| our_filter(netlink, ifindex))
        {
            pin_maps_of(program, &bpffs)?;
        }
        let tracing = u32::from(is_traced);
        let mut loader = EbpfLoader::new();
        loader.override_global("tracing", &tracing, true);
        for (name, ..) in MAPS {
            loader.map_pin_path(name, bpffs.path(name));
        }
        let mut ebpf = loader.load(OBJECT)?;
        let mut descriptors = Vec::new();
        for name in [ACCESS_TC, OVERLAY_TC] {
            let program: &mut SchedClassifier = program(&mut ebpf, name)?;
            program.load()?;
            descriptors.push(program.fd()?.as_fd().as_raw_fd());
        }
        for name in [ACCESS_XDP, UNDERLAY_XDP] {
            let program: &mut Xdp = self::program(&mut ebpf, name)?;
            program.load()?;
        }
        for (_, map) in ebpf.maps() {
            let map = crate::table::descriptor(map)?;
            descriptors
                .iter()
                .try_for_each(|program| bind_map(*program, map))?;
        }
        Ok(Self { ebpf })
    }

    /// The object, to take its maps from.
    pub const fn ebpf(&mut self) -> &mut Ebpf {
        &mut self.ebpf
    }

    /// Puts a tc program on the ingress of a device, in place of an earlier one of ours.
    pub fn attach_tc(&mut self, which: TcProgram, netdev: &str) -> Result<(), Error> {
        let name = match which {
            TcProgram::Access => ACCESS_TC,
            TcProgram::Overlay => OVERLAY_TC,
        };
        let program: &mut SchedClassifier = program(&mut self.ebpf, name)?;
        // Fails when the device has the qdisc already, which is what is wanted.
        let _ = qdisc_add_clsact(netdev);
        let existing = tc_link(netdev)?;
        let id = program.attach_to_link(existing).or_else(|_| {
            program.attach_with_options(
                netdev,
                TcAttachType::Ingress,
                TcAttachOptions::Netlink(NlOptions {
                    priority: TC_PRIORITY,
                    handle: TC_HANDLE,
                    classid: None,
                }),
            )
        })?;
        // Dropping the link would detach the program.
        std::mem::forget(program.take_link(id)?);
        Ok(())
    }

    /// Puts a tc program back on a device from which somebody has removed it. Returns whether somebody had.
    pub fn ensure_tc(
        &mut self,
        which: TcProgram,
        netlink: &mut Netlink,
        link: &Link,
    ) -> Result<bool, Error> {
        match our_filter(netlink, link.ifindex) {
            Some(_) => Ok(false),
            None => self.attach_tc(which, &link.name).map(|()| true),
        }
    }

    /// Puts an XDP program on a device in its driver, in place of an earlier one of ours.
    pub fn attach_xdp(
        &mut self,
        which: XdpProgram,
        netlink: &mut Netlink,
        link: &Link,
    ) -> Result<(), Error> {
        if let Some(id) = link.xdp_program
            && !is_our_xdp(id)
        {
            return Err(Error::InUse(format!(
                "an XDP program that is not the gateway's is on {}",
                link.name
            )));
        }
        let name = match which {
            XdpProgram::Access => ACCESS_XDP,
            XdpProgram::Underlay => UNDERLAY_XDP,
        };
        let program: &mut Xdp = program(&mut self.ebpf, name)?;
        let descriptor = program.fd()?.as_fd().as_raw_fd();
        netlink.set_xdp(link.ifindex, descriptor).map_err(|error| {
            Error::kernel(format!("attach an XDP program to {}", link.name), error)
        })
    }
}

/// Takes our XDP program off a device, where there is one.
pub fn detach_xdp(netlink: &mut Netlink, link: &Link) -> Result<(), Error> {
    if !link.xdp_program.is_some_and(is_our_xdp) {
        return Ok(());
    }
    netlink
        .set_xdp(link.ifindex, -1)
        .map_err(|error| Error::kernel(format!("take the XDP program off {}", link.name), error))
}

/// Takes our tc program off a device, and the qdisc if no other filter needs it. Returns whether it was there.
pub fn detach_tc(netlink: &mut Netlink, link: &Link) -> Result<bool, Error> {
    if our_filter(netlink, link.ifindex).is_none() {
        return Ok(false);
    }
    tc_link(&link.name)?.detach()?;
    netlink
        .remove_unused_clsact(link.ifindex)
        .map_err(|error| Error::kernel(format!("remove the qdisc of {}", link.name), error))?;
    Ok(true)
}

/// The program of our filter on a device. Priority and name together: somebody else may use either.
fn our_filter(netlink: &mut Netlink, ifindex: u32) -> Option<u32> {
    let filters = netlink.ingress_filters(ifindex).unwrap_or_default();
    filters
        .iter()
        .find(|filter| {
            let is_ours = |name: &str| name == ACCESS_TC || name == OVERLAY_TC;
            filter.priority == TC_PRIORITY && filter.name.as_deref().is_some_and(is_ours)
        })
        .and_then(|filter| filter.program)
}

fn is_our_xdp(program: u32) -> bool {
    loaded_programs()
        .flatten()
        .find(|info| info.id() == program)
        .is_some_and(|info| {
            info.name_as_str()
                .is_some_and(|name| name == ACCESS_XDP || name == UNDERLAY_XDP)
        })
}

/// Makes a program hold a map that its code does not name (Linux 5.10 and newer).
fn bind_map(program: RawFd, map: RawFd) -> Result<(), Error> {
    #[repr(C)]
    struct Attributes {
        program: RawFd,
        map: RawFd,
        flags: u32,
    }
    let attributes = Attributes {
        program,
        map,
        flags: 0,
    };
    // SAFETY: the attributes live through the call, and both descriptors are open.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            BPF_PROG_BIND_MAP,
            &raw const attributes,
            size_of::<Attributes>(),
        )
    };
    if result == 0 {
        return Ok(());
    }
    Err(Error::kernel(
        "bind a map to a program",
        io::Error::last_os_error(),
    ))
}

fn tc_link(netdev: &str) -> Result<SchedClassifierLink, Error> {
    SchedClassifierLink::attached(netdev, TcAttachType::Ingress, TC_PRIORITY, TC_HANDLE, None)
        .map_err(|error| Error::kernel(format!("look up {netdev}"), error))
}

fn program<'a, P>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut P, Error>
where
    &'a mut P: TryFrom<&'a mut aya::programs::Program, Error = aya::programs::ProgramError>,
{
    let program = ebpf
        .program_mut(name)
        .ok_or_else(|| Error::Bpf(format!("the object has no program {name}")))?;
    Ok(program.try_into()?)
}

//! Node-API surface of the data plane: converts, nothing else. Devices are named, logical switches are UUID text,
//! addresses and MACs are text. Setters take whole entries, accept repeats, and answer the entries that failed.

#![expect(
    missing_docs,
    reason = "napi-derive generates code without documentation"
)]
#![expect(clippy::needless_pass_by_value, reason = "Node-API hands values over")]
#![expect(
    clippy::must_use_candidate,
    clippy::missing_errors_doc,
    reason = "nothing calls these functions in Rust"
)]

mod acl;
mod bfd;
mod convert;
mod types;

use datapath::Notice;
use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;

use acl::{AclPlace, AclSpec};
use bfd::{BfdSpec, BfdStatus};
use convert::{failures, failures_together, ip, locator, mac, switch_id, thrown, vlan};
use types::{
    BindingCounters, BindingSpec, DatapathEvent, DropCounter, Failure, FloodSpec, GroupSpec,
    LocalAddress, MacUse, NeighbourSpec, OpenOptions, OriginSpec, PortSpec, PortStatus,
    RemoteMacSpec, Snapshot, SwitchSpec, TunnelSpec, TunnelStatus,
};

type Listener = ThreadsafeFunction<Vec<DatapathEvent>, (), Vec<DatapathEvent>, Status, false, true>;

/// The kernel's tables, with the thread that follows links, routes and learned MACs.
#[napi]
pub struct Datapath {
    inner: datapath::Datapath,
}

#[napi]
impl Datapath {
    /// Loads the programs, adopts what an earlier process left, and starts the thread. `onEvents` gets batches. Throws
    /// an error whose message begins with a stable code and a colon.
    #[napi(factory)]
    pub fn open(
        options: OpenOptions,
        #[napi(ts_arg_type = "(events: Array<DatapathEvent>) => void")] on_events: Listener,
    ) -> napi::Result<Self> {
        let options = convert::options(options).map_err(thrown)?;
        let notify = move |notices: Vec<Notice>| {
            let events = notices.into_iter().map(DatapathEvent::from).collect();
            on_events.call(events, ThreadsafeFunctionCallMode::NonBlocking);
        };
        let inner = datapath::Datapath::open(&options, notify).map_err(thrown)?;
        Ok(Self { inner })
    }

    /// Reads all tables back.
    #[napi]
    pub fn snapshot(&self) -> napi::Result<Snapshot> {
        self.inner.snapshot().map(Snapshot::from).map_err(thrown)
    }

    #[napi]
    pub fn put_ports(&self, ports: Vec<PortSpec>) -> Vec<Failure> {
        failures(ports, |port| self.inner.tables().put_port(&port.netdev))
    }

    #[napi]
    pub fn remove_ports(&self, netdevs: Vec<String>) -> Vec<Failure> {
        failures(netdevs, |netdev| self.inner.tables().remove_port(&netdev))
    }

    #[napi]
    pub fn put_switches(&self, switches: Vec<SwitchSpec>) -> Vec<Failure> {
        failures_together(
            switches,
            |switch| Ok((switch_id(&switch.id)?, switch.vni)),
            |specs| Ok(self.inner.tables().put_switches(&specs)),
        )
    }

    #[napi]
    pub fn remove_switches(&self, ids: Vec<String>) -> Vec<Failure> {
        failures_together(
            ids,
            |id| switch_id(&id),
            |ids| {
                let notices = self.inner.tables().remove_switches(&ids)?;
                self.inner.notify(notices);
                Ok(ids.iter().map(|_| Ok(())).collect())
            },
        )
    }

    #[napi]
    pub fn put_bindings(&self, bindings: Vec<BindingSpec>) -> Vec<Failure> {
        failures_together(bindings, TryInto::try_into, |bindings| {
            let (results, notices) = self.inner.tables().put_bindings(&bindings)?;
            self.inner.notify(notices);
            Ok(results)
        })
    }

    /// Gives up what bindings counted that are in the kernel no more, but for these.
    #[napi]
    pub fn keep_counts(&self, bound: Vec<BindingSpec>) -> napi::Result<()> {
        let bound: Result<Vec<datapath::BindingSpec>, _> =
            bound.into_iter().map(TryInto::try_into).collect();
        self.inner.tables().keep_counts(&bound.map_err(thrown)?);
        Ok(())
    }

    /// Forgets the local MACs of the bindings, too, and tells so.
    #[napi]
    pub fn remove_bindings(&self, bindings: Vec<BindingSpec>) -> Vec<Failure> {
        failures_together(
            bindings,
            |binding| Ok((binding.netdev, vlan(binding.vlan)?)),
            |places| {
                let notices = self.inner.tables().remove_bindings(&places)?;
                self.inner.notify(notices);
                Ok(places.iter().map(|_| Ok(())).collect())
            },
        )
    }

    #[napi]
    pub fn put_tunnels(&self, tunnels: Vec<TunnelSpec>) -> Vec<Failure> {
        failures_together(tunnels, TryInto::try_into, |tunnels| {
            Ok(self.inner.tables().put_tunnels(&tunnels))
        })
    }

    #[napi]
    pub fn remove_tunnels(&self, remote_ips: Vec<String>) -> Vec<Failure> {
        failures(remote_ips, |remote| {
            self.inner.tables().remove_tunnel(ip(&remote)?)
        })
    }

    #[napi]
    pub fn put_remote_macs(&self, macs: Vec<RemoteMacSpec>) -> Vec<Failure> {
        let mut notices = Vec::new();
        let failures = failures(macs, |spec| {
            notices.extend(self.inner.tables().put_remote_mac(&spec.try_into()?)?);
            Ok(())
        });
        self.inner.notify(notices);
        failures
    }

    #[napi]
    pub fn remove_remote_macs(&self, macs: Vec<RemoteMacSpec>) -> Vec<Failure> {
        failures(macs, |spec| {
            self.inner
                .tables()
                .remove_remote_mac(switch_id(&spec.switch_id)?, mac(&spec.mac)?)
        })
    }

    #[napi]
    pub fn put_neighbours(&self, neighbours: Vec<NeighbourSpec>) -> Vec<Failure> {
        failures(neighbours, |spec| {
            self.inner.tables().put_neighbour(&spec.try_into()?)
        })
    }

    #[napi]
    pub fn remove_neighbours(&self, neighbours: Vec<NeighbourSpec>) -> Vec<Failure> {
        failures(neighbours, |spec| {
            self.inner
                .tables()
                .remove_neighbour(switch_id(&spec.switch_id)?, ip(&spec.address)?)
        })
    }

    /// Replaces flood lists, each new one before the old one goes. A switch that is not named keeps its list. A list with
    /// members that cannot be served is a failure, and is put without them.
    #[napi]
    pub fn put_floods(&self, floods: Vec<FloodSpec>) -> Vec<Failure> {
        failures(floods, |flood| {
            self.inner.tables().put_flood(&flood.try_into()?)
        })
    }

    /// Replaces flood lists of groups, as `putFloods` does.
    #[napi]
    pub fn put_groups(&self, groups: Vec<GroupSpec>) -> Vec<Failure> {
        failures(groups, |group| {
            self.inner.tables().put_group(&group.try_into()?)
        })
    }

    /// Frames to the groups go where the flood lists of their switches say.
    #[napi]
    pub fn remove_groups(&self, groups: Vec<GroupSpec>) -> Vec<Failure> {
        failures(groups, |group| {
            self.inner
                .tables()
                .remove_group(switch_id(&group.switch_id)?, mac(&group.mac)?)
        })
    }

    /// From now on frames from the VTEPs of these locators, in the locators' VNIs, are the switches'.
    #[napi]
    pub fn put_origins(&self, origins: Vec<OriginSpec>) -> Vec<Failure> {
        failures(origins, |origin| {
            self.inner.tables().put_origin(&origin.try_into()?)
        })
    }

    #[napi]
    pub fn remove_origins(&self, locators: Vec<String>) -> Vec<Failure> {
        failures(locators, |text| {
            self.inner.tables().remove_origin(&locator(&text)?)
        })
    }

    /// Replaces the rules of ports and VLANs; each frame is judged by the old ones or by the new ones. Where there is no room
    /// for both nothing passes meanwhile, and where that fails nothing passes.
    #[napi]
    pub fn put_acls(&self, acls: Vec<AclSpec>) -> Vec<Failure> {
        failures(acls, |acl| self.inner.tables().put_acl(&acl.try_into()?))
    }

    /// What is named is not filtered any more.
    #[napi]
    pub fn remove_acls(&self, places: Vec<AclPlace>) -> Vec<Failure> {
        failures(places, |place| {
            self.inner.tables().remove_acl(
                &place.netdev,
                vlan(place.vlan)?,
                acl::direction(&place.direction)?,
            )
        })
    }

    /// Begins BFD on tunnels or changes its configuration; `enable: false` ends it.
    #[napi]
    pub fn put_bfd(&self, sessions: Vec<BfdSpec>) -> Vec<Failure> {
        failures(sessions, |spec| {
            let (remote, config) = spec.try_into()?;
            self.inner.put_bfd(remote, config)
        })
    }

    /// Ends BFD on tunnels, to be called before they are removed: the remote VTEPs are told.
    #[napi]
    pub fn remove_bfd(&self, remote_ips: Vec<String>) -> Vec<Failure> {
        failures(remote_ips, |remote| {
            self.inner.remove_bfd(ip(&remote)?);
            Ok(())
        })
    }

    /// The tunnels with BFD, those of an earlier process included.
    #[napi]
    pub fn bfd_specs(&self) -> Vec<BfdSpec> {
        let configs = self.inner.bfd_configs().into_iter();
        configs.map(BfdSpec::from).collect()
    }

    #[napi]
    pub fn bfd_status(&self) -> Vec<BfdStatus> {
        let all = self.inner.bfd_status().into_iter();
        all.map(BfdStatus::from).collect()
    }

    #[napi]
    pub fn mac_uses(&self) -> napi::Result<Vec<MacUse>> {
        let uses = self.inner.mac_uses().map_err(thrown)?;
        Ok(uses.into_iter().map(MacUse::from).collect())
    }

    #[napi]
    pub fn port_status(&self) -> Vec<PortStatus> {
        self.inner
            .tables()
            .port_status()
            .into_iter()
            .map(PortStatus::from)
            .collect()
    }

    #[napi]
    pub fn tunnel_status(&self) -> Vec<TunnelStatus> {
        self.inner
            .tables()
            .tunnel_status()
            .into_iter()
            .map(TunnelStatus::from)
            .collect()
    }

    #[napi]
    pub fn binding_counters(&self) -> napi::Result<Vec<BindingCounters>> {
        let counts = self.inner.tables().binding_counts().map_err(thrown)?;
        Ok(counts.into_iter().map(BindingCounters::from).collect())
    }

    #[napi]
    pub fn drop_counters(&self) -> napi::Result<Vec<DropCounter>> {
        let counts = self.inner.drop_counts().map_err(thrown)?;
        Ok(counts.into_iter().map(DropCounter::from).collect())
    }

    /// Ends the thread. Forwarding stays.
    #[napi]
    pub fn close(&mut self) {
        self.inner.close();
    }
}

/// Removes everything that the gateway put into the kernel; without a name, whatever gateway is there. Returns whether
/// there was anything.
#[napi]
pub fn detach(switch_name: Option<String>) -> napi::Result<bool> {
    datapath::detach(switch_name.as_deref()).map_err(thrown)
}

/// The name of the switch whose gateway is in this network namespace.
#[napi]
pub fn gateway_here() -> napi::Result<Option<String>> {
    datapath::gateway_here().map_err(thrown)
}

/// The addresses of the network namespace.
#[napi]
pub fn local_addresses() -> napi::Result<Vec<LocalAddress>> {
    let addresses = datapath::local_addresses().map_err(thrown)?;
    Ok(addresses
        .into_iter()
        .map(|(netdev, address)| LocalAddress {
            netdev,
            address: address.to_string(),
        })
        .collect())
}

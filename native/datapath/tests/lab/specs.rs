//! Entries of the tables, numbered.

use std::net::IpAddr;

use datapath::{BindingSpec, Error, FloodSpec, TunnelSpec};
use model::{Locator, SwitchId};

pub const SWITCH: SwitchId = SwitchId::new(1);
pub const LOCAL: [u8; 4] = [192, 0, 2, 1];

pub fn remote(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    IpAddr::from([10, 1, high, low])
}

pub fn locator(number: u16) -> Locator {
    remote(number).into()
}

pub fn tunnel(remote: IpAddr) -> TunnelSpec {
    let local = LOCAL.into();
    TunnelSpec { remote, local }
}

pub fn binding(netdev: &str, vlan: u16, switch_id: SwitchId) -> BindingSpec {
    let netdev = netdev.to_owned();
    BindingSpec {
        netdev,
        vlan,
        switch_id,
    }
}

pub fn flood(switch_id: SwitchId, locators: &[Locator]) -> FloodSpec {
    FloodSpec {
        switch_id,
        locators: locators.to_vec(),
        is_of_macs: false,
    }
}

pub fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

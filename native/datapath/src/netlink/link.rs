//! Network devices: what they are, and the gateway's own VXLAN device.

use std::{io, os::fd::RawFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    link::{
        InfoData, InfoKind, InfoVxlan, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType,
        LinkMessage, LinkXdp,
    },
};

use super::Netlink;

/// Native XDP only: the generic one is slower than tc and loses what tc keeps.
const XDP_FLAGS_DRV_MODE: u32 = 1 << 2;

/// A network device as the gateway sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Interface index.
    pub ifindex: u32,
    /// Name of the device.
    pub name: String,
    /// Alias; the gateway writes its switch's name there on the devices it makes.
    pub alias: Option<String>,
    /// Hardware address, when it is an Ethernet device.
    pub mac: Option<[u8; 6]>,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
    /// Administratively up.
    pub up: bool,
    /// Up, and the far end is there.
    pub carrier: bool,
    /// Kind of a virtual device ("veth", "vxlan", ...).
    pub kind: Option<String>,
    /// Index of the bridge or bond that it belongs to.
    pub controller: Option<u32>,
    /// Identifier of the XDP program on the device.
    pub xdp_program: Option<u32>,
}

impl Link {
    pub(super) fn from_message(message: &LinkMessage) -> Self {
        let mut link = Self {
            ifindex: message.header.index,
            name: String::new(),
            alias: None,
            mac: None,
            mtu: 0,
            up: message.header.flags.contains(LinkFlags::Up),
            carrier: message
                .header
                .flags
                .contains(LinkFlags::Up | LinkFlags::LowerUp),
            kind: None,
            controller: None,
            xdp_program: None,
        };
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name.clone_from(name),
                LinkAttribute::IfAlias(alias) => link.alias = Some(alias.clone()),
                LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
                LinkAttribute::Address(address)
                    if message.header.link_layer_type == LinkLayerType::Ether =>
                {
                    link.mac = address.as_slice().try_into().ok();
                }
                LinkAttribute::Controller(ifindex) => {
                    link.controller = (*ifindex != 0).then_some(*ifindex);
                }
                LinkAttribute::LinkInfo(infos) => {
                    link.kind = infos.iter().find_map(|info| match info {
                        LinkInfo::Kind(kind) => Some(kind.to_string()),
                        _ => None,
                    });
                }
                LinkAttribute::Xdp(attributes) => {
                    link.xdp_program = attributes.iter().find_map(|attribute| match attribute {
                        LinkXdp::ProgId(id) => Some(*id),
                        _ => None,
                    });
                }
                _ => {}
            }
        }
        link
    }
}

impl Netlink {
    /// All devices of the network namespace.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn links(&mut self) -> io::Result<Vec<Link>> {
        let answer = self.dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
        Ok(answer
            .iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewLink(link) => Some(Link::from_message(link)),
                _ => None,
            })
            .collect())
    }

    /// All addresses, each with the index of its device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn addresses(&mut self) -> io::Result<Vec<(u32, std::net::IpAddr)>> {
        let answer = self.dump(RouteNetlinkMessage::GetAddress(AddressMessage::default()))?;
        Ok(answer
            .iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewAddress(address) => local_address(address),
                _ => None,
            })
            .collect())
    }

    /// Makes the collect-metadata VXLAN device that owns UDP 4789, and brings it up.
    ///
    /// # Errors
    /// The kernel's answer; `AddrInUse` or `AlreadyExists` when another device owns the port or the name.
    pub fn create_vxlan(&mut self, name: &str, port: u16, mtu: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        message.attributes = vec![
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::Mtu(mtu),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::Vxlan),
                LinkInfo::Data(InfoData::Vxlan(vec![
                    InfoVxlan::CollectMetadata(true),
                    InfoVxlan::Port(port),
                    InfoVxlan::Learning(false),
                ])),
            ]),
        ];
        self.change(
            RouteNetlinkMessage::NewLink(message),
            NLM_F_CREATE | NLM_F_EXCL,
        )
    }

    /// Writes the alias of a device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn set_alias(&mut self, ifindex: u32, alias: &str) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = ifindex;
        message.attributes = vec![LinkAttribute::IfAlias(alias.to_owned())];
        self.change(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Sets or clears administrative flags of a device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn set_flags(&mut self, ifindex: u32, flags: LinkFlags, mask: LinkFlags) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = ifindex;
        message.header.flags = flags;
        message.header.change_mask = mask;
        self.change(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Puts an XDP program on a device in its driver, in place of what is there; -1 takes it off.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn set_xdp(&mut self, ifindex: u32, program: RawFd) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = ifindex;
        message.attributes = vec![LinkAttribute::Xdp(vec![
            LinkXdp::Fd(program),
            LinkXdp::Flags(XDP_FLAGS_DRV_MODE),
        ])];
        self.change(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Removes a device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_link(&mut self, ifindex: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = ifindex;
        self.change(RouteNetlinkMessage::DelLink(message), 0)
    }
}

/// `IFA_LOCAL` is the address of this end where a device has a peer; else only `IFA_ADDRESS` is there.
fn local_address(message: &AddressMessage) -> Option<(u32, std::net::IpAddr)> {
    let local = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            AddressAttribute::Local(address) => Some(*address),
            _ => None,
        });
    let any = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            AddressAttribute::Address(address) => Some(*address),
            _ => None,
        });
    matches!(
        message.header.family,
        AddressFamily::Inet | AddressFamily::Inet6
    )
    .then(|| local.or(any).map(|address| (message.header.index, address)))
    .flatten()
}

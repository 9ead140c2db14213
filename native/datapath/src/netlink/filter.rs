//! The tc filters of a device, and the qdisc that they hang on.

use std::io;

use netlink_packet_route::{
    RouteNetlinkMessage,
    tc::{TcAttribute, TcFilterBpfOption, TcHandle, TcMessage, TcOption},
};

use super::Netlink;

/// A tc filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Its place in the order; smaller is earlier.
    pub priority: u16,
    /// Identifier of its eBPF program, if it is one.
    pub program: Option<u32>,
    /// Name that its eBPF program was attached under.
    pub name: Option<String>,
}

const INGRESS: TcHandle = TcHandle {
    major: 0xffff,
    minor: TcHandle::MIN_INGRESS,
};
const EGRESS: TcHandle = TcHandle {
    major: 0xffff,
    minor: TcHandle::MIN_EGRESS,
};

impl Netlink {
    /// The filters on the ingress of a device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn ingress_filters(&mut self, ifindex: u32) -> io::Result<Vec<Filter>> {
        self.filters(ifindex, INGRESS)
    }

    /// Removes the clsact qdisc of a device if no filter hangs on it.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_unused_clsact(&mut self, ifindex: u32) -> io::Result<()> {
        if !self.filters(ifindex, INGRESS)?.is_empty() || !self.filters(ifindex, EGRESS)?.is_empty()
        {
            return Ok(());
        }
        let mut message = message(ifindex, TcHandle::CLSACT)?;
        message.header.handle = TcHandle {
            major: 0xffff,
            minor: 0,
        };
        self.change(RouteNetlinkMessage::DelQueueDiscipline(message), 0)
    }

    /// A device without the qdisc has no filters.
    fn filters(&mut self, ifindex: u32, parent: TcHandle) -> io::Result<Vec<Filter>> {
        match self.dump(RouteNetlinkMessage::GetTrafficFilter(message(
            ifindex, parent,
        )?)) {
            Ok(answer) => Ok(answer
                .iter()
                .filter_map(|message| match message {
                    RouteNetlinkMessage::NewTrafficFilter(filter) => Filter::from_message(filter),
                    _ => None,
                })
                .collect()),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOENT)) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}

impl Filter {
    /// The kernel lists each priority once without options and then its filters.
    fn from_message(message: &TcMessage) -> Option<Self> {
        let priority = u16::try_from(message.header.info >> 16).ok()?;
        let options = message
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                TcAttribute::Options(options) => Some(options),
                _ => None,
            })?;
        let program = options.iter().find_map(|option| match option {
            TcOption::Bpf(TcFilterBpfOption::ProgId(id)) => Some(*id),
            _ => None,
        });
        let name = options.iter().find_map(|option| match option {
            TcOption::Bpf(TcFilterBpfOption::ProgName(name)) => Some(name.clone()),
            _ => None,
        });
        Some(Self {
            priority,
            program,
            name,
        })
    }
}

fn message(ifindex: u32, parent: TcHandle) -> io::Result<TcMessage> {
    let mut message = TcMessage::default();
    message.header.index =
        i32::try_from(ifindex).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    message.header.parent = parent;
    Ok(message)
}

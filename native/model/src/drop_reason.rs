//! Why a frame, or one copy of it, went nowhere; and what is counted beside that.
//!
//! The numbers are shared with the eBPF programs, which index their counter array with them.
//! A number is never reused: a new reason takes the next free one.

macro_rules! numbered {
    (
        $(#[$outer:meta])*
        $name:ident { $( $(#[$inner:meta])* $variant:ident = $number:literal, $text:literal, $line:literal; )+ }
    ) => {
        $(#[$outer])*
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( #[doc = $line] $(#[$inner])* $variant = $number, )+
        }

        impl $name {
            /// Every value, in the order of the numbers.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The number that the eBPF programs count it under.
            #[must_use]
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// The value with this number.
            #[must_use]
            pub fn from_number(number: u32) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.number() == number)
            }

            /// The stable name, as the console, the metrics and the tests print it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// One line for a person who asks why.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $( Self::$variant => $line, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

numbered! {
    /// The rule that refused a frame or one copy of it. Each refused copy of a flooded frame is counted.
    DropReason {
        Truncated = 1, "truncated",
            "the frame ends before its Ethernet header or its 802.1Q tag does: its sender is at fault";
        UnsupportedTag = 2, "unsupported_tag",
            "the outer tag is 802.1ad (0x88a8), which no binding can name: have the server send 802.1Q (0x8100)";
        UnboundVlan = 3, "unbound_vlan",
            "no binding exists for this port and VLAN: the controller has to bind it, or the server to leave it alone";
        InvalidSource = 4, "invalid_source",
            "the source MAC is zero or a group address: its sender is at fault";
        LinkLocal = 5, "link_local",
            "the destination is 01:80:c2:00:00:00 to 0f (spanning tree, LLDP, LACP), which no bridge forwards (IEEE 802.1Q section 8.6.3): nothing is wrong";
        SamePort = 6, "same_port",
            "the destination is where the frame came from, the same port and VLAN: what is behind the port did not know yet, or there is a loop";
        UnknownVni = 7, "unknown_vni",
            "no logical switch that is bound here has the VNI of the frame from the overlay (0: BFD of a tunnel without a session here): compare the tunnel keys at both ends";
        UnknownVtep = 8, "unknown_vtep",
            "the outer source address is the remote end of no tunnel: no row of the controller's names that VTEP";
        SplitHorizon = 9, "split_horizon",
            "the frame came from a tunnel and its destination is behind a tunnel: its sender should have sent it there itself, and lacks the MAC";
        NoDestination = 10, "no_destination",
            "the frame is to be flooded and nobody but its sender is there: no other binding, no unknown-dst, no list for its group";
        Oversize = 11, "oversize",
            "the frame is longer than the tunnel's underlay can carry: raise the underlay's MTU or lower the servers' (`vtep show tunnels` says what fits)";
        InnerVlan = 12, "inner_vlan",
            "the frame has a tag of its own and would hop VLANs at an untagged binding or behind a priority tag: bind a VLAN there, or send it without";
        NoTunnel = 13, "no_tunnel",
            "the FDB or the flood list names a remote address that no tunnel leads to, or neither the logical switch nor the locator has a tunnel key: `vtep show faults` says more";
        UnknownSwitch = 14, "unknown_switch",
            "the binding names a logical switch that is not in the tables, because it is being removed: it is over at once";
        NoTunnelKey = 15, "no_tunnel_key",
            "a frame reached vtep-vxlan without the VNI and the outer source address of a tunnel: something on the box sends to that device";
        HelperFailed = 16, "helper_failed",
            "the kernel refused to change, clone or redirect the frame: a device has just gone, or memory or headroom is short";
        PuntFull = 17, "punt_full",
            "more BFD packets came than there is room for, or more than 100 a second from one VTEP: its intervals are too short, or somebody floods";
        BfdRefused = 18, "bfd_refused",
            "a BFD packet from a tunnel breaks the rules of RFC 5880 or is for another session: compare the BFD settings of both ends (`vtep show tunnels`)";
        AclDenied = 19, "acl_denied",
            "an ACL of the binding that the frame came in by, or would have left by, denies it (`vtep show acls`)";
        ForeignAddress = 20, "foreign_address",
            "the tunnel packet was sent to an address of the box that no tunnel starts from: its sender has to use one of `Physical_Switch.tunnel_ips`";
        MemberMissing = 21, "member_missing",
            "a flood list says that it has a member that is not in the table: this should not be, and is worth a report";
    }
}

numbered! {
    /// What is counted about a frame that is not dropped for it. Numbered apart from drops, from 64 on,
    /// so that one counter array holds both.
    Note {
        RemoteMacOnAccess = 64, "remote_mac_on_access",
            "the source MAC is a remote MAC of the logical switch, so it was not learned: a duplicate, a loop, or the controller's row is out of date";
        LearnTableFull = 65, "learn_table_full",
            "the source MAC was not learned because the table of local MACs is full (`vtep show macs room`)";
        NeighbourAnswered = 66, "neighbour_answered",
            "an ARP request or neighbour solicitation for a remote MAC, which the gateway answered itself";
        LearnPortFull = 67, "learn_port_full",
            "the source MAC was not learned because its port holds as many as it may (`vtep show macs room`)";
        LearnSwitchFull = 68, "learn_switch_full",
            "the source MAC was not learned because its logical switch holds as many as it may (`vtep show macs room`)";
        MacMoved = 69, "mac_moved",
            "the source MAC was at another port or VLAN of the logical switch before: many of them mean a loop or a duplicate MAC";
        FloodedToRemoteMacs = 70, "flooded_to_remote_macs",
            "no row says where unknown-dst is, so the frame was flooded to every VTEP that a remote MAC is behind (`vtep show logical-switches`)";
    }
}

#[cfg(test)]
mod tests {
    use super::{DropReason, Note};

    #[test]
    fn drop_reasons_are_numbered_without_gaps_from_one() {
        let numbers: Vec<u32> = DropReason::ALL
            .iter()
            .map(|reason| reason.number())
            .collect();
        let expected: Vec<u32> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn notes_are_numbered_without_gaps_from_sixty_four() {
        let numbers: Vec<u32> = Note::ALL.iter().map(|note| note.number()).collect();
        let expected: Vec<u32> = (64..).take(numbers.len()).collect();
        assert_eq!(numbers, expected);
        assert!(DropReason::ALL.len() < 64);
    }

    #[test]
    fn a_number_leads_back_to_its_reason() {
        for &reason in DropReason::ALL {
            assert_eq!(DropReason::from_number(reason.number()), Some(reason));
        }
        assert_eq!(DropReason::from_number(0), None);
        assert_eq!(DropReason::from_number(64), None);
    }

    #[test]
    fn names_are_unique_snake_case_words() {
        let mut names: Vec<&str> = DropReason::ALL.iter().map(|reason| reason.name()).collect();
        names.extend(Note::ALL.iter().map(|note| note.name()));
        for name in &names {
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{name}"
            );
        }
        let total = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), total);
    }
}

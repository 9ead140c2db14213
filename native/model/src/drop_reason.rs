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
            "the frame ends before its Ethernet header or its 802.1Q tag does";
        UnsupportedTag = 2, "unsupported_tag",
            "the outer tag is 802.1ad (0x88a8), which no binding can name";
        UnboundVlan = 3, "unbound_vlan",
            "no binding exists for this port and VLAN";
        InvalidSource = 4, "invalid_source",
            "the source MAC is zero or a group address";
        LinkLocal = 5, "link_local",
            "the destination is 01:80:c2:00:00:00 to 0f, which no bridge forwards (IEEE 802.1Q section 8.6.3)";
        SamePort = 6, "same_port",
            "the destination is where the frame came from: the same port and VLAN";
        UnknownVni = 7, "unknown_vni",
            "no logical switch has the VNI of the frame from the overlay";
        UnknownVtep = 8, "unknown_vtep",
            "the outer source address is the remote end of no tunnel";
        SplitHorizon = 9, "split_horizon",
            "the frame came from a tunnel and its destination is behind a tunnel";
        NoDestination = 10, "no_destination",
            "the frame is to be flooded and nobody but its sender is there";
        Oversize = 11, "oversize",
            "the frame is longer than the tunnel's underlay can carry";
        InnerVlan = 12, "inner_vlan",
            "the frame still has a tag and would hop VLANs when it leaves an untagged binding";
        NoTunnel = 13, "no_tunnel",
            "the FDB or the flood list names a remote address that no tunnel leads to, or neither the logical switch nor the locator has a key";
        UnknownSwitch = 14, "unknown_switch",
            "the binding names a logical switch that is not in the tables, because it is being removed";
        NoTunnelKey = 15, "no_tunnel_key",
            "a frame reached the overlay side without the VNI and the outer source address of a tunnel";
        HelperFailed = 16, "helper_failed",
            "the kernel refused to change, clone or redirect the frame (memory, headroom, device down)";
        PuntFull = 17, "punt_full",
            "the queue of frames for user space is full, or the tunnel has had its share of it";
        BfdRefused = 18, "bfd_refused",
            "a BFD packet from a tunnel breaks the rules of RFC 5880 or is for another session";
        AclDenied = 19, "acl_denied",
            "an ACL of the binding that the frame came in by, or would have left by, denies it";
        ForeignAddress = 20, "foreign_address",
            "the tunnel packet was sent to an address of the box that no tunnel starts from";
    }
}

numbered! {
    /// What is counted about a frame that is not dropped for it. Numbered apart from drops, from 64 on,
    /// so that one counter array holds both.
    Note {
        RemoteMacOnAccess = 64, "remote_mac_on_access",
            "the source MAC is a remote MAC of the logical switch, so it was not learned";
        LearnTableFull = 65, "learn_table_full",
            "the source MAC was not learned because the table of local MACs is full";
        NeighbourAnswered = 66, "neighbour_answered",
            "an ARP request or neighbour solicitation for a remote MAC, which the gateway answered itself";
        LearnPortFull = 67, "learn_port_full",
            "the source MAC was not learned because its port holds as many as it may";
        LearnSwitchFull = 68, "learn_switch_full",
            "the source MAC was not learned because its logical switch holds as many as it may";
        MacMoved = 69, "mac_moved",
            "the source MAC was at another port or VLAN of the logical switch before";
        FloodedToRemoteMacs = 70, "flooded_to_remote_macs",
            "no row says where unknown-dst is, so the frame was flooded to every VTEP that a remote MAC is behind";
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

//! The small numbers of the domain, each with its range.

use thiserror::Error;

/// A number that its domain does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{what} {value} is not in {first}..={last}")]
pub struct OutOfRange {
    what: &'static str,
    value: u32,
    first: u32,
    last: u32,
}

macro_rules! ranged {
    ($(#[$outer:meta])* $name:ident($inner:ty), $what:literal, $first:literal..=$last:expr) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// The number, if it is in range.
            ///
            /// # Errors
            ///
            /// `OutOfRange` says which numbers there are.
            pub fn new(value: $inner) -> Result<Self, OutOfRange> {
                if ($first..=$last).contains(&value) {
                    return Ok(Self(value));
                }
                Err(OutOfRange { what: $what, value: value.into(), first: $first, last: $last.into() })
            }

            /// The number itself.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

ranged! {
    /// VXLAN Network Identifier: 24 bits (RFC 7348 section 5). Zero is a number like any other on the wire;
    /// that no logical switch has it is the control plane's rule.
    Vni(u32), "VNI", 0..=0x00ff_ffff_u32
}

ranged! {
    /// VLAN of a binding: 0 means untagged, 4095 is reserved (IEEE 802.1Q table 9-2).
    VlanId(u16), "VLAN", 0..=4094_u16
}

ranged! {
    /// Time to live of an IP packet that we send: never 0 (RFC 791 section 3.2).
    Ttl(u8), "TTL", 1..=u8::MAX
}

ranged! {
    /// Interface index of a device in our network namespace; the kernel counts from 1.
    PortId(u32), "interface index", 1..=0x7fff_ffff_u32
}

impl VlanId {
    /// The VLAN of frames without a tag or with a priority tag.
    pub const UNTAGGED: Self = Self(0);

    /// Whether frames of this VLAN have a tag on the wire.
    #[must_use]
    pub fn is_tagged(self) -> bool {
        self != Self::UNTAGGED
    }
}

impl Ttl {
    /// What the gateway sends its tunnel packets with.
    pub const TUNNEL: Self = Self(64);
}

#[cfg(test)]
mod tests {
    use super::{PortId, Ttl, VlanId, Vni};

    #[test]
    fn a_vni_has_24_bits() {
        assert_eq!(Vni::new(0).map(Vni::get), Ok(0));
        assert_eq!(Vni::new(0x00ff_ffff).map(Vni::get), Ok(0x00ff_ffff));
        assert_eq!(
            Vni::new(0x0100_0000).map_err(|e| e.to_string()),
            Err("VNI 16777216 is not in 0..=16777215".into())
        );
    }

    #[test]
    fn vlan_4095_is_reserved() {
        assert!(VlanId::new(4094).is_ok());
        assert!(VlanId::new(4095).is_err());
    }

    #[test]
    fn zero_is_no_ttl_and_no_interface_index() {
        assert!(Ttl::new(0).is_err());
        assert!(PortId::new(0).is_err());
        assert!(PortId::new(1).is_ok());
    }
}

//! Ethernet addresses.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Ethernet address (IEEE 802 section 8.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

/// A text that is no MAC.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no MAC: six hexadecimal octets with colons are")]
pub struct MacError {
    text: String,
}

impl Mac {
    /// ff:ff:ff:ff:ff:ff
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Every six octets are an address.
    #[must_use]
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The octets in the order of the wire.
    #[must_use]
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Group address: multicast or broadcast (the I/G bit of IEEE 802 section 8.2.2).
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// 00:00:00:00:00:00, which no station has.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == [0; 6]
    }

    /// 01:80:c2:00:00:00 to 01:80:c2:00:00:0f: spanning tree, LACP, LLDP and the like, which end at the
    /// nearest bridge (IEEE 802.1Q section 8.6.3).
    #[must_use]
    pub const fn is_link_local(self) -> bool {
        matches!(self.0, [0x01, 0x80, 0xc2, 0x00, 0x00, 0x00..=0x0f])
    }

    /// Whether a station can send from it.
    #[must_use]
    pub fn is_valid_source(self) -> bool {
        !self.is_group() && !self.is_zero()
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let refused = || MacError {
            text: text.to_owned(),
        };
        let mut octets = [0; 6];
        let mut parts = text.split(':');
        for octet in &mut octets {
            let part = parts.next().ok_or_else(refused)?;
            if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(refused());
            }
            *octet = u8::from_str_radix(part, 16).map_err(|_| refused())?;
        }
        if parts.next().is_some() {
            return Err(refused());
        }
        Ok(Self(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::Mac;

    #[test]
    fn a_mac_is_printed_as_it_is_read() {
        let mac: Result<Mac, _> = "02:AB:00:00:0f:10".parse();
        assert_eq!(mac.map(|m| m.to_string()), Ok("02:ab:00:00:0f:10".into()));
    }

    #[test]
    fn texts_that_are_no_mac_are_refused() {
        for text in [
            "",
            "02:00:00:00:00",
            "02:00:00:00:00:00:00",
            "2:0:0:0:0:1",
            "02:00:00:00:00:+1",
            "unknown-dst",
        ] {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }

    #[test]
    fn group_zero_and_link_local_addresses_are_told_apart() {
        let cases = [
            ([0xff; 6], true, false, false),
            ([0x01, 0, 0x5e, 0, 0, 1], true, false, false),
            ([0x01, 0x80, 0xc2, 0, 0, 0x00], true, false, true),
            ([0x01, 0x80, 0xc2, 0, 0, 0x0f], true, false, true),
            ([0x01, 0x80, 0xc2, 0, 0, 0x10], true, false, false),
            ([0; 6], false, true, false),
            ([0x02, 0, 0, 0, 0, 1], false, false, false),
        ];
        for (octets, group, zero, link_local) in cases {
            let mac = Mac::new(octets);
            assert_eq!(
                (mac.is_group(), mac.is_zero(), mac.is_link_local()),
                (group, zero, link_local),
                "{mac}"
            );
            assert_eq!(mac.is_valid_source(), !group && !zero);
        }
    }
}

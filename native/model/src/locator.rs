//! A tunnel end point as the controller names it (`Physical_Locator`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use thiserror::Error;

use crate::number::Vni;

/// A remote VTEP, and the VNI of frames to it where the end point has one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator {
    /// Address of the VTEP.
    pub remote: IpAddr,
    /// `None`: frames have the VNI of their logical switch.
    pub vni: Option<Vni>,
}

/// A text that is no locator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no locator: an IP address is, or an IP address, \"#\" and a VNI from 1 on")]
pub struct LocatorError {
    text: String,
}

impl From<IpAddr> for Locator {
    fn from(remote: IpAddr) -> Self {
        Self { remote, vni: None }
    }
}

impl From<Ipv4Addr> for Locator {
    fn from(remote: Ipv4Addr) -> Self {
        IpAddr::from(remote).into()
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remote.fmt(f)?;
        self.vni.map_or(Ok(()), |vni| write!(f, "#{vni}"))
    }
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        let refused = || LocatorError {
            text: text.to_owned(),
        };
        let (address, vni) = match text.split_once('#') {
            Some((address, vni)) => (address, Some(vni)),
            None => (text, None),
        };
        let remote = address.parse().map_err(|_| refused())?;
        let vni = vni
            .map(|digits| {
                let number = digits.parse().ok().filter(|number| *number != 0);
                number.and_then(|number| Vni::new(number).ok())
            })
            .map(|vni| vni.ok_or_else(refused))
            .transpose()?;
        Ok(Self { remote, vni })
    }
}

#[cfg(test)]
mod tests {
    use super::Locator;

    #[test]
    fn a_locator_is_printed_as_it_is_read() {
        for text in ["192.0.2.1", "192.0.2.1#7001", "2001:db8::1#16777215"] {
            let locator: Result<Locator, _> = text.parse();
            assert_eq!(
                locator.map(|locator| locator.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn texts_that_are_no_locator_are_refused() {
        for text in [
            "",
            "#1",
            "192.0.2.1#",
            "192.0.2.1#0",
            "192.0.2.1#16777216",
            "192.0.2.1#1#1",
        ] {
            assert!(text.parse::<Locator>().is_err(), "{text}");
        }
    }
}

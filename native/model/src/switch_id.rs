//! The name of a logical switch.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// UUID of the `Logical_Switch` row. Its bits mean nothing here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwitchId(u128);

/// A text that is no UUID.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no UUID: 32 hexadecimal digits with hyphens (8-4-4-4-12) are")]
pub struct SwitchIdError {
    text: String,
}

impl SwitchId {
    /// From the 128 bits of the UUID, most significant first.
    #[must_use]
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// The 128 bits of the UUID.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }
}

impl fmt::Display for SwitchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits >> 96,
            (bits >> 80) & 0xffff,
            (bits >> 64) & 0xffff,
            (bits >> 48) & 0xffff,
            bits & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for SwitchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SwitchId {
    type Err = SwitchIdError;

    fn from_str(text: &str) -> Result<Self, SwitchIdError> {
        let refused = || SwitchIdError {
            text: text.to_owned(),
        };
        let mut digits = String::with_capacity(32);
        let mut groups = text.split('-');
        for length in [8, 4, 4, 4, 12] {
            let group = groups.next().ok_or_else(refused)?;
            if group.len() != length || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(refused());
            }
            digits.push_str(group);
        }
        if groups.next().is_some() {
            return Err(refused());
        }
        u128::from_str_radix(&digits, 16)
            .map(Self)
            .map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::SwitchId;

    #[test]
    fn a_uuid_is_printed_as_it_is_read() {
        let text = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        assert_eq!(
            text.parse::<SwitchId>().map(|id| id.to_string()),
            Ok(text.into())
        );
    }

    #[test]
    fn texts_that_are_no_uuid_are_refused() {
        for text in [
            "",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg",
            "switch 1",
        ] {
            assert!(text.parse::<SwitchId>().is_err(), "{text}");
        }
    }
}

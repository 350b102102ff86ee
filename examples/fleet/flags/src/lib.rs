//! Feature flags over the wire: one byte, shown in hexadecimal.

use bitflags::bitflags;
use byteorder::{BigEndian, ByteOrder};

bitflags! {
    /// What a customer may use.
    pub struct Features: u16 {
        const SEARCH = 1;
        const EXPORT = 2;
        const AUDIT = 4;
    }
}

impl Features {
    /// The flags in a message; unknown bits are kept for newer services.
    pub fn from_wire(message: &[u8; 2]) -> Self {
        Features { bits: BigEndian::read_u16(message) }
    }

    /// The message that says these flags.
    pub fn to_wire(self) -> String {
        hex::encode(self.bits.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_survive_the_wire() {
        let features = Features::from_wire(&[0, 5]);
        assert!(features.contains(Features::AUDIT));
        assert_eq!(features.to_wire(), "0005");
    }
}

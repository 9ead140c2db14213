//! How the bytes of an input are read: a few choices, then the frame.

use model::{PortId, Tables, Vni, strategies::Scope};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// Bytes of the choices.
pub const CHOICES: usize = 8;
/// The access ports, and the underlay device.
pub const ACCESS: [u32; 3] = [11, 12, 13];
pub const UNDERLAY: u32 = 20;
/// The shortest frame that a device takes.
pub const FRAME_MIN: usize = 14;
/// Longer ones teach nothing more.
pub const FRAME_MAX: usize = 4096;

const IS_UNTAGGED: u8 = 1;
const IS_SUPER_FRAME: u8 = 2;
const IS_FRAGMENTED: u8 = 4;

/// The choices, and the frame.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Which tables.
    pub scene: u8,
    /// Which access port.
    pub port: u8,
    flags: u8,
    number: u16,
    /// Which VNI, which VTEP.
    pub origin: (u8, u8),
    pub frame: &'a [u8],
}

impl<'a> Input<'a> {
    /// `None` for an input without a frame.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[scene, port, flags, high, low, vni, remote, _], frame) =
            bytes.split_first_chunk::<CHOICES>()?;
        (FRAME_MIN..=FRAME_MAX)
            .contains(&frame.len())
            .then_some(Self {
                scene,
                port,
                flags,
                number: u16::from_be_bytes([high, low]),
                origin: (vni, remote),
                frame,
            })
    }

    /// Bytes that `parse` reads so: a frame that arrives whole and with its tag in the metadata.
    pub fn emit(scene: u8, port: u8, origin: (u8, u8), frame: &[u8]) -> Vec<u8> {
        let choices = [scene, port, IS_UNTAGGED, 0, 0, origin.0, origin.1, 0];
        [&choices, frame].concat()
    }

    /// Whether the receive path takes the frame: it drops what ends within the two bytes behind a tag, before any
    /// program sees it.
    pub fn is_received(&self) -> bool {
        let is_tagged = matches!(self.frame[12..14], [0x81, 0x00] | [0x88, 0xa8]);
        !is_tagged || self.frame.len() >= FRAME_MIN + 6
    }

    /// Whether the receive path has put the tag into the metadata; else the frame did not come that way.
    pub fn is_untagged(&self) -> bool {
        self.flags & IS_UNTAGGED != 0 && self.is_received()
    }

    /// Size of the segments; 0 for a frame that is sent as it is.
    pub fn gso_size(&self) -> u16 {
        if self.flags & IS_SUPER_FRAME == 0 {
            0
        } else {
            self.number
        }
    }

    /// How much of the frame XDP reaches directly.
    pub fn linear(&self) -> usize {
        if self.flags & IS_FRAGMENTED == 0 {
            self.frame.len()
        } else {
            usize::from(self.number).clamp(FRAME_MIN, self.frame.len())
        }
    }

    /// The index of the access port.
    pub fn access(&self) -> u32 {
        ACCESS[usize::from(self.port) % ACCESS.len()]
    }

    /// VNI and remote address of the frame's tunnel, mostly ones that the tables know.
    pub fn tunnel(&self, tables: &Tables) -> (Vni, std::net::Ipv4Addr) {
        let vnis = tables.switches.iter().filter_map(|(_, switch)| switch.vni);
        let vnis: Vec<Vni> = vnis
            .chain([Vni::new(2).unwrap()])
            .chain(tables.origins.iter().map(|(origin, _)| origin.vni))
            .collect();
        let remotes = tables
            .tunnels
            .iter()
            .filter_map(|(remote, _)| match remote {
                std::net::IpAddr::V4(v4) => Some(*v4),
                std::net::IpAddr::V6(_) => None,
            });
        let remotes: Vec<_> = remotes.chain([[198, 51, 100, 99].into()]).collect();
        (
            vnis[usize::from(self.origin.0) % vnis.len()],
            remotes[usize::from(self.origin.1) % remotes.len()],
        )
    }
}

/// What the strategies of the model may make up here.
pub fn scope() -> Scope {
    let port = |number| PortId::new(number).unwrap();
    let mut scope = Scope::new(ACCESS.map(port).to_vec(), port(UNDERLAY));
    scope.dangling = true;
    scope
}

/// A value of a strategy, always the same for the same seed.
pub fn generate<S: Strategy>(strategy: &S, seed: u32) -> S::Value {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    strategy.new_tree(&mut runner).unwrap().current()
}

thread_local! {
    static SCENES: RefCell<BTreeMap<u8, Rc<Tables>>> = RefCell::default();
}

/// The tables of a number.
pub fn tables(scene: u8) -> Rc<Tables> {
    let make = || {
        let scope = scope();
        Rc::new(generate(&model::strategies::scenes(&scope), scene.into()))
    };
    SCENES.with_borrow_mut(|scenes| Rc::clone(scenes.entry(scene).or_insert_with(make)))
}

//! Crate datapath.

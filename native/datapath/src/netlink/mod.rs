//! The kernel's links, routes and neighbours, in the network namespace of the process.

pub mod features;
mod filter;
pub mod link;
pub mod route;
mod socket;
mod statistics;
pub mod watch;

pub use socket::Netlink;

//! Crate binding.

//! Pure forwarding model of the gateway.

//! The state machine (RFC 5880 sections 6.2 and 6.8.6).

use crate::{diagnostic::Diagnostic, state::State};

/// What a packet with the remote system's state makes of ours; `None`: nothing. The diagnostic stays where none is given.
pub fn on_packet(ours: State, theirs: State) -> Option<(State, Option<Diagnostic>)> {
    let down = (State::Down, Some(Diagnostic::NEIGHBOR_DOWN));
    match (ours, theirs) {
        (State::Init | State::Up, State::AdminDown) | (State::Up, State::Down) => Some(down),
        (State::Down, State::Down) => Some((State::Init, None)),
        (State::Down, State::Init) | (State::Init, State::Init | State::Up) => {
            Some((State::Up, None))
        }
        (State::AdminDown, _)
        | (State::Down, State::AdminDown | State::Up)
        | (State::Init, State::Down)
        | (State::Up, State::Init | State::Up) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_pair_of_states_has_the_outcome_of_the_rfc() {
        let states = [State::AdminDown, State::Down, State::Init, State::Up];
        let mut table = String::new();
        for ours in states {
            for theirs in states {
                let outcome = match on_packet(ours, theirs) {
                    None => String::from("-"),
                    Some((state, None)) => state.to_string(),
                    Some((state, Some(diagnostic))) => format!("{state}, {diagnostic}"),
                };
                writeln!(table, "{ours} hears {theirs}: {outcome}").unwrap();
            }
        }
        assert_eq!(
            table,
            "\
admin_down hears admin_down: -
admin_down hears down: -
admin_down hears init: -
admin_down hears up: -
down hears admin_down: -
down hears down: init
down hears init: up
down hears up: -
init hears admin_down: down, Neighbor Signaled Session Down
init hears down: -
init hears init: up
init hears up: up
up hears admin_down: down, Neighbor Signaled Session Down
up hears down: down, Neighbor Signaled Session Down
up hears init: -
up hears up: -
"
        );
    }
}

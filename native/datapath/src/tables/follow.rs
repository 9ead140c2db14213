//! Following what happens by itself: learned MACs, ageing, devices, paths.

use super::Tables;
use crate::{
    error::Error,
    layout::{BindingKey, MacKey},
    macs::{Change, Place, Reason},
    netlink::{link::Link, watch::Changes},
    ports,
    spec::Notice,
    underlay,
};

impl Tables {
    /// Looks at the MACs that the programs told about.
    pub(crate) fn look(
        &mut self,
        keys: impl IntoIterator<Item = MacKey>,
    ) -> Result<Vec<Notice>, Error> {
        let mut changes = Vec::new();
        for key in keys {
            changes.extend(self.macs.look(key)?);
        }
        Ok(self.notices(changes))
    }

    /// A remote MAC that was seen at a place.
    pub(crate) fn refused(&self, key: MacKey, place: Place) -> Option<Notice> {
        self.local_mac(&key, place).map(Notice::Refused)
    }

    /// Ages local MACs, finds what events were lost, mends the counts and makes room: due once a second.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn sweep(&mut self, now_ns: u64, ageing_ns: u64) -> Result<Vec<Notice>, Error> {
        let bindings = &self.bindings;
        let changes = self.macs.sweep(now_ns, ageing_ns, |key, place| {
            let binding = bindings.get(BindingKey {
                ifindex: place.ifindex,
                vlan: place.vlan,
            });
            (binding.map(|binding| binding.switch_slot) != Some(key.switch_slot))
                .then_some(Reason::Unbound)
        })?;
        self.with_news_of_room(changes, now_ns)
    }

    /// Makes room where the programs said that there is none.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn make_room(&mut self, now_ns: u64) -> Result<Vec<Notice>, Error> {
        let changes = self.macs.make_room()?;
        self.with_news_of_room(changes, now_ns)
    }

    fn with_news_of_room(
        &mut self,
        changes: Vec<Change>,
        now_ns: u64,
    ) -> Result<Vec<Notice>, Error> {
        let mut notices = self.notices(changes);
        if self.macs.has_news_of_room(now_ns)? {
            notices.push(Notice::MacRoom);
        }
        Ok(notices)
    }

    /// Follows devices that appeared, changed or vanished. What fails is told among the rest, and the rest is done.
    pub(crate) fn follow(&mut self, mut changes: Changes) -> Vec<Notice> {
        let mut notices = Vec::new();
        if changes.addresses {
            notices.push(Notice::Links);
        }
        if changes.is_incomplete {
            match self.missed_changes() {
                Ok(missed) => changes = missed,
                Err(error) => notices.push(Notice::Failed(error.to_string())),
            }
        }
        for link in changes.links {
            let result = self.follow_change(&link);
            collect(&mut notices, result);
        }
        for ifindex in changes.removed_links {
            let result = self.follow_removal(ifindex);
            collect(&mut notices, result);
        }
        notices.dedup();
        notices
    }

    /// The difference between the devices as they were and as they are.
    fn missed_changes(&mut self) -> Result<Changes, Error> {
        let now = underlay::links(&mut self.netlink)?;
        let removed_links = self
            .links
            .keys()
            .filter(|ifindex| !now.contains_key(ifindex))
            .copied()
            .collect();
        let links = now
            .into_values()
            .filter(|link| self.links.get(&link.ifindex) != Some(link))
            .collect();
        Ok(Changes {
            links,
            removed_links,
            ..Changes::default()
        })
    }

    fn follow_change(&mut self, link: &Link) -> Result<Vec<Notice>, Error> {
        let ifindex = link.ifindex;
        let has_carrier = link.carrier;
        let known = self.links.insert(ifindex, link.clone());
        match self.ports.netdev(ifindex) {
            None => {
                // It may have the name of a port that is missing.
                let is_news = known.is_none_or(|known| known.name != link.name);
                return Ok(is_news.then_some(Notice::Links).into_iter().collect());
            }
            Some(netdev) if netdev != link.name => return Ok(self.release_renamed(link)),
            Some(_) => {}
        }
        let mut notices = vec![Notice::Links];
        if !has_carrier && known.is_none_or(|known| known.carrier) {
            let down = self
                .macs
                .forget_where(Reason::LinkDown, |_, at| at.ifindex == ifindex)?;
            notices.extend(self.notices(down));
        }
        let looked = self.ports.look_at_features(ifindex).map(|()| Vec::new());
        collect(&mut notices, looked);
        Ok(notices)
    }

    /// A port is configured by the name of its device: under another name the device is nobody's port.
    fn release_renamed(&mut self, link: &Link) -> Vec<Notice> {
        let mut notices = vec![Notice::Links];
        // What cannot be taken off now is taken off by the next repair.
        let released = ports::release(&mut self.netlink, link).map(|_| Vec::new());
        collect(&mut notices, released);
        let forgotten = self.forget_device(link.ifindex);
        collect(&mut notices, forgotten);
        notices
    }

    fn follow_removal(&mut self, ifindex: u32) -> Result<Vec<Notice>, Error> {
        let Some(link) = self.links.remove(&ifindex) else {
            return Ok(Vec::new());
        };
        let mut notices = self.forget_device(ifindex)?;
        notices.push(Notice::Links);
        if underlay::is_vxlan_device(&link) {
            notices.push(Notice::Repaired(format!(
                "device {} had been removed",
                link.name
            )));
            let repaired = self.repair();
            collect(&mut notices, repaired);
        }
        Ok(notices)
    }

    /// Looks up the path to every remote VTEP.
    pub(crate) fn resolve(&mut self) -> Result<bool, Error> {
        self.underlay.resolve(
            &mut self.netlink,
            &mut self.programs,
            &mut self.tunnels,
            self.mode,
        )
    }

    /// What is due now and then: neighbours in use are verified, drivers asked again what they can do, programs that
    /// were taken off put back.
    pub(crate) fn keep(&mut self) -> Result<Vec<Notice>, Error> {
        let notices = self.repair()?;
        self.underlay.keep_neighbours(&mut self.netlink);
        let ports: Vec<u32> = self.ports.entries().map(|(ifindex, _)| ifindex).collect();
        ports
            .into_iter()
            .try_for_each(|ifindex| self.ports.look_at_features(ifindex))?;
        Ok(notices)
    }

    fn forget_device(&mut self, ifindex: u32) -> Result<Vec<Notice>, Error> {
        let bound: Vec<BindingKey> = self
            .bindings
            .entries()
            .map(|(key, _)| key)
            .filter(|key| key.ifindex == ifindex)
            .collect();
        let notices = self.remove_bindings_at(&bound)?;
        self.acls.forget_device(ifindex)?;
        self.drops.forget_device(ifindex)?;
        self.ports.forget(ifindex)?;
        Ok(notices)
    }
}

fn collect(notices: &mut Vec<Notice>, result: Result<Vec<Notice>, Error>) {
    match result {
        Ok(more) => notices.extend(more),
        Err(error) => notices.push(Notice::Failed(error.to_string())),
    }
}

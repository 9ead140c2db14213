//! Freeing what was replaced, once no program is in it any more.

use super::Tables;
use crate::error::Error;

/// Lists that nothing points at any more, up to some moment.
#[derive(Clone, Copy, Debug)]
pub struct RetiredLists {
    floods: Option<u64>,
    acls: Option<u64>,
}

impl Tables {
    /// The lists that wait to be freed, where there are any.
    #[must_use]
    pub fn retired(&self) -> Option<RetiredLists> {
        let lists = RetiredLists {
            floods: self.floods.retired(),
            acls: self.acls.retired(),
        };
        (lists.floods.is_some() || lists.acls.is_some()).then_some(lists)
    }

    /// Frees them. All programs that ran when they were asked for must have ended.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn free_retired(&mut self, lists: RetiredLists) -> Result<(), Error> {
        if let Some(mark) = lists.acls {
            self.acls.free_retired(mark);
        }
        lists
            .floods
            .map_or(Ok(()), |mark| self.floods.free_retired(mark))
    }
}

//! Hands values to consumers in memory that is used again.

use std::sync::Arc;

use tokio::sync::watch;

/// Publishes values whose memory is used again once nobody looks at them any more.
#[derive(Debug)]
pub(super) struct Publisher<T> {
    senders: Vec<(u64, watch::Sender<Arc<T>>)>,
    published: Vec<Arc<T>>,
}

impl<T> Default for Publisher<T> {
    fn default() -> Self {
        Self {
            senders: Vec::new(),
            published: Vec::new(),
        }
    }
}

/// Values that consumers may still read while the next one is written.
const KEPT: usize = 3;

impl<T: Default> Publisher<T> {
    /// Publishes to one channel.
    pub(super) fn to(sender: watch::Sender<Arc<T>>) -> Self {
        let mut publisher = Self::default();
        publisher.add(0, sender);
        publisher
    }

    /// Publishes to one channel more, from the next value on.
    pub(super) fn add(&mut self, id: u64, sender: watch::Sender<Arc<T>>) {
        self.senders.push((id, sender));
    }

    /// Leaves a channel out from now on.
    pub(super) fn remove(&mut self, id: u64) {
        self.senders.retain(|one| one.0 != id);
    }

    /// Whether nobody would see a value.
    pub(super) fn is_empty(&self) -> bool {
        self.senders.is_empty()
    }

    /// Has `fill` write the next value; publishes it unless that fails.
    pub(super) fn publish<E>(
        &mut self,
        fill: impl FnOnce(&mut T) -> Result<(), E>,
    ) -> Result<(), E> {
        let unused = |value: &mut Arc<T>| Arc::get_mut(value).is_some();
        let place = self.published.iter_mut().position(unused);
        let mut next = place.map_or_else(Arc::default, |at| self.published.swap_remove(at));
        if let Some(value) = Arc::get_mut(&mut next) {
            fill(value)?;
        }
        for (_, sender) in &self.senders {
            sender.send_replace(Arc::clone(&next));
        }
        self.published.truncate(KEPT - 1);
        self.published.push(next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_read_is_not_written() {
        let (sender, receiver) = watch::channel(Arc::default());
        let mut publisher = Publisher::<Vec<u32>>::to(sender);
        let put = |value: u32| {
            move |to: &mut Vec<u32>| {
                to.clear();
                to.push(value);
                Ok::<_, ()>(())
            }
        };
        let mut held = Vec::new();
        for value in 0..10 {
            publisher.publish(put(value)).unwrap();
            held.push(Arc::clone(&receiver.borrow()));
        }
        for (value, held) in held.iter().enumerate() {
            assert_eq!(**held, [value as u32]);
        }
        drop(held);
        publisher.publish(put(10)).unwrap();
        let memory = receiver.borrow().as_ptr();
        publisher.publish(put(11)).unwrap();
        publisher.publish(put(12)).unwrap();
        assert_eq!(
            receiver.borrow().as_ptr(),
            memory,
            "its memory is used again"
        );
        publisher.publish(|_| Err(())).unwrap_err();
        assert_eq!(**receiver.borrow(), [12]);
    }
}

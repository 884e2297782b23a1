//! Hands values to consumers in memory that is used again.

use std::{convert::Infallible, sync::Arc};

use tokio::sync::watch;

/// Values that others may still read while the next one is written.
const KEPT: usize = 3;

/// Memory of values that is used again once nobody looks at them any more.
#[derive(Debug)]
pub(super) struct Memory<T> {
    written: Vec<Arc<T>>,
    kept: usize,
}

impl<T: Default> Memory<T> {
    /// Keeps so many values at most.
    pub(super) fn keeping(kept: usize) -> Self {
        Self {
            written: Vec::new(),
            kept,
        }
    }

    /// As [`Memory::write`], with what cannot fail.
    pub(super) fn fill(&mut self, fill: impl FnOnce(&mut T)) -> Arc<T> {
        let filled: Result<_, Infallible> = self.write(|to| {
            fill(to);
            Ok(())
        });
        let Ok(value) = filled;
        value
    }

    /// Has `fill` write the next value.
    pub(super) fn write<E>(
        &mut self,
        fill: impl FnOnce(&mut T) -> Result<(), E>,
    ) -> Result<Arc<T>, E> {
        let unused = |value: &mut Arc<T>| Arc::get_mut(value).is_some();
        let place = self.written.iter_mut().position(unused);
        let mut next = place.map_or_else(Arc::default, |at| self.written.swap_remove(at));
        if let Some(value) = Arc::get_mut(&mut next) {
            fill(value)?;
        }
        self.written.truncate(self.kept - 1);
        self.written.push(Arc::clone(&next));
        Ok(next)
    }
}

/// Publishes values on a channel.
#[derive(Debug)]
pub(super) struct Publisher<T> {
    to: watch::Sender<Arc<T>>,
    memory: Memory<T>,
}

impl<T: Default> Publisher<T> {
    /// Publishes to one channel.
    pub(super) fn to(to: watch::Sender<Arc<T>>) -> Self {
        Self {
            to,
            memory: Memory::keeping(KEPT),
        }
    }

    /// Has `fill` write the next value; publishes it unless that fails.
    pub(super) fn publish<E>(
        &mut self,
        fill: impl FnOnce(&mut T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.to.send_replace(self.memory.write(fill)?);
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

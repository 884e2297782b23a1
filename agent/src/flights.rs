//! Work that several clients may ask for is done once at a time.
//!
//! A client that goes away or loses patience does not stop the work; who asks for the same again
//! waits for the work under way. So a read that hangs is one read, however often it is asked for.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// Values by key, each computed by one task at a time and then kept for a while.
#[derive(Debug)]
pub struct Flights<K, V> {
    flights: Arc<Mutex<HashMap<K, Flight<V>>>>,
    keep: Duration,
    most: usize,
}

#[derive(Debug)]
enum Flight<V> {
    Going(watch::Receiver<Option<V>>),
    Landed(Instant, V),
}

impl<K, V> Flights<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Values are given again for the time `keep`, at most `most` of them.
    #[must_use]
    pub fn new(keep: Duration, most: usize) -> Self {
        Self {
            flights: Arc::default(),
            keep,
            most,
        }
    }

    /// The value of `key`, from the work under way, from what is kept, or from `make`. `None` if the
    /// work panicked.
    pub async fn get<F>(&self, key: K, make: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut landing = match self.board(key, make) {
            Ok(value) => return Some(value),
            Err(landing) => landing,
        };
        let value = landing.wait_for(Option::is_some).await.ok()?;
        value.clone()
    }

    fn board<F>(&self, key: K, make: impl FnOnce() -> F) -> Result<V, watch::Receiver<Option<V>>>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // The end of a channel without a value is work that panicked.
        flights.retain(|_, flight| match flight {
            Flight::Going(landing) => landing.has_changed().is_ok(),
            Flight::Landed(at, _) => at.elapsed() < self.keep,
        });
        match flights.get(&key) {
            Some(Flight::Landed(_, value)) => return Ok(value.clone()),
            Some(Flight::Going(landing)) => return Err(landing.clone()),
            None => {}
        }
        let (tell, landing) = watch::channel(None);
        flights.insert(key, Flight::Going(landing.clone()));
        let (flights, work) = (Arc::clone(&self.flights), make());
        let (keep, most) = (!self.keep.is_zero(), self.most);
        tokio::spawn(async move {
            let value = work.await;
            let mut flights = flights.lock().unwrap_or_else(PoisonError::into_inner);
            if keep {
                flights.insert(key, Flight::Landed(Instant::now(), value.clone()));
                bound(&mut flights, most);
            } else {
                flights.remove(&key);
            }
            drop(flights);
            tell.send_replace(Some(value));
        });
        Err(landing)
    }
}

fn bound<K: Copy + Eq + Hash, V>(flights: &mut HashMap<K, Flight<V>>, most: usize) {
    let landed = |flight: &Flight<V>| match flight {
        Flight::Landed(at, _) => Some(*at),
        Flight::Going(_) => None,
    };
    while flights.values().filter_map(landed).count() > most {
        let times = flights
            .iter()
            .filter_map(|(key, one)| Some((landed(one)?, *key)));
        let Some((_, oldest)) = times.min_by_key(|(at, _)| *at) else {
            return;
        };
        flights.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::{runtime::Builder, sync::Notify, time::timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn run(test: impl Future<Output = ()>) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn those_who_ask_meanwhile_get_the_value_of_the_work_under_way() {
        run(async {
            let flights = Flights::new(Duration::ZERO, 9);
            let (made, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
            let work = || {
                let (made, go) = (Arc::clone(&made), Arc::clone(&go));
                async move {
                    go.notified().await;
                    made.fetch_add(1, Ordering::Relaxed)
                }
            };
            let impatient = timeout(Duration::from_millis(5), flights.get(1, work));
            assert!(impatient.await.is_err(), "it hangs");
            go.notify_one();
            let both = tokio::join!(flights.get(1, work), flights.get(1, work));
            assert_eq!(both, (Some(0), Some(0)));
            go.notify_one();
            assert_eq!(flights.get(1, work).await, Some(1), "nothing is kept");
        });
    }

    #[test]
    fn values_are_kept_for_a_while_and_not_too_many() {
        run(async {
            let flights = Flights::new(LONG, 2);
            let value = |value| move || async move { value };
            for key in 0..4 {
                assert_eq!(flights.get(key, value(key)).await, Some(key));
            }
            assert_eq!(
                flights.get(3, value(9)).await,
                Some(3),
                "the newest are kept"
            );
            assert_eq!(flights.get(0, value(9)).await, Some(9), "the oldest is not");
            let brief = Flights::new(Duration::from_nanos(1), 2);
            assert_eq!(brief.get(1, value(1)).await, Some(1));
            assert_eq!(brief.get(1, value(2)).await, Some(2));
        });
    }

    #[test]
    fn work_that_panics_is_no_value_and_is_done_anew() {
        run(async {
            let flights = Flights::<u32, u32>::new(LONG, 2);
            let broken = || async { panic!("on purpose") };
            assert_eq!(flights.get(1, broken).await, None);
            assert_eq!(flights.get(1, || async { 5 }).await, Some(5));
        });
    }
}

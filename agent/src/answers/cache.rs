//! An answer that is given again for a while.

use std::time::{Duration, Instant};

use subjiffy_proto::socktop::Frame;

/// An answer and when it was begun. The lock is held while the next one is made: who comes
/// meanwhile gets that one too.
#[derive(Debug, Default)]
pub(super) struct Cache(tokio::sync::Mutex<Option<(Instant, Frame)>>);

impl Cache {
    /// The answer, at most `lifetime` old or made after this call; otherwise what `make` gives.
    pub(super) async fn get(
        &self,
        lifetime: Duration,
        make: impl Future<Output = Result<Frame, String>>,
    ) -> Result<Frame, String> {
        let asked = Instant::now();
        let mut cache = self.0.lock().await;
        if let Some((made, frame)) = &*cache
            && (*made >= asked || made.elapsed() < lifetime)
        {
            return Ok(frame.clone());
        }
        let begun = Instant::now();
        let frame = make.await?;
        *cache = Some((begun, frame.clone()));
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::{join, task::yield_now};

    #[tokio::test]
    async fn an_answer_is_given_again_for_its_lifetime_and_no_error_is() {
        let (cache, count) = (Cache::default(), AtomicU32::new(0));
        let make = || async {
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => Err("broken".to_owned()),
                number => Ok(Frame::Text(number.to_string().into())),
            }
        };
        let hour = Duration::from_secs(3600);
        assert!(cache.get(hour, make()).await.is_err());
        for _ in 0..3 {
            assert_eq!(cache.get(hour, make()).await, Ok(Frame::Text("1".into())));
        }
        assert_eq!(
            cache.get(Duration::ZERO, make()).await,
            Ok(Frame::Text("2".into()))
        );
    }

    #[tokio::test]
    async fn who_waits_for_one_that_began_later_needs_no_other() {
        let (cache, count) = (Cache::default(), AtomicU32::new(0));
        let ask = || {
            cache.get(Duration::ZERO, async {
                yield_now().await;
                let number = count.fetch_add(1, Ordering::Relaxed);
                Ok(Frame::Text(number.to_string().into()))
            })
        };
        // The second and the third come while the first is made; the second makes the next one.
        let (first, second, third) = join!(ask(), ask(), ask());
        assert_eq!(first, Ok(Frame::Text("0".into())));
        assert_eq!(second, Ok(Frame::Text("1".into())));
        assert_eq!(third, second);
    }
}

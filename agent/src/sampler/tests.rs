//! The thread, on this machine's `/proc`.

use std::time::{Duration, Instant};

use super::*;
use crate::{collect::collector::Setup, elements::Catalog, procfs::Root};

fn sampler() -> Sampler {
    sampler_of(&Catalog::default())
}

fn sampler_of(catalog: &Catalog) -> Sampler {
    catalog.processes.set_period(Duration::from_secs(3600));
    let setup = Setup {
        root: Root::default(),
        bpf: false,
        catalog: catalog.clone(),
    };
    Sampler::start(Collector::open(&setup).unwrap()).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

#[test]
fn each_subscriber_has_its_own_period() {
    let sampler = sampler();
    let handle = sampler.handle();
    let mut slow = handle.subscribe(Some(Duration::from_millis(600)));
    let mut quick = handle.subscribe(Some(Duration::from_millis(1)));
    block_on(async {
        let (mut begun, mut end) = (0, 0);
        for number in 1..=3 {
            let snapshot = slow.next().await.unwrap();
            assert_eq!(snapshot.seq, number);
            assert!(
                snapshot.interval_ns >= 300_000_000,
                "{}",
                snapshot.interval_ns
            );
            let start = snapshot.at.monotonic_ns - snapshot.interval_ns;
            assert!(end == 0 || start == end, "no gap and no overlap");
            end = snapshot.at.monotonic_ns;
            begun = if begun == 0 { start } else { begun };
        }
        // The quick one was not looked at: only the newest is left, and the gap is seen.
        let snapshot = quick.next().await.unwrap();
        assert!(snapshot.seq > 3, "{}", snapshot.seq);
        assert!(snapshot.interval_ns < end - begun);
        // Jiffies say nothing about a much shorter time; a sample of /proc takes its own.
        assert!(
            snapshot.interval_ns >= 100_000_000,
            "{}",
            snapshot.interval_ns
        );
    });
}

#[test]
fn subscribers_of_one_period_share_their_snapshots() {
    let sampler = sampler();
    let handle = sampler.handle();
    let mut one = handle.subscribe(Some(Duration::from_millis(30)));
    let mut other = handle.subscribe(Some(Duration::from_millis(30)));
    block_on(async {
        let (one, other) = (one.next().await.unwrap(), other.next().await.unwrap());
        assert!(Arc::ptr_eq(&one, &other) || one.seq != other.seq);
    });
    drop(one);
    block_on(async { assert!(other.next().await.is_some(), "the other one goes on") });
}

#[test]
fn who_asks_for_details_does_not_cut_the_lists_interval_short() {
    let sampler = sampler();
    let handle = sampler.handle();
    let attached = handle.attach();
    block_on(async {
        let first = handle.processes().await.unwrap();
        for _ in 0..3 {
            handle.details().await.unwrap();
        }
        let second = handle.processes().await.unwrap();
        assert_eq!(second.interval_ns, second.at.since(&first.at));
        assert_eq!(second.seq, first.seq + 1);
    });
    drop(attached);
}

#[test]
fn details_cover_a_time_that_says_something_whoever_asked_before() {
    let sampler = sampler();
    let handle = sampler.handle();
    let attached = handle.attach();
    block_on(async {
        let mut last = 0;
        for _ in 0..4 {
            let snapshot = handle.details().await.unwrap();
            assert!(
                snapshot.interval_ns >= 100_000_000,
                "{}",
                snapshot.interval_ns
            );
            assert!(snapshot.at.monotonic_ns > last, "a new one for each");
            last = snapshot.at.monotonic_ns;
        }
    });
    drop(attached);
}

#[test]
fn another_period_loses_nothing_and_begins_at_once() {
    let catalog = Catalog::default();
    let sampler = sampler_of(&catalog);
    let handle = sampler.handle();
    let mut follower = handle.subscribe(None);
    let mut other = handle.subscribe(Some(Duration::from_millis(500)));
    block_on(async {
        // After one of the other's the follower has waited less than its hour.
        other.next().await.unwrap();
        let set = Instant::now();
        catalog.processes.set_period(Duration::from_millis(300));
        handle.retune().await;
        let first = follower.next().await.unwrap();
        let second = follower.next().await.unwrap();
        assert!(set.elapsed() < Duration::from_secs(60), "not after an hour");
        let begun = |one: &Snapshot| one.at.monotonic_ns - one.interval_ns;
        assert_eq!(
            begun(&second),
            first.at.monotonic_ns,
            "no gap and no overlap"
        );
        // Half the shorter period at least.
        assert!(second.interval_ns >= 150_000_000, "{}", second.interval_ns);
        // Who named a period keeps it.
        let own = other.next().await.unwrap();
        assert!(own.interval_ns >= 250_000_000, "{}", own.interval_ns);
    });
}

#[test]
fn it_ends_although_somebody_waits() {
    let sampler = sampler();
    let handle = sampler.handle();
    let mut subscription = handle.subscribe(Some(Duration::from_secs(3600)));
    drop(sampler);
    block_on(async {
        assert!(subscription.next().await.is_none());
        assert!(handle.processes().await.is_none());
    });
}

#[test]
fn who_walks_has_each_interval_once_whatever_others_do() {
    let sampler = sampler();
    let handle = sampler.handle();
    let (mut one, mut other) = (handle.walk(), handle.walk());
    let first = one.step().unwrap();
    assert_eq!(first.interval_ns, 0);
    assert!(!first.processes.is_empty());
    other.step().unwrap();
    block_on(handle.poll());
    other.step().unwrap();
    let second = one.step().unwrap();
    assert_eq!(
        second.interval_ns,
        second.at.monotonic_ns - first.at.monotonic_ns
    );
    // One who begins later has a beginning of his own.
    drop(one);
    let mut late = handle.walk();
    assert_eq!(late.step().unwrap().interval_ns, 0);
    // Asking an agent that has ended is no waiting for ever.
    drop(sampler);
    assert!(late.step().is_none() && other.step().is_none());
}

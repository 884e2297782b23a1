use proptest::prelude::*;
use tokio::{
    io::{AsyncReadExt, DuplexStream, duplex},
    sync::broadcast::{Sender, channel},
    time::sleep,
};

use super::*;
use crate::{
    options::Headers,
    output::{Audience, Manner},
};

fn shared(nudges: bool) -> Shared {
    Shared {
        manner: Manner {
            headers: Headers::Every(1000),
            nudges,
            ..Manner::default()
        },
        prefix: "vm ".into(),
        audience: Audience::default(),
    }
}

fn lines(header: &str, body: &str) -> Lines {
    Lines {
        header: header.into(),
        body: body.into(),
    }
}

/// Feeds a pipe of so many bytes in a task of its own.
fn feed(
    size: usize,
    nudges: bool,
) -> (Sender<Lines>, DuplexStream, tokio::task::JoinHandle<Ended>) {
    let (to, from) = duplex(size);
    let (sender, mut queue) = channel(4);
    let task = tokio::spawn(async move {
        let shared = shared(nudges);
        let mut feed = Feed {
            to,
            repeats: Repeats::new(shared.manner.headers),
            shared: &shared,
        };
        feed.run(&mut queue, &Arc::default()).await
    });
    (sender, from, task)
}

/// What has come until now.
async fn come(from: &mut DuplexStream) -> String {
    let mut text = vec![0; 1 << 20];
    match timeout(Duration::from_millis(1), from.read(&mut text)).await {
        Ok(length) => String::from_utf8(text[..length.unwrap()].to_vec()).unwrap(),
        Err(_) => String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_sample_of_several_lines_is_followed_by_an_empty_one_a_little_later() {
    let (sender, mut from, _task) = feed(1 << 20, true);
    sender.send(lines("#a\n", "1\n")).unwrap();
    assert_eq!(come(&mut from).await, "#a\n1\n");
    assert_eq!(come(&mut from).await, "");
    sleep(NUDGES[0]).await;
    assert_eq!(come(&mut from).await, "vm \n");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(come(&mut from).await, "", "once");
    sender.send(lines("#a\n", "2\n")).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(come(&mut from).await, "2\n", "one line needs none");
}

#[tokio::test(start_paused = true)]
async fn a_long_sample_is_followed_by_more_of_them_until_the_next_one_comes() {
    let (sender, mut from, _task) = feed(1 << 20, true);
    let long = "x\n".repeat(READER);
    sender.send(lines("", &long)).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        come(&mut from).await,
        format!("{long}{}", "vm \n".repeat(NUDGES.len()))
    );
    sender.send(lines("", &long)).unwrap();
    sleep(NUDGES[0] + Duration::from_millis(1)).await;
    sender.send(lines("", "1\n")).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(come(&mut from).await, format!("{long}vm \n1\n"));
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_for_too_long_has_stalled_and_who_takes_a_little_has_not() {
    let (sender, mut from, task) = feed(4, false);
    sender.send(lines("", "0123456789\n")).unwrap();
    for _ in 0..3 {
        sleep(Duration::from_secs(29)).await;
        let mut some = [0; 2];
        from.read_exact(&mut some).await.unwrap();
    }
    assert!(!task.is_finished());
    sleep(Duration::from_secs(31)).await;
    assert_eq!(task.await.unwrap(), Ended::Stalled);
}

#[tokio::test(start_paused = true)]
async fn what_was_skipped_is_told_where_it_is_missing() {
    let (sender, mut from, task) = feed(4, false);
    for number in 1000..1010 {
        sender.send(lines("", &format!("{number}\n"))).unwrap();
        tokio::task::yield_now().await;
    }
    drop(sender);
    let mut text = String::new();
    from.read_to_string(&mut text).await.unwrap();
    assert_eq!(
        text,
        "1000\nvm # 5 samples skipped\n1006\n1007\n1008\n1009\n"
    );
    assert_eq!(task.await.unwrap(), Ended::Finished);
}

proptest! {
    #[test]
    fn whatever_the_pieces_are_everything_comes_in_order(
        size in 1_usize..40,
        samples in proptest::collection::vec(("[a-z#\n]{0,9}\n", "[a-z\n]{0,60}\n"), 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
        let (text, expected) = runtime.block_on(async {
            let (sender, mut from, _task) = feed(size, false);
            let mut expected = String::new();
            let mut last = "";
            for (header, body) in &samples {
                if last != header {
                    expected.push_str(header);
                }
                expected.push_str(body);
                last = header;
                sender.send(lines(header, body)).unwrap();
            }
            drop(sender);
            let mut text = String::new();
            from.read_to_string(&mut text).await.unwrap();
            (text, expected)
        });
        prop_assert_eq!(text, expected);
    }
}

//! The control socket as the usual client, socat, meets it: every line of the checklist of
//! compatibility with Alumet's socket control, and a reply to each.

use rustix::process::Signal;
use subjiffy_tests::control::{Agent, SCHED, has_socat, word};

const MEMORY: &str = "source/procfs/memory";

#[test]
fn every_good_line_is_obeyed() {
    if !has_socat() {
        return;
    }
    let mut agent = Agent::start("");
    let obeyed = |text: &str, state: &str| {
        let replies = agent.socat(text);
        let good = |reply: &String| {
            let matched = word(reply, "matched").parse::<u64>();
            reply.starts_with("ok ") && matched.is_ok_and(|n| n > 0)
        };
        let commands = text.trim_end().lines().count();
        assert_eq!(replies.len(), commands, "{text:?}: {replies:#?}");
        assert!(replies.iter().all(good), "{text:?}: {replies:#?}");
        assert_eq!(agent.state(MEMORY), state, "{text:?}: {replies:#?}");
    };
    let period = || agent.figure(MEMORY, "period_ns");
    obeyed("control source/procfs/memory pause\n", "paused");
    obeyed("control source/procfs/memory resume\n", "running");
    obeyed("control source/plugin-procfs/memory pause\n", "paused");
    obeyed("control source/procfs/memory enable\n", "running");
    obeyed("control sources/proc*/*ory set-period 100ms\n", "running");
    assert_eq!(period(), 100_000_000);
    obeyed("control src set-poll-interval 1s\n", "running");
    assert_eq!(
        (period(), agent.figure(SCHED, "period_ns")),
        (1_000_000_000, 1_000_000_000)
    );
    obeyed("control * pause\n", "paused");
    obeyed("control all enable\n", "running");
    obeyed("control any disable\n", "paused");
    // No newline at the end.
    obeyed("control source/procfs/memory resume", "running");
    obeyed("control source/procfs/memory pause\r\n", "paused");
    obeyed("  control   source   resume  \n", "running");
    obeyed("control out/*/* pause\ncontrol out/*/* resume\n", "running");
    obeyed(
        "control source/procfs/memory set-period 1m 30s for 1h 30m\n",
        "running",
    );
    agent.check_alive();
}

#[test]
fn every_bad_line_is_answered_and_changes_nothing() {
    if !has_socat() {
        return;
    }
    let mut agent = Agent::start("");
    let settled = |agent: &Agent| -> Vec<_> {
        let all = agent.status("*").into_iter();
        all.map(|one| ["name", "state", "period_ns"].map(|key| one[key].clone()))
            .collect()
    };
    let before = settled(&agent);
    for (bad, says) in [
        ("control", "pattern"),
        ("control source", "missing action"),
        ("control source/procfs pause", "two parts"),
        ("control a/b/c pause", "\"a\""),
        ("control source/*m*/x pause", "*"),
        ("control transform stop", "sources and outputs"),
        ("control * stop", "sources and outputs"),
        ("control out trigger-now", "sources"),
        ("control source/procfs/memory set-period 5", "no duration"),
        ("control source/procfs/memory set-period 0s", "1ms"),
        ("control source/procfs/memory set-period -1s", "no duration"),
        (
            "control source/procfs/memory set-period 1s 500ms extra",
            "no duration",
        ),
        ("control source/procfs/memory set-period 2M", "m a minute"),
        ("control source/procfs/memory pause now", "too much"),
        ("SOURCE/procfs/memory pause", "unknown command"),
        ("Shutdown", "unknown command"),
    ] {
        let replies = agent.socat(&format!("{bad}\n"));
        assert_eq!(replies.len(), 1, "{bad}: {replies:#?}");
        let right = replies[0].starts_with("error line=1 ") && replies[0].contains(says);
        assert!(right, "{bad}: {replies:#?}");
        agent.check_alive();
    }
    // An empty line is no command: nothing is said, nothing breaks.
    assert_eq!(agent.socat("\n"), [""; 0]);
    let replies = agent.socat("control source/procfs/no-such pause\n");
    assert!(replies[0].starts_with("error matched=0 "), "{replies:#?}");
    assert_eq!(settled(&agent), before, "after bad lines, before");
    agent.check_alive();
}

#[test]
fn a_bad_line_costs_only_itself() {
    if !has_socat() {
        return;
    }
    let agent = Agent::start("");
    agent.applied("control source pause");
    let replies = agent.socat("bogus\ncontrol source resume\n");
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies[0].starts_with("error line=1 "), "{replies:#?}");
    assert!(replies[1].starts_with("ok matched="), "{replies:#?}");
    assert_eq!(agent.state(MEMORY), "running");
    // Lines that hold nothing are counted as lines, and that is all.
    let replies = agent.socat("\n# a comment\n   \r\nbogus\n\nversion\n#");
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies[0].starts_with("error line=4 "), "{replies:#?}");
    assert!(replies[1].starts_with("ok "), "{replies:#?}");
}

#[test]
fn a_thousand_commands_in_one_write_have_a_thousand_replies_in_their_order() {
    let mut agent = Agent::start("");
    let commands: String = (0..1000)
        .map(|number| match number % 4 {
            0 => format!("bogus{number}\n"),
            1 => format!(
                "control source/procfs/memory set-period {}ms\n",
                number + 1000
            ),
            2 => "control source/procfs/memory get-period\n".to_owned(),
            _ => "list source/ebpf/sched\n".to_owned(),
        })
        .collect();
    let replies = agent.say(&commands);
    assert_eq!(replies.len(), 1000, "number of replies");
    for (number, reply) in replies.iter().enumerate() {
        let right = match number % 4 {
            0 => {
                let begins = format!("error line={} ", number + 1);
                reply.starts_with(&begins) && reply.contains(&format!("bogus{number}"))
            }
            1 => word(reply, "applied") == "1",
            // The one before it was obeyed before it.
            2 => millis(word(reply, MEMORY)) == Some(number as u128 + 999),
            _ => reply.ends_with(SCHED),
        };
        assert!(right, "reply {number}: {reply}");
    }
    agent.check_alive();
}

/// Together they are far more than a socket holds.
#[test]
fn a_thousand_long_replies_all_reach_a_client_that_reads() {
    let agent = Agent::start("");
    let replies = agent.say("status json\n".repeat(1000));
    assert_eq!(replies.len(), 1000, "number of replies");
    let whole = |reply: &String| reply.starts_with("ok {") && reply.ends_with("]}");
    assert!(replies.iter().all(whole), "{replies:#?}");
}

/// `1s996ms` in milliseconds.
fn millis(word: &str) -> Option<u128> {
    let (seconds, rest) = word.split_once('s')?;
    let millis = rest.strip_suffix("ms").unwrap_or("0");
    Some(seconds.parse::<u128>().ok()? * 1000 + millis.parse::<u128>().ok()?)
}

#[test]
fn a_line_without_end_is_refused_and_what_follows_is_obeyed() {
    let mut agent = Agent::start("");
    let endless = vec![b'x'; 2 << 20];
    let replies = agent.say(&endless);
    assert_eq!(replies.len(), 1, "{replies:#?}");
    assert!(replies[0].starts_with("error line=1 "), "{replies:#?}");
    let both = [&endless[..], b"\nversion\n"].concat();
    let replies = agent.say(both);
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies[0].contains("4096"), "{replies:#?}");
    assert!(replies[1].starts_with("ok "), "{replies:#?}");
    let longest = format!("version{}\n", " ".repeat(4000));
    assert!(agent.say(longest)[0].starts_with("ok "));
    agent.check_alive();
}

#[test]
fn bytes_that_are_no_text_are_answered() {
    let mut agent = Agent::start("");
    for bad in [
        &b"\xff\xfe\n"[..],
        b"list \xc3\n",
        b"\0\n",
        b"control source\0 pause\n",
    ] {
        let replies = agent.say(bad);
        assert_eq!(replies.len(), 1, "{bad:?}: {replies:#?}");
        assert!(
            replies[0].starts_with("error line=1 "),
            "{bad:?}: {replies:#?}"
        );
    }
    agent.check_alive();
}

#[test]
fn what_ends_the_agent_ends_it_in_order_and_takes_the_socket_away() {
    if !has_socat() {
        return;
    }
    for command in ["shutdown\n", "stop\n", "stop now, please\n", "shutdown"] {
        let agent = Agent::start("");
        let replies = agent.socat(command);
        // The reply comes before the end.
        assert!(
            replies.len() == 1 && replies[0].starts_with("ok"),
            "{replies:#?}"
        );
        orderly(command, agent.ended());
    }
    for signal in [Signal::INT, Signal::TERM] {
        orderly(&format!("{signal:?}"), Agent::start("").stop(signal));
    }
}

fn orderly(by: &str, (ended, left): (subjiffy_tests::agent::Ended, Vec<String>)) {
    assert_eq!(ended.status.code(), Some(0), "{by:?}: {}", ended.stderr);
    assert!(
        !ended.stderr.contains("panicked"),
        "{by:?}: {}",
        ended.stderr
    );
    assert_eq!(left, [""; 0], "{by:?}: files that are left");
}

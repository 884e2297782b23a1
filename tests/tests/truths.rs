//! The workloads do what they say and the truths agree with each other: without this, a failure of
//! the other tests would say nothing about the agent.

use subjiffy_tests::cgroup::Group;
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::need;
use subjiffy_tests::traffic::Step;
use subjiffy_tests::truth;

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn a_sleeping_process_has_one_cpu_time_whoever_is_asked() {
    let mut load = Load::start(LOAD, "spin --us 20000");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    assert!(run >= 20_000_000, "it used {run} ns");
    assert_eq!(truth::process_clock_ns(load.pid()), run);
    load.finish();
}

#[test]
fn a_control_group_counts_what_the_children_and_the_parent_used() {
    let _alone = need::exclusive();
    for command in [
        "children --count 1000 --burn-us 300",
        "children --count 300 --burn-us 5000",
        "children --count 20000 --burn-us 50",
        "children --count 1000 --burn-us 300 --parallel 4",
        "storm --count 40000 --parallel 8",
    ] {
        let Some(group) = Group::new() else {
            eprintln!("skipped: no control group to be had");
            return;
        };
        let mut load = Load::start(LOAD, command);
        group.add(load.pid()).expect("a member");
        let (usage, clock) = (group.usage_ns(), truth::process_clock_ns(load.pid()));
        let result = load.run();
        truth::settled_run_ns(load.pid());
        let usage = group.usage_ns() - usage;
        let parent = truth::process_clock_ns(load.pid()) - clock;
        let rusage = number(&result, "user_ns") + number(&result, "system_ns");
        let ratio = rusage as f64 / (usage - parent) as f64;
        println!("{command}: group {usage} - parent {parent}, getrusage {rusage}: {ratio:.5}");
        load.finish();
        // A child may be reaped while it is still on its way off the CPU: what it uses from then
        // on is in the group's account but in nobody's getrusage. That is below 2 us a child.
        let children = command
            .split_whitespace()
            .nth(2)
            .and_then(|n| n.parse().ok());
        let late = 2_000 * children.unwrap_or(0_u64);
        let least = (usage - parent).saturating_sub(late) as f64 * 0.999;
        assert!(
            ratio < 1.001 && rusage as f64 > least,
            "{command}: control group without the parent {} ns, getrusage {rusage} ns",
            usage - parent
        );
    }
}

#[test]
fn a_reused_pid_and_a_zombie_are_what_they_claim_to_be() {
    if !need::root() {
        return;
    }
    let mut load = Load::start(LOAD, "reuse --burn-us 3000");
    let pid = u32::try_from(load.first("child")).expect("a pid");
    let first = truth::processes().into_iter().find(|p| p.0 == pid);
    // Start times count in ticks of 10 ms.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let result = load.run();
    let second = truth::processes().into_iter().find(|p| p.0 == pid);
    assert!(first.is_some() && second.is_some() && first != second);
    assert!(truth::settled_run_ns(pid) >= number(&result, "second_ns"));
    load.finish();

    let mut load = Load::start(LOAD, "zombie --burn-us 3000");
    let zombie = u32::try_from(number(&load.run(), "zombie")).expect("a pid");
    assert_eq!(truth::state(zombie), Some('Z'));
    assert!(truth::settled_run_ns(zombie) >= 3_000_000);
    load.run();
    assert_eq!(truth::state(zombie), None);
    load.finish();
}

#[test]
fn a_process_without_its_first_thread_and_one_after_exec_keep_their_pid() {
    for command in [
        "leader-exits-first --burn-us 3000",
        "exec-from-thread --burn-us 3000",
    ] {
        let mut load = Load::start(LOAD, command);
        load.run();
        let run = truth::settled_run_ns(load.pid());
        assert!(
            run >= 6_000_000 || command.starts_with("exec"),
            "{command}: {run} ns"
        );
        load.finish();
    }
}

#[test]
fn every_operation_on_sockets_can_be_done_and_counts_as_the_kernel_does() {
    for (command, at_least) in [("sockets", 250), ("sockets --many true", 16)] {
        let mut load = Load::start(LOAD, command);
        let mut done = 0;
        loop {
            let step: Step = serde_json::from_value(load.run()).expect("a step");
            if step.last {
                break;
            }
            let all = step.others.iter().map(|other| other.moved);
            let all = all.fold(step.moved, |sum, one| sum + one);
            eprintln!("{}: {all}", step.op);
            // Those that TCP_INFO counts are compared with it by the workload itself.
            assert_eq!(step.failed, None, "{}", step.op);
            let sums = all.sum();
            assert!(
                sums.rx_bytes <= sums.tx_bytes,
                "{}: more received than sent: {all}",
                step.op
            );
            done += 1;
        }
        assert!(done >= at_least, "{done} operations of {at_least}");
        load.finish();
    }
}

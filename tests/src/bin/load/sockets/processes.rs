//! Many processes, and what becomes of a process: who moved what?

use super::Table;
use super::place::{ALL, Kind, Socket, TCP};
use super::ways::{by_recv, by_send, collect, transfer};
use super::work::{Child, Work, expect, payload};
use rustix::io::{read, write};
use rustix::net::{Shutdown, connect, shutdown};
use rustix::pipe::pipe;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::collections::VecDeque;
use std::io::Result;
use std::os::fd::{AsFd, BorrowedFd};

/// Talking at once.
const CROWD: u64 = 200;
/// Children that live for one message.
const SHORT_LIVES: usize = 1500;
/// So many of them at a time.
const AT_A_TIME: usize = 8;

pub fn table(table: &mut Table) {
    table.add(Kind::Tcp4, "crowd on all kinds", crowd);
    let kinds = [Kind::Tcp4, Kind::Udp4, Kind::Stream];
    table.each(&kinds, "two threads, two sockets", two_sockets);
    table.each(&kinds, "two threads, one socket", one_socket);
    table.each(&[Kind::Tcp4], "short lives", short_lives);
    table.each(&[Kind::Udp4], "short lives", short_datagrams);
    table.each(&kinds, "one pid, two processes", one_pid);
    table.each(&TCP, "fork server", fork_server);
    table.each(&TCP, "many connections", many_connections);
}

/// All of them begin when the last one is there, and end on their own.
fn crowd(work: &mut Work) -> Result<()> {
    let (gate, open) = pipe()?;
    let children: Result<Vec<Child>> = (0..CROWD)
        .map(|number| {
            work.begin(|own| {
                read(&gate, &mut [0])?;
                talk(own, number)
            })
        })
        .collect();
    let children = children?;
    write(&open, &[0; CROWD as usize])?;
    for child in children {
        work.finish(child)?;
    }
    Ok(())
}

fn talk(own: &mut Work, seed: u64) -> Result<()> {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut pairs = Vec::new();
    for kind in ALL {
        pairs.push(own.pair(kind)?);
    }
    for _ in 0..40 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (near, far) = &pairs[random as usize % pairs.len()];
        let length = 1 + (random >> 32) as usize % 8000;
        transfer(own, near, far, length, &by_send, &by_recv)?;
    }
    for (near, far) in &pairs {
        own.prove(near, far)?;
    }
    Ok(())
}

const MESSAGES: usize = 3000;
const LENGTH: usize = 100;

fn two_sockets(work: &mut Work, kind: Kind) -> Result<()> {
    let [one, two] = [work.pair(kind)?, work.pair(kind)?];
    let drains = [drain(work, &one.1)?, drain(work, &two.1)?];
    at_once(work, [&one.0, &two.0])?;
    shutdown(&one.0, Shutdown::Write)?;
    shutdown(&two.0, Shutdown::Write)?;
    for child in drains.into_iter().flatten() {
        work.finish(child)?;
    }
    Ok(())
}

fn one_socket(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let child = drain(work, &far)?;
    at_once(work, [&near, &near])?;
    shutdown(&near, Shutdown::Write)?;
    child.map_or(Ok(()), |child| work.finish(child))
}

/// A child that receives all of a stream; datagrams that nobody receives are lost and count as sent.
fn drain(work: &mut Work, far: &Socket) -> Result<Option<Child>> {
    if !far.kind.is_stream() {
        return Ok(None);
    }
    if far.kind.is_tcp() {
        // Where only the first call on a connection tells who accepted it, that is this process's.
        let sent = by_send(far, b"!")?;
        work.sent(far, sent);
    }
    let child = work.begin(|own| {
        let mut buffer = [0; 5000];
        let mut left = 0;
        // The writing end is open here, too: there is no end of the stream before it was shut down.
        loop {
            let received = by_recv(far, &mut buffer)?;
            own.received(far, received);
            left += received;
            if received == 0 {
                break;
            }
        }
        expect("whole messages", left % LENGTH, 0)
    })?;
    Ok(Some(child))
}

/// Two threads, each on a CPU of its own if there are two.
fn at_once(work: &mut Work, sockets: [&Socket; 2]) -> Result<()> {
    let allowed = sched_getaffinity(None)?;
    let cpus: Vec<_> = (0..CpuSet::MAX_CPU)
        .filter(|&cpu| allowed.is_set(cpu))
        .collect();
    std::thread::scope(|scope| {
        let threads = [0, 1].map(|number| {
            let fd = sockets[number].as_fd();
            let cpu = cpus[number % cpus.len()];
            scope.spawn(move || pinned_sends(fd, cpu))
        });
        for (thread, socket) in threads.into_iter().zip(sockets) {
            let lengths = thread.join().expect("no panic")?;
            for length in lengths {
                work.sent(socket, length);
            }
        }
        Ok(())
    })
}

fn pinned_sends(socket: BorrowedFd, cpu: usize) -> Result<Vec<usize>> {
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one)?;
    let bytes = payload(LENGTH);
    (0..MESSAGES).map(|_| Ok(write(socket, &bytes)?)).collect()
}

/// Children that connect, send and die, without a close of their own.
fn short_lives(work: &mut Work, kind: Kind) -> Result<()> {
    let (listener, address) = work.place.listener(kind)?;
    let sink = work.begin(|own| {
        let mut buffer = vec![0; 5000];
        for _ in 0..SHORT_LIVES {
            let far = listener.accept()?;
            own.moved.accepted += 1;
            loop {
                let received = by_recv(&far, &mut buffer)?;
                own.received(&far, received);
                if received == 0 {
                    break;
                }
            }
        }
        Ok(())
    })?;
    generations(work, |own, length| {
        let near = Socket::new(kind)?;
        own.connect(&near, &address)?;
        let sent = by_send(&near, &payload(length))?;
        own.sent(&near, sent);
        std::mem::forget(near);
        Ok(())
    })?;
    work.finish(sink)
}

fn short_datagrams(work: &mut Work, kind: Kind) -> Result<()> {
    let far = work.place.far_socket(kind)?;
    let address = work.place.bind(&far, true)?;
    generations(work, |own, length| {
        let near = Socket::new(kind)?;
        connect(&near, &address)?;
        let sent = by_send(&near, &payload(length))?;
        own.sent(&near, sent);
        Ok(())
    })
}

/// Short lives, a few at a time, each with a length of its own.
fn generations(
    work: &mut Work,
    life: impl Fn(&mut Work, usize) -> Result<()> + Copy,
) -> Result<()> {
    let mut running = VecDeque::new();
    for number in 0..SHORT_LIVES {
        if running.len() == AT_A_TIME {
            let oldest = running.pop_front().expect("some run");
            work.finish(oldest)?;
        }
        running.push_back(work.begin(|own| life(own, 1 + number * 37 % 4000))?);
    }
    running.into_iter().try_for_each(|child| work.finish(child))
}

/// One after the other.
fn one_pid(work: &mut Work, kind: Kind) -> Result<()> {
    let life = |own: &mut Work, length: usize| {
        let (near, far) = own.pair(kind)?;
        transfer(own, &near, &far, length, &by_send, &by_recv)
    };
    let first = work.begin(|own| life(own, 1111))?;
    let pid = first.pid;
    work.finish(first)?;
    let second = work.begin_as(pid, |own| life(own, 2222))?;
    work.finish(second)
}

/// The parent accepts, a child serves.
fn fork_server(work: &mut Work, kind: Kind) -> Result<()> {
    let (listener, address) = work.place.listener(kind)?;
    for number in 1..=5 {
        let (asked, answered) = (payload(100 * number), payload(5000 * number));
        let client = work.begin(|own| {
            let near = Socket::new(kind)?;
            own.connect(&near, &address)?;
            let sent = by_send(&near, &asked)?;
            own.sent(&near, sent);
            collect(own, &near, &answered, &by_recv)
        })?;
        let far = listener.accept()?;
        work.moved.accepted += 1;
        work.child(|own| {
            collect(own, &far, &asked, &by_recv)?;
            let sent = by_send(&far, &answered)?;
            own.sent(&far, sent);
            Ok(())
        })?;
        work.finish(client)?;
    }
    Ok(())
}

fn many_connections(work: &mut Work, kind: Kind) -> Result<()> {
    for length in 1..=300 {
        let (near, far) = work.pair(kind)?;
        // Some have nothing to say.
        if length % 3 > 0 {
            transfer(work, &near, &far, length, &by_send, &by_recv)?;
        }
        work.prove(&near, &far)?;
    }
    Ok(())
}

//! What of a file's text goes into a record. Lines have the words in front of them that collectl gives
//! them; what its playback would take for something else is left out.

/// The names of `TcpExt` that collectl shows; the file has ten times as many.
const TCP_EXT: [&str; 15] = [
    "TW",
    "PAWSEstab",
    "DelayedACKs",
    "DelayedACKLost",
    "TCPPrequeued",
    "TCPDirectCopyFromPrequeue",
    "TCPHPHits",
    "TCPPureAcks",
    "TCPHPAcks",
    "TCPDSACKOldSent",
    "TCPAbortOnData",
    "TCPAbortOnClose",
    "TCPSackShiftFallback",
    "TCPLoss",
    "TCPFastRetrans",
];

/// Each line, with `tag` in front of it.
pub(super) fn tagged(tag: &str, text: &str, to: &mut String) {
    for line in text.lines() {
        push(tag, line, to);
    }
}

pub(super) fn stat(text: &str, to: &mut String) {
    for line in text.lines() {
        if let Some(counts) = line.strip_prefix("intr ") {
            // Those of each interrupt follow the total.
            let total = counts.split(' ').next().unwrap_or_default();
            push("intr ", total, to);
        } else if ["cpu", "ctx", "proc"]
            .iter()
            .any(|kind| line.starts_with(kind))
        {
            push("", line, to);
        }
    }
}

/// All but the line that names the CPUs.
pub(super) fn interrupts(text: &str, to: &mut String) {
    for line in text.lines().skip(1) {
        push("int ", line, to);
    }
}

pub(super) fn snmp(text: &str, to: &mut String) {
    for line in text.lines() {
        if ["Icmp:", "Ip:", "Tcp:", "Udp:"]
            .iter()
            .any(|kind| line.starts_with(kind))
        {
            push("tcp-", line, to);
        }
    }
}

/// `TcpExt` is a line of names and one of numbers, of which those that are shown are kept.
pub(super) fn netstat(text: &str, to: &mut String) {
    let mut pair = text.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (Some(names), Some(numbers)) = (pair.next(), pair.next()) else {
        return;
    };
    let words = |text: &'_ str| -> usize { text.split_ascii_whitespace().count() };
    if words(names) != words(numbers) {
        return;
    }
    for words in [names, numbers] {
        to.push_str("tcp-TcpExt:");
        let pairs = names
            .split_ascii_whitespace()
            .zip(words.split_ascii_whitespace());
        for (_, word) in pairs.filter(|(name, _)| TCP_EXT.contains(name)) {
            to.push(' ');
            to.push_str(word);
        }
        to.push('\n');
    }
}

/// All but `Active(anon)` and the like: collectl would show the last one as `Active`.
pub(super) fn memory(text: &str, to: &mut String) {
    for line in text.lines() {
        if !line.starts_with("Active(") && !line.starts_with("Inactive(") {
            push("", line, to);
        }
    }
}

/// Of `nr_shmem…` only the total, of which collectl would take the last one, and the `pg…` and `pswp…`
/// that it shows or may show.
pub(super) fn paging(text: &str, to: &mut String) {
    for line in text.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let wanted = match name {
            "nr_shmem" | "pgpgin" | "pgpgout" | "pswpin" | "pswpout" => true,
            "pgfault" | "pgmajfault" | "pgfree" | "pgactivate" => true,
            _ => name.starts_with("pgalloc_"),
        };
        if wanted {
            push("", line, to);
        }
    }
}

/// Without `UDPLITE`, which collectl would show as `UDP`, and without what follows the number of UDP
/// sockets, of which it takes the last.
pub(super) fn sockets(text: &str, to: &mut String) {
    for line in text.lines() {
        if line.starts_with("UDPLITE:") {
            continue;
        }
        let end = match line.starts_with("UDP:") {
            true => line.find(" mem").unwrap_or(line.len()),
            false => line.len(),
        };
        push("sock ", &line[..end], to);
    }
}

pub(super) fn push(tag: &str, line: &str, to: &mut String) {
    to.push_str(tag);
    to.push_str(line);
    to.push('\n');
}

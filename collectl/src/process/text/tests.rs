use std::fs;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    super::{
        live::version,
        raw::Replay,
        row::{CpuTime, Faults, Io, Memory, Row, Switches},
        testing::{letters, options, records},
    },
    *,
};

/// When the machine of the fixtures began.
const BOOT_NS: u64 = 1_795_150_250_700_000_000;

/// All that one call of collectl prints, without the lines of records.
fn printed(raw: &str, words: &str) -> String {
    let word_after = |name: &str| words.split(name).nth(1).map(str::trim).unwrap_or("");
    let processes = letters(word_after("--procopts"));
    let mut options = options(processes.clone());
    options.wide = words.contains(" -w");
    options.totals = words.contains(" -on");
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    fs::write(
        root.path().join("etc/passwd"),
        "root:x:0:\nnobody:x:65534:\n",
    )
    .unwrap();
    let mut replay = Replay::new(&processes, root.path(), BOOT_NS);
    let plot = words.contains(" -P");
    let with_time = words.contains(" -oT");
    let mut rows = match plot {
        true => Rows::of_plot(&options, ' '),
        false => Rows::of_columns(&options, TimeZone::UTC),
    };
    let mut text = String::new();
    for (time, record) in records(raw) {
        let table = replay.take(time, record).expect("rows");
        if table.interval_ns == 0 {
            continue;
        }
        let at = Timestamp::from_second((time.wall_ns / 1_000_000_000) as i64).unwrap();
        let (clock, date) = (at.strftime("%H:%M:%S "), at.strftime("%Y%m%d "));
        if plot {
            if text.is_empty() {
                text.push_str("#Date Time ");
                plot_columns(&processes, ' ', &mut text);
                text.push('\n');
            }
            rows.write(table, &format!("{date}{clock}"), &mut text);
            continue;
        }
        text.push('\n');
        title(&processes, options.totals, &mut text);
        columns(
            &processes,
            if with_time { "Time     " } else { "" },
            &mut text,
        );
        let prefix = if with_time {
            clock.to_string()
        } else {
            String::new()
        };
        rows.write(table, &prefix, &mut text);
    }
    text
}

fn compare(raw: &str, expected: &str, sections: usize) {
    let mut compared = 0;
    for section in expected.split("collectl -p ").skip(1) {
        let (command, expected) = section.split_once('\n').unwrap();
        let words = command.split_once(' ').unwrap().1;
        let mut ours: Vec<_> = printed(raw, &format!(" {words}"))
            .lines()
            .map(str::to_owned)
            .collect();
        let mut theirs: Vec<_> = expected.lines().collect();
        if words.contains("-P") {
            // Theirs are in the order of words, and a command line of several lines was cut there, so that
            // the blank behind it is missing.
            ours[1..].sort();
            theirs[1..].sort();
            for (ours, theirs) in ours.iter_mut().zip(&theirs) {
                if ours.trim_end() == *theirs && theirs.ends_with("import threading,time") {
                    ours.pop();
                }
            }
        }
        assert_eq!(ours, theirs, "{words}");
        compared += 1;
    }
    assert_eq!(compared, sections);
}

/// The fixtures were recorded and printed by collectl 4.3.1.
#[test]
fn lines_are_those_of_collectl() {
    let (raw, expected) = (
        include_str!("../fixtures/plain.raw"),
        include_str!("../fixtures/plain.txt"),
    );
    compare(raw, expected, 23);
}

#[test]
fn lines_of_threads_are_those_of_collectl() {
    let (raw, expected) = (
        include_str!("../fixtures/threads.raw"),
        include_str!("../fixtures/threads.txt"),
    );
    compare(raw, expected, 5);
}

fn header(processes: &ProcessOptions) -> String {
    let mut text = String::new();
    columns(processes, "", &mut text);
    text
}

fn lines(processes: &ProcessOptions, row: Row, interval_ns: u64) -> String {
    let table = Table {
        interval_ns,
        boot_wall_ns: BOOT_NS,
        order: vec![0],
        slots: vec![row],
        ..Table::default()
    };
    let mut text = String::new();
    let options = options(processes.clone());
    Rows::of_columns(&options, TimeZone::UTC).write(&table, "", &mut text);
    text
}

fn row() -> Row {
    Row {
        version: version(),
        user: "root".into(),
        name: "program".to_owned(),
        ..Row::new(42)
    }
}

/// A recording has them whatever collectl is told, so this is what it prints live.
#[test]
fn without_input_and_output_its_columns_are_missing() {
    let processes = letters("xI");
    assert_eq!(
        header(&processes),
        "# PID  User     PR  PPID THRD S   VSZ   RSS CP  SysT  UsrT Pct  AccuTime VCtx NCtx MajF MinF Command\n"
    );
    let row = Row {
        switches: Switches {
            voluntary: 3,
            involuntary: 4,
        },
        ..row()
    };
    assert!(
        lines(&processes, row, 1_000_000_000).contains(" 00:00.00    3    4    0    0 program")
    );
}

#[test]
fn our_own_columns_stand_before_the_command() {
    let processes = letters("en");
    let busy = Row {
        time: CpuTime {
            user_ns: 1_234_567,
            system_ns: 999_999_999,
        },
        run_delay_ns: Some(12_345),
        network: Some((2048, 20_000 << 10)),
        priority: Some(20),
        cpu: Some(3),
        state: 'S',
        threads: 1,
        ..row()
    };
    assert_eq!(
        header(&processes),
        "# PID  User     PR  PPID THRD S   VSZ   RSS CP  SysT  UsrT Pct  AccuTime  RKB  WKB MajF MinF \
         \x20   SysMs     UsrMs    WaitMs  KBIn KBOut Command\n"
    );
    assert_eq!(
        lines(&processes, busy.clone(), 500_000_000),
        "   42  root     20     0    0 S     0     0  3  0.99  0.00 200  00:00.00    0    0    0    0 \
         \x20 999.999     1.234     0.012     4 40000 program \n"
    );
    let unknown = Row {
        run_delay_ns: None,
        network: None,
        priority: None,
        cpu: None,
        ..busy
    };
    let text = lines(&processes, unknown, 1_000_000_000);
    assert!(text.contains(" root      -     0 "), "{text}");
    assert!(
        text.contains("     1.234         -     -     - program"),
        "{text}"
    );
}

#[test]
fn an_unchanged_row_is_written_once() {
    let processes = ProcessOptions::default();
    let options = options(processes);
    let mut rows = Rows::of_columns(&options, TimeZone::UTC);
    let mut table = Table {
        order: vec![0],
        slots: vec![row()],
        ..Table::default()
    };
    let mut write = |table: &Table| {
        let mut text = String::new();
        rows.write(table, "12:00:00 ", &mut text);
        text
    };
    let first = write(&table);
    assert!(first.starts_with("12:00:00    42  root "));
    table.slots[0].name = "other".to_owned();
    assert_eq!(write(&table), first, "its version says that it is the same");
    table.slots[0].version = version();
    assert_eq!(write(&table), first.replace("program", "other"));
}

fn any_row() -> impl Strategy<Value = Row> {
    let names = (any::<Vec<u8>>(), any::<Vec<u8>>(), any::<Vec<u8>>());
    let numbers = (
        any::<[u64; 32]>(),
        any::<Option<(u64, u64)>>(),
        33_u8..127,
        0_u8..8,
    );
    (
        names,
        numbers,
        any::<(Option<i32>, Option<u32>, Option<u32>, Option<u64>)>(),
    )
        .prop_map(
            |(
                (name, command, user),
                (n, network, state, bits),
                (priority, cpu, thread_of, delay),
            )| {
                let mut row = Row::new(n[0] as u32);
                super::super::neutral::name(&name, &mut row.name);
                super::super::neutral::command(&command, &mut row.command);
                row.user = super::super::neutral::user(&user)
                    .unwrap_or("7".to_owned())
                    .into();
                row.version = version();
                row.threads = n[1] as u32;
                row.state = char::from(state);
                row.start_ns = n[2];
                row.priority = priority;
                row.cpu = cpu;
                row.thread_of = thread_of;
                row.run_delay_ns = delay;
                row.network = network;
                row.ppid = n[3] as u32;
                row.time = CpuTime {
                    user_ns: n[4],
                    system_ns: n[5],
                };
                row.total = CpuTime {
                    user_ns: n[6],
                    system_ns: n[7],
                };
                row.children = CpuTime {
                    user_ns: n[8],
                    system_ns: n[9],
                };
                row.total_children = CpuTime {
                    user_ns: n[10],
                    system_ns: n[11],
                };
                row.switches = Switches {
                    voluntary: n[12],
                    involuntary: n[13],
                };
                row.faults = Faults {
                    minor: n[14],
                    major: n[15],
                };
                row.total_faults = Faults {
                    minor: n[16],
                    major: n[17],
                };
                row.memory = Memory {
                    size: n[18],
                    resident: n[19],
                    locked: n[20],
                    swap: n[21],
                    ..row.memory
                };
                let io = Io {
                    read_bytes: n[22],
                    written_bytes: n[23],
                    read_calls: n[24],
                    ..Io::default()
                };
                row.io = (bits & 1 != 0).then_some(io);
                row.exited = bits & 2 != 0;
                row
            },
        )
}

fn any_options() -> impl Strategy<Value = ProcessOptions> {
    "[imxsSfucRkrenI]{0,6}".prop_map(|text| letters(&text))
}

proptest! {
    /// colmux finds columns by counting words.
    #[test]
    fn words_of_a_row_are_those_of_the_header(
        row in any_row(), processes in any_options(), interval_ns: u64
    ) {
        let header = header(&processes);
        // `#` may stand alone.
        let names = header.trim_start_matches('#').split_ascii_whitespace().count();
        let text = lines(&processes, row, interval_ns);
        prop_assert!(text.ends_with('\n') && !text[..text.len() - 1].contains(char::is_control), "{}", text);
        prop_assert_eq!(text.split_ascii_whitespace().count(), names, "{}{}", header, text);
    }

    /// All but the command, which is the last and may have blanks.
    #[test]
    fn fields_of_a_plot_line_are_those_of_the_header(
        row in any_row(), processes in any_options(), interval_ns: u64
    ) {
        let mut header = String::new();
        plot_columns(&processes, ' ', &mut header);
        let table = Table { interval_ns, order: vec![0], slots: vec![row.clone()], ..Table::default() };
        let mut text = String::new();
        Rows::of_plot(&options(processes), ' ').write(&table, "", &mut text);
        let names = header.split(' ').count();
        let fields: Vec<_> = text.splitn(names, ' ').collect();
        prop_assert_eq!(fields.len(), names);
        prop_assert!(fields[..names - 1].iter().all(|field| !field.is_empty()), "{}{}", header, text);
        if !row.command.is_empty() {
            prop_assert_eq!(fields[names - 1], format!("{} \n", row.command));
        }
    }
}

//! Measures what the agent costs, side by side with what it is compared to.
//!
//! Progress goes to stderr, the figures go to stdout as Markdown tables or, with `--json`, as one
//! JSON object a table. Nothing here passes or fails: the budgets stand beside the figures.
//!
//! * [`hooks`]: a context switch, a fork and an exit with and without the kernel side
//! * [`network`]: a message with and without the hooks on sockets
//! * [`requests`]: an answer to a client, next to `socktop_agent`; [`mod@reference`] runs that one
//! * [`sampling`]: samples at 1 kHz; [`parts`]: what one sample is made of
//! * [`memory`]: resident memory and wakeups
//! * [`clients`]: a thousand clients; [`fairness`]: one of them greedy; [`flood`]: hundreds of bad ones
//! * [`control`]: an agent set to 1 ms, how soon that takes effect, and what a command costs
//! * [`collectl`]: samples of `collectl` and of ours
//! * [`client`], [`crowd`], [`pin`], [`programs`]: what these need
//! * [`machine`], [`stats`], [`table`]: how figures are told

mod client;
mod clients;
mod collectl;
mod control;
mod crowd;
mod fairness;
mod flood;
mod hooks;
mod machine;
mod memory;
mod network;
mod parts;
mod pin;
mod programs;
mod reference;
mod requests;
mod sampling;
mod stats;
mod table;

use table::Table;

const USAGE: &str = "usage: bench WHAT [--rounds N] [--seconds N] [--json]

  hooks      a context switch and a fork with and without the kernel side
  network    a message through TCP with and without the hooks on sockets
  requests   CPU time of an answer, next to socktop_agent (SOCKTOP_AGENT_BIN)
  sampling   samples at 1 kHz and what one costs
  memory     resident memory with clients, wakeups without
  clients    1 000 clients at the terminal client's pace
  fairness   a client's answers while another fetches lists as fast as it can, next to socktop_agent
  flood      a client's answers, memory and files while others do their worst
  control    a running agent set to 1 ms for --seconds (60), how soon a new period takes effect, and
             what a command costs
  collectl   samples in collectl's formats, next to collectl
  all        all of them

It needs root, some minutes, and a machine that does nothing else.";

/// What was asked for.
struct Options {
    what: String,
    rounds: Option<usize>,
    seconds: Option<u64>,
    json: bool,
}

fn main() {
    let outcome = options().and_then(|options| {
        let tables = measure(&options)?;
        machine::table().print(options.json);
        tables.iter().for_each(|table| table.print(options.json));
        Ok(())
    });
    if let Err(message) = outcome {
        eprintln!("bench: {message}");
        std::process::exit(1);
    }
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        what: String::new(),
        rounds: None,
        seconds: None,
        json: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => options.json = true,
            "--rounds" => options.rounds = Some(count(&word, words.next())?),
            "--seconds" => options.seconds = Some(count(&word, words.next())? as u64),
            "--help" | "-h" => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            _ if options.what.is_empty() && !word.starts_with('-') => options.what = word,
            _ => return Err(format!("not understood: {word}\n{USAGE}")),
        }
    }
    Ok(options)
}

fn count(option: &str, word: Option<String>) -> Result<usize, String> {
    let number = word.and_then(|n| n.parse().ok()).filter(|&n| n > 0);
    number.ok_or_else(|| format!("{option} takes a number from 1 on"))
}

fn measure(options: &Options) -> Result<Vec<Table>, String> {
    let rounds = |default| options.rounds.unwrap_or(default);
    let seconds = options.seconds.unwrap_or(60);
    match options.what.as_str() {
        "hooks" => hooks::measure(rounds(20)),
        "network" => network::measure(rounds(20)),
        "requests" => requests::measure(rounds(6)),
        "sampling" => sampling::measure(rounds(3)),
        "memory" => memory::measure(),
        "clients" => clients::measure(),
        "fairness" => fairness::measure(),
        "flood" => flood::measure(),
        "control" => control::measure(seconds, rounds(5)),
        "collectl" => collectl::measure(rounds(3)),
        "all" => {
            // First what is missing, then what takes minutes.
            reference::binary()?;
            let mut tables = hooks::measure(rounds(20))?;
            tables.extend(network::measure(rounds(20))?);
            tables.extend(sampling::measure(rounds(3))?);
            tables.extend(memory::measure()?);
            tables.extend(clients::measure()?);
            tables.extend(flood::measure()?);
            tables.extend(control::measure(seconds, rounds(5))?);
            tables.extend(collectl::measure(rounds(3))?);
            // These leave the network.
            tables.extend(requests::measure(rounds(6))?);
            tables.extend(fairness::measure()?);
            Ok(tables)
        }
        "" => Err(format!("say what to measure\n{USAGE}")),
        other => Err(format!("nothing here is called {other}\n{USAGE}")),
    }
}

/// A line of progress.
fn progress(text: &str) {
    eprintln!("bench: {text}");
}
